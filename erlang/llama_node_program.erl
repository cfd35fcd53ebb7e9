%% @doc Programs of the operating system that are run to their end, and leave nothing behind when whoever
%% waits for them does not wait any longer.
%% @end
-module(llama_node_program).

-export([run/3, kill/1]).
%% Entry point of the process that owns the program's port.
-export([owner/4]).

%% What is kept of the output; the programs of this library say a line or two.
-define(MAX_OUTPUT, 65536).

%% @doc Runs a program and waits for it. Both of its output streams are taken together.
%%
%% There is no time-out: when the calling process ends, however it does, the program is killed with all the
%% processes that it started.
%% ```
%% {ok, 0, <<"Hi\n">>} = llama_node_program:run("/bin/echo", ["Hi"], []).
%% '''
-spec run(file:filename_all(), [string()], [{string(), string() | false}]) ->
    {ok, Status :: non_neg_integer(), Output :: binary()} | {error, file:posix() | term()}.
run(Program, Args, Env) ->
    {_, Ref} = spawn_monitor(?MODULE, owner, [self(), Program, Args, Env]),
    receive
        {'DOWN', Ref, process, _, {ran, Outcome}} -> Outcome;
        {'DOWN', Ref, process, _, Reason} -> {error, Reason}
    end.

%% @private
-spec owner(pid(), file:filename_all(), [string()], [{string(), string() | false}]) -> no_return().
owner(Caller, Program, Args, Env) ->
    Ref = erlang:monitor(process, Caller),
    Options = [{args, Args}, {env, Env}, binary, exit_status, stderr_to_stdout, hide],
    exit(try open_port({spawn_executable, Program}, Options) of
        Port -> collect(Port, erlang:port_info(Port, os_pid), Ref, <<>>)
    catch
        error:Reason -> {ran, {error, Reason}}
    end).

collect(Port, OsPid, Ref, Said) ->
    receive
        {Port, {data, Data}} when byte_size(Said) < ?MAX_OUTPUT ->
            collect(Port, OsPid, Ref, <<Said/binary, Data/binary>>);
        {Port, {data, _}} ->
            collect(Port, OsPid, Ref, Said);
        {Port, {exit_status, Status}} ->
            {ran, {ok, Status, Said}};
        {'DOWN', Ref, process, _, _} ->
            case OsPid of
                {os_pid, Number} -> kill(Number);
                undefined -> ok
            end
    end.

%% @doc Kills a program that a port started, with all the processes that it started itself: a port's program
%% leads a group of its own.
-spec kill(non_neg_integer()) -> ok.
kill(OsPid) ->
    Number = integer_to_list(OsPid),
    _ = os:cmd("kill -s KILL -- -" ++ Number ++ " " ++ Number),
    ok.
