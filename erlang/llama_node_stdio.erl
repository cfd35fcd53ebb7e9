%% @doc The transport over the port of the node: for a runtime that is not distributed, and for
%% whoever wants neither epmd nor a cookie nor a network.
%%
%% What is said is what is said over the distribution, in the frames of section 8 of docs/protocol.md.
%% The server process owns the port and stands for the node's mailbox: local callers write to the
%% port themselves, and what the node says to processes passes through the server, which also
%% watches the processes that the node asks it to. It acknowledges what it has handled, and the node
%% sends no more than a window ahead, so that neither side's memory grows with the other's slowness.
%%
%% A port has no means to wait for it with a time-out. So nobody waits: what a busy port does not take
%% goes through a {@link llama_node_writer}.
%% @end
-module(llama_node_stdio).
-behaviour(llama_node_transport).

-export([preparation/0, prepare/1, opened/2, connect/2, frame/2, down/2, request/2]).
-export([monitor/1, watch/2, call/3, cast/2]).
%% Entry point of the process that sends to other nodes.
-export([relay/1]).
-export_type([address/0]).

-type address() :: {Server :: pid(), port(), llama_node_writer:writer()}.

-type mailbox() :: #{
    address := address(),
    relay := pid(),
    %% This runtime's name when the port was opened.
    node := node(),
    unacknowledged := non_neg_integer(),
    monitors := #{pos_integer() => reference()},
    watched := #{reference() => pos_integer()}
}.
%% What the owner of the port keeps for the node: the bytes it has handled and not acknowledged yet,
%% and the processes it watches.

%% Bytes of frames that the node may send ahead of their acknowledgement.
-define(WINDOW, 262144).
%% Longest request, as over the distribution; the node does not read longer frames.
-define(MAX_FRAME, 16777216).

%% @doc Nothing is waited for.
-spec preparation() -> string().
preparation() ->
    "preparing the launch".

