%% @doc Rows of "Bounded": a node that hangs, which its server replaces. The module is the supervisor's too.
-module(llama_node_bench_rows_hung).
-behaviour(supervisor).

-export([rows/0, init/1]).

-import(llama_node_bench_callers, [at_once/3, together/1]).

-define(PULSE_MS, 8000).
-define(NATIVE_MS, 5000).

%% @doc The rows.
-spec rows() -> [llama_node_bench_bounded:row()].
rows() ->
    [#{name => stopped, what => "the process of the node stops (SIGSTOP) while 8 MB of requests wait", replaced => true,
       options => #{pulse_timeout => ?PULSE_MS}, attack => fun stopped/1},
     #{name => native_hangs, what => "a thread stops in native code, while the others answer", replaced => true,
       options => #{native_timeout => ?NATIVE_MS}, attack => fun native_hangs/1}].

%% @private
-spec init(supervisor:child_spec()) -> {ok, {supervisor:sup_flags(), [supervisor:child_spec()]}}.
init(Child) ->
    {ok, {#{strategy => one_for_one, intensity => 10, period => 10}, [Child]}}.

stopped(#{server := Server, os_pid := OsPid}) ->
    [] = os:cmd("kill -STOP " ++ integer_to_list(OsPid)),
    Large = #{system_prompt => binary:copy(<<"x">>, 1 bsl 20)},
    %% The node is looked at four times within its pulse, and may have been seen just before.
    Until = ?PULSE_MS + ?PULSE_MS div 4,
    together([fun () -> at_once(8, Until, fun (_) -> llama_node:create_session(Server, Large) end) end
              | in_time(Server, Until)]).

%% Callers with a deadline keep it, and those without one hear when the node is given up.
in_time(Server, Until) ->
    Input = #{n_predict => 16, ignore_eos => true},
    [fun () -> at_once(8, 500, fun (_) -> llama_node:chat(Server, <<"Once">>, Input#{timeout => 500}) end) end,
     fun () -> at_once(8, Until, fun (_) -> llama_node:chat(Server, <<"Once">>, Input) end) end].

%% The stream of the bystander keeps the loop in native code.
native_hangs(#{server := Server, os_pid := OsPid}) ->
    Script = filename:join([os:getenv("BENCH_ROOT"), "test", "stop_thread.py"]),
    Port = open_port({spawn_executable, os:find_executable("python3")},
                     [{args, [Script, integer_to_list(OsPid), "engine-"]}, {line, 200}, exit_status, stderr_to_stdout]),
    receive
        {Port, {data, {eol, "stopped"}}} -> ok;
        {Port, {data, {_, Words}}} -> error({stop_thread, Words});
        {Port, {exit_status, Status}} -> error({stop_thread, Status})
    end,
    Answers = together(in_time(Server, ?NATIVE_MS)),
    %% It has seen its thread end, unless the node lives on.
    receive {Port, {exit_status, _}} -> ok after ?NATIVE_MS -> port_close(Port) end,
    Answers.
