%% @doc The transport over the port of the node: for a runtime that is not distributed, and for
%% whoever wants neither epmd nor a cookie nor a network.
%%
%% What is said is what is said over the distribution, in the frames of section 8 of docs/protocol.md.
%% The server process stands for the node's mailbox. Local callers write to the port themselves, and what the node says
%% to processes passes through a {@link llama_node_port_owner}, which also watches the processes that the node asks it
%% to. It acknowledges what is handled, and the node sends no more than a window ahead, so that neither side's memory
%% grows with the other's slowness.
%%
%% A port has no means to wait for it with a time-out. So nobody waits: what a busy port does not take
%% goes through a {@link llama_node_writer}.
%% @end
-module(llama_node_stdio).
-behaviour(llama_node_transport).

-export([preparation/0, prepare/1, opened/2, connect/2, handled/2, request/2]).
-export([monitor/1, watch/2, call/3, cast/2]).
-export_type([address/0]).

-type address() :: {Server :: pid(), port(), llama_node_writer:writer()}.

-type mailbox() :: #{address := address(), owner := pid()}.
%% What the server keeps: where the node is, and the process that owns its port.

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

%% @doc Gives the port to a process of its own.
-spec opened(closed, port()) -> mailbox().
opened(closed, Port) ->
    Writer = llama_node_writer:start(self(), fun (Frame) -> write(Port, Frame) end),
    Address = {self(), Port, Writer},
    Owner = llama_node_port_owner:start(Port, fun (Control) -> send(Address, always, Control) end, ?WINDOW div 4),
    #{address => Address, owner => Owner}.

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

%% @doc Passes on a request that reached the server itself.
-spec request(mailbox(), {'$gen_call', gen_server:from(), term()} | {'$gen_cast', term()}) -> ok.
request(#{address := Address, owner := Owner}, {'$gen_call', {Pid, _} = From, _} = Call) when is_pid(Pid) ->
    ok = llama_node_port_owner:expects(Owner, From),
    case send(Address, {passed_on, Pid}, Call) of
        ok -> ok;
        {error, _} = Error -> llama_node_port_owner:answer(Owner, From, Error)
    end;
request(_Mailbox, {'$gen_call', _Nobody, _}) ->
    ok;
request(#{address := Address}, {'$gen_cast', _} = Cast) ->
    %% Of which there may be any number: who calls the functions of llama_node makes none.
    _ = send(Address, {passed_on, self()}, Cast),
    ok.

%% @doc Lets the node send more, now that a frame is handled.
-spec handled(mailbox(), binary()) -> ok.
handled(#{owner := Owner}, Frame) ->
    llama_node_port_owner:handled(Owner, Frame).