%% @doc Nothing needs to be prepared: the port is there before the node is.
-spec prepare(llama_node_options:options()) -> {ok, map(), closed}.
prepare(_Options) ->
    {ok, #{transport => port, window => ?WINDOW}, closed}.

%% @doc Called by the owner of the port.
-spec opened(closed, port()) -> mailbox().
opened(closed, Port) ->
    Writer = llama_node_writer:start(self(), fun (Frame) -> write(Port, Frame) end),
    Relay = proc_lib:spawn(?MODULE, relay, [self()]),
    #{address => {self(), Port, Writer}, relay => Relay, node => node(), unacknowledged => 0,
      monitors => #{}, watched => #{}}.

%% @doc A node that is ready is connected already.
-spec connect(mailbox(), map()) -> {ok, address()}.
connect(#{address := Address}, _Ready) ->
    {ok, Address}.

%% @doc Monitors the node: its server ends with it.
-spec monitor(address()) -> reference().
monitor({Server, _Port, _Writer}) ->
    erlang:monitor(process, Server).

%% @doc Notices that the node does not answer.
-spec watch(address(), llama_node_pulse:settings()) -> reference().
watch({_Server, _Port, Writer} = Address, Settings) ->
    {_, Ref} = llama_node_pulse:watch(#{
        ask => fun (Ping) -> send(Address, always, Ping) end,
        written => fun () -> llama_node_writer:written(Writer) end,
        node => none,
        give_up => fun () -> ok end
    }, Settings),
    Ref.

%% @doc Calls the node. A process on another node goes through the server.
-spec call(address(), term(), timeout()) -> term().
call({Server, _Port, _Writer} = Address, Request, Timeout) when node(Server) =:= node() ->
    llama_node_writer:call(Server, fun (Sender, Message) -> send(Address, Sender, Message) end, Request, Timeout);
call({Server, _Port, _Writer}, Request, Timeout) ->
    llama_node_dist:call(Server, Request, Timeout).

%% @doc Makes a request that is not answered.
-spec cast(address(), term()) -> ok.
cast({Server, _Port, _Writer} = Address, Request) when node(Server) =:= node() ->
    _ = send(Address, always, {'$gen_cast', self(), Request}),
    ok;
cast({Server, _Port, _Writer}, Request) ->
    gen_server:cast(Server, Request).

%% To a port that is closed nothing is sent; whoever waits for an answer hears of the server's end.
send({_Server, Port, Writer}, Sender, Message) ->
    Frame = term_to_iovec(Message),
    case iolist_size(Frame) of
        Size when Size > ?MAX_FRAME ->
            llama_node_error:make(invalid_argument, "request: a message of ~b bytes is too long", [Size]);
        Size ->
            llama_node_writer:send(Writer, Sender, fun () -> try_port(Port, Frame) end, Frame, fun () -> Size end)
    end.

try_port(Port, Frame) ->
    try
        erlang:port_command(Port, Frame, [nosuspend])
    catch
        error:badarg -> true
    end.

%% Waits for a busy port, and fails when that is closed by the end of its owner.
write(Port, Frame) ->
    try erlang:port_command(Port, Frame) of
        true -> ok
    catch
        error:badarg -> closed
    end.

%% @private
-spec relay(pid()) -> ok.
relay(Server) ->
    Ref = erlang:monitor(process, Server),
    relay_all(Ref).

relay_all(Ref) ->
    receive
        {relay, To, Message} ->
            To ! Message,
            relay_all(Ref);
        {'DOWN', Ref, process, _, _} ->
            ok
    end.

%% @doc Passes on a request that reached the owner itself.
-spec request(mailbox(), {'$gen_call', gen_server:from(), term()} | {'$gen_cast', term()}) -> ok.
request(#{address := Address}, {'$gen_call', {Pid, _} = From, _} = Call) when is_pid(Pid) ->
    case send(Address, {passed_on, Pid}, Call) of
        ok -> ok;
        {error, _} = Error -> gen_server:reply(From, Error)
    end;
request(_Mailbox, {'$gen_call', _Nobody, _}) ->
    ok;
request(#{address := Address}, {'$gen_cast', _} = Cast) ->
    %% Of which there may be any number: who calls the functions of llama_node makes none.
    _ = send(Address, {passed_on, self()}, Cast),
    ok.

%% @doc Handles a frame if it is one of this transport, and counts it as handled in any case.
-spec frame(mailbox(), binary()) -> {ok | other, mailbox()}.
frame(Mailbox, Frame) ->
    Counted = acknowledge(Frame, Mailbox),
    case kind(Frame) of
        <<"send">> ->
            {send, To, Message} = decode(Frame, Mailbox),
            ok = deliver(To, Message, Mailbox),
            {ok, Counted};
        <<"monitor">> ->
            {monitor, Id, Pid} = decode(Frame, Mailbox),
            {ok, watch(Id, erlang:monitor(process, Pid), Counted)};
        <<"demonitor">> ->
            {demonitor, Id} = decode(Frame, Mailbox),
            {ok, unwatch(Id, Counted)};
        _ ->
            {other, Counted}
    end.

%% The atom that a tuple begins with, in each of its encodings.
kind(<<131, 104, _Arity, 119, Length, Name:Length/binary, _/binary>>) -> Name;
kind(<<131, 104, _Arity, Tag, Length:16, Name:Length/binary, _/binary>>) when Tag =:= 100; Tag =:= 118 -> Name;
kind(_Frame) -> none.

%% A connection to another node may be busy or have to be made, which the owner must not wait for.
deliver(To, Message, #{relay := Relay}) when node(To) =/= node() ->
    Relay ! {relay, To, Message},
    ok;
deliver(To, Message, _Mailbox) ->
    To ! Message,
    ok.

%% Processes and references of this runtime are encoded with its name, which changes when it becomes
%% distributed or ceases to be: what was encoded before is no longer known as its own.
decode(Frame, #{node := Node}) when Node =:= node() -> binary_to_term(Frame);
decode(Frame, #{node := Node}) -> llama_node_local:from(Node, binary_to_term(Frame)).

acknowledge(Frame, #{address := Address, unacknowledged := Bytes} = Mailbox) ->
    case Bytes + byte_size(Frame) of
        Due when Due >= ?WINDOW div 4 ->
            ok = send(Address, always, {ack, Due}),
            Mailbox#{unacknowledged := 0};
        Few ->
            Mailbox#{unacknowledged := Few}
    end.

watch(Id, Ref, #{monitors := Monitors, watched := Watched} = Mailbox) ->
    Mailbox#{monitors := Monitors#{Id => Ref}, watched := Watched#{Ref => Id}}.

unwatch(Id, #{monitors := Monitors, watched := Watched} = Mailbox) ->
    case maps:take(Id, Monitors) of
        {Ref, Rest} ->
            true = erlang:demonitor(Ref, [flush]),
            Mailbox#{monitors := Rest, watched := maps:remove(Ref, Watched)};
        error ->
            %% The process had ended, and the node did not know yet.
            Mailbox
    end.

%% @doc Tells the node of the end of a process, if it is one that the node watches.
-spec down(mailbox(), reference()) -> {ok | other, mailbox()}.
down(#{address := Address, monitors := Monitors, watched := Watched} = Mailbox, Ref) ->
    case maps:take(Ref, Watched) of
        {Id, Rest} ->
            ok = send(Address, always, {down, Id}),
            {ok, Mailbox#{monitors := maps:remove(Id, Monitors), watched := Rest}};
        error ->
            {other, Mailbox}
    end.
