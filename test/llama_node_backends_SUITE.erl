%% Which llama.cpp a node uses: what is asked for by name or an error, and what is installed.
-module(llama_node_backends_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_service_ct, [command/2, command/3, run/2, env/0, contains/2]).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}, what_is_installed_is_listed, a_library_that_aborts_takes_nothing_with_it,
     what_the_environment_names_is_listed, no_java_is_told, auto_falls_back_with_one_warning, the_service_refuses_too,
     the_service_says_which, each_is_measured].

groups() ->
    Cases = [what_is_not_there_is_an_error, the_environment_may_ask_as_well, the_status_says_which_and_why,
             a_library_that_aborts_is_named],
    [{distribution, Cases}, {port, Cases}].

init_per_suite(Config) ->
    case llama_node_ct:real_node() of
        {ok, _} -> [{options, #{models => [], log_level => warning, env => [{"LLAMA_NODE_LIB", false}]}} | Config];
        {skip, _} = Skip -> Skip
    end.

end_per_suite(_) ->
    ok.

init_per_group(Transport, Config) ->
    [{options, (options(Config))#{transport => Transport}} | Config].

end_per_group(_, _) ->
    ok.

init_per_testcase(Case, Config) ->
    os:unsetenv("LLAMA_NODE_LIB"),
    llama_node_service_ct:init_per_testcase(Case, Config).

end_per_testcase(Case, Config) ->
    os:unsetenv("LLAMA_NODE_LIB"),
    llama_node_service_ct:end_per_testcase(Case, Config).

options(Config) -> proplists:get_value(options, Config).

%% A directory with one file in it, or none.
directory(Config, Files) ->
    Dir = filename:join(proplists:get_value(dir, Config), "lib" ++ integer_to_list(erlang:unique_integer([positive]))),
    ok = file:make_dir(Dir),
    [ok = file:write_file(filename:join(Dir, Name), Bytes) || {Name, Bytes} <- Files],
    Dir.

%% The reason, and the place, reach whoever starts the node.
refused(Config, Library, Parts) ->
    {error, {invalid_argument, Message}} = llama_node:start_link((options(Config))#{llama_lib => Library}),
    contains(Message, ["llama_lib: " | Parts]).

what_is_not_there_is_an_error(Config) ->
    refused(Config, "/nonexistent", ["There is no file /nonexistent"]),
    Empty = directory(Config, []),
    refused(Config, Empty, ["There is no libllama in " ++ Empty]),
    Text = directory(Config, [{"libllama.so", "This is a text."}]),
    refused(Config, Text, [Text, "cannot be loaded: it does not begin as a library does"]),
    {ok, Aborting} = aborting(),
    Half = directory(Config, [{"libllama.so", binary:part(Aborting, 0, byte_size(Aborting) - 8)}]),
    refused(Config, Half, [Half, "cannot be loaded: it is cut off"]),
    case os:cmd("ldconfig -p | grep 'libllama\\.so'") of
        [] -> refused(Config, system, ["The operating system has no libllama.so"]);
        _ -> ok
    end.

aborting() ->
    case llama_node_test_elf:aborting() of
        {ok, _} = Library -> Library;
        {skip, _} -> {ok, <<16#7f, "ELF", 0:4096>>}
    end.

the_environment_may_ask_as_well(Config) ->
    Options = (options(Config))#{env => [{"LLAMA_NODE_LIB", "/nonexistent"}]},
    {error, {invalid_argument, Message}} = llama_node:start_link(Options),
    ?assertEqual(<<"LLAMA_NODE_LIB: There is no file /nonexistent">>, Message),
    %% The option outranks it, whatever it names.
    {ok, Server} = llama_node:start_link(Options#{llama_lib => auto}),
    {ok, #{library := #{chosen := <<"the newest that ", _/binary>>}}} = llama_node:get_status(Server),
    ok = llama_node:destroy_server(Server).

the_status_says_which_and_why(Config) ->
    {ok, Server} = llama_node:start_link((options(Config))#{llama_lib => embedded}),
    {ok, #{library := Library}} = llama_node:get_status(Server),
    ?assertMatch(#{name := <<"llama.cpp">>, version := <<"b4916">>, chosen := <<"asked for by llama_lib">>}, Library),
    ?assertNot(is_map_key(path, Library)),
    ok = llama_node:destroy_server(Server),
    {ok, Backends} = llama_node:list_backends(),
    [Chosen] = [Backend || #{chosen := true} = Backend <- Backends],
    {ok, Default} = llama_node:start_link(options(Config)),
    {ok, #{library := #{version := Version, chosen := Why} = Used}} = llama_node:get_status(Default),
    ?assertEqual({Version, Why, maps:find(path, Used)},
                 {map_get(version, Chosen), map_get(why, Chosen), maps:find(path, Chosen)}),
    ok = llama_node:destroy_server(Default).

%% It ends the node, and the start says with which library.
a_library_that_aborts_is_named(Config) ->
    case llama_node_test_elf:aborting() of
        {ok, Aborting} ->
            Dir = directory(Config, [{"libllama.so", Aborting}]),
            {error, {start_failed, Message}} = llama_node:start_link((options(Config))#{llama_lib => Dir}),
            contains(Message, ["killed by signal 6", "llama_lib is " ++ Dir, "list_backends"]);
        Skip ->
            Skip
    end.

what_is_installed_is_listed(_Config) ->
    {ok, Backends} = llama_node:list_backends(),
    [#{loads := true, version := <<"b4916">>, llama_lib := <<"embedded">>, build := <<_, _/binary>>} = Embedded] =
        [Backend || #{kind := embedded} = Backend <- Backends],
    ?assertNot(is_map_key(path, Embedded)),
    ?assertMatch([#{loads := true, why := <<"the newest that was found">>}],
                 [Backend || #{chosen := true} = Backend <- Backends]),
    [?assertMatch(#{loads := true, version := <<"v", _/binary>>, path := <<"/", _/binary>>}, Backend)
     || #{kind := Kind} = Backend <- Backends, Kind =/= embedded],
    {0, Said} = run(["backends"], env()),
    [contains(Said, [Version, atom_to_list(Kind)]) || #{version := Version, kind := Kind} <- Backends],
    contains(Said, ["<- used: the newest that was found"]).

%% What is asked for by name stands first, and is used or nothing is.
what_the_environment_names_is_listed(Config) ->
    Dir = directory(Config, [{"libllama.so", "This is a text."}]),
    os:putenv("LLAMA_NODE_LIB", Dir),
    {ok, [#{kind := named, llama_lib := Given, loads := false, chosen := false, reason := Reason} | Others]} =
        llama_node:list_backends(),
    ?assertEqual(unicode:characters_to_binary(Dir), Given),
    contains(Reason, ["it does not begin as a library does"]),
    ?assertMatch([_ | _], [Other || #{loads := true} = Other <- Others]),
    ?assertEqual([], [Other || #{chosen := true} = Other <- Others]),
    {78, Said} = run(["backends", "--llama-lib", Dir], env()),
    contains(Said, ["does not load: ", "no node would start: llama_lib: " ++ Dir]).

a_library_that_aborts_takes_nothing_with_it(Config) ->
    case llama_node_test_elf:aborting() of
        {ok, Aborting} ->
            Dir = directory(Config, [{"libllama.so", Aborting}]),
            os:putenv("LLAMA_NODE_LIB", Dir),
            {ok, [#{kind := named, loads := false, reason := Reason} | Others]} = llama_node:list_backends(),
            contains(Reason, [Dir, "signal 6 (SIGABRT)"]),
            ?assertMatch([_ | _], [Other || #{loads := true} = Other <- Others]);
        Skip ->
            Skip
    end.

no_java_is_told(_Config) ->
    os:putenv("LLAMA_NODE_JAVA_HOME", "/nowhere"),
    try
        {error, {java_not_found, Message}} = llama_node:list_backends(),
        contains(Message, ["/nowhere"])
    after
        os:unsetenv("LLAMA_NODE_JAVA_HOME")
    end.

%% An installation of its own, whose newer llama.cpp is broken.
auto_falls_back_with_one_warning(Config) ->
    Home = proplists:get_value(dir, Config),
    [ok = filelib:ensure_path(filename:join(Home, Dir)) || Dir <- ["bin", "native/linux-x64", "native/linux-arm64"]],
    [{ok, _} = file:copy(filename:join(llama_node_options:priv_dir(), File), filename:join(Home, File))
     || File <- ["bin/llama-node", "bin/find-java", "llama-node.jar"]],
    [ok = file:change_mode(filename:join([Home, "bin", Program]), 8#755) || Program <- ["llama-node", "find-java"]],
    [ok = file:write_file(filename:join([Home, "native", Platform, "libllama.so"]), "broken")
     || Platform <- ["linux-x64", "linux-arm64"]],
    ok = logger:add_handler(?MODULE, ?MODULE, #{level => warning, config => #{observer => self()}}),
    Options = maps:merge(options(Config), #{launcher => filename:join([Home, "bin", "llama-node"]), llama_lib => auto}),
    {ok, Server} = llama_node:init_server(Options),
    {ok, #{library := #{chosen := Why}}} = llama_node:get_status(Server),
    ok = llama_node:destroy_server(Server),
    ok = logger:remove_handler(?MODULE),
    contains(Why, ["the newest that can be used; passed over: ", Home, "it does not begin as a library does"]),
    [Warning] = [Text || Text <- warnings(), string:find(Text, "cannot be") =/= nomatch],
    contains(Warning, ["is used, since what comes before it cannot be: ", Home]).

%% A handler of logger.
log(#{msg := {Format, Args}}, #{config := #{observer := Observer}}) when is_list(Args) ->
    Observer ! {?MODULE, unicode:characters_to_binary(io_lib:format(Format, Args))},
    ok;
log(_Event, _Config) ->
    ok.

warnings() ->
    receive {?MODULE, Text} -> [Text | warnings()] after 0 -> [] end.

%% What bench/backends does, once.
each_is_measured(_Config) ->
    {ok, Model} = llama_node_ct:model(),
    {ok, Backends} = llama_node:list_backends(),
    Rows = llama_node_bench_backends:measure(Model, 1, #{threads => 1}),
    ?assertEqual([Version || #{loads := true, version := Version} <- Backends],
                 [Version || {Version, _, Runs} <- Rows, is_list(Runs)]),
    [?assertMatch([_], [Run || Run <- Runs, lists:all(fun (Number) -> Number > 0 end, maps:values(Run))])
     || {_, _, Runs} <- Rows, is_list(Runs)].

the_service_refuses_too(Config) ->
    {78, Option} = command(Config, ["start", "--llama-lib", "/nonexistent"]),
    contains(Option, ["llama_lib: There is no file /nonexistent"]),
    {78, Variable} = command(Config, ["start"], [{"LLAMA_NODE_LIB", "/nonexistent"} | env()]),
    contains(Variable, ["There is no file /nonexistent"]),
    {3, _} = command(Config, ["ping"]).

the_service_says_which(Config) ->
    {0, Checked} = command(Config, ["foreground", "--check", "--llama-lib", "embedded"]),
    contains(Checked, ["ok      llama.cpp b4916 from the jar (asked for by llama_lib)"]),
    {0, Default} = command(Config, ["foreground", "--check"]),
    contains(Default, ["ok      llama.cpp ", "(the newest that was found)"]),
    Dir = directory(Config, []),
    {78, NoLibrary} = command(Config, ["foreground", "--check", "--llama-lib", Dir]),
    contains(NoLibrary, ["FAILED  llama.cpp: llama_lib: ", "There is no libllama in " ++ Dir]),
    {0, _} = command(Config, ["start", "--llama-lib", "embedded"]),
    {0, Status} = command(Config, ["status"]),
    contains(Status, ["llama.cpp b4916 from the jar (asked for by llama_lib)"]).
