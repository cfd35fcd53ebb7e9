%% What users of an adapter for llama-server bring, word for word: `server-client.md' of the shared calls, against the
%% Java node and the tiny model. docs/coming-from.md has the same in a table.
-module(llama_node_calls_server_client_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [server/1]).
-import(llama_node_service_ct, [command/2, command/3, env/0, contains/2]).

-define(COMPLETION, "{\"model\": \"tiny-chat\", \"prompt\": \"Once upon a time\", \"max_tokens\": 128, "
                    "\"temperature\": 0.7, \"top_p\": 0.95, \"stop\": [\"\\n\\n\"]").
-define(NO_ENGINE, "there is no engine behind HTTP: a node loads GGUF files itself, and model names one").
-define(INPUT_TIMEOUT, "write timeout, in milliseconds, into the input of a task").

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}, flags_say_what_to_write, llama_servers_flags_say_what_to_write,
     the_environment_and_files_say_what_to_write, a_check_before_the_start].

groups() ->
    Cases = [completions_as_they_stand, further_settings_of_a_completion, messages_as_they_stand,
             the_models_name_is_always_sent, no_tokens_are_no_default, a_time_out_is_a_time_out,
             a_cancelled_request_ends, options_say_what_to_write],
    [{distribution, [], Cases}, {port, [], Cases}].

init_per_suite(Config) ->
    case llama_node_ct:real_node() of
        {ok, #{model := Model}} -> [{model, Model} | Config];
        {skip, _} = Skip -> Skip
    end.

end_per_suite(_) -> ok.

init_per_group(Transport, Config) ->
    llama_node_ct:start_over(Transport, #{n_ctx => 512}, Config).

end_per_group(Transport, Config) ->
    llama_node_ct:stop_over(Transport, Config).

init_per_testcase(Case, Config) -> llama_node_service_ct:init_per_testcase(Case, Config).

end_per_testcase(Case, Config) -> llama_node_service_ct:end_per_testcase(Case, Config).

%% Requests

%% The body of a request is an input as it stands; what came as server-sent events comes as messages.
completions_as_they_stand(Config) ->
    Session = llama_node_ct:own_session(Config),
    {ok, Task} =
        llama_node:create_task(server(Config), Session, completion, <<?COMPLETION, ", \"stream\": true}">>),
    {Chunks, {done, #{content := Content, finish_reason := Reason, usage := Usage}}} = llama_node_ct:events(Task),
    ?assertEqual(Content, iolist_to_binary([Text || #{content := Text} <- Chunks])),
    ?assert(lists:member(Reason, [stop, length])),
    ?assertMatch(#{prompt_tokens := Prompt, completion_tokens := Answer} when Prompt > 0 andalso Answer > 0, Usage),
    {ok, #{content := _}} =
        llama_node:complete(server(Config), <<"Once">>, <<"{\"max_tokens\": 128, \"stream\": false}">>).

further_settings_of_a_completion(Config) ->
    Session = llama_node_ct:own_session(Config),
    Input = <<?COMPLETION, ", \"seed\": 7, \"top_k\": 40, \"repeat_penalty\": 1.1, \"stream\": false}">>,
    [Text, Text] = [begin
        {ok, Task} = llama_node:create_task(server(Config), Session, completion, Input),
        {ok, #{content := Content, seed := 7}} = llama_node:get_result(server(Config), Task, 60000),
        Content
    end || _ <- [1, 2]].

messages_as_they_stand(Config) ->
    Session = llama_node_ct:own_session(Config),
    Input = <<"{\"model\": \"tiny-chat\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello!\"}], "
              "\"max_tokens\": 16, \"temperature\": 0.7, \"top_p\": 0.95, \"stream\": true}">>,
    {ok, Task} = llama_node:create_task(server(Config), Session, chat, Input),
    {_, {done, #{content := _, model := <<"tiny-chat">>}}} = llama_node_ct:events(Task).

%% It is the id of a loaded model, which is the name of its file.
the_models_name_is_always_sent(Config) ->
    {ok, #{model := <<"tiny-chat">>}} =
        llama_node:complete(server(Config), <<"Once">>, #{model => <<"tiny-chat">>, max_tokens => 1}),
    {error, {invalid_argument, Message}} =
        llama_node:complete(server(Config), <<"Once">>, #{model => <<"gpt-4o">>, max_tokens => 1}),
    contains(Message, ["gpt-4o", "tiny-chat"]).

%% The adapter leaves `max_tokens' out when it is 0; here 0 evaluates the prompt and nothing more.
no_tokens_are_no_default(Config) ->
    {ok, #{content := <<>>, finish_reason := length, usage := #{completion_tokens := 0}}} =
        llama_node:complete(server(Config), <<"Once">>, #{max_tokens => 0}).

a_time_out_is_a_time_out(Config) ->
    {error, {timeout, _}} = llama_node:complete(server(Config), <<"Once">>,
                                                #{timeout => 100, max_tokens => 1 bsl 30, ignore_eos => true}).

%% There the connection is closed; here a call, or the end of the process, and the slot is free.
a_cancelled_request_ends(Config) ->
    Session = llama_node_ct:own_session(Config),
    {ok, Task} = llama_node:stream(server(Config), Session, completion, llama_node_ct:endless()),
    receive {llama_node, Task, {chunk, _}} -> ok end,
    ok = llama_node:cancel_task(server(Config), Task),
    {error, {cancelled, _}} = llama_node_ct:terminal(Task),
    ok = llama_node_ct:check_real(Config).

%% Settings

settings() ->
    [{Key, Value, Text}
     || {Text, Settings} <- [{?NO_ENGINE, [{url, "http://127.0.0.1:8081"}, {api_key, "secret"}, {use_openai, true},
                                           {connect_timeout, 5000}]},
                             {?INPUT_TIMEOUT, [{request_timeout, 30000}]}],
        {Key, Value} <- Settings].

%% None of them is taken for another option, and no key is shown.
options_say_what_to_write(Config) ->
    Model = proplists:get_value(model, Config),
    Transport = proplists:get_value(transport, Config),
    [begin
         {error, {invalid_argument, Start}} = llama_node:start_link(#{Key => Value, transport => Transport}),
         contains(Start, [atom_to_list(Key) ++ ": unknown option (" ++ Text ++ ")"]),
         {error, {invalid_argument, Load}} = llama_node:load_model(server(Config), Model, #{id => other, Key => Value}),
         contains(Load, ["unknown option '" ++ atom_to_list(Key) ++ "' (" ++ Text ++ ")"]),
         [?assertEqual(nomatch, string:find(Message, "secret")) || Message <- [Start, Load]]
     end || {Key, Value, Text} <- settings()].

flags_say_what_to_write(Config) ->
    [begin
         Flag = "--" ++ string:replace(atom_to_list(Key), "_", "-", all),
         {64, Said} = command(Config, ["start", lists:flatten(Flag), "x"]),
         contains(Said, [Text])
     end || {Key, _, Text} <- settings()].

%% llama-server -m model.gguf -c 4096 -ngl 0 -t 4 --host 127.0.0.1 --port 8081
llama_servers_flags_say_what_to_write(Config) ->
    [begin
         {64, Said} = command(Config, ["start" | Arguments]),
         contains(Said, ["(did you mean '" ++ Name ++ "'?)"])
     end || {Arguments, Name} <- [{["-m", "model.gguf"], "--model"}, {["-c", "4096"], "--n-ctx"},
                                  {["-ngl", "0"], "--n-gpu-layers"}, {["-t", "4"], "--n-threads"},
                                  {["--host", "127.0.0.1"], "--bind"}]].

the_environment_and_files_say_what_to_write(Config) ->
    Dir = proplists:get_value(dir, Config),
    {0, Warned} = command(Config, ["foreground", "--check", "--epmd", "false"],
                          [{"LLAMA_NODE_URL", "http://127.0.0.1:8081"} | env()]),
    contains(Warned, ["LLAMA_NODE_URL is no setting (" ?NO_ENGINE ")"]),
    [begin
         File = filename:join(Dir, Name),
         ok = file:write_file(File, Text),
         {78, Said} = command(Config, ["start", "--config", File]),
         contains(Said, ["unknown option 'url' (" ?NO_ENGINE ")"])
     end || {Name, Text} <- [{"c.json", "{\"url\": \"http://127.0.0.1:8081\"}"},
                             {"c.yaml", "url: http://127.0.0.1:8081\n"},
                             {"c.toml", "url = \"http://127.0.0.1:8081\"\n"}]].

%% In place of asking a server what it has: nothing is started if one fails.
a_check_before_the_start(Config) ->
    {0, Good} = command(Config, ["start", "--check", "--epmd", "false", "--model", proplists:get_value(model, Config)]),
    contains(Good, ["ok      llama.cpp ", "ok      model "]),
    {1, Bad} = command(Config, ["start", "--check", "--epmd", "false", "--model", "/nowhere/model.gguf"]),
    contains(Bad, ["FAILED  model /nowhere/model.gguf: model_load_failed: "]),
    {3, _} = command(Config, ["ping"]).
