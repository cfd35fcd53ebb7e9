%% @doc Work that may take longer than its caller has time for: another node may not take what is sent to it.
%% @end
-module(llama_node_aside).

-export([run/2]).
-export([init/1]).

%% @doc What a fun gives, which runs in a process of its own; that is killed when it takes too long.
-spec run(fun(() -> Result), timeout()) -> Result | {error, llama_node:error()}.
run(Fun, Timeout) ->
    {Pid, Ref} = spawn_monitor(?MODULE, init, [Fun]),
    receive
        {'DOWN', Ref, process, Pid, {given, Result}} -> Result;
        {'DOWN', Ref, process, Pid, Reason} -> llama_node_error:node_down(Reason)
    after Timeout ->
        true = exit(Pid, kill),
        true = erlang:demonitor(Ref, [flush]),
        llama_node_error:timeout(Timeout)
    end.

%% @private
-spec init(fun(() -> term())) -> no_return().
init(Fun) ->
    exit({given, Fun()}).
