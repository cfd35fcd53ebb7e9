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

-export([start/4, fold/6]).
%% Entry point of the watcher.
-export([watch/3]).

%% @doc Starts a stream for the calling process.
-spec start(llama_node_transport:target(), llama_node:session_id(), llama_node:type(),
            llama_node:input()) -> {ok, llama_node:task_id()} | {error, llama_node:error()}.
start(Target, SessionId, Type, Input) ->
    Alias = erlang:alias([reply]),
    Watcher = proc_lib:spawn(?MODULE, watch, [self(), Alias, Target]),
    Sink = {self(), Alias, Watcher},
    %% Without a time-out: a call given up would leave a stream whose id nobody knows. The call
    %% ends with the node at the latest.
    case llama_node_transport:call(Target, {stream, SessionId, Type, Input, Sink}, infinity) of
        {ok, TaskId} = Ok ->
            Watcher ! {Alias, started, TaskId},
            Ok;
        {error, _} = Error ->
            _ = erlang:unalias(Alias),
            Watcher ! {Alias, refused},
            Error
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

%% @doc Runs a streamed task and folds over its events in the calling process. Only messages of
%% this task are taken from the mailbox, and none of them is left there.
-spec fold(fun((llama_node:event(), Acc) -> Acc | {stop, Acc}), Acc, llama_node_transport:target(),
           llama_node:session_id(), llama_node:type(), llama_node:input()) ->
    {ok, llama_node:result(), Acc} | {stopped, Acc} | {error, llama_node:error()}.
fold(Fun, Acc, Target, SessionId, Type, Input) ->
    %% The fold sees every message itself, so a plain monitor is enough to end it exactly once.
    Node = llama_node_transport:monitor(Target),
    Ended = case llama_node_transport:call(Target, {stream, SessionId, Type, Input, self()}, infinity) of
        {ok, TaskId} -> loop(Fun, Acc, Target, Node, TaskId);
        {error, _} = Error -> Error
    end,
    _ = erlang:demonitor(Node, [flush]),
    Ended.

loop(Fun, Acc, Target, Node, TaskId) ->
    receive
        {llama_node, TaskId, {done, Result}} ->
            {ok, Result, Acc};
        {llama_node, TaskId, {error, Error}} ->
            {error, Error};
        {llama_node, TaskId, Event} ->
            case step(Fun, Event, Acc, Target, Node, TaskId) of
                {stop, Last} ->
                    ok = abandon(Target, Node, TaskId),
                    {stopped, Last};
                Next ->
                    loop(Fun, Next, Target, Node, TaskId)
            end;
        {'DOWN', Node, process, _, Reason} ->
            llama_node_error:node_down(Reason)
    end.

step(Fun, Event, Acc, Target, Node, TaskId) ->
    try
        Fun(Event, Acc)
    catch
        Class:Reason:Stacktrace ->
            ok = abandon(Target, Node, TaskId),
            _ = erlang:demonitor(Node, [flush]),
            erlang:raise(Class, Reason, Stacktrace)
    end.

%% The terminal event is the last one, so the mailbox is clean after it.
abandon(Target, Node, TaskId) ->
    _ = llama_node_transport:call(Target, {cancel_task, TaskId}, infinity),
    drain(Node, TaskId).

drain(Node, TaskId) ->
    receive
        {llama_node, TaskId, {Last, _}} when Last =:= done; Last =:= error -> ok;
        {llama_node, TaskId, _} -> drain(Node, TaskId);
        {'DOWN', Node, process, _, _} -> ok
    end.
