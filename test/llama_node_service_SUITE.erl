%% The node as a service of the operating system: the real script, real processes, real signals.
-module(llama_node_service_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("kernel/include/file.hrl").
-include_lib("stdlib/include/assert.hrl").

-import(llama_node_service_ct, [command/2, command/3, run/2, open/2, open/3, collect/2, env/0, foreground/2, await/2,
                               exit_status/1, signal/2, await_no_process/1, call/2, name/1, node_name/1, model/1,
                               file/2, bridge/1, config_file/1, connect/1, line/2, ask/2, tokens/1, contains/2]).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, scripted}, start_ping_status_stop, sigterm_lets_tasks_finish, the_drain_deadline_cancels, a_taken_name,
     a_taken_run_directory, leftovers_of_a_killed_node, a_bridge, a_bridge_socket_in_use, sources_have_their_rank,
     bad_configurations,
     a_run_directory_of_somebody_else, check_loads_nothing, not_running, a_node_that_hangs, native_code_that_hangs,
     a_model_that_is_missing,
     no_epmd,
     no_java, usage, the_cookie_is_not_shown, the_library_can_be_chosen, a_moved_installation,
     status_lists_what_runs, silent_clients_of_the_control_socket, version].

%% Draining, with a server as the engine.
groups() ->
    [{scripted, [], [sigterm_lets_tasks_finish, the_drain_deadline_cancels]}].

