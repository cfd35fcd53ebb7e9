%% What users of a mobile app's model manager bring, `model-manager.md' of the shared calls: each call as it stands
%% there, or as docs/coming-from.md names it, against the Java node and the tiny model.
-module(llama_node_calls_model_manager_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}].

groups() ->
    Cases = [starting_a_model, a_start_that_fails_says_why, asking, an_answer_has_all_that_is_there, progress_is_told,
             a_model_in_the_registry, known_models, final_parameters_can_be_asked],
    [{distribution, [], Cases}, {port, [], Cases}].

init_per_group(Transport, Config) ->
    case llama_node_ct:real_node() of
        {ok, #{model := Model}} -> [{transport, Transport}, {model, Model} | Config];
        {skip, _} = Skip -> Skip
    end.

end_per_group(_, _) ->
    ok.

%% {model: Path, n_threads: 4, n_ctx: 2048, n_batch: 512, n_gpu_layers: 1}
start(More, Config) ->
    Options = #{model => proplists:get_value(model, Config), n_threads => 4, n_ctx => 2048, n_batch => 512,
                n_gpu_layers => 1, log_level => error, transport => proplists:get_value(transport, Config)},
    llama_node:init_server(maps:merge(Options, More)).

starting_a_model(Config) ->
    {ok, Server} = start(#{}, Config),
    ?assertMatch({ok, [#{n_threads := 4, n_ctx := 2048, n_batch := 512, n_gpu_layers := 1}]},
                 llama_node:list_models(Server)),
    ok = llama_node:destroy_server(Server).

%% A handle or a specific error: memory, file, parameters.
a_start_that_fails_says_why(Config) ->
    ?assertMatch({error, {out_of_memory, _}}, start(#{n_ctx => 1000000000}, Config)),
    ?assertMatch({error, {model_load_failed, _}}, start(#{model => "/nonexistent.gguf"}, Config)),
    ?assertMatch({error, {invalid_argument, <<"n_batch", _/binary>>}}, start(#{n_batch => 0}, Config)).

%% {input: Text, maxTokens: 500, temperature: 0.7, stopSequences: ["\n\n"], topP: 1.0}
asking(Config) ->
    {ok, Server} = start(#{}, Config),
    ?assertMatch({ok, #{content := _}},
                 llama_node:complete(Server, <<"Once upon a time">>,
                                     #{max_tokens => 500, temperature => 0.7, stop => ["\n\n"], top_p => 1.0})),
    [?assertMatch({Key, {error, {invalid_argument, _}}},
                  {Key, llama_node:complete(Server, <<"Once">>, #{Key => Value})})
     || {Key, Value} <- [{maxTokens, 500}, {stopSequences, ["\n\n"]}, {topP, 1.0}]],
    ok = llama_node:destroy_server(Server).

%% {text, tokens, finishReason, timing: {startTime, endTime, elapsedTime, tokensPerSecond}, usage: {...}}
an_answer_has_all_that_is_there(Config) ->
    {ok, Server} = start(#{}, Config),
    Before = erlang:system_time(millisecond),
    {ok, #{content := Text, finish_reason := Reason, usage := Usage, timings := Timings}} =
        llama_node:complete(Server, <<"Once">>, #{max_tokens => 5, ignore_eos => true}),
    ?assert(is_binary(Text)),
    ?assertEqual(length, Reason),
    ?assertMatch(#{prompt_tokens := Prompt, completion_tokens := 5, total_tokens := Total} when Total =:= Prompt + 5,
                 Usage),
    #{started_at := Started, ended_at := Ended, elapsed_ms := Elapsed, first_token_ms := First, queue_ms := Queue,
      prompt_ms := PromptMs, predicted_ms := Predicted, predicted_per_second := _} = Timings,
    ?assert(Started >= Before andalso Ended >= Started),
    ?assertEqual(Ended - Started, round(Elapsed)),
    ?assert(abs(Elapsed - (Queue + PromptMs + Predicted)) < 0.001),
    ?assert(First > 0 andalso First =< Elapsed),
    ok = llama_node:destroy_server(Server).

%% Load progress and changes of state are events.
progress_is_told(Config) ->
    {ok, Server} = start(#{progress => self()}, Config),
    Path = unicode:characters_to_binary(proplists:get_value(model, Config)),
    receive {llama_node_progress, Path, Fraction} when Fraction >= 0.0, Fraction =< 1.0 -> ok end,
    ok = llama_node:destroy_server(Server).

a_model_in_the_registry(Config) ->
    {ok, Server} = start(#{temperature => 0.7, max_tokens => 5, mirostat => 2, top_k => 30, top_p => 0.9}, Config),
    {ok, _} = llama_node:complete(Server, <<"Once">>, #{}),
    ?assertMatch({ok, [#{path := _, file_bytes := _, capabilities := [_ | _], use_count := 1, last_used_ms_ago := _,
                         loaded_ms_ago := _, architecture := _, n_ctx_train := _, quantization := _,
                         temperature := 0.7, n_batch := 512, n_threads := 4, max_tokens := 5, n_ctx := 2048,
                         mirostat := 2, top_k := 30, top_p := 0.9}]},
                 llama_node:list_models(Server)),
    ok = llama_node:destroy_server(Server).

known_models(Config) ->
    [begin
         {ok, #{file := File, model := Model}} = llama_node_presets:find(Id),
         ?assertMatch(#{temperature := 0.7, max_tokens := Context, n_threads := 4, n_ctx := Context}, Model),
         Options = Model#{model => "/models/" ++ binary_to_list(File), transport => fake},
         {ok, Server} = llama_node:init_server(Options),
         ok = llama_node:destroy_server(Server)
     end || {Id, Context, File} <- [{'tinyllama-1.1b', 2048, <<"tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf">>},
                                    {'deepseek-1.5b', 4096, <<"DeepSeek-R1-Distill-Qwen-1.5B-Q4_K_M.gguf">>}]],
    {ok, #{model := Flat}} = llama_node_presets:find('tinyllama-1.1b'),
    {ok, Server} = start(Flat, Config),
    ?assertMatch({ok, [#{temperature := 0.7, max_tokens := 2048}]}, llama_node:list_models(Server)),
    ok = llama_node:destroy_server(Server).

%% Defaults set in several layers, so that nobody knew the final parameters: here they can be asked, with who set them.
final_parameters_can_be_asked(Config) ->
    {ok, Server} = start(#{models => [#{path => proplists:get_value(model, Config), id => second, n_ctx => 64}],
                           id => first, top_k => 7}, Config),
    {ok, [First, Second]} = llama_node:list_models(Server),
    ?assertMatch(#{n_ctx := 2048, top_k := 7, from := #{n_ctx := option, top_k := option, top_p := default}}, First),
    ?assertMatch(#{n_ctx := 64, top_k := 7, n_batch := 512}, Second),
    ok = llama_node:destroy_server(Server).
