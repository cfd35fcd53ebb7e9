%% @doc Streams, with exactly one terminal event each, whatever becomes of the node.
%%
%% Chunks go from the node to the consumer directly. The terminal event goes to an alias of the
%% consumer that takes one message only. A watcher process, one for each stream, monitors the node
%% and sends the `node_down' event to the same alias when the node has gone. Whichever of the two
%% comes first is delivered and the other one is dropped by the runtime, so no crash, however
%% badly timed, can make two terminal events or none. The node tells the watcher when it has sent
%% the terminal event, which ends the watcher; it ends with the consumer, too.
%% @end
-module(llama_node_stream).

-export([start/5, open/5, next/1, close/1, fold/3]).
%% Entry point of the watcher.
-export([watch/3]).
-export_type([stream/0]).

-opaque stream() :: #{target := llama_node_transport:target(), task := llama_node:task_id(),
                      node := reference() | ended, asked := integer()}.
%% A stream that one process takes event by event.

%% Events that the node may send ahead.
-define(WINDOW, 64).

%% @doc Starts a stream for the calling process, which waits no longer than that to hear that it has started.
-spec start(llama_node_transport:target(), llama_node:session_id(), llama_node:type(), llama_node:input(), timeout()) ->
    {ok, llama_node:task_id()} | {error, llama_node:error()}.
start(Target, SessionId, Type, Input, Timeout) ->
    Alias = erlang:alias([reply]),
    Watcher = proc_lib:spawn(?MODULE, watch, [self(), Alias, Target]),
    case begin_stream(Target, SessionId, Type, Input, {self(), Alias, Watcher}, Timeout) of
        {ok, TaskId} = Ok ->
            Watcher ! {Alias, started, TaskId},
            Ok;
        {error, _} = Error ->
            _ = erlang:unalias(Alias),
            Watcher ! {Alias, refused},
            Error
    end.

%% Without a deadline in its input, a call that is given up would leave a stream whose id nobody knows: it ends with the
%% node at the latest. With one, the call is given up, and the node is told to cancel the stream. Until the answer is
%% here the stream sends nothing, so that nothing of one that was given up is ever in the mailbox: its chunks are asked
%% for here, and its terminal event goes to an alias.
begin_stream({_, Address} = Target, SessionId, Type, Input, Sink, Timeout) when Timeout =:= infinity; is_pid(Address) ->
    %% A server whose answers come from a script answers at once, and tells its tests the input as it came.
    llama_node_transport:call(Target, {stream, SessionId, Type, Input, Sink}, Timeout);
begin_stream(Target, SessionId, Type, Input, Sink, Timeout) ->
    {Held, Active} = llama_node_input:held(Input),
    case llama_node_transport:call(Target, {stream, SessionId, Type, Held, Sink}, Timeout) of
        {ok, TaskId} = Ok when Active =/= false ->
            ok = ask(Target, TaskId, Active),
            Ok;
        Answer ->
            Answer
    end.

%% @private
-spec watch(pid(), reference(), llama_node_transport:target()) -> ok.
watch(Consumer, Alias, Target) ->
    Owner = erlang:monitor(process, Consumer),
    Node = llama_node_transport:monitor(Target),
    receive
        {Alias, started, TaskId} -> watch(Owner, Node, Alias, TaskId);
        {Alias, refused} -> ok;
        {'DOWN', Owner, process, _, _} -> ok
    end.

watch(Owner, Node, Alias, TaskId) ->
    receive
        {llama_node_ended, Alias} ->
            ok;
        {'DOWN', Owner, process, _, _} ->
            ok;
        {'DOWN', Node, process, _, Reason} ->
            Alias ! {llama_node, TaskId, llama_node_error:node_down(Reason)},
            ok
    end.

%% @doc Starts a stream that the calling process takes event by event with {@link next/1}.
-spec open(llama_node_transport:target(), llama_node:session_id(), llama_node:type(), llama_node:input(), timeout()) ->
    {ok, stream()} | {error, llama_node:error()}.
open(Target, SessionId, Type, Input, Timeout) ->
    %% Every message of the stream passes through next/1, so a plain monitor is enough to end it exactly once.
    Node = llama_node_transport:monitor(Target),
    {Sink, Alias} = sink(Timeout),
    case begin_stream(Target, SessionId, Type, Input, Sink, Timeout) of
        {ok, TaskId} ->
            ok = ask(Target, TaskId, ?WINDOW),
            {ok, #{target => Target, node => Node, task => TaskId, asked => ?WINDOW}};
        {error, _} = Error ->
            _ = [erlang:unalias(Alias) || is_reference(Alias)],
            _ = erlang:demonitor(Node, [flush]),
            Error
    end.

%% Nobody needs to watch: a process that has ended is told when the terminal event was sent.
sink(infinity) ->
    {self(), none};
sink(_Timeout) ->
    Alias = erlang:alias([reply]),
    {{self(), Alias, spawn(fun () -> ok end)}, Alias}.

%% @doc The next event, in a list, or the end. The terminal event is the last one.
-spec next(stream()) -> {[llama_node:event() | llama_node:terminal_event()], stream()} | {halt, stream()}.
next(#{node := ended} = Stream) ->
    {halt, Stream};
next(#{node := Node, task := TaskId} = Stream) ->
    receive
        {llama_node, TaskId, passive} ->
            %% All that was asked for has come; the next events are asked for by the events themselves.
            next(Stream);
        {llama_node, TaskId, {Kind, _} = Event} when Kind =/= done, Kind =/= error ->
            {[Event], ask_again(Stream)};
        {llama_node, TaskId, Terminal} ->
            {[Terminal], ended(Stream)};
        {'DOWN', Node, process, _, Reason} ->
            {[llama_node_error:node_down(Reason)], Stream#{node := ended}}
    end.

%% More is asked for as soon as half of the window is used up, so the node need not wait for it.
ask_again(#{asked := Asked} = Stream) when Asked > ?WINDOW div 2 ->
    Stream#{asked := Asked - 1};
ask_again(#{target := Target, task := TaskId, asked := Asked} = Stream) ->
    ok = ask(Target, TaskId, ?WINDOW div 2),
    Stream#{asked := Asked - 1 + ?WINDOW div 2}.

ask(Target, TaskId, Events) ->
    llama_node_transport:cast(Target, {active, TaskId, Events}).

ended(#{node := Node} = Stream) ->
    _ = erlang:demonitor(Node, [flush]),
    Stream#{node := ended}.

%% @doc Ends a stream: cancels its task unless it has ended, and leaves none of its messages behind.
-spec close(stream()) -> ok.
close(#{node := ended}) ->
    ok;
close(#{target := Target, node := Node, task := TaskId} = Stream) ->
    _ = llama_node_transport:call(Target, {cancel_task, TaskId}, infinity),
    %% The terminal event is the last one, so the mailbox is clean after it.
    ok = drain(Node, TaskId),
    _ = ended(Stream),
    ok.

drain(Node, TaskId) ->
    receive
        {llama_node, TaskId, {Last, _}} when Last =:= done; Last =:= error -> ok;
        {llama_node, TaskId, _} -> drain(Node, TaskId);
        {'DOWN', Node, process, _, _} -> ok
    end.

%% @doc Folds over the events of a stream in the calling process. Only messages of this stream are taken from the
%% mailbox, and none of them is left there.
-spec fold(fun((llama_node:event(), Acc) -> Acc | {stop, Acc}), Acc, stream()) ->
    {ok, llama_node:result(), Acc} | {stopped, Acc} | {error, llama_node:error()}.
fold(Fun, Acc, Stream) ->
    loop(Fun, Acc, next(Stream)).

loop(_Fun, Acc, {[{done, Result}], _Ended}) ->
    {ok, Result, Acc};
loop(_Fun, _Acc, {[{error, Error}], _Ended}) ->
    {error, Error};
loop(Fun, Acc, {[Event], Stream}) ->
    case step(Fun, Event, Acc, Stream) of
        {stop, Last} ->
            ok = close(Stream),
            {stopped, Last};
        Next ->
            loop(Fun, Next, next(Stream))
    end.

step(Fun, Event, Acc, Stream) ->
    try
        Fun(Event, Acc)
    catch
        Class:Reason:Stacktrace ->
            ok = close(Stream),
            erlang:raise(Class, Reason, Stacktrace)
    end.
