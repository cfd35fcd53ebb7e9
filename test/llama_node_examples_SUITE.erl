%% The programs of examples/: each runs with its one command, and prints what it says that it does.
-module(llama_node_examples_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_service_ct, [contains/2]).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [first_chat_erlang, first_chat_elixir, stream_with_demand, tools, embeddings_search, shared_server, port_only,
     back_ends, engine_alone, engine_or_server, demo_of_a_server, demo_of_a_real_server, environment_of_the_guide,
     bridge_shell, bridge_python, bridge_node, all_are_listed].

init_per_suite(Config) ->
    case llama_node_ct:real_node() of
        {ok, _} -> Config;
        {skip, _} = Skip -> Skip
    end.

end_per_suite(_) ->
    ok.

%% What an example prints; its exit status is 0.
run(Name) -> run(Name, []).

run(Name, Env) ->
    Run = filename:join([llama_node_ct:root(), "examples", Name, "run"]),
    {Status, Said} = llama_node_service_ct:collect(llama_node_service_ct:open(Run, [], Env), []),
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
    matches(Said, "done: 40 tokens, asked ([2-9]|1[0-4]) times").

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

engine_alone(_Config) ->
    matches(run("engine-or-server", [{"LLAMA_NODE_URL", false}]),
            "^the engine:\n  What is Erlang\\?\n    \\S.* \\((stop|length)\\)\n.*\\(4 messages\\)\nno server: ").

%% The same application says the same of both, but for what the models say.
engine_or_server(_Config) ->
    Scripted = greeting(),
    Url = llama_node_scripted_server:url(Scripted),
    Said = run("engine-or-server", [{"LLAMA_NODE_URL", binary_to_list(Url)}, {"LLAMA_NODE_SERVER_API_KEY", "sesame"}]),
    [Engine, Server] = string:split(Said, binary_to_list(Url) ++ ":\n"),
    matches(Engine, "And a process\\?\n    \\S.*\\(4 messages\\)"),
    ?assertEqual("  What is Erlang?\n    Hello (stop)\n  And a process?\n    Hello (stop)\n  (4 messages)\n", Server),
    [First | _] = chats(Scripted),
    ?assertMatch({#{<<"authorization">> := <<"Bearer sesame">>}, #{<<"model">> := <<"tiny">>}}, First),
    ok = llama_node_scripted_server:stop(Scripted).

%% As `make demo' with a URL runs it; MODEL is the model's name at the server.
demo_of_a_server(_Config) ->
    Scripted = greeting(),
    Said = demo(llama_node_scripted_server:url(Scripted), [{"LLAMA_NODE_SERVER_API_KEY", "sesame"}, {"MODEL", "tiny"}]),
    [contains(Said, ["session " ++ integer_to_list(N) ++ " | Hello"]) || N <- [1, 2, 3, 4]],
    %% The server counts the token with which an answer ends as well.
    matches(Said, "total: 4 sessions, 4 tokens in .*, model tiny\n"),
    ?assertEqual(lists:duplicate(4, <<"Bearer sesame">>),
                 [Key || {#{<<"authorization">> := Key}, #{<<"model">> := <<"tiny">>}} <- chats(Scripted)]),
    ok = llama_node_scripted_server:stop(Scripted).

%% And of a real one, whose sessions get answers of a length that nobody knows before.
demo_of_a_real_server(_Config) ->
    {ok, Model} = llama_node_ct:model(),
    case llama_node_llama_server:start(Model, ["-c", "2048", "-np", "4", "-t", "1"]) of
        {ok, Real} ->
            Said = demo(llama_node_llama_server:url(Real), []),
            [matches(Said, ["session ", integer_to_list(N), " \\| [^\n]*\\w"]) || N <- [1, 2, 3, 4]],
            matches(Said, "total: 4 sessions, [1-9][0-9]* tokens in "),
            ok = llama_node_llama_server:stop(Real);
        {skip, _} = Skip ->
            Skip
    end.

demo(Url, Env) ->
    Port = llama_node_service_ct:open(os:find_executable("erl"),
        ["-noinput", "-sname", "llama_node_demo_of_a_server_" ++ os:getpid(),
         "-pa", filename:dirname(code:which(llama_node)), "-kernel", "logger_level", "warning",
         "-eval", "llama_node_demo:main(false)"],
        [{"LLAMA_NODE_URL", binary_to_list(Url)} | Env]),
    {Status, Said} = llama_node_service_ct:collect(Port, []),
    ?assertEqual({0, Said}, {Status, Said}),
    Said.

%% A service starts with the variables that the guide and the units of packaging/ have, and warns of none.
environment_of_the_guide(Config) ->
    {ok, Page} = file:read_file(filename:join([llama_node_ct:root(), "docs", "remote.md"])),
    [_, After] = string:split(Page, <<"# /etc/llama-node/environment\n">>),
    [Block, _] = string:split(After, <<"```">>),
    {ok, Unit} = file:read_file(filename:join([llama_node_ct:root(), "packaging", "llama-node.service"])),
    {match, Set} = re:run(Unit, "^Environment=(.*)$", [global, multiline, {capture, [1], binary}]),
    Lines = binary:split(Block, <<"\n">>, [global, trim_all]) ++ lists:append(Set),
    Given = [list_to_tuple(string:split(binary_to_list(Line), "=")) || Line <- Lines],
    ?assertMatch(["LLAMA_NODE_COOKIE", "LLAMA_NODE_LAZY", "LLAMA_NODE_SERVER_API_KEY", "LLAMA_NODE_URL"],
                 lists:sort([Name || {Name, _} <- Given])),
    Scripted = greeting(),
    Env = lists:keystore("LLAMA_NODE_URL", 1, Given,
                         {"LLAMA_NODE_URL", binary_to_list(llama_node_scripted_server:url(Scripted))}),
    {Status, Said} = llama_node_service_ct:run(
        ["foreground", "--check", "--run-dir", proplists:get_value(priv_dir, Config),
         "--node-name", "guide" ++ os:getpid() ++ "@localhost"], Env),
    ?assertEqual({0, Said}, {Status, Said}),
    ?assertEqual(nomatch, re:run(Said, "(?i)warn|unknown|sesame|anothersecret")),
    [{_, #{<<"authorization">> := <<"Bearer sesame">>}, _} | _] = llama_node_scripted_server:requests(Scripted),
    ok = llama_node_scripted_server:stop(Scripted).

%% A server that says the same to everybody.
greeting() ->
    llama_node_scripted_server:start(
        fun (<<"/v1/chat/completions">>, _, Socket) ->
                llama_node_scripted_server:events(Socket,
                    ["{\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}",
                     "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
                     "{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7}}",
                     "[DONE]"]);
            (_, _, _) -> default
        end).

%% Headers and bodies of the chats that it was asked for.
chats(Scripted) ->
    [{Headers, Body} || {<<"/v1/chat/completions">>, Headers, Body} <- llama_node_scripted_server:requests(Scripted)].

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
