%% Starts that fail, each with the code and the words that say why, and processes that must not outlive whoever
%% wanted them.
-module(llama_node_launch_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}, {group, hanging}, {group, left_behind}].

groups() ->
    Start = [tells_the_last_words, words_are_bounded, words_of_odd_bytes, words_of_what_is_no_node, words_in_time,
             without_a_place_for_the_words, no_java, refused_flags, no_jar, corrupt_jar],
    [{distribution, [], Start ++ [taken_name]},
     {port, [], Start},
     {hanging, [], [java_that_hangs, search_for_java_that_hangs, epmd_that_hangs, program_that_hangs]},
     {left_behind, [],
      [inspecting_caller_is_killed, starter_is_killed, owner_is_killed, hanging_node_of_a_killed_server,
       standard_error_is_passed_on, nothing_is_said_of_a_dead_server]}].

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    Config.

end_per_suite(_) ->
    ok.

init_per_group(Transport, Config) when Transport =:= distribution; Transport =:= port ->
    [{transport, Transport} | Config];
init_per_group(_, Config) ->
    [{transport, port} | Config].

end_per_group(_, _) ->
    ok.

end_per_testcase(_, _) ->
    ?assertEqual([], llama_node_ct:flush()).

%% What a start says

tells_the_last_words(Config) ->
    ?assertEqual({start_failed, <<"the node ended: exit status 7: first; second">>},
                 failure(#{launcher => script("echo first >&2; echo second >&2; exit 7", Config)}, Config)),
    ?assertEqual({java_not_found, <<"the node ended: exit status 78: no Java that is new enough: none here">>},
                 failure(#{launcher => script("echo none here >&2; exit 78", Config)}, Config)).

%% The last lines, whole, and no more than anybody reads.
words_are_bounded(Config) ->
    Line = "i=0; while [ $i -lt 20000 ]; do echo \"line $i of very many\" >&2; i=$((i+1)); done; "
           "echo the end >&2; exit 6",
    {start_failed, Message} = failure(#{launcher => script(Line, Config)}, Config),
    ?assert(byte_size(Message) < 1500),
    ?assertMatch(<<"the node ended: exit status 6: line ", _/binary>>, Message),
    ?assertMatch([_, <<>>], string:split(Message, "line 19999 of very many; the end")),
    {start_failed, Cut} =
        failure(#{launcher => script("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 6", Config)}, Config),
    ?assert(byte_size(Cut) < 1500),
    ?assertMatch(<<"the node ended: exit status 6: xxx", _/binary>>, Cut).

words_of_odd_bytes(Config) ->
    {start_failed, Message} =
        failure(#{launcher => script("printf 'na\\303\\257ve \\351\\n' >&2; exit 6", Config)}, Config),
    ?assert(is_list(unicode:characters_to_list(Message))),
    ?assertEqual({start_failed, <<"the node ended: exit status 6: naïve"/utf8>>},
                 failure(#{launcher => script("printf 'na\\303\\257ve\\n' >&2; exit 6", Config)}, Config)).

words_of_what_is_no_node(Config) ->
    Line = "echo 'the licence has run out' >&2; exec 2>&-; sleep 0.3; printf '\\000\\000\\000\\003abc'; exec cat",
    {start_failed, Message} = failure(#{launcher => script(Line, Config)}, Config),
    ?assertEqual(<<"the launched program does not speak the protocol: malformed frame: the licence has run out">>,
                 Message).

%% A process that is left behind holds standard error open.
words_in_time(Config) ->
    Line = "echo 'no room' >&2; sleep 20 >/dev/null & exit 4",
    ?assertEqual({start_failed, <<"the node ended: exit status 4: no room">>},
                 failure(#{launcher => script(Line, Config)}, Config)).

%% The start works all the same.
without_a_place_for_the_words(Config) ->
    true = os:putenv("TMPDIR", "/no/such/directory"),
    try
        ?assertEqual({start_failed, <<"the node ended: exit status 7">>},
                     failure(#{launcher => script("echo 'nobody keeps this' >&2; exit 7", Config)}, Config))
    after
        os:unsetenv("TMPDIR")
    end.

no_java(Config) ->
    Home = llama_node_ct:java_home("17.0.9", "exit 1", Config),
    [begin
         {java_not_found, Message} = failure(#{env => #{"LLAMA_NODE_JAVA_HOME" => Named}}, Config),
         ?assertMatch({_, [_, _]}, {Message, string:split(Message, Part)})
     end || {Named, Part} <- [{Home, "is Java 17, but llama_node needs Java 25 or later"},
                              {"/no/such/java", "/no/such/java has no bin/java"}]].

refused_flags(Config) ->
    real(fun () ->
        [begin
             {start_failed, Message} = failure(#{java_opts => Flags}, Config),
             ?assertMatch({_, [_, _]}, {Message, string:split(Message, Part)})
         end || {Flags, Part} <- [{"-XX:Nonsense", "Unrecognized VM option 'Nonsense'"},
                                  {"-Xmx90000000g -Xms90000000g", "heap"},
                                  {"-Xmx1k", "heap"}]]
    end).

no_jar(Config) ->
    {start_failed, Message} = failure(#{launcher => launcher_without_a_jar(Config)}, Config),
    ?assertMatch({_, [_, _]}, {Message, string:split(Message, "llama-node.jar is missing: run 'make jar'")}).

corrupt_jar(Config) ->
    Launcher = launcher_without_a_jar(Config),
    ok = file:write_file(filename:join(filename:dirname(filename:dirname(Launcher)), "llama-node.jar"), "no jar"),
    {start_failed, Message} = failure(#{launcher => Launcher}, Config),
    ?assertMatch({_, [_, _]}, {Message, string:split(Message, "corrupt jarfile")}).

%% Said by the node itself.
taken_name(Config) ->
    real(fun () ->
        Name = list_to_atom("taken_" ++ os:getpid()),
        {ok, Server} = llama_node:init_server(#{models => [], node_name => Name}),
        {start_failed, Message} = failure(#{node_name => Name}, Config),
        ?assertMatch({_, [_, _]}, {Message, string:split(Message, "epmd has a node named")}),
        ok = llama_node:destroy_server(Server)
    end).

%% What hangs

%% With what it has started itself.
java_that_hangs(Config) ->
    Home = hanging_java(Config),
    {Options, Witness} =
        llama_node_ct:witnessed(#{env => #{"LLAMA_NODE_JAVA_HOME" => Home}, models => [], transport => port,
                                  start_timeout => 2000, stop_timeout => 50}, Config),
    {error, {timeout, Message}} = llama_node:start_link(Options),
    ?assertEqual(<<"the node was not ready within 2000 ms: still thinking">>, Message),
    ok = llama_node_ct:await_end(Witness).

%% The file that tells a Java's version never ends.
search_for_java_that_hangs(Config) ->
    Home = llama_node_ct:java_home("25.0.1", "exit 1", Config),
    ok = file:delete(filename:join(Home, "release")),
    [] = os:cmd("mkfifo '" ++ filename:join(Home, "release") ++ "'"),
    [begin
         {error, {timeout, Message}} =
             llama_node:start_link(Options#{models => [], start_timeout => 500, stop_timeout => 50}),
         ?assertMatch(<<"the node was not ready within 500 ms", _/binary>>, Message)
     end || Options <- [#{java_home => Home}, #{env => #{"LLAMA_NODE_JAVA_HOME" => Home}, transport => port}]],
    %% Nobody reads there any more: opening it to write would wait.
    ?assertEqual("2\n", os:cmd("dd oflag=nonblock if=/dev/null of='" ++ filename:join(Home, "release") ++
                               "' 2>/dev/null; echo $(($? + 1))")),
    {ok, Server} = llama_node:init_server(#{java_home => Home, models => [], wait => false, start_timeout => 500,
                                             restarts => {0, 1}}),
    ?assertMatch({error, {timeout, <<"the node was not ready within 500 ms: looking for Java">>}},
                 llama_node:ping(Server)).

%% It takes connections and says nothing.
epmd_that_hangs(_Config) ->
    {ok, Silent} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}]),
    {ok, EpmdPort} = inet:port(Silent),
    {Peer, _} = llama_node_ct:peer(#{}, [{"ERL_EPMD_PORT", integer_to_list(EpmdPort)}]),
    {ok, _} = peer:call(Peer, net_kernel, start, ['hanging@127.0.0.1', #{dist_listen => false}]),
    true = peer:call(Peer, erlang, is_alive, []),
    ?assertMatch({error, {timeout, <<"the node was not ready within 500 ms: asking for ", _/binary>>}},
                 peer:call(Peer, llama_node, init_server,
                           [#{models => [], transport => distribution, start_timeout => 500}], infinity)),
    ok = peer:stop(Peer),
    ok = gen_tcp:close(Silent).

%% Whatever the program is that a start runs, and whatever that runs.
program_that_hangs(Config) ->
    Pipe = filename:join(proplists:get_value(priv_dir, Config), "held"),
    [] = os:cmd("mkfifo '" ++ Pipe ++ "'"),
    Held = open_port({spawn_executable, "/bin/cat"}, [{args, [Pipe]}, exit_status]),
    Program = script("exec 9>'" ++ Pipe ++ "'; sleep 600 & echo started >&9; wait", Config),
    {Caller, Ref} = spawn_monitor(fun () -> llama_node_program:run(Program, [], []) end),
    receive {Held, {data, "started\n"}} -> ok end,
    exit(Caller, kill),
    receive {'DOWN', Ref, process, Caller, killed} -> ok end,
    receive {Held, {exit_status, 0}} -> ok end.

%% What would be left behind

inspecting_caller_is_killed(_Config) ->
    real(fun () ->
        {Caller, OsPid} = launching(fun () -> llama_node:inspect_model("/no/such/model.gguf") end),
        Process = process(OsPid),
        exit(Caller, kill),
        receive {Process, {exit_status, 0}} -> ok end
    end).

starter_is_killed(Config) ->
    {Options, Witness} =
        llama_node_ct:witnessed((llama_node_ct:fake(never_ready, Config))#{stop_timeout => 50}, Config),
    {Starter, _} = launching(fun () -> llama_node:init_server(Options) end),
    exit(Starter, kill),
    ok = llama_node_ct:await_end(Witness).

%% Once it is ready as well, and however the owner ends.
owner_is_killed(Config) ->
    [begin
         {Options, Witness} = llama_node_ct:witnessed(llama_node_ct:fake(normal, Config), Config),
         Self = self(),
         Owner = spawn(fun () -> Self ! llama_node_server:start_owned(Options), receive stop -> ok end end),
         receive {ok, Server} -> ?assertEqual(pong, llama_node:ping(Server)) end,
         _ = End(Owner),
         ok = llama_node_ct:await_end(Witness)
     end || End <- [fun (Owner) -> exit(Owner, kill) end, fun (Owner) -> Owner ! stop end]].

%% It does not hear that its input has ended.
hanging_node_of_a_killed_server(Config) ->
    Options = #{env => #{"LLAMA_NODE_JAVA_HOME" => hanging_java(Config)}, models => [], transport => port,
                wait => false, stop_timeout => 50},
    {Witnessed, Witness} = llama_node_ct:witnessed(Options, Config),
    {Starter, _} = launching(fun () ->
        {ok, Server} = llama_node:init_server(Witnessed),
        receive {kill, Pid} -> exit(Server, kill), Pid ! killed end
    end),
    Starter ! {kill, self()},
    receive killed -> ok end,
    ok = llama_node_ct:await_end(Witness).

%% To the standard error of the runtime, as it always was, while the node runs as well.
standard_error_is_passed_on(Config) ->
    Launcher = script("echo 'seen by users' >&2; exec '" ++
                      llama_node_fake_program:launcher(proplists:get_value(priv_dir, Config)) ++ "'", Config),
    Program = "{ok, S} = llama_node:init_server(#{launcher => \"" ++ Launcher ++ "\", "
              "models => [], transport => port}),"
              "pong = llama_node:ping(S), ok = llama_node:destroy_server(S), halt().",
    Ebin = llama_node_ct:ebin(),
    Said = os:cmd("erl -noshell -pa '" ++ Ebin ++ "' -eval '" ++ Program ++ "' 2>&1 >/dev/null"),
    ?assertEqual("seen by users\n", Said).

%% A pipe that is removed before anybody has opened it is no news for a terminal. The output ends with the last process
%% that holds it, so this looks at what all of them say.
nothing_is_said_of_a_dead_server(Config) ->
    Gone = filename:join(proplists:get_value(priv_dir, Config), "gone/stderr"),
    Program = "{Dead, Ref} = spawn_monitor(fun () -> ok end), receive {_, Ref, _, _, _} -> ok end,"
              "[none = llama_node_stderr:open(Dead) || _ <- lists:seq(1, 10)],"
              "{ok, Port, _} = llama_node_port:open(#{launcher => \"/bin/true\", env => []}, \"" ++ Gone ++ "\"),"
              "receive {Port, {exit_status, _}} -> halt() end.",
    Ebin = llama_node_ct:ebin(),
    ?assertEqual("", os:cmd("erl -noshell -pa '" ++ Ebin ++ "' -eval '" ++ Program ++ "' 2>&1 | cat")).

%% Helpers

%% The error of a start that waits, which those who wait for one that does not wait get as well.
failure(Options, Config) ->
    Given = maps:merge(#{models => [], transport => proplists:get_value(transport, Config), start_timeout => 60000,
                         restarts => {0, 1}}, Options),
    {error, Error} = llama_node:start_link(Given),
    ?assertEqual({error, Error}, llama_node:init_server(Given)),
    {ok, Server} = llama_node:init_server(Given#{wait => false}),
    Waiting = llama_node:ping(Server),
    ?assertMatch({true, _}, {lists:member(Waiting, [{error, Error}, llama_node_error:no_server(Server)]), Waiting}),
    Error.

%% Runs a fun in a process of its own until a node is launched: the process, and that of the node.
launching(Fun) ->
    1 = erlang:trace_pattern({llama_node_port, open, 2}, [{'_', [], [{return_trace}]}], []),
    _ = erlang:trace(new_processes, true, [call]),
    Pid = spawn(Fun),
    receive
        {trace, _, return_from, {llama_node_port, open, 2}, {ok, _Port, OsPid}} ->
            _ = erlang:trace(new_processes, false, [call]),
            _ = erlang:trace_pattern({llama_node_port, open, 2}, false, []),
            _ = erlang:trace(all, false, [call]),
            _ = [ok || {trace, _, call, _} <- llama_node_ct:flush()],
            {Pid, OsPid}
    end.

%% A port that ends when the process does.
process(OsPid) ->
    open_port({spawn_executable, "/usr/bin/tail"},
              [{args, ["--pid=" ++ integer_to_list(OsPid), "-f", "/dev/null"]}, exit_status]).

hanging_java(Config) ->
    llama_node_ct:java_home("25.0.1", "echo still thinking >&2; sleep 600 & wait", Config).

launcher_without_a_jar(Config) ->
    Unique = integer_to_list(erlang:unique_integer([positive])),
    Bin = filename:join([proplists:get_value(priv_dir, Config), Unique, "bin"]),
    ok = filelib:ensure_path(Bin),
    [begin
         {ok, _} =
             file:copy(filename:join([llama_node_options:priv_dir(), "bin", Program]), filename:join(Bin, Program)),
         ok = file:change_mode(filename:join(Bin, Program), 8#755)
     end || Program <- ["llama-node", "find-java"]],
    filename:join(Bin, "llama-node").

script(Line, Config) ->
    Name = "script" ++ integer_to_list(erlang:unique_integer([positive])),
    llama_node_ct:script(filename:join(proplists:get_value(priv_dir, Config), Name), Line).

real(Test) ->
    case llama_node_ct:real_node() of
        {ok, _} -> Test();
        {skip, _} = Skip -> Skip
    end.