init_per_group(Group, Config) ->
    case llama_node_engine_ct:start(Group, #{}, Config) of
        {ok, #{url := Url}, More} -> [{url, Url} | More];
        {skip, _} = Skip -> Skip
    end.

end_per_group(_, Config) -> llama_node_engine_ct:stop(Config).

%% Flags that say which model is to be served.
served(Config) ->
    case proplists:get_value(url, Config) of
        undefined -> ["--model", model(Config), "--n-ctx", "256"];
        Url -> ["--url", binary_to_list(Url)]
    end.

init_per_suite(Config) ->
    case llama_node_ct:real_node() of
        {ok, #{model := Model}} -> [{model, Model} | Config];
        Skip -> Skip
    end.

end_per_suite(Config) -> Config.

init_per_testcase(Case, Config) -> llama_node_service_ct:init_per_testcase(Case, Config).

end_per_testcase(Case, Config) -> llama_node_service_ct:end_per_testcase(Case, Config).

start_ping_status_stop(Config) ->
    {0, Started} = command(Config, ["start", "--model", model(Config), "--n-parallel", "2"]),
    contains(Started, [name(Config), "is ready"]),
    {0, "pong\n"} = command(Config, ["ping"]),
    {0, Status} = command(Config, ["status"]),
    contains(Status, ["is ready", "llama.cpp", "0 of 2 slots busy"]),
    {0, Json} = command(Config, ["status", "--json"]),
    contains(Json, ["\"state\" : \"ready\"", "\"heap_used_bytes\""]),
    pong = call(Config, ping),
    {ok, #{content := _}} = call(Config, {run, completion, #{prompt => <<"Hi">>, max_tokens => 2}}),
    {ok, Pid} = file:read_file(file(Config, ".pid")),
    contains(Started, [string:trim(Pid)]),
    {ok, #file_info{mode = Mode}} = read_info(file(Config, ".sock")),
    ?assertEqual(8#600, Mode band 8#777),
    true = monitor_node(node_name(Config), true),
    {0, Stopped} = command(Config, ["stop"]),
    contains(Stopped, ["has ended"]),
    receive {nodedown, _} -> ok end,
    ?assertNot(filelib:is_file(file(Config, ".pid"))),
    ?assertMatch({error, enoent}, read_info(file(Config, ".sock"))),
    {ok, Log} = file:read_file(file(Config, ".log")),
    contains(Log, ["is ready", "has ended"]),
    {3, _} = command(Config, ["ping"]).

sigterm_lets_tasks_finish(Config) ->
    Node = foreground(Config, served(Config)),
    {ok, Session} = call(Config, {create_session, #{}}),
    %% A scripted server takes its time.
    Tokens = llama_node_engine_ct:either(3000, 500, Config),
    Input = #{prompt => <<"Once">>, n_predict => Tokens, ignore_eos => true},
    {ok, Task} = call(Config, {stream, Session, completion, Input, self()}),
    receive {llama_node, Task, {chunk, _}} -> ok end,
    ok = signal(Node, "TERM"),
    _ = await(Node, "ending: no new work"),
    {error, {server_busy, _}} = call(Config, {create_session, #{}}),
    {_, {done, Result}} = llama_node_ct:events(Task),
    ?assertMatch(#{finish_reason := length, usage := #{completion_tokens := Tokens}}, Result),
    ?assertEqual(0, exit_status(Node)).

%% Whoever started it, such as systemd, sees a failure and starts it anew.
native_code_that_hangs(Config) ->
    Node = foreground(Config, ["--model", model(Config), "--native-timeout", "1000"]),
    {ok, Session} = call(Config, {create_session, #{}}),
    {ok, Task} = call(Config, {stream, Session, completion, llama_node_ct:endless(), self()}),
    receive {llama_node, Task, {chunk, _}} -> ok end,
    {os_pid, OsPid} = erlang:port_info(Node, os_pid),
    case llama_node_ct:hang(OsPid, "engine-") of
        {ok, Stopped} ->
            pong = call(Config, ping),
            contains(await(Node, "has made no progress"), ["llama_decode", "1000 ms (native_timeout)"]),
            ?assertEqual(75, exit_status(Node)),
            receive {Stopped, {exit_status, 0}} -> ok end;
        Skip ->
            ok = signal(Node, "KILL"),
            _ = exit_status(Node),
            Skip
    end.

the_drain_deadline_cancels(Config) ->
    Node = foreground(Config, served(Config) ++ ["--drain-timeout-ms", "50"]),
    {ok, Session} = call(Config, {create_session, #{}}),
    {ok, Task} = call(Config, {stream, Session, completion, llama_node_ct:endless(), self()}),
    receive {llama_node, Task, {chunk, _}} -> ok end,
    ok = signal(Node, "INT"),
    {_, {error, {cancelled, _}}} = llama_node_ct:events(Task),
    ?assertEqual(5, exit_status(Node)).

a_taken_name(Config) ->
    {0, _} = command(Config, ["start"]),
    Other = filename:join(proplists:get_value(dir, Config), "other"),
    {73, Said} = run(["foreground", "--node-name", name(Config), "--run-dir", Other], env()),
    contains(Said, ["epmd has a node named"]),
    ?assertNot(filelib:is_file(filename:join(Other, name(Config) ++ ".pid"))),
    {0, "pong\n"} = command(Config, ["ping"]).

a_taken_run_directory(Config) ->
    {0, _} = command(Config, ["start"]),
    {ok, Pid} = file:read_file(file(Config, ".pid")),
    {73, Said} = command(Config, ["start"]),
    contains(Said, ["is in use: process " ++ string:trim(binary_to_list(Pid)) ++ " listens there"]),
    {0, "pong\n"} = command(Config, ["ping"]),
    ?assert(filelib:is_file(file(Config, ".pid"))).

leftovers_of_a_killed_node(Config) ->
    {0, _} = command(Config, ["start", "--bridge", bridge(Config)]),
    {ok, Pid} = file:read_file(file(Config, ".pid")),
    [] = os:cmd("kill -KILL " ++ binary_to_list(string:trim(Pid))),
    ok = await_no_process(string:trim(Pid)),
    ?assert(filelib:is_file(file(Config, ".pid"))),
    {3, _} = command(Config, ["ping"]),
    %% The number now belongs to a process that has nothing to do with it.
    ok = file:write_file(file(Config, ".pid"), os:getpid()),
    {3, _} = command(Config, ["stop"]),
    {0, _} = command(Config, ["start", "--bridge", bridge(Config)]),
    {0, "pong\n"} = command(Config, ["ping"]),
    ?assertEqual(<<"pong">>, ask(bridge(Config), "PING")).

a_bridge(Config) ->
    {0, _} = command(Config, ["start", "--bridge", bridge(Config), "--bridge-max-line-bytes", "100"]),
    Socket = connect(bridge(Config)),
    contains(line(Socket, "LOAD " ++ model(Config)), ["\"status\":\"ok\"", "loaded"]),
    contains(line(Socket, "INFER {\"content\": \"Hi\", \"max_tokens\": 3}"), ["\"completion_tokens\":3"]),
    ok = gen_tcp:send(Socket, "INFER_STREAM {\"prompt\": \"Once\", \"max_tokens\": 3, \"ignore_eos\": true}\n"),
    {Tokens, Last} = tokens(Socket),
    ?assert(length(Tokens) > 0),
    contains(Last, ["\"final\":true", "\"status\":\"ok\""]),
    contains(line(Socket, "INFER " ++ lists:duplicate(200, $x)), ["\"status\":\"error\"", "100 bytes"]),
    contains(line(Socket, "FREE"), ["freed"]),
    contains(line(Socket, "INFER x"), ["no model is loaded"]),
    contains(line(Socket, "QUIT"), ["bye"]),
    {error, closed} = gen_tcp:recv(Socket, 0).

a_bridge_socket_in_use(Config) ->
    {ok, Listener} = gen_tcp:listen(0, [local, {ifaddr, {local, bridge(Config)}}]),
    {73, Said} = command(Config, ["start", "--bridge", bridge(Config)]),
    contains(Said, ["in use", bridge(Config)]),
    ok = gen_tcp:close(Listener),
    ok = file:delete(bridge(Config)),
    ok = file:write_file(bridge(Config), "precious"),
    {73, _} = command(Config, ["start", "--bridge", bridge(Config)]),
    {ok, <<"precious">>} = file:read_file(bridge(Config)),
    {3, _} = command(Config, ["ping"]).

sources_have_their_rank(Config) ->
    Json = ["{\"model\": \"", model(Config),
            "\", \"n_ctx\": 32, \"n_parallel\": 3, \"id\": \"file\", \"max_queue\": 7}"],
    ok = file:write_file(config_file(Config), Json),
    Env = [{"LLAMA_NODE_N_CTX", "64"}, {"LLAMA_NODE_ID", "variable"}, {"LLAMA_NODE_N_CTXX", "1"} | env()],
    {0, Said} = command(Config, ["start", "--config", config_file(Config), "--id", "flag"], Env),
    contains(Said, ["LLAMA_NODE_N_CTXX is no setting"]),
    {ok, #{models := [Model]}} = call(Config, get_status),
    ?assertMatch(#{id := <<"flag">>, n_ctx := 64, n_parallel := 3, max_queue := 7}, Model).

bad_configurations(Config) ->
    Bad = fun(Json) ->
        ok = file:write_file(config_file(Config), Json),
        {78, Said} = command(Config, ["start", "--config", config_file(Config)]),
        Said
    end,
    contains(Bad("{\"n_ctxx\": 1}"), ["unknown option 'n_ctxx'"]),
    contains(Bad("{\"id\": \"x\"}"), ["id belongs to model"]),
    contains(Bad("{\"n_ctx\": \"many\"}"), ["n_ctx must be an integer"]),
    contains(Bad("{\"port\": \"x\"}"), ["port must be an integer"]),
    contains(Bad("{\"cookie\": \"secret\"}"), ["cookie_file"]),
    contains(Bad("{\"log_file\": 1}"), ["log_file must be text"]),
    contains(Bad("{\"node_name\": "), ["is not valid JSON"]),
    contains(Bad("[]"), ["JSON object"]),
    Yaml = filename:join(proplists:get_value(dir, Config), "config.yaml"),
    ok = file:write_file(Yaml, "port: 1\nn_ctxx: 1\nport: 2\n"),
    {78, Twice} = command(Config, ["start", "--config", Yaml]),
    contains(Twice, [Yaml ++ " is not valid YAML: the key \"port\" is given twice (line 3, column "]),
    Toml = filename:join(proplists:get_value(dir, Config), "config.toml"),
    ok = file:write_file(Toml, "n_ctxx = 1\n"),
    {78, Unknown} = command(Config, ["start", "--config", Toml]),
    contains(Unknown, ["unknown option 'n_ctxx'"]),
    contains(Bad("{\"bind\": \"256.0.0.1\"}"), ["bind"]),
    contains(Bad("{\"tls\": {\"certfile\": \"/x\", \"keyfile\": \"/x\", \"cacertfile\": \"/x\"}}"), ["tls.certfile"]),
    {78, Missing} = command(Config, ["start", "--config", "/nowhere.json"]),
    contains(Missing, ["/nowhere.json"]),
    {78, Port} = command(Config, ["start", "--port", "many"]),
    contains(Port, ["port must be an integer"]),
    Cookie = filename:join(proplists:get_value(dir, Config), "cookie"),
    ok = file:write_file(Cookie, "secret\n"),
    ok = file:change_mode(Cookie, 8#644),
    NoCookie = [{"LLAMA_NODE_COOKIE", false}],
    {78, Open} = command(Config, ["start", "--cookie-file", Cookie], NoCookie),
    contains(Open, ["accessible by its owner only"]),
    {78, None} = command(Config, ["start", "--cookie-file", "/nowhere"], NoCookie),
    contains(None, ["there is no cookie"]).

a_run_directory_of_somebody_else(Config) ->
    case file:change_owner(proplists:get_value(dir, Config), 65534) of
        ok ->
            {78, Said} = command(Config, ["start"]),
            contains(Said, ["belongs to another user"]);
        {error, eperm} ->
            {skip, "only root can give a directory away"}
    end.

check_loads_nothing(Config) ->
    Args = ["--check", "--model", model(Config), "--bridge", bridge(Config)],
    {0, Good} = command(Config, ["start" | Args]),
    contains(Good, ["ok      model"]),
    ?assertEqual(nomatch, string:find(Good, "FAILED")),
    {3, _} = command(Config, ["ping"]),
    ?assertEqual({ok, []}, file:list_dir(proplists:get_value(dir, Config))),
    {1, NoModel} = command(Config, ["foreground", "--check", "--model", "/nowhere.gguf"]),
    contains(NoModel, ["FAILED  model /nowhere.gguf", "no file"]),
    {1, NoRoom} = command(Config, ["foreground", "--check", "--n-ctx", "500000000" | tl(Args)]),
    contains(NoRoom, ["out_of_memory"]),
    {78, NoLib} = command(Config, ["foreground", "--check", "--llama-lib", "/nowhere"]),
    contains(NoLib, ["llama_lib", "/nowhere"]),
    {0, Embedded} = command(Config, ["foreground", "--check", "--llama-lib", "embedded"]),
    contains(Embedded, ["ok      llama.cpp"]),
    {78, NoDir} = command(Config, ["foreground", "--check", "--bridge", "/nowhere/x.sock"]),
    contains(NoDir, ["no directory /nowhere"]),
    {69, NoEpmd} = command(Config, ["foreground", "--check"], [{"ERL_EPMD_PORT", "1"} | env()]),
    contains(NoEpmd, ["FAILED  epmd on port 1"]).

not_running(Config) ->
    [{3, _} = command(Config, [Command]) || Command <- ["ping", "status", "stop"]].

a_node_that_hangs(Config) ->
    {0, _} = command(Config, ["start"]),
    {ok, Pid} = file:read_file(file(Config, ".pid")),
    OsPid = binary_to_integer(string:trim(Pid)),
    ok = llama_node_ct:kill("STOP", OsPid),
    {4, Said} = command(Config, ["ping", "--timeout-ms", "200"]),
    contains(Said, ["does not answer"]),
    {4, _} = run(["status", "--timeout-ms", "200", "--run-dir", proplists:get_value(dir, Config)], env()),
    ok = llama_node_ct:kill("CONT", OsPid),
    {0, _} = command(Config, ["ping"]),
    ok = llama_node_ct:kill("STOP", OsPid),
    {4, NotStopped} = command(Config, ["stop", "--timeout-ms", "200"]),
    contains(NotStopped, ["nothing came within 200 ms"]),
    ok = llama_node_ct:kill("CONT", OsPid).

a_model_that_is_missing(Config) ->
    {1, Said} = command(Config, ["start", "--model", "/nowhere.gguf"]),
    contains(Said, ["model_load_failed", "/nowhere.gguf"]),
    {3, _} = command(Config, ["ping"]),
    ?assertNot(filelib:is_file(file(Config, ".pid"))).

no_epmd(Config) ->
    {69, Said} = command(Config, ["start"], [{"ERL_EPMD_PORT", "1"} | env()]),
    contains(Said, ["no epmd on port 1"]).

no_java(Config) ->
    {78, Said} = command(Config, ["start"], [{"LLAMA_NODE_JAVA_HOME", "/nowhere"} | env()]),
    contains(Said, ["/nowhere"]).

usage(Config) ->
    {64, _} = run([], env()),
    {64, _} = run(["dance"], env()),
    {64, Said} = command(Config, ["start", "--n-ctxx", "1"]),
    contains(Said, ["--n-ctxx"]),
    {64, _} = command(Config, ["ping", "--timeout-ms", "soon"]),
    {0, Help} = run(["start", "--help"], env()),
    contains(Help, ["--drain-timeout-ms", "LLAMA_NODE_N_CTX"]).

the_cookie_is_not_shown(Config) ->
    Cookie = filename:join(proplists:get_value(dir, Config), "cookie"),
    ok = file:write_file(Cookie, atom_to_list(erlang:get_cookie()) ++ "\n"),
    ok = file:change_mode(Cookie, 8#600),
    {0, Said} = command(Config, ["start", "--cookie-file", Cookie, "--log-level", "debug"],
                        [{"LLAMA_NODE_COOKIE", false}]),
    pong = call(Config, ping),
    {ok, Pid} = file:read_file(file(Config, ".pid")),
    {ok, CommandLine} = file:read_file("/proc/" ++ binary_to_list(string:trim(Pid)) ++ "/cmdline"),
    {ok, Log} = file:read_file(file(Config, ".log")),
    [?assertEqual(nomatch, string:find(Text, atom_to_list(erlang:get_cookie()))) || Text <- [Said, CommandLine, Log]].

%% A directory of links has another path than the one that is found without being named.
the_library_can_be_chosen(Config) ->
    case filelib:wildcard(filename:join([llama_node_options:priv_dir(), "native", "*", "libllama*.so"])) of
        [] ->
            {skip, "no llama.cpp is installed (make native)"};
        [Library | _] ->
            Own = filename:join(proplists:get_value(dir, Config), "lib"),
            ok = file:make_dir(Own),
            [{ok, _} = file:copy(File, filename:join(Own, filename:basename(File)))
             || File <- filelib:wildcard(filename:join(filename:dirname(Library), "*.so"))],
            {0, _} = command(Config, ["start", "--llama-lib", Own]),
            {ok, Log} = file:read_file(file(Config, ".log")),
            contains(Log, ["from " ++ Own]),
            {0, _} = command(Config, ["stop"]),
            Server = start_link(#{llama_lib => Own, models => []}),
            ok = llama_node_ct:stop(Server)
    end.

%% The start-up cache remembers where it was made. The way to the new place has a blank in it.
a_moved_installation(Config) ->
    case filelib:wildcard(filename:join([llama_node_options:priv_dir(), "native", "*", "libllama*.so"])) of
        [] ->
            {skip, "no llama.cpp is installed (make native)"};
        _ ->
            First = filename:join(proplists:get_value(dir, Config), "llama_node"),
            Second = filename:join(proplists:get_value(dir, Config), "moved here"),
            ok = file:make_dir(First),
            [] = os:cmd("cp -Rp '" ++ code:lib_dir(llama_node) ++ "/ebin/' '" ++ First ++ "/ebin'"),
            [] = os:cmd("cp -RpL '" ++ llama_node_options:priv_dir() ++ "/' '" ++ First ++ "/priv'"),
            _ = file:delete(filename:join([First, "priv", "llama-node.aot"])),
            {0, _} = collect(open(filename:join([First, "priv", "bin", "make-aot-cache"]),
                                  [filename:join(First, "ebin")], env()), []),
            ?assertMatch("llama_node/" ++ _,
                         string:prefix(library_of(Config, First), proplists:get_value(dir, Config) ++ "/")),
            %% A copy beside what it was copied from, then alone.
            [] = os:cmd("cp -Rp '" ++ First ++ "' '" ++ Second ++ "'"),
            ?assertMatch("moved here/" ++ _,
                         string:prefix(library_of(Config, Second), proplists:get_value(dir, Config) ++ "/")),
            ok = file:del_dir_r(First),
            ?assertMatch("moved here/" ++ _,
                         string:prefix(library_of(Config, Second), proplists:get_value(dir, Config) ++ "/"))
    end.

%% The llama.cpp that a node of this installation loads. The node must use the start-up cache, or would not start.
library_of(Config, Root) ->
    Args = ["--node-name", name(Config), "--run-dir", proplists:get_value(dir, Config)],
    Launcher = filename:join([Root, "priv", "bin", "llama-node"]),
    Env = [{"LLAMA_NODE_LIB", false}, {"LLAMA_NODE_JAVA_OPTS", "-XX:AOTMode=on"} | env()],
    _ = file:delete(file(Config, ".log")),
    {0, _} = collect(open(Launcher, ["start" | Args], Env), []),
    {ok, Log} = file:read_file(file(Config, ".log")),
    {0, _} = collect(open(Launcher, ["stop" | Args], Env), []),
    {match, [Library]} = re:run(Log, "llama\\.cpp \\S+ from (.*) \\(the newest", [{capture, all_but_first, list}]),
    Library.

status_lists_what_runs(Config) ->
    Dir = proplists:get_value(dir, Config),
    All = fun(Args) -> run(["status", "--run-dir", Dir | Args], env()) end,
    {3, None} = All([]),
    contains(None, ["no node is running in " ++ Dir]),
    Names = [integer_to_list(I) ++ name(Config) || I <- [1, 2]],
    [{0, _} = run(["start", "--node-name", Name, "--run-dir", Dir], env()) || Name <- Names],
    ok = file:write_file(filename:join(Dir, "left@behind.sock"), ""),
    {0, Both} = All([]),
    contains(Both, [Name ++ " is ready (process " || Name <- Names]),
    {0, Json} = All(["--json"]),
    contains(Json, ["\"node\" : \"" ++ Name || Name <- Names]),
    [{0, _} = run(["stop", "--node-name", Name, "--run-dir", Dir], env()) || Name <- Names].

%% Such a client says nothing, or only the beginning of a command.
silent_clients_of_the_control_socket(Config) ->
    {0, _} = command(Config, ["start"]),
    Silent = [connect(file(Config, ".sock")) || _ <- lists:seq(1, 300)],
    [ok = gen_tcp:send(Socket, "STAT") || Socket <- Silent],
    {0, Status} = command(Config, ["status"]),
    contains(Status, [name(Config) ++ " is ready"]),
    {0, Stopped} = command(Config, ["stop"]),
    contains(Stopped, ["has ended"]),
    lists:foreach(fun gen_tcp:close/1, Silent).

%% One number in all places.
version(_Config) ->
    {ok, [{application, llama_node, Properties}]} =
        file:consult(filename:join([llama_node_ct:root(), "erlang", "llama_node.app.src"])),
    {vsn, Version} = lists:keyfind(vsn, 1, Properties),
    ?assertEqual({0, "llama_node " ++ Version ++ "\n"}, run(["--version"], env())).

start_link(Options) ->
    {ok, Server} = llama_node:start_link(Options),
    Server.

read_info(File) ->
    file:read_file_info(File).
