%% The programs of examples/: each runs with its one command, and prints what it says that it does.
-module(llama_node_examples_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_service_ct, [contains/2]).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [first_chat_erlang, first_chat_elixir, stream_with_demand, tools, embeddings_search, shared_server, port_only,
     back_ends, bridge_shell, bridge_python, bridge_node, all_are_listed].

init_per_suite(Config) ->
    case llama_node_ct:real_node() of
        {ok, _} -> Config;
        {skip, _} = Skip -> Skip
    end.

end_per_suite(_) ->
    ok.

%% What an example prints; its exit status is 0.
run(Name) ->
    Run = filename:join([llama_node_ct:root(), "examples", Name, "run"]),
    {Status, Said} = llama_node_service_ct:collect(llama_node_service_ct:open(Run, [], []), []),
    ?assertEqual({0, Said}, {Status, Said}),
    ct:pal("~ts~n~ts", [Name, Said]),
    Said.

matches(Said, Pattern) ->
    ?assertMatch({_, {match, _}}, {Said, re:run(Said, Pattern, [dotall, unicode])}).

%% The second turn finds the first one in the cache.
first_chat_erlang(_Config) ->
    Said = run("first-chat-erlang"),
    matches(Said, "What is Erlang\\?\n  \\S.*Hello!\n  \\S.*\\(0 of [0-9]+ tokens were in the cache\\)"),
    matches(Said, "And what is a process\\?\n  \\S.*\\([1-9][0-9]* of [0-9]+ tokens were in the cache\\)").

first_chat_elixir(_Config) ->
    case os:find_executable("elixir") of
        false -> {skip, "there is no elixir"};
        _ ->
            matches(run("first-chat-elixir"),
                    "What is Elixir\\?\n  \\S.*And a process\\?.*\n\\([1-9][0-9]* pieces, (stop|length)\\)")
    end.

%% No more than three events come before the next three are asked for.
stream_with_demand(_Config) ->
    Said = run("stream-with-demand"),
    [First | _] = string:split(Said, "(3 were asked for; now for 3 more)"),
    ?assertEqual(3, length(string:split(string:trim(First), "\n", all))),
    matches(Said, "done: 40 tokens, asked [2-9][0-9]* times").

tools(_Config) ->
    matches(run("tools"), "get_weather is called for (Oslo|Lima)\nuser: .*assistant: .*tool: .*21.*\nthe answer: ").

%% A text is nearest to itself.
embeddings_search(_Config) ->
    matches(run("embeddings-search"),
            "4 texts of 128 numbers each\nA process has a mailbox.*?\n  1\\.000  A process has a mailbox.*"
            "What is Erlang\\?\n").

shared_server(_Config) ->
    Said = run("shared-server"),
    [contains(Said, [integer_to_list(Number) ++ " waited "]) || Number <- lists:seq(1, 8)],
    contains(Said, ["9 answers; the process that was killed got none"]).

port_only(_Config) ->
    contains(run("port-only"), ["this runtime is nonode@nohost, the node nonode@nohost with llama.cpp ", " chunks, "]).

back_ends(_Config) ->
    Said = run("back-ends"),
    {ok, Backends} = llama_node:list_backends(),
    [contains(Said, ["llama.cpp " ++ binary_to_list(Version) ++ " (asked for by llama_lib): "])
     || #{version := Version} <- Backends].

bridge_shell(_Config) -> bridge("bridge-shell", "bash").

bridge_python(_Config) -> bridge("bridge-python", "python3").

bridge_node(_Config) -> bridge("bridge-node", "node").

%% All three say the same. The pieces of a streamed answer come before the whole of it.
bridge(Name, Program) ->
    case os:find_executable(Program) of
        false -> {skip, "there is no " ++ Program};
        _ ->
            matches(run(Name), "^ping: pong\nloaded: tiny-chat\nanswer: \\S.*\n(['\"].*['\"] )+\\(last\\)\n"
                               "streamed: \\S.*\ntokens: [1-9][0-9]*\n$")
    end.

%% Nobody finds an example that no page tells of.
all_are_listed(_Config) ->
    Examples = filename:join(llama_node_ct:root(), "examples"),
    {ok, Page} = file:read_file(filename:join(Examples, "README.md")),
    [contains(Page, ["](" ++ filename:basename(filename:dirname(Run)) ++ "/"])
     || Run <- filelib:wildcard(filename:join(Examples, "*/run"))],
    {ok, Readme} = file:read_file(filename:join(llama_node_ct:root(), "README.md")),
    contains(Readme, ["](examples/README.md)"]).
