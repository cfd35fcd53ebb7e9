%% What users of an adapter for llama-server bring, word for word: `server-client.md' of the shared calls, in front of a
%% server, which is scripted. docs/coming-from.md has the same in a table.
-module(llama_node_calls_server_client_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [server/1]).
-import(llama_node_service_ct, [command/2, command/3, env/0, contains/2]).
-import(llama_node_scripted_server, [events/2, begin_events/1, event/2, await_close/1, status/3, json/2]).

-define(COMPLETION, "{\"model\": \"tiny-chat\", \"prompt\": \"Once upon a time\", \"max_tokens\": 128, "
                    "\"temperature\": 0.7, \"top_p\": 0.95, \"stop\": [\"\\n\\n\"]").

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}, names_say_what_to_write, llama_servers_flags_say_what_to_write,
     settings_as_flags_environment_and_files, settings_of_the_embedded_engine_are_a_warning, a_check_before_the_start,
     unreachable_at_the_start].

groups() ->
    Cases = [completions_as_they_stand, further_settings_of_a_completion, messages_as_they_stand, lines_of_json,
             usage_where_it_is_given, no_tokens_are_no_default, failures_have_the_servers_message, malformed_events,
             a_time_out_is_a_time_out, a_cancelled_request_closes_the_connection],
    [{distribution, [], Cases}, {port, [], Cases}].

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    case llama_node_ct:real_node() of
        {ok, #{model := Model}} ->
            Scripted = llama_node_scripted_server:start(fun answer/3),
            Url = binary_to_list(llama_node_scripted_server:url(Scripted)),
            [{model, Model}, {scripted, Scripted}, {url, Url} | Config];
        {skip, _} = Skip -> Skip
    end.

end_per_suite(Config) -> llama_node_scripted_server:stop(proplists:get_value(scripted, Config)).

init_per_group(Transport, Config) ->
    {ok, Server} = llama_node:init_server(#{transport => Transport, engine => llama_server, url => url(Config),
                                            model => 'tiny-chat', api_key => <<"sesame">>}),
    [{server, Server} | Config].

end_per_group(_, Config) -> llama_node:destroy_server(server(Config)).

init_per_testcase(Case, Config) ->
    ok = llama_node_scripted_server:clear(proplists:get_value(scripted, Config)),
    llama_node_service_ct:init_per_testcase(Case, Config).

end_per_testcase(Case, Config) -> llama_node_service_ct:end_per_testcase(Case, Config).

url(Config) -> proplists:get_value(url, Config).

%% What the server does is said by the prompt.
answer(<<"/v1/completions">>, #{<<"prompt">> := <<"stall ", Case/binary>>}, Socket) ->
    _ = begin_events(Socket),
    _ = event(Socket, "{\"choices\":[{\"text\":\" there\"}]}"),
    closed = await_close(Socket),
    binary_to_existing_atom(Case) ! closed;
answer(<<"/v1/completions">>, #{<<"prompt">> := <<"refuse">>}, Socket) ->
    status(Socket, 400, "{\"error\": {\"message\": \"too long\", \"type\": \"invalid_request_error\"}}");
answer(<<"/v1/completions">>, #{<<"prompt">> := <<"malformed">>}, Socket) ->
    events(Socket, ["{\"choices\":[{\"text\":\" there\"}]}", "{\"choices\":[{\"te"]);
answer(<<"/v1/completions">>, #{<<"prompt">> := <<"lines">>}, Socket) ->
    json(Socket, "{\"choices\":[{\"text\":\" was\"}]}\n{\"choices\":[{\"text\":\" a\",\"finish_reason\":\"stop\"}]}\n");
answer(<<"/v1/completions">>, #{<<"prompt">> := <<"usage">>}, Socket) ->
    json(Socket, "{\"choices\":[{\"text\":\"x\",\"finish_reason\":\"length\"}],"
                 "\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":1,\"total_tokens\":5}}");
answer(<<"/v1/completions">>, _, Socket) ->
    events(Socket, ["{\"choices\":[{\"text\":\" was\"}]}", "{\"choices\":[{\"text\":\" a\"}]}",
                    "{\"choices\":[{\"text\":\"\",\"finish_reason\":\"stop\"}]}", "[DONE]"]);
answer(<<"/completion">>, _, Socket) ->
    events(Socket, ["{\"content\":\" was\"}", "{\"content\":\" a\"}",
                    "{\"content\":\"\",\"stop\":true,\"stop_type\":\"word\",\"stopping_word\":\"\\n\\n\"}"]);
answer(<<"/v1/chat/completions">>, _, Socket) ->
    events(Socket, ["{\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}",
                    "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}", "[DONE]"]);
answer(_, _, _) ->
    default.

asked(Path, Config) ->
    [Body || {At, _, Body} <- llama_node_scripted_server:requests(proplists:get_value(scripted, Config)), At =:= Path].

run(Config, Type, Input) ->
    Session = llama_node_ct:own_session(Config),
    {ok, Task} = llama_node:create_task(server(Config), Session, Type, Input),
    llama_node_ct:events(Task).

%% Requests

%% The body of a request is an input as it stands, and goes to the server so; what came as server-sent events comes as
%% messages. The name of the model and the key are sent. A llama-server tells only at its own endpoint which stop text
%% it met.
completions_as_they_stand(Config) ->
    {Chunks, {done, Result}} = run(Config, completion, <<?COMPLETION, ", \"stream\": true}">>),
    ?assertEqual(<<" was a">>, iolist_to_binary([Text || #{content := Text} <- Chunks])),
    ?assertMatch(#{content := <<" was a">>, finish_reason := stop, model := <<"tiny-chat">>}, Result),
    ?assertMatch([#{<<"model">> := <<"tiny-chat">>, <<"prompt">> := <<"Once upon a time">>, <<"n_predict">> := 128,
                    <<"temperature">> := 0.7, <<"top_p">> := 0.95, <<"stop">> := [<<"\n\n">>], <<"stream">> := true}],
                 asked(<<"/completion">>, Config)),
    ?assertMatch([<<"Bearer sesame">>],
                 [Key || {<<"/completion">>, #{<<"authorization">> := Key}, _}
                         <- llama_node_scripted_server:requests(proplists:get_value(scripted, Config))]).

further_settings_of_a_completion(Config) ->
    {_, {done, #{seed := 7}}} =
        run(Config, completion,
            <<?COMPLETION, ", \"seed\": 7, \"top_k\": 40, \"repeat_penalty\": 1.1, \"stream\": true}">>),
    ?assertMatch([#{<<"seed">> := 7, <<"top_k">> := 40, <<"repeat_penalty">> := 1.1}],
                 asked(<<"/completion">>, Config)).

messages_as_they_stand(Config) ->
    Input = <<"{\"model\": \"tiny-chat\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello!\"}], "
              "\"max_tokens\": 16, \"temperature\": 0.7, \"top_p\": 0.95, \"stream\": true}">>,
    {_, {done, #{content := <<"Hi">>, model := <<"tiny-chat">>}}} = run(Config, chat, Input),
    ?assertMatch([#{<<"messages">> := [#{<<"role">> := <<"user">>, <<"content">> := <<"Hello!">>}]}],
                 asked(<<"/v1/chat/completions">>, Config)).

%% Answers

lines_of_json(Config) ->
    {ok, #{content := <<" was a">>, finish_reason := stop}} = llama_node:complete(server(Config), <<"lines">>, #{}).

%% The adapter had zeros where the server gives none; here it is absent.
usage_where_it_is_given(Config) ->
    {ok, #{usage := #{prompt_tokens := 4, completion_tokens := 1, total_tokens := 5}}} =
        llama_node:complete(server(Config), <<"usage">>, #{}),
    {ok, Without} = llama_node:complete(server(Config), <<"Once">>, #{}),
    ?assertNot(is_map_key(usage, Without)).

%% The adapter leaves `max_tokens' out when it is 0; here 0 asks for no token.
no_tokens_are_no_default(Config) ->
    {ok, _} = llama_node:complete(server(Config), <<"Once">>, #{max_tokens => 0}),
    ?assertMatch([#{<<"max_tokens">> := 0}], asked(<<"/v1/completions">>, Config)).

%% Failures

failures_have_the_servers_message(Config) ->
    {error, {inference_failed, Message}} = llama_node:complete(server(Config), <<"refuse">>, #{}),
    contains(Message, ["it answers 400: too long"]).

malformed_events(Config) ->
    {Chunks, {error, {inference_failed, _}}} = run(Config, completion, #{prompt => malformed, stream => true}),
    ?assertEqual([<<" there">>], [Text || #{content := Text} <- Chunks]).

a_time_out_is_a_time_out(Config) ->
    true = register(late, self()),
    {error, {timeout, _}} = llama_node:complete(server(Config), <<"stall late">>, #{timeout => 200}),
    receive closed -> ok end.

a_cancelled_request_closes_the_connection(Config) ->
    true = register(cancelling, self()),
    Session = llama_node_ct:own_session(Config),
    {ok, Task} = llama_node:stream(server(Config), Session, completion, #{prompt => <<"stall cancelling">>}),
    receive {llama_node, Task, {chunk, _}} -> ok end,
    ok = llama_node:cancel_task(server(Config), Task),
    {error, {cancelled, _}} = llama_node_ct:terminal(Task),
    receive closed -> ok end.

%% Settings

%% Other names of the settings are refused with what they are called here, and no key is shown.
names_say_what_to_write(Config) ->
    [begin
         {error, {invalid_argument, Message}} = llama_node:start_link(#{Key => "secret"}),
         contains(Message, ["'" ++ Name ++ "'"]),
         ?assertEqual(nomatch, string:find(Message, "secret")),
         {64, Said} = command(Config, ["start", "--" ++ string:replace(atom_to_list(Key), "_", "-", all), "x"]),
         contains(Said, ["--" ++ string:replace(Name, "_", "-", all)])
     end || {Key, Name} <- [{base_url, "url"}, {prefer_openai, "use_openai"}, {connect_timeout, "connect_timeout_ms"},
                            {bearer, "api_key"}]].

%% llama-server -m model.gguf -c 4096 -ngl 0 -t 4 --host 127.0.0.1 --port 8081
llama_servers_flags_say_what_to_write(Config) ->
    [begin
         {64, Said} = command(Config, ["start" | Arguments]),
         contains(Said, ["(did you mean '" ++ Name ++ "'?)"])
     end || {Arguments, Name} <- [{["-m", "model.gguf"], "--model"}, {["-c", "4096"], "--n-ctx"},
                                  {["-ngl", "0"], "--n-gpu-layers"}, {["-t", "4"], "--n-threads"},
                                  {["--host", "127.0.0.1"], "--bind"}]].

%% Flags outrank the environment, which outranks the file.
settings_as_flags_environment_and_files(Config) ->
    Check = ["start", "--check", "--epmd", "false"],
    Good = ["ok      server " ++ url(Config) ++ ": llama_server", "ok      model 'tiny'", "ok      a token of "],
    {0, Flags} = command(Config, Check ++ ["--url", url(Config), "--use-openai", "true", "--connect-timeout-ms", "5000",
                                           "--request-timeout-ms", "30000"]),
    contains(Flags, Good),
    {0, Environment} = command(Config, Check, [{"LLAMA_NODE_URL", url(Config)} | example() ++ env()]),
    contains(Environment, Good),
    [begin
         File = filename:join(proplists:get_value(dir, Config), Name),
         ok = file:write_file(File, Text),
         {0, Said} = command(Config, Check ++ ["--config", File, "--url", url(Config)]),
         contains(Said, Good)
     end || {Name, Text} <- [{"c.json", "{\"engine\": \"llama_server\", \"url\": \"http://127.0.0.1:1\"}"},
                             {"c.yaml", "engine: llama_server\nurl: http://127.0.0.1:1\n"},
                             {"c.toml", "engine = \"llama_server\"\nurl = \"http://127.0.0.1:1\"\n"}]].

%% What the example file sets, but for where its server is.
example() ->
    {ok, Text} = file:read_file(filename:join([llama_node_ct:root(), "packaging", "llama-node.environment"])),
    Set = [list_to_tuple([binary_to_list(Part) || Part <- binary:split(Line, <<"=">>)])
           || <<"LLAMA_NODE_", _/binary>> = Line <- binary:split(Text, <<"\n">>, [global])],
    ?assertMatch({_, "http" ++ _}, lists:keyfind("LLAMA_NODE_URL", 1, Set)),
    [Variable || {Name, _} = Variable <- Set, Name =/= "LLAMA_NODE_URL"].

settings_of_the_embedded_engine_are_a_warning(Config) ->
    {0, Said} = command(Config, ["start", "--check", "--epmd", "false", "--url", url(Config)],
                        [{"LLAMA_NODE_N_GPU_LAYERS", "3"}, {"LLAMA_NODE_N_THREADS", "2"} | env()]),
    contains(Said, ["warning: servers run the models; left out are n_threads, n_gpu_layers"]).

%% Nothing is started if one fails.
a_check_before_the_start(Config) ->
    {0, Good} = command(Config, ["start", "--check", "--epmd", "false", "--model", proplists:get_value(model, Config)]),
    contains(Good, ["ok      llama.cpp ", "ok      model ", "ok      memory for "]),
    {1, Bad} = command(Config, ["start", "--check", "--epmd", "false", "--url", "http://127.0.0.1:1"]),
    contains(Bad, ["FAILED  server http://127.0.0.1:1: model_load_failed: "]),
    {3, _} = command(Config, ["ping"]).

%% There it is "dependency unavailable".
unreachable_at_the_start(_Config) ->
    Options = #{transport => port, engine => llama_server, url => "http://127.0.0.1:1"},
    {error, {model_load_failed, Message}} = llama_node:init_server(Options),
    contains(Message, ["http://127.0.0.1:1"]),
    {ok, Server} = llama_node:init_server(Options#{lazy => true}),
    {error, {inference_failed, Later}} = llama_node:complete(Server, <<"Once">>, #{}),
    contains(Later, ["http://127.0.0.1:1"]),
    ok = llama_node:destroy_server(Server).
