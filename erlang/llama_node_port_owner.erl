%% @doc The process that owns the port of a node whose transport it is. Nobody sends it requests, so what the node says
%% to processes reaches them however many wait for the server, which handles requests that were sent to itself.
%%
%% It passes on what the node says to processes, watches those that the node asks it to, and acknowledges what it has
%% handled. Everything else it gives to the server, as the port would: control frames, of which the server tells when
%% they are handled, the exit status, and the end of the port. It ends with the server, and the port with it.
%% @end
-module(llama_node_port_owner).

-export([start/3, handled/2, expects/2, answer/3]).
%% Entry points of the processes.
-export([init/4, relay/1]).
-export_type([send/0]).

%% How many callers there are between two looks for those that have ended.
-define(MANY_CALLERS, 1000).

-type send() :: fun((Control :: term()) -> ok).
%% Sends a control frame to the node, without waiting.

-type state() :: #{
    server := pid(),
    port := port(),
    send := send(),
    due := pos_integer(),
    relay := pid(),
    %% This runtime's name when the port was opened.
    node := node(),
    unacknowledged := non_neg_integer(),
    monitors := #{pos_integer() => reference()},
    watched := #{reference() => pos_integer()},
    callers := #{Tag :: term() => gen_server:from()}
}.
%% What is kept for the node: the bytes that are handled and not acknowledged yet, and the processes that are watched.
%% `callers' wait for the answer to a call that was passed on: they watch a process that may outlive the node.

%% @doc Gives the port of the calling server to a new process, which acknowledges each `Due' bytes.
-spec start(port(), send(), pos_integer()) -> pid().
start(Port, Send, Due) ->
    Owner = proc_lib:start_link(?MODULE, init, [self(), Port, Send, Due], infinity, [{message_queue_data, off_heap}]),
    try erlang:port_connect(Port, Owner) of
        true -> ok
    catch
        error:badarg -> ok % It is closed already, and has said so.
    end,
    true = unlink(Port),
    Owner ! {early, early(Port)},
    Owner.

%% What the port has said to the server before.
early(Port) ->
    receive
        {Port, Said} -> [{Port, Said} | early(Port)];
        {'EXIT', Port, Reason} -> [{'EXIT', Port, Reason}]
    after 0 ->
        []
    end.

%% @doc The server has handled a control frame.
-spec handled(pid(), binary()) -> ok.
handled(Owner, Frame) ->
    Owner ! {handled, byte_size(Frame)},
    ok.

%% @doc A call was passed on to the node: its caller is told if the node ends before it answers.
-spec expects(pid(), gen_server:from()) -> ok.
expects(Owner, From) ->
    Owner ! {expects, From},
    ok.

%% @doc Answers such a call in place of the node.
-spec answer(pid(), gen_server:from(), term()) -> ok.
answer(Owner, From, Answer) ->
    Owner ! {answer, From, Answer},
    ok.

%% @private
-spec init(pid(), port(), send(), pos_integer()) -> ok.
init(Server, Port, Send, Due) ->
    process_flag(trap_exit, true),
    Relay = proc_lib:spawn(?MODULE, relay, [self()]),
    State = #{server => Server, port => Port, send => Send, due => Due, relay => Relay, node => node(),
              unacknowledged => 0, monitors => #{}, watched => #{}, callers => #{}},
    ok = proc_lib:init_ack(self()),
    receive
        {early, Messages} -> loop(lists:foldl(fun handle/2, State, Messages));
        {'EXIT', Server, Reason} -> ended(Reason, State)
    end.

