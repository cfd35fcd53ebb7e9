%% The control channel, against programs that misbehave.
-module(llama_node_port_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, codec}, {group, start}, {group, run}, {group, stop}].

groups() ->
    [{codec, [], [frames_round_trip, bad_frames_are_told_apart, exit_statuses_have_words]},
     {start, [], [starts_and_answers, gets_its_configuration, gets_the_net_ticktime, start_without_waiting,
                  requests_wait_for_readiness, requests_do_not_wait_for_ever, no_launcher, exits_at_once, prints_garbage, prints_small_garbage,
                  never_ready, says_failed, calls_itself_otherwise, is_ready_but_unreachable, malformed_frame,
                  unknown_atom, compressed_frame, too_large_frame, huge_frames, failed_start_spares_the_starter,
                  failed_start_without_waiting, progress_to_a_process, progress_to_a_fun, cookie_is_not_in_the_state,
                  registered_names, name_is_taken, name_is_free_after_a_failed_start, names_that_cannot_be_registered,
                  given_node_name, bad_names_launch_nothing, bad_java_home_launches_nothing, java_home_or_none,
                  cookie_of_the_runtime]},
     {run, [], [dies_later, malformed_later, connection_lost, unknown_requests_to_the_server,
                late_answers_leave_no_message, misuse_raises, gone_servers, creating_calls_are_not_given_up, calls_to_the_mailbox_itself]},
     {stop, [], [stops_orderly, ignores_stop, stop_while_starting, stop_twice]}].

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    Config.

end_per_suite(_) ->
    ok.

end_per_testcase(_, _) ->
    ?assertEqual([], llama_node_ct:flush()).

%% Codec

