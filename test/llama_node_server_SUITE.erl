%% A server process with a fake node: its start and its names, and requests that are not what they should be or come
%% when there is nobody to answer.
-module(llama_node_server_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [started/2, script/2, java_home/3]).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, start}, {group, names}, {group, requests}].

groups() ->
    [{start, [], [starts_and_answers, start_without_waiting, requests_wait_for_readiness, requests_do_not_wait_for_ever,
                  failed_start_spares_the_starter, failed_start_without_waiting, cookie_is_not_in_the_state,
                  cookie_of_the_runtime, bad_java_home_launches_nothing, java_home_or_none]},
     {names, [], [registered_names, name_is_taken, name_is_free_after_a_failed_start, given_node_name,
                  names_that_cannot_be_registered, bad_names_launch_nothing]},
     {requests, [], [unknown_requests_to_the_server, late_answers_leave_no_message, misuse_raises, gone_servers,
                     creating_calls_are_not_given_up, calls_to_the_mailbox_itself]}].

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    Config.

end_per_suite(_) ->
    ok.

end_per_testcase(_, _) ->
    ?assertEqual([], llama_node_ct:flush()).

%% Start

starts_and_answers(Config) ->
    Server = started(normal, Config),
    ?assertEqual(pong, llama_node:ping(Server)),
    %% The node is hidden: an application's nodes() stays as it was.
    {ok, #{node := Node}} = llama_node:get_status(Server),
    ?assert(lists:member(Node, nodes(hidden))),
    ?assertNot(lists:member(Node, nodes())),
    ok = llama_node_ct:stop(Server).

start_without_waiting(Config) ->
    {ok, Server} = llama_node:start_link((llama_node_ct:fake(never_ready, Config))#{wait => false}),
    ?assert(is_process_alive(Server)),
    ok = llama_node_ct:stop(Server).

requests_wait_for_readiness(Config) ->
    {ok, Server} = llama_node:start_link((llama_node_ct:fake(normal, Config))#{wait => false}),
    ?assertEqual(pong, llama_node:ping(Server)),
    ok = llama_node_ct:stop(Server).

requests_do_not_wait_for_ever(Config) ->
    {ok, Server} = llama_node:start_link((llama_node_ct:fake(never_ready, Config))#{wait => false}),
    ?assertMatch({error, {timeout, _}}, llama_node_request:call(Server, ping, 1)),
    ?assertMatch({error, {timeout, _}}, llama_node_request:call(Server, ping, 0)),
    %% Those that are waiting when the server ends hear of it.
    Waiting = [spawn_monitor(fun () -> exit(llama_node:ping(Server)) end) || _ <- lists:seq(1, 5)],
    ok = llama_node_ct:stop(Server),
    [receive {'DOWN', Ref, process, _, Got} -> ?assertMatch({error, {node_down, _}}, Got) end
     || {_, Ref} <- Waiting].

failed_start_spares_the_starter(Config) ->
    %% Neither an exit signal nor a message reaches a process that traps exits, let alone another.
    process_flag(trap_exit, true),
    ?assertMatch({error, _}, llama_node:start_link(llama_node_ct:fake(failed, Config))),
    ?assertMatch({error, _}, llama_node:init_server(llama_node_ct:fake(failed, Config))),
    ?assertMatch({error, {invalid_argument, _}}, llama_node:start_link(#{n_ctx => -1})),
    ?assertEqual([], llama_node_ct:flush()),
    process_flag(trap_exit, false).

failed_start_without_waiting(Config) ->
    process_flag(trap_exit, true),
    {ok, Server} = llama_node:start_link((llama_node_ct:fake(failed, Config))#{wait => false, restarts => {1, 60}}),
    receive {'EXIT', Server, Reason} -> ?assertMatch({start_failed, {model_load_failed, _}}, Reason) end,
    process_flag(trap_exit, false).

cookie_is_not_in_the_state(Config) ->
    Options = (llama_node_ct:fake(normal, Config))#{cookie => <<"a_cookie_of_its_own">>},
    {ok, Server} = llama_node:start_link(Options),
    ?assertEqual(pong, llama_node:ping(Server)),
    [?assertEqual(nomatch, string:find(io_lib:format("~p", [Seen]), "a_cookie_of_its_own"))
     || Seen <- [sys:get_status(Server), sys:get_state(Server)]],
    ok = llama_node_ct:stop(Server).

%% No entry for a node is made for the cookie that every node has.
cookie_of_the_runtime(Config) ->
    Options = llama_node_ct:fake(normal, Config),
    Entry = fun (Cookie) ->
        {ok, Server} = llama_node:start_link(Options#{cookie => Cookie}),
        {ok, #{node := Node}} = llama_node:get_status(Server),
        ok = llama_node_ct:stop(Server),
        [Cookies] = [Table || Table <- ets:all(), ets:info(Table, name) =:= cookies],
        ets:member(Cookies, Node)
    end,
    ?assertNot(Entry(erlang:get_cookie())),
    ?assert(Entry(another_cookie)).

bad_java_home_launches_nothing(Config) ->
    Options = #{launcher => touching(Config), models => []},
    Old = java_home("17.0.9", "exit 1", Config),
    [begin
         {error, {invalid_argument, Message}} = llama_node:start_link(Options#{java_home => Home}),
         ?assertMatch({<<"java_home: ", _/binary>>, _}, {Message, Part}),
         ?assertNotEqual({nomatch, Message}, {string:find(Message, Part), Message})
     end || {Home, Part} <- [{"/no/such/java", "/no/such/java has no bin/java"},
                             {"/нет/java", "/нет/java has no bin/java"},
                             {Old, "is Java 17"}, {java_home("", "exit 1", Config), "unknown version"}]],
    ?assertNot(filelib:is_file(touched(Config))),
    %% One that fits is taken as it is.
    ?assertMatch({error, {start_failed, _}},
                 llama_node:start_link(Options#{java_home => java_home("25.0.1", "exit 1", Config)})),
    ?assert(filelib:is_file(touched(Config))).

%% The launcher itself, whoever sets the variable.
java_home_or_none(Config) ->
    Bin = filename:join(llama_node_options:priv_dir(), "bin"),
    Java = fun (Home, Flags) ->
        run(filename:join(Bin, "find-java"), Flags, [{"LLAMA_NODE_JAVA_HOME", Home}])
    end,
    Old = java_home("17", "exit 1", Config),
    New = java_home("26-ea", "exit 1", Config),
    ?assertEqual({1, "LLAMA_NODE_JAVA_HOME: " ++ Old ++ " is Java 17, but llama_node needs Java 25 or later\n"},
                 Java(Old, [])),
    ?assertMatch({1, "LLAMA_NODE_JAVA_HOME: /none has no bin/java\n"}, Java("/none", [])),
    ?assertMatch({1, _}, Java(Old, ["--jdk"])),
    ?assertEqual({0, New ++ "\n"}, Java(New, [])),
    %% Without a compiler it cannot build, which is another one's work then, or nobody's.
    ?assertNotEqual({0, New ++ "\n"}, Java(New, ["--jdk"])),
    {78, "LLAMA_NODE_JAVA_HOME: " ++ _} =
        run(filename:join(Bin, "llama-node"), ["--port"], [{"LLAMA_NODE_JAVA_HOME", Old}]),
    ?assertMatch({error, {java_not_found, <<"the node ended: exit status 78", _/binary>>}},
                 llama_node:start_link(#{env => #{"LLAMA_NODE_JAVA_HOME" => Old}, models => []})).

%% Names

registered_names(Config) ->
    Options = llama_node_ct:fake(normal, Config),
    {ok, Local} = llama_node:start_link(Options#{name => {local, a_model}}),
    {ok, Global} = llama_node:start_link(Options#{name => {global, a_model}}),
    {ok, Via} = llama_node:start_link(Options#{name => {via, global, another_model}}),
    [?assertEqual(pong, llama_node:ping(Name))
     || Name <- [a_model, {global, a_model}, {via, global, another_model}, Local, Global, Via]],
    %% Three servers, three nodes.
    Nodes = [maps:get(node, element(2, llama_node:get_status(Server))) || Server <- [Local, Global, Via]],
    ?assertEqual(3, length(lists:usort(Nodes))),
    unlink(Local), unlink(Global), unlink(Via),
    [ok = llama_node:destroy_server(Name) || Name <- [a_model, {global, a_model}, {via, global, another_model}]],
    ?assertEqual(undefined, whereis(a_model)).

name_is_taken(Config) ->
    process_flag(trap_exit, true),
    Options = (llama_node_ct:fake(normal, Config))#{name => {local, a_model}},
    {ok, Server} = llama_node:start_link(Options),
    ?assertEqual({error, {already_started, Server}}, llama_node:start_link(Options)),
    ?assertEqual([], llama_node_ct:flush()),
    process_flag(trap_exit, false),
    ok = llama_node_ct:stop(Server).

name_is_free_after_a_failed_start(Config) ->
    Name = #{name => {local, a_model}},
    [?assertMatch({error, {model_load_failed, _}},
                  llama_node:start_link(maps:merge(llama_node_ct:fake(failed, Config), Name))) || _ <- [1, 2]],
    {ok, Server} = llama_node:start_link(maps:merge(llama_node_ct:fake(normal, Config), Name)),
    ok = llama_node_ct:stop(Server).

given_node_name(Config) ->
    Options = (llama_node_ct:fake(normal, Config))#{node_name => given_llama_name, host => "localhost"},
    {ok, Server} = llama_node:start_link(Options),
    ?assertMatch({ok, #{node := given_llama_name@localhost}}, llama_node:get_status(Server)),
    ?assertEqual(pong, llama_node:ping({llama_node, given_llama_name@localhost})),
    ok = llama_node_ct:stop(Server).

names_that_cannot_be_registered(_) ->
    process_flag(trap_exit, true),
    [begin
         {error, {invalid_argument, Message}} = llama_node:start_link(#{name => Name, launcher => "/no/such/launcher"}),
         ?assertMatch(<<"name: ", _/binary>>, Message)
     end || Name <- [{via, no_such_module, x}, {via, lists, x}, {via, ?MODULE, x}, {local, undefined}]],
    ?assertEqual([], llama_node_ct:flush()),
    process_flag(trap_exit, false).

%% A registry that does not keep to its contract.
register_name(x, Pid) when is_pid(Pid) -> perhaps.

bad_names_launch_nothing(Config) ->
    process_flag(trap_exit, true),
    Long = lists:duplicate(256, $a),
    Bad = [{node_name,
            [Long, lists:duplicate(254, $a), Long ++ "@localhost", "ламa", <<"лама@localhost"/utf8>>, "a b", "a.b",
             "@localhost", "a@", "a@@", "a@b@c", "a@лама", "a@no-such-host", "a@no.such.host.invalid"]},
           {host, [Long, "лама", "no-such-host", "no.such.host.invalid", "a@b", "a b", "127.0.0.1"]},
           {cookie, [Long, lists:duplicate(300, "secret"), "тайна"]}],
    [begin
         Options = #{Key => Value, launcher => touching(Config), models => []},
         Answer = llama_node:start_link(Options),
         ?assertMatch({Value, {error, {invalid_argument, _}}}, {Value, Answer}),
         {error, {_, Message}} = Answer,
         ?assertMatch({_, [<<>>, _]}, {Message, string:split(Message, atom_to_list(Key))}),
         ?assertEqual(nomatch, string:find(Message, "secret"))
     end || {Key, Values} <- Bad, Value <- Values],
    ?assertMatch({error, {invalid_argument, <<"host: ", _/binary>>}},
                 llama_node:start_link(#{host => "localhost", node_name => "a@127.0.0.1",
                                         launcher => touching(Config)})),
    ?assertNot(filelib:is_file(touched(Config))),
    ?assertEqual([], llama_node_ct:flush()),
    process_flag(trap_exit, false).

%% Requests

unknown_requests_to_the_server(Config) ->
    Server = started(normal, Config),
    ?assertMatch({error, {invalid_argument, _}}, gen_server:call(Server, {create_session, #{}})),
    gen_server:cast(Server, anything),
    Server ! anything,
    ?assertEqual(pong, llama_node:ping(Server)),
    ok = llama_node_ct:stop(Server).

late_answers_leave_no_message(Config) ->
    Server = started(normal, Config),
    {ok, Target} = llama_node_request:target(Server, 5000),
    ?assertMatch({error, {timeout, _}},
                 llama_node_transport:call(Target, {run, completion, #{prompt => <<"late">>}}, 10)),
    %% The late answer leaves the node before this one.
    ?assertEqual({ok, done}, llama_node:complete(Server, <<"answer the late one">>, #{})),
    ?assertEqual([], llama_node_ct:flush()),
    ok = llama_node_ct:stop(Server).

misuse_raises(Config) ->
    Server = started(normal, Config),
    [?assertError(badarg, llama_node:ping(Wrong)) || Wrong <- ["s", <<"s">>, 7, {a}, {a, "b"}, #{}, self()]],
    [?assertError(badarg, llama_node:get_result(Server, 1, Wrong)) || Wrong <- [-1, 1.0, never, 1 bsl 32]],
    [?assertError(badarg, llama_node:stream_fold(Wrong, [], Server, 1, chat, #{}))
     || Wrong <- [not_a_fun, fun () -> ok end]],
    [?assertError(badarg, llama_node:destroy_server(Wrong))
     || Wrong <- ["s", <<"s">>, 7, {a}, {a, "b"}, {a, b, c}, {"a", b}, {via, "m", x}, {a, b, c, d}, #{}, self()]],
    [begin
         ?assertError(badarg, llama_node:ping(NoRegistry)),
         ?assertError(badarg, llama_node:load_model(NoRegistry, "m", #{})),
         ?assertError(badarg, llama_node:destroy_server(NoRegistry))
     end || NoRegistry <- [{via, no_such_module, x}, {via, lists, x}]],
    [?assertMatch({error, {invalid_argument, _}}, llama_node:complete(Server, <<"x">>, Wrong))
     || Wrong <- [7, <<"{">>, <<"[]">>, <<"{\"prompt\": \"y\"}">>,
                  [{a, 1} | b], [3], #{prompt => <<"y">>}, #{<<"prompt">> => <<"y">>}]],
    ?assertMatch({error, {invalid_argument, _}}, llama_node:complete(Server, [16#d800], #{})),
    ok = llama_node_ct:stop(Server).

gone_servers(_) ->
    {Gone, Ref} = spawn_monitor(fun () -> ok end),
    receive {'DOWN', Ref, process, _, _} -> ok end,
    Nobody = [Gone, nobody, {global, nobody}, {via, global, nobody}, {llama_node, 'no_such_node@localhost'}],
    [begin
         ?assertMatch({error, {node_down, _}}, llama_node:ping(Server)),
         ?assertMatch({error, {node_down, _}}, llama_node:stream(Server, 1, completion, #{})),
         ?assertMatch({error, {node_down, _}}, llama_node:stream_fold(fun (_, A) -> A end, 0, Server, 1, chat, #{})),
         ?assertMatch({error, {node_down, _}}, llama_node:get_result(Server, 1, infinity))
     end || Server <- Nobody],
    [?assertEqual(ok, llama_node:destroy_server(Server)) || Server <- lists:droplast(Nobody)],
    ?assertMatch({error, {unsupported, _}}, llama_node:destroy_server(lists:last(Nobody))).

%% However long the node takes: the only thing that ends them is its end.
creating_calls_are_not_given_up(Config) ->
    process_flag(trap_exit, true),
    Server = started(normal, Config),
    OsPid = llama_node_ct:os_pid(Server),
    ok = llama_node_ct:kill("STOP", OsPid),
    1 = erlang:trace_pattern({llama_node_dist, call, 3}, true, []),
    Creating = [fun () -> llama_node:create_session(Server, #{}) end,
                fun () -> llama_node:create_task(Server, 1, completion, #{prompt => <<"x">>}) end,
                fun () -> llama_node:load_model(Server, "m.gguf", #{}) end,
                fun () -> llama_node:stream(Server, 1, completion, #{prompt => <<"x">>}) end],
    Callers = [spawn_monitor(fun () -> receive go -> exit(Create()) end end) || Create <- Creating],
    [begin
         1 = erlang:trace(Pid, true, [call]),
         Pid ! go,
         receive
             {trace, Pid, call, {llama_node_dist, call, [_, _, Timeout]}} -> ?assertEqual(infinity, Timeout)
         end
     end || {Pid, _} <- Callers],
    _ = erlang:trace_pattern({llama_node_dist, call, 3}, false, []),
    ok = llama_node_ct:kill("KILL", OsPid),
    [receive {'DOWN', Ref, process, _, Got} -> ?assertMatch({error, {node_down, _}}, Got) end || {_, Ref} <- Callers],
    receive {'EXIT', Server, _} -> ok end,
    process_flag(trap_exit, false).

calls_to_the_mailbox_itself(Config) ->
    Server = started(normal, Config),
    {ok, #{node := Node}} = llama_node:get_status(Server),
    {ok, Session} = llama_node:create_session({llama_node, Node}, #{}),
    %% The owner is the caller, whichever way it came.
    Self = self(),
    ?assertMatch({ok, #{owner := Self}}, llama_node:get_session_info(Server, Session)),
    {ok, Other} = llama_node:create_session(Server, #{}),
    ?assertMatch({ok, #{owner := Self}}, llama_node:get_session_info(Server, Other)),
    ok = llama_node_ct:stop(Server).

%% Helpers

%% A launcher that leaves a trace.
touching(Config) ->
    _ = file:delete(touched(Config)),
    script(filename:join(proplists:get_value(priv_dir, Config), "touching"), ["touch '", touched(Config), "'"]).

touched(Config) ->
    filename:join(proplists:get_value(priv_dir, Config), "touched").

%% Runs a program to its end: its status and all that it printed.
run(Program, Args, Env) ->
    Port = open_port({spawn_executable, Program}, [{args, Args}, {env, Env}, exit_status, stderr_to_stdout]),
    run(Port, []).

run(Port, Said) ->
    receive
        {Port, {data, Data}} -> run(Port, [Said, Data]);
        {Port, {exit_status, Status}} -> {Status, lists:flatten(Said)}
    end.