-spec loop(state()) -> ok.
loop(#{server := Server} = State) ->
    receive
        {'EXIT', Server, Reason} -> ended(Reason, State);
        Message -> loop(handle(Message, State))
    end.

%% The answers that will not come.
ended(Reason, #{callers := Callers}) ->
    Error = case Reason of
        {shutdown, {ended, _, Why}} -> {error, Why};
        _ -> llama_node_error:node_down(stopped)
    end,
    lists:foreach(fun (From) -> gen_server:reply(From, Error) end, maps:values(Callers)).

handle({Port, {data, Frame}} = Data, #{port := Port} = State) ->
    try frame(kind(Frame), Frame, State) of
        other -> pass_on(Data, State);
        Next -> acknowledge(byte_size(Frame), Next)
    catch
        %% The server ends with it, and says why.
        Class:Reason -> pass_on({'EXIT', Port, {bad_frame, Class, Reason}}, State)
    end;
handle({Port, {exit_status, _}} = Ended, #{port := Port} = State) ->
    pass_on(Ended, State);
handle({'EXIT', Port, _} = Ended, #{port := Port} = State) ->
    pass_on(Ended, State);
handle({expects, {_, Tag} = From}, #{callers := Callers} = State) ->
    State#{callers := (living(Callers))#{Tag => From}};
handle({answer, {_, Tag} = From, Answer}, #{callers := Callers} = State) ->
    gen_server:reply(From, Answer),
    State#{callers := maps:remove(Tag, Callers)};
handle({handled, Bytes}, State) ->
    acknowledge(Bytes, State);
handle({'DOWN', Ref, process, _, _}, State) ->
    down(Ref, State);
handle(_Other, State) ->
    State.

pass_on(Message, #{server := Server} = State) ->
    Server ! Message,
    State.

frame(<<"send">>, Frame, #{relay := Relay} = State) ->
    {send, To, Message} = decode(Frame, State),
    ok = deliver(To, Message, Relay),
    answered(Message, State);
frame(<<"monitor">>, Frame, State) ->
    {monitor, Id, Pid} = decode(Frame, State),
    watch(Id, erlang:monitor(process, Pid), State);
frame(<<"demonitor">>, Frame, State) ->
    {demonitor, Id} = decode(Frame, State),
    unwatch(Id, State);
frame(_Other, _Frame, _State) ->
    other.

answered({Tag, _Answer}, #{callers := Callers} = State) when is_map_key(Tag, Callers) ->
    State#{callers := maps:remove(Tag, Callers)};
answered(_Message, State) ->
    State.

%% A caller that has ended is not answered. Looked for when there are many, which are few each time.
living(Callers) when map_size(Callers) > 0, map_size(Callers) rem ?MANY_CALLERS =:= 0 ->
    maps:filter(fun (_, {Pid, _}) -> node(Pid) =/= node() orelse is_process_alive(Pid) end, Callers);
living(Callers) ->
    Callers.

%% The atom that a tuple begins with, in each of its encodings.
kind(<<131, 104, _Arity, 119, Length, Name:Length/binary, _/binary>>) -> Name;
kind(<<131, 104, _Arity, Tag, Length:16, Name:Length/binary, _/binary>>) when Tag =:= 100; Tag =:= 118 -> Name;
kind(_Frame) -> none.

%% A connection to another node may be busy or have to be made, which the owner must not wait for.
deliver(To, Message, Relay) when node(To) =/= node() ->
    Relay ! {relay, To, Message},
    ok;
deliver(To, Message, _Relay) ->
    To ! Message,
    ok.

%% @private
-spec relay(pid()) -> ok.
relay(Owner) ->
    relay_all(erlang:monitor(process, Owner)).

relay_all(Ref) ->
    receive
        {relay, To, Message} ->
            To ! Message,
            relay_all(Ref);
        {'DOWN', Ref, process, _, _} ->
            ok
    end.

%% Processes and references of this runtime are encoded with its name, which changes when it becomes
%% distributed or ceases to be: what was encoded before is no longer known as its own.
decode(Frame, #{node := Node}) when Node =:= node() -> binary_to_term(Frame);
decode(Frame, #{node := Node}) -> llama_node_local:from(Node, binary_to_term(Frame)).

acknowledge(Bytes, #{send := Send, due := Due, unacknowledged := Before} = State) ->
    case Before + Bytes of
        Enough when Enough >= Due ->
            ok = Send({ack, Enough}),
            State#{unacknowledged := 0};
        Few ->
            State#{unacknowledged := Few}
    end.

watch(Id, Ref, #{monitors := Monitors, watched := Watched} = State) ->
    State#{monitors := Monitors#{Id => Ref}, watched := Watched#{Ref => Id}}.

unwatch(Id, #{monitors := Monitors, watched := Watched} = State) ->
    case maps:take(Id, Monitors) of
        {Ref, Rest} ->
            true = erlang:demonitor(Ref, [flush]),
            State#{monitors := Rest, watched := maps:remove(Ref, Watched)};
        error ->
            %% The process had ended, and the node did not know yet.
            State
    end.

%% The node is told of the end of a process that it watches.
down(Ref, #{send := Send, monitors := Monitors, watched := Watched} = State) ->
    case maps:take(Ref, Watched) of
        {Id, Rest} ->
            ok = Send({down, Id}),
            State#{monitors := maps:remove(Id, Monitors), watched := Rest};
        error ->
            State
    end.