frames_round_trip(_) ->
    Frames = [{log, info, <<"l">>, <<"m">>}, {progress, <<"p">>, 0.5}, {failed, {timeout, <<"m">>}},
              {ready, #{node => node(), os_pid => 1, version => <<"1">>, models => [<<"a">>]}}],
    [?assertEqual({ok, Frame}, llama_node_port:decode(term_to_binary(Frame))) || Frame <- Frames],
    ?assertEqual({config, 1, #{}}, binary_to_term(iolist_to_binary(llama_node_port:encode({config, 1, #{}})))).

bad_frames_are_told_apart(_) ->
    [?assertEqual({unknown, Term}, llama_node_port:decode(term_to_binary(Term)))
     || Term <- [7, {log, loud, <<>>, <<>>}, {log, info, "l", "m"}, {progress, <<>>, 1}, {ready, #{}},
                 {ready, #{node => node()}}, {failed, oops}, {failed, {timeout, "b"}}, {failed, {a, <<"b">>}}]],
    Good = term_to_binary({progress, <<"p">>, 0.5}),
    [?assertEqual({error, malformed}, llama_node_port:decode(Frame))
     || Frame <- [<<>>, <<131>>, <<"text">>, <<Good/binary, 0>>, binary:part(Good, 0, byte_size(Good) - 1),
                  <<131, 119, 20, "never_heard_of_it_yet">>,
                  term_to_binary(lists:duplicate(1000, $a), [compressed])]],
    ?assertEqual({error, too_large}, llama_node_port:decode(binary:copy(<<0>>, (64 bsl 20) + 1))).

exit_statuses_have_words(_) ->
    ?assertEqual("exit status 3", lists:flatten(llama_node_port:exit_status(3))),
    ?assertEqual("killed by signal 9", lists:flatten(llama_node_port:exit_status(137))),
    ?assertMatch("exit status 78: no Java" ++ _, lists:flatten(llama_node_port:exit_status(78))).

%% Start

starts_and_answers(Config) ->
    Server = started(normal, Config),
    ?assertEqual(pong, llama_node:ping(Server)),
    %% The node is hidden: an application's nodes() stays as it was.
    {ok, #{node := Node}} = llama_node:get_status(Server),
    ?assert(lists:member(Node, nodes(hidden))),
    ?assertNot(lists:member(Node, nodes())),
    ok = llama_node_ct:stop(Server).

gets_its_configuration(Config) ->
    Options = maps:merge(llama_node_ct:fake(normal, Config),
                         #{model => "/m.gguf", n_ctx => 64, max_sessions => 3, log_level => debug}),
    {ok, Server} = llama_node:start_link(Options),
    {ok, #{config := Got, node := Node}} = llama_node:get_status(Server),
    Cookie = atom_to_binary(erlang:get_cookie()),
    ?assertMatch(#{node_name := Node, cookie := Cookie, max_sessions := 3, log_level := debug, bind := <<"127.", _/binary>>,
                   models := [#{path := <<"/m.gguf">>, n_ctx := 64}]}, Got),
    ok = llama_node_ct:stop(Server).

gets_the_net_ticktime(Config) ->
    {Peer, _} = llama_node_ct:peer(#{name => peer:random_name(), args => ["-kernel", "net_ticktime", "300"]}, []),
    Ticktime = fun () ->
        {ok, Server} = peer:call(Peer, llama_node, init_server, [llama_node_ct:fake(normal, Config)], infinity),
        {ok, #{config := #{net_ticktime := Seconds}}} = peer:call(Peer, llama_node, get_status, [Server]),
        ok = peer:call(Peer, llama_node, destroy_server, [Server], infinity),
        Seconds
    end,
    ?assertEqual(300, Ticktime()),
    %% A change takes the old time to come into effect.
    change_initiated = peer:call(Peer, net_kernel, set_net_ticktime, [200]),
    {ongoing_change_to, 200} = peer:call(Peer, net_kernel, get_net_ticktime, []),
    ?assertEqual(200, Ticktime()),
    ok = peer:stop(Peer).

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

no_launcher(_) ->
    {error, {invalid_argument, Message}} = llama_node:start_link(#{launcher => "/no/such/launcher"}),
    ?assertMatch(<<"launcher: ", _/binary>>, Message).

exits_at_once(Config) ->
    ?assertMatch({error, {start_failed, <<"the node ended: exit status 3">>}}, scripted("exit 3", Config)),
    ?assertMatch({error, {java_not_found, <<"the node ended: exit status 78", _/binary>>}}, scripted("exit 78", Config)),
    ?assertMatch({error, {start_failed, <<"the node ended: killed by signal 9">>}}, scripted("kill -9 $$", Config)),
    ?assertMatch({error, {start_failed, _}}, scripted("exit 0", Config)).

prints_garbage(Config) ->
    %% Read as a frame's length, text means more than a gigabyte, which never comes.
    ?assertMatch({error, {start_failed, <<"the node ended: exit status 1">>}},
                 scripted("echo 'Error: no JVM could be found here'; exit 1", Config)).

prints_small_garbage(Config) ->
    ?assertMatch({error, {start_failed, <<"the launched program does not speak the protocol: malformed frame">>}},
                 scripted("printf '\\000\\000\\000\\003abc'; exec sleep 600", Config)).

never_ready(Config) ->
    {Options, Witness} = llama_node_ct:witnessed((llama_node_ct:fake(never_ready, Config))#{start_timeout => 300}, Config),
    ?assertMatch({error, {timeout, <<"the node was not ready within 300 ms">>}}, llama_node:start_link(Options)),
    ok = llama_node_ct:await_end(Witness).

says_failed(Config) ->
    ?assertEqual({error, {model_load_failed, <<"models[0].path: no such file">>}},
                 llama_node:start_link(llama_node_ct:fake(failed, Config))).

calls_itself_otherwise(Config) ->
    ?assertMatch({error, {node_down, <<"the node calls itself nonode@nohost", _/binary>>}},
                 llama_node:start_link(llama_node_ct:fake(wrong_name, Config))).

is_ready_but_unreachable(Config) ->
    {error, {node_down, Message}} = llama_node:start_link(llama_node_ct:fake(not_connectable, Config)),
    ?assertNotEqual(nomatch, string:find(Message, "cannot be connected")).

malformed_frame(Config) ->
    ?assertMatch({error, {start_failed, <<_/binary>>}}, llama_node:start_link(llama_node_ct:fake(malformed_frame, Config))).

unknown_atom(Config) ->
    ?assertMatch({error, {start_failed, <<_/binary>>}}, llama_node:start_link(llama_node_ct:fake(unknown_atom, Config))).

compressed_frame(Config) ->
    ?assertMatch({error, {start_failed, <<_/binary>>}}, llama_node:start_link(llama_node_ct:fake(compressed_frame, Config))).

too_large_frame(Config) ->
    {error, {start_failed, Message}} = llama_node:start_link(llama_node_ct:fake(too_large_frame, Config)),
    ?assertNotEqual(nomatch, string:find(Message, "too_large")).

huge_frames(Config) ->
    Server = started(huge_frames, Config),
    ?assertEqual(pong, llama_node:ping(Server)),
    ok = llama_node_ct:stop(Server).

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
    {ok, Server} = llama_node:start_link((llama_node_ct:fake(failed, Config))#{wait => false}),
    receive {'EXIT', Server, Reason} -> ?assertMatch({start_failed, {model_load_failed, _}}, Reason) end,
    process_flag(trap_exit, false).

progress_to_a_process(Config) ->
    {ok, Server} = llama_node:start_link((llama_node_ct:fake(progress, Config))#{progress => self()}),
    Got = llama_node_ct:flush(),
    ?assertEqual([{llama_node_progress, <<"m.gguf">>, N / 16} || N <- lists:seq(0, 16)], Got),
    ok = llama_node_ct:stop(Server).

progress_to_a_fun(Config) ->
    Self = self(),
    Fun = fun (Path, Fraction) -> Self ! {Path, Fraction}, error(of_no_consequence) end,
    {ok, Server} = llama_node:start_link((llama_node_ct:fake(progress, Config))#{progress => Fun}),
    ?assertEqual(17, length(llama_node_ct:flush())),
    ok = llama_node_ct:stop(Server).

cookie_is_not_in_the_state(Config) ->
    Options = (llama_node_ct:fake(normal, Config))#{cookie => <<"a_cookie_of_its_own">>},
    {ok, Server} = llama_node:start_link(Options),
    ?assertEqual(pong, llama_node:ping(Server)),
    [?assertEqual(nomatch, string:find(io_lib:format("~p", [Seen]), "a_cookie_of_its_own"))
     || Seen <- [sys:get_status(Server), sys:get_state(Server)]],
    ok = llama_node_ct:stop(Server).

registered_names(Config) ->
    Options = llama_node_ct:fake(normal, Config),
    {ok, Local} = llama_node:start_link(Options#{name => {local, a_model}}),
    {ok, Global} = llama_node:start_link(Options#{name => {global, a_model}}),
    {ok, Via} = llama_node:start_link(Options#{name => {via, global, another_model}}),
    [?assertEqual(pong, llama_node:ping(Name))
     || Name <- [a_model, {global, a_model}, {via, global, another_model}, Local, Global, Via]],
    %% Three servers, three nodes.
    ?assertEqual(3, length(lists:usort([maps:get(node, element(2, llama_node:get_status(S))) || S <- [Local, Global, Via]]))),
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
    Bad = [{node_name, [Long, lists:duplicate(254, $a), Long ++ "@localhost", "ламa", <<"лама@localhost"/utf8>>, "a b", "a.b",
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
                 llama_node:start_link(#{host => "localhost", node_name => "a@127.0.0.1", launcher => touching(Config)})),
    ?assertNot(filelib:is_file(touched(Config))),
    ?assertEqual([], llama_node_ct:flush()),
    process_flag(trap_exit, false).

bad_java_home_launches_nothing(Config) ->
    Options = #{launcher => touching(Config), models => []},
    Old = java_home("17.0.9", Config),
    [begin
         {error, {invalid_argument, Message}} = llama_node:start_link(Options#{java_home => Home}),
         ?assertMatch({<<"java_home: ", _/binary>>, _}, {Message, Part}),
         ?assertNotEqual({nomatch, Message}, {string:find(Message, Part), Message})
     end || {Home, Part} <- [{"/no/such/java", "/no/such/java has no bin/java"},
                             {"/нет/java", "/нет/java has no bin/java"},
                             {Old, "is Java 17"}, {java_home("", Config), "unknown version"}]],
    ?assertNot(filelib:is_file(touched(Config))),
    %% One that fits is taken as it is.
    ?assertMatch({error, {start_failed, _}}, llama_node:start_link(Options#{java_home => java_home("25.0.1", Config)})),
    ?assert(filelib:is_file(touched(Config))).

%% The launcher itself, whoever sets the variable.
java_home_or_none(Config) ->
    Bin = filename:join(llama_node_options:priv_dir(), "bin"),
    Java = fun (Home, Flags) ->
        run(filename:join(Bin, "find-java"), Flags, [{"LLAMA_NODE_JAVA_HOME", Home}])
    end,
    Old = java_home("17", Config),
    New = java_home("26-ea", Config),
    ?assertEqual({1, "LLAMA_NODE_JAVA_HOME: " ++ Old ++ " is Java 17, but llama_node needs Java 25 or later\n"}, Java(Old, [])),
    ?assertMatch({1, "LLAMA_NODE_JAVA_HOME: /none has no bin/java\n"}, Java("/none", [])),
    ?assertMatch({1, _}, Java(Old, ["--jdk"])),
    ?assertEqual({0, New ++ "\n"}, Java(New, [])),
    %% Without a compiler it cannot build, which is another one's work then, or nobody's.
    ?assertNotEqual({0, New ++ "\n"}, Java(New, ["--jdk"])),
    {78, "LLAMA_NODE_JAVA_HOME: " ++ _} =
        run(filename:join(Bin, "llama-node"), ["--port"], [{"LLAMA_NODE_JAVA_HOME", Old}]),
    ?assertMatch({error, {java_not_found, <<"the node ended: exit status 78", _/binary>>}},
                 llama_node:start_link(#{env => #{"LLAMA_NODE_JAVA_HOME" => Old}, models => []})).

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

%% Run

dies_later(Config) ->
    process_flag(trap_exit, true),
    Server = started(normal, Config),
    ?assertMatch({error, {node_down, _}}, llama_node:complete(Server, <<"exit">>, #{n_predict => 5})),
    receive {'EXIT', Server, Reason} -> ?assertEqual({node_down, {exit_status, 5}}, Reason) end,
    ?assertMatch({error, {node_down, _}}, llama_node:ping(Server)),
    process_flag(trap_exit, false).

malformed_later(Config) ->
    process_flag(trap_exit, true),
    Server = started(malformed_later, Config),
    OsPid = llama_node_ct:os_pid(Server),
    %% The node may be gone before its answer is out.
    _ = llama_node:complete(Server, <<"say garbage">>, #{}),
    receive {'EXIT', Server, Reason} -> ?assertEqual({node_down, {bad_frame, malformed}}, Reason) end,
    ?assertNotEqual([], os:cmd("kill -0 " ++ integer_to_list(OsPid))),
    process_flag(trap_exit, false).

connection_lost(Config) ->
    process_flag(trap_exit, true),
    Server = started(normal, Config),
    {ok, #{node := Node}} = llama_node:get_status(Server),
    true = erlang:disconnect_node(Node),
    receive {'EXIT', Server, Reason} -> ?assertEqual({node_down, connection_lost}, Reason) end,
    process_flag(trap_exit, false).

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
    [?assertError(badarg, llama_node:stream_fold(Wrong, [], Server, 1, chat, #{})) || Wrong <- [not_a_fun, fun () -> ok end]],
    [?assertError(badarg, llama_node:destroy_server(Wrong))
     || Wrong <- ["s", <<"s">>, 7, {a}, {a, "b"}, {a, b, c}, {"a", b}, {via, "m", x}, {a, b, c, d}, #{}, self()]],
    [begin
         ?assertError(badarg, llama_node:ping(NoRegistry)),
         ?assertError(badarg, llama_node:load_model(NoRegistry, "m", #{})),
         ?assertError(badarg, llama_node:destroy_server(NoRegistry))
     end || NoRegistry <- [{via, no_such_module, x}, {via, lists, x}]],
    [?assertMatch({error, {invalid_argument, _}}, llama_node:complete(Server, <<"x">>, Wrong))
     || Wrong <- [7, <<"{}">>, [{a, 1} | b], [3], #{prompt => <<"y">>}, #{<<"prompt">> => <<"y">>}]],
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

%% Stop

stops_orderly(Config) ->
    {Options, Witness} = llama_node_ct:witnessed(llama_node_ct:fake(normal, Config), Config),
    {ok, Server} = llama_node:init_server(Options),
    ?assertEqual(ok, llama_node:destroy_server(Server)),
    ?assertNot(is_process_alive(Server)),
    ok = llama_node_ct:await_end(Witness).

ignores_stop(Config) ->
    {Options, Witness} = llama_node_ct:witnessed((llama_node_ct:fake(ignores_stop, Config))#{stop_timeout => 50}, Config),
    {ok, Server} = llama_node:init_server(Options),
    ?assertEqual(ok, llama_node:destroy_server(Server)),
    ok = llama_node_ct:await_end(Witness).

stop_while_starting(Config) ->
    {Options, Witness} = llama_node_ct:witnessed((llama_node_ct:fake(never_ready, Config))#{wait => false}, Config),
    {ok, Server} = llama_node:init_server(Options),
    ?assertEqual(ok, llama_node:destroy_server(Server)),
    ok = llama_node_ct:await_end(Witness).

stop_twice(Config) ->
    {ok, Server} = llama_node:init_server(llama_node_ct:fake(normal, Config)),
    ?assertEqual(ok, llama_node:destroy_server(Server)),
    ?assertEqual(ok, llama_node:destroy_server(Server)).

started(Behaviour, Config) ->
    {ok, Server} = llama_node:start_link(llama_node_ct:fake(Behaviour, Config)),
    Server.

scripted(Line, Config) ->
    Path = script(filename:join(proplists:get_value(priv_dir, Config), "script"), Line),
    llama_node:start_link(#{launcher => Path, models => [], start_timeout => 30000}).

script(Path, Line) ->
    ok = file:write_file(Path, ["#!/bin/sh\n", Line, "\n"]),
    ok = file:change_mode(Path, 8#755),
    Path.

%% A launcher that leaves a trace.
touching(Config) ->
    _ = file:delete(touched(Config)),
    script(filename:join(proplists:get_value(priv_dir, Config), "touching"), ["touch '", touched(Config), "'"]).

touched(Config) ->
    filename:join(proplists:get_value(priv_dir, Config), "touched").

%% What looks like the home of a Java runtime.
java_home(Version, Config) ->
    Home = filename:join(proplists:get_value(priv_dir, Config), "java" ++ Version),
    Java = filename:join([Home, "bin", "java"]),
    ok = filelib:ensure_dir(Java),
    _ = script(Java, "exit 1"),
    ok = file:write_file(filename:join(Home, "release"), ["JAVA_VERSION=\"", Version, "\"\n"]),
    Home.

%% Runs a program to its end: its status and all that it printed.
run(Program, Args, Env) ->
    Port = open_port({spawn_executable, Program}, [{args, Args}, {env, Env}, exit_status, stderr_to_stdout]),
    run(Port, []).

run(Port, Said) ->
    receive
        {Port, {data, Data}} -> run(Port, [Said, Data]);
        {Port, {exit_status, Status}} -> {Status, lists:flatten(Said)}
    end.
