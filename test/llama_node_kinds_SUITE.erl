%% The kinds of tasks beside text, on the Java node: embeddings of the model in the box, and of
%% small random models that llama_node_gguf makes. After each case the node must still answer.
-module(llama_node_kinds_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").
-include("llama_node_ct.hrl").

-import(llama_node_ct, [server/1, dot/2]).

-define(MESSAGE(Code, Text, Call), message(Code, Text, Call)).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, embedding}, {group, bert}, {group, models}, {group, tokens}, {group, infill}
     | [{group, Group} || Group <- llama_node_engine_ct:servers([scripted])]].

groups() ->
    Several = [models_side_by_side, unloading_ends_its_tasks, the_default_model],
    [{scripted, [], Several},
     {bert, [], [bert_embeds, documents_are_ranked, bad_rankings]},
     {models, [], Several ++ [listed_models, inspected_files, progress_goes_to_a_process, loads_that_fail,
                              presets_are_options]},
     {tokens, [], [reference_tokens_llama_spm, reference_tokens_gpt_2, reference_tokens_bert_bge, pieces,
                   a_vocabulary_does_nothing_else]},
     {infill, [], [gaps_are_filled]},
     {embedding, [], [one_text, a_list, texts_of_all_kinds, binary_is_the_floats, poolings, normalisation,
                      too_long_texts_are_named, bad_embeddings, embedding_tasks, streamed_embeddings,
                      beside_a_generation, a_dead_caller_leaves_nothing]}].

init_per_suite(Config) ->
    llama_node_ct:start_real(#{}, Config).

init_per_group(bert, Config) ->
    case vocabulary("bert-bge") of
        {ok, Vocabulary} ->
            Dir = proplists:get_value(priv_dir, Config),
            [ok = load_bert(Config, filename:join(Dir, Id ++ ".gguf"), Vocabulary, Pooling)
             || {Id, Pooling} <- [{"bert", 1}, {"ranker", 4}]],
            Config;
        {skip, _} = Skip ->
            Skip
    end;
init_per_group(Group, Config) ->
    llama_node_ct:start_over(Group, #{}, Config).

end_per_group(bert, Config) ->
    [ok = llama_node:unload_model(server(Config), Id) || Id <- [bert, <<"ranker">>]],
    {ok, [#{id := <<"tiny-chat">>}]} = llama_node:list_models(server(Config));
end_per_group(Group, Config) ->
    llama_node_ct:stop_over(Group, Config).

load_bert(Config, File, Vocabulary, Pooling) ->
    ok = llama_node_test_gguf:bert(File, Vocabulary, Pooling),
    llama_node:load_model(server(Config), File, #{n_threads => 1}).

end_per_suite(Config) ->
    ok = llama_node:destroy_server(server(Config)).

end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

%% Embedding

one_text(Config) ->
    {ok, Result} = llama_node:embed(server(Config), <<"What is Erlang?">>, #{}),
    ?assertMatch(#{embeddings := [[_ | _]], dimensions := 128, pooling := mean, model := <<"tiny-chat">>,
                   usage := #{completion_tokens := 0, cached_tokens := 0},
                   timings := #{queue_ms := _, prompt_ms := _, prompt_per_second := _}}, Result),
    #{embeddings := [Vector], usage := #{prompt_tokens := Tokens, total_tokens := Tokens}} = Result,
    {ok, Ids} = llama_node:tokenize(server(Config), #{content => <<"What is Erlang?">>, add_special => true}),
    ?assertEqual(length(Ids), Tokens),
    ?assertEqual(128, length(Vector)),
    ?assert(abs(1.0 - dot(Vector, Vector)) < 1.0e-4).

%% Texts share batches, and each gets the vector that it gets alone.
a_list(Config) ->
    Texts = [<<"text number ", (integer_to_binary(I))/binary>> || I <- lists:seq(1, 100)],
    Vectors = vectors(Config, Texts, #{}),
    ?assertEqual(100, length(Vectors)),
    ?assertEqual(100, length(lists:usort(Vectors))),
    [begin
         [Alone] = vectors(Config, lists:nth(I, Texts), #{}),
         ?assert(dot(Alone, lists:nth(I, Vectors)) > 0.9999)
     end || I <- [1, 17, 64, 65, 100]].

texts_of_all_kinds(Config) ->
    [Expected] = vectors(Config, <<"Once">>, #{}),
    [?assertEqual([Expected], vectors(Config, Text, Options))
     || Text <- [<<"Once">>, "Once", 'Once', [<<"Once">>], ["Once"], ['Once']],
        Options <- [#{}, [], [{normalize, true}]]],
    {ok, Ids} = llama_node:tokenize(server(Config), #{content => <<"Once">>, add_special => true}),
    ?assertEqual([Expected, Expected], vectors(Config, [{tokens, Ids}, <<"Once">>], #{})).

binary_is_the_floats(Config) ->
    Texts = [<<"one">>, <<"two">>],
    Floats = vectors(Config, Texts, #{encoding_format => float}),
    Binaries = vectors(Config, Texts, #{encoding_format => binary}),
    ?assertEqual(Floats, [[F || <<F:32/float-little>> <= Binary] || Binary <- Binaries]).

poolings(Config) ->
    [Tokens] = vectors(Config, <<"What is Erlang?">>, #{pooling => none}),
    Plain = #{normalize => false},
    ?assertEqual([hd(Tokens)], vectors(Config, <<"What is Erlang?">>, Plain#{pooling => cls})),
    ?assertEqual([lists:last(Tokens)], vectors(Config, <<"What is Erlang?">>, Plain#{pooling => <<"last">>})),
    [Mean] = vectors(Config, <<"What is Erlang?">>, Plain#{pooling => mean}),
    [begin
         Expected = lists:sum([lists:nth(I, Token) || Token <- Tokens]) / length(Tokens),
         ?assert(abs(Expected - lists:nth(I, Mean)) < 1.0e-3)
     end || I <- [1, 64, 128]],
    [Bytes] = vectors(Config, <<"What is Erlang?">>, #{pooling => none, encoding_format => binary}),
    ?assertEqual(Tokens, [[F || <<F:32/float-little>> <= Token] || Token <- Bytes]).

normalisation(Config) ->
    Norm = fun (Given) -> hd(vectors(Config, <<"What is Erlang?">>, Given)) end,
    Plain = Norm(#{normalize => false}),
    ?assertEqual(Plain, Norm(#{embd_normalize => -1})),
    ?assertEqual(Norm(#{}), Norm(#{embd_normalize => 2})),
    ?assert(abs(1.0 - lists:sum([abs(F) || F <- Norm(#{embd_normalize => 1})])) < 1.0e-4),
    ?assert(abs(1.0 - lists:sum([math:pow(abs(F), 3) || F <- Norm(#{embd_normalize => 3})])) < 1.0e-4),
    ?assert(abs(32760 - lists:max([abs(F) || F <- Norm(#{embd_normalize => 0})])) < 1),
    Length = math:sqrt(dot(Plain, Plain)),
    [?assert(abs(P / Length - N) < 1.0e-4) || {P, N} <- lists:zip(Plain, Norm(#{}))].

too_long_texts_are_named(Config) ->
    Long = binary:copy(<<"word ">>, 400),
    Embed = fun (Input) -> llama_node:embed(server(Config), Input, #{}) end,
    ?MESSAGE(invalid_argument, <<"input[2]: has ">>, Embed([<<"a">>, <<"b">>, Long])),
    ?MESSAGE(invalid_argument, <<"input: has ">>, Embed(Long)),
    ?MESSAGE(invalid_argument, <<"input[1]: ">>, Embed([<<"a">>, binary:copy(<<"a">>, 1000000)])),
    ?MESSAGE(invalid_argument, <<"encoding_format binary">>, Embed(lists:duplicate(5000, <<"a">>))),
    {ok, _} = llama_node:embed(server(Config), lists:duplicate(5000, <<"a">>), #{encoding_format => binary}).

bad_embeddings(Config) ->
    Server = server(Config),
    [?CODE(invalid_argument, llama_node:embed(Server, Input, #{}))
     || Input <- [[], 7, [7.5], #{}, <<>>, [<<"a">>, <<>>], <<255>>]],
    [?CODE(invalid_argument, llama_node:embed(Server, <<"a">>, Options))
     || Options <- [#{pooling => rank}, #{encoding_format => base32}, #{temperature => 1}, #{normalize => yes},
                    #{embd_normalize => 2.0}, #{input => <<"b">>}, #{model => nonsense}, #{timeout => 0}]],
    ?MESSAGE(invalid_argument, <<"no token 99999">>, llama_node:embed(Server, [{tokens, [99999]}], #{})),
    ?CODE(unsupported, llama_node:rerank(Server, <<"query">>, [<<"a">>, <<"b">>], #{})).

embedding_tasks(Config) ->
    Server = server(Config),
    Session = llama_node_ct:session(Server),
    {ok, Task} = llama_node:create_task(Server, Session, embedding, #{input => <<"Once">>}),
    {ok, #{embeddings := [Vector], task_id := Task}} = llama_node:get_result(Server, Task, infinity),
    ?assertEqual([Vector], vectors(Config, <<"Once">>, #{})),
    ?CODE(task_not_found, llama_node:get_result(Server, Task, 0)),
    ok = llama_node:cancel_task(Server, element(2, llama_node:create_task(
        Server, Session, embedding, #{input => lists:duplicate(500, <<"Once">>)}))),
    {ok, #{tasks_running := 0, tasks_waiting := 0}} = llama_node:get_session_info(Server, Session),
    ok = llama_node:close_session(Server, Session).

streamed_embeddings(Config) ->
    Session = llama_node_ct:session(server(Config)),
    {ok, Task} = llama_node:stream(server(Config), Session, embedding, #{input => <<"Once">>}),
    {[], {done, #{embeddings := [[_ | _]]}}} = llama_node_ct:events(Task),
    ok = llama_node:close_session(server(Config), Session).

%% Embeddings are computed while a generation goes on, and it goes on.
beside_a_generation(Config) ->
    Server = server(Config),
    Session = llama_node_ct:session(Server),
    {ok, Task} = llama_node:stream(Server, Session, completion, llama_node_ct:endless()),
    Texts = [<<"text ", (integer_to_binary(I))/binary>> || I <- lists:seq(1, 64)],
    Expected = await_chunk(Task),
    64 = length(vectors(Config, Texts, #{})),
    ?assert(await_chunk(Task) > Expected),
    ok = llama_node:cancel_task(Server, Task),
    {_, {error, {cancelled, _}}} = llama_node_ct:events(Task),
    ok = llama_node:close_session(Server, Session).

a_dead_caller_leaves_nothing(Config) ->
    Server = server(Config),
    Texts = lists:duplicate(3000, <<"some text or other">>),
    Caller = spawn(fun () -> llama_node:embed(Server, Texts, #{encoding_format => binary}) end),
    exit(Caller, kill),
    _ = llama_node_ct:await_down(Caller),
    {ok, _} = llama_node:embed(Server, <<"next">>, #{}).

%% BERT, beside the generation model

bert_embeds(Config) ->
    Texts = [<<"a panda is a bear">>, <<"hi">>, <<"a panda is a bear">>],
    {ok, #{embeddings := [A, B, C], dimensions := 64, model := <<"bert">>}} =
        llama_node:embed(server(Config), Texts, #{model => bert}),
    ?assert(dot(A, C) > 0.9999),
    ?assert(dot(A, B) < 0.9999),
    ?MESSAGE(invalid_argument, <<"input[1]: has 142 tokens, more than the context of 128 (n_ctx)">>,
             llama_node:embed(server(Config), [<<"a">>, binary:copy(<<"word ">>, 140)], #{model => bert})),
    ?CODE(unsupported, llama_node:complete(server(Config), <<"a">>, #{model => bert})),
    ?CODE(unsupported, llama_node:rerank(server(Config), <<"a">>, [<<"b">>], #{model => bert})).

documents_are_ranked(Config) ->
    Documents = [<<"a panda is a bear">>, <<"hi">>, <<"a panda is a bear">>, "the sky", 'blue'],
    {ok, #{results := Results, scores := Scores, usage := #{prompt_tokens := _}, model := <<"ranker">>}} =
        llama_node:rerank(server(Config), <<"what is a panda?">>, Documents, #{model => ranker}),
    ?assertEqual(5, length(Scores)),
    ?assert(abs(lists:nth(1, Scores) - lists:nth(3, Scores)) < 1.0e-3),
    ?assertEqual([0, 1, 2, 3, 4], lists:sort([Index || #{index := Index} <- Results])),
    [?assertEqual(lists:nth(Index + 1, Scores), Score) || #{index := Index, score := Score} <- Results],
    Ordered = [Score || #{score := Score} <- Results],
    ?assertEqual(lists:reverse(lists:sort(Ordered)), Ordered),
    {ok, #{results := Two, scores := [_, _, _, _, _]}} =
        llama_node:rerank(server(Config), <<"what is a panda?">>, Documents, #{model => ranker, top_n => 2}),
    ?assertEqual([Index || #{index := Index} <- lists:sublist(Results, 2)], [Index || #{index := Index} <- Two]),
    Session = element(2, {ok, _} = llama_node:create_session(server(Config), #{model => ranker})),
    {ok, Task} = llama_node:create_task(server(Config), Session, rerank, #{query => <<"q">>, documents => [<<"d">>]}),
    {ok, #{results := [#{index := 0}]}} = llama_node:get_result(server(Config), Task, 60000),
    ok = llama_node:close_session(server(Config), Session).

bad_rankings(Config) ->
    Rerank = fun (Documents, Options) -> llama_node:rerank(server(Config), <<"q">>, Documents, Options) end,
    [?CODE(invalid_argument, Rerank(Documents, #{model => ranker})) || Documents <- [[], <<"d">>, [7], [[1.5]]]],
    [?CODE(invalid_argument, Rerank([<<"d">>], Options))
     || Options <- [#{model => ranker, top_n => -1}, #{model => ranker, pooling => cls}, #{query => <<"r">>}]],
    ?MESSAGE(invalid_argument, <<"documents[1]">>,
             Rerank([<<"d">>, binary:copy(<<"word ">>, 140)], #{model => ranker})),
    ?CODE(unsupported, Rerank([<<"d">>], #{model => <<"tiny-chat">>})).

%% Several models

models_side_by_side(Config) ->
    Server = server(Config),
    ok = load_second(Config, #{n_ctx => 64, n_parallel => 1}),
    {ok, #{model := <<"second">>}} = llama_node:complete(Server, <<"Once">>, #{model => second, n_predict => 2}),
    {ok, #{model := <<"tiny-chat">>}} = llama_node:complete(Server, <<"Once">>, #{n_predict => 2}),
    {ok, #{models := [_, #{id := <<"second">>, n_parallel := 1, n_ctx := 64}]}} = llama_node:get_status(Server),
    {Other, Named} = llama_node_engine_ct:either({#{n_parallel => 1, n_batch => 64}, <<"n_batch">>},
                                                 {#{n_parallel => 2}, <<"n_parallel">>}, Config),
    ?MESSAGE(invalid_argument, <<"loaded already, with another ", Named/binary>>,
             load_second(Config, Other#{n_ctx => 64})),
    ok = llama_node:unload_model(Server, second),
    ?CODE(invalid_argument, llama_node:complete(Server, <<"Once">>, #{model => second, n_predict => 2})),
    ?CODE(invalid_argument, llama_node:unload_model(Server, second)).

unloading_ends_its_tasks(Config) ->
    Server = server(Config),
    ok = load_second(Config, #{n_ctx => 64, n_parallel => 1}),
    {ok, Session} = llama_node:create_session(Server, #{model => second}),
    {ok, Running} = llama_node:stream(Server, Session, completion, llama_node_ct:endless()),
    _ = await_chunk(Running),
    {ok, Waiting} = llama_node:create_task(Server, Session, completion, llama_node_ct:endless()),
    ok = llama_node:unload_model(Server, second),
    {_, {error, Error}} = llama_node_ct:events(Running),
    ?assertEqual({cancelled, <<"model 'second' was unloaded">>}, Error),
    ?assertEqual({error, Error}, llama_node:get_result(Server, Waiting, 60000)),
    ?CODE(session_not_found, llama_node:get_session_info(Server, Session)),
    {ok, #{tasks_running := 0, tasks_waiting := 0}} = llama_node:get_status(Server).

the_default_model(Config) ->
    Server = server(Config),
    ok = load_second(Config, #{default => true}),
    {ok, #{model := <<"second">>}} = llama_node:complete(Server, <<"Once">>, #{n_predict => 1}),
    {ok, [#{id := <<"tiny-chat">>, default := false}, #{id := <<"second">>, default := true}]} =
        llama_node:list_models(Server),
    ok = llama_node:unload_model(Server, second),
    {ok, #{model := <<"tiny-chat">>}} = llama_node:complete(Server, <<"Once">>, #{n_predict => 1}),
    {ok, [#{id := <<"tiny-chat">>, default := true}]} = llama_node:list_models(Server).

listed_models(Config) ->
    Server = server(Config),
    {Parameters, Pieces} = llama_node_ct:sizes(),
    {ok, [Before]} = llama_node:list_models(Server),
    ?assertMatch(#{id := <<"tiny-chat">>, architecture := <<"llama">>, n_params := Parameters, n_vocab := Pieces,
                   n_ctx := 256,
                   n_parallel := 2, chat_template := true, capabilities := [completion, chat, embedding, tokenize],
                   tasks := 0, loaded_ms_ago := _, quantization := <<_, _/binary>>, n_embd := 128}, Before),
    {ok, _} = llama_node:count_tokens(Server, <<"a">>),
    {ok, [#{use_count := Count, last_used_ms_ago := Ago}]} = llama_node:list_models(Server),
    ?assertEqual(maps:get(use_count, Before) + 1, Count),
    ?assert(Ago >= 0).

inspected_files(Config) ->
    {ok, Model} = llama_node_ct:model(),
    {Parameters, Pieces} = llama_node_ct:sizes(),
    {ok, Found} = llama_node:inspect_model(server(Config), Model),
    ?assertMatch(#{architecture := <<"llama">>, n_params := Parameters, n_vocab := Pieces, file_bytes := _,
                   size_bytes := _,
                   chat_template := <<_/binary>>, memory := #{required_bytes := _, available_bytes := _}}, Found),
    ?assertEqual(filelib:file_size(Model), maps:get(file_bytes, Found)),
    ?assertNot(maps:is_key(id, Found)),
    {ok, Alone} = llama_node:inspect_model(Model),
    ?assertEqual(maps:remove(memory, Found), maps:remove(memory, Alone)),
    {ok, #{memory := #{required_bytes := Large}}} =
        llama_node:inspect_model(server(Config), #{path => Model, n_ctx => 4096, n_parallel => 64}),
    ?assert(Large > map_get(required_bytes, map_get(memory, Found))),
    ?CODE(model_load_failed, llama_node:inspect_model(server(Config), "/nonexistent.gguf")),
    ?CODE(model_load_failed, llama_node:inspect_model(server(Config), code:which(?MODULE))),
    ?CODE(invalid_argument, llama_node:inspect_model(server(Config), #{path => Model, n_ctx => 0})),
    ?CODE(invalid_argument, llama_node:inspect_model(server(Config), <<>>)).

progress_goes_to_a_process(Config) ->
    ok = load_second(Config, #{progress => self()}),
    Fractions = fractions(),
    ?assertEqual(1.0, lists:last(Fractions)),
    ?assertEqual(lists:usort(Fractions), Fractions),
    ok = llama_node:unload_model(server(Config), second).

fractions() ->
    receive {llama_node_progress, _, Fraction} -> [Fraction | fractions()] after 0 -> [] end.

loads_that_fail(Config) ->
    {ok, Model} = llama_node_ct:model(),
    Load = fun (Options) -> llama_node:load_model(server(Config), Model, Options) end,
    ?MESSAGE(out_of_memory, <<"n_ctx 2147483647 in 64 slots">>,
             Load(#{id => large, n_ctx => 16#7fffffff, n_parallel => 64})),
    ?MESSAGE(invalid_argument, <<"progress">>, Load(#{id => large, progress => all})),
    ?CODE(model_load_failed, llama_node:load_model(server(Config), code:which(?MODULE), #{})),
    Is = fun (What, {error, {model_load_failed, Message}}) -> ?assertEqual(<<"path: ", What/binary>>, Message) end,
    [begin
         Is(What, llama_node:load_model(server(Config), Path, #{})),
         Is(What, llama_node:inspect_model(server(Config), Path)),
         Is(What, llama_node:load_adapter(server(Config), Path, #{}))
     end || {Path, What} <- [{<<"/">>, <<"/ is a directory; give a file in it">>},
                             {<<"/dev/zero">>, <<"/dev/zero is a device">>}]],
    {ok, [_]} = llama_node:list_models(server(Config)).

%% What the list of known models says is taken by the calls that it is meant for.
presets_are_options(Config) ->
    Server = server(Config),
    Presets = llama_node_presets:all(),
    ?assert(length(Presets) >= 5),
    ?assertEqual(length(Presets), length(lists:usort([Id || #{id := Id} <- Presets]))),
    {ok, Model} = llama_node_ct:model(),
    [begin
         ?assertEqual({ok, Preset}, llama_node_presets:find(Id)),
         {ok, _} = llama_node:inspect_model(Server, (maps:get(model, Preset))#{path => Model}),
         {ok, Session} = llama_node:create_session(Server, maps:get(session, Preset, #{})),
         ok = llama_node:close_session(Server, Session),
         {ok, _} = llama_node:embed(Server, <<"a">>, maps:get(embed, Preset, #{}))
     end || #{id := Id, file := <<_, _/binary>>, source := <<_, _/binary>>, capabilities := [_ | _]} = Preset
                <- Presets],
    {ok, #{id := <<"tiny-chat">>}} = llama_node_presets:find('tiny-chat'),
    {ok, #{id := <<"tiny-chat">>}} = llama_node_presets:find("tiny-chat"),
    ?CODE(invalid_argument, llama_node_presets:find(nonsense)).

%% Tokens: the vectors of the shared vocabularies, through the API

reference_tokens_llama_spm(Config) -> reference_tokens("llama-spm", Config).
reference_tokens_gpt_2(Config) -> reference_tokens("gpt-2", Config).
reference_tokens_bert_bge(Config) -> reference_tokens("bert-bge", Config).

reference_tokens(Name, Config) ->
    case vocabulary(Name) of
        {ok, File} ->
            Server = server(Config),
            ok = llama_node:load_model(Server, File, #{id => Name, vocab_only => true}),
            {ok, Inputs} = file:read_file(File ++ ".inp"),
            {ok, Outputs} = file:read_file(File ++ ".out"),
            Texts = binary:split(Inputs, <<"\n__ggml_vocab_test__\n">>, [global]),
            Lines = binary:split(string:trim(Outputs, trailing, "\n"), <<"\n">>, [global]),
            Count = min(length(Texts), length(Lines)),
            Pairs = lists:zip(lists:sublist(Texts, Count), lists:sublist(Lines, Count)),
            ?assert(length(Pairs) > 40),
            [begin
                 Expected = [binary_to_integer(Id) || Id <- binary:split(Line, <<" ">>, [global, trim_all])],
                 ?assertEqual({Text, {ok, Expected}},
                              {Text, llama_node:tokenize(Server, #{content => Text, model => Name})}),
                 ?assertEqual({ok, length(Expected)},
                              llama_node:count_tokens(Server, #{content => Text, model => Name}))
             end || {Text, Line} <- Pairs],
            ok = llama_node:unload_model(Server, Name);
        {skip, _} = Skip ->
            Skip
    end.

pieces(Config) ->
    Server = server(Config),
    Text = <<"What is Erlang? ", 16#1F999/utf8>>,
    {ok, Ids} = llama_node:tokenize(Server, Text),
    {ok, Pieces} = llama_node:tokenize(Server, #{content => Text, with_pieces => true}),
    ?assertEqual(Ids, [Id || #{id := Id} <- Pieces]),
    Joined = iolist_to_binary([Piece || #{piece := Piece} <- Pieces]),
    ?assertMatch({_, {_, _}}, {Joined, binary:match(Joined, Text)}),
    ?assertEqual({ok, length(Ids)}, llama_node:count_tokens(Server, Text)),
    ?assertMatch({ok, [#{piece := <<"<|im_start|>">>}]}, llama_node:tokenize(Server,
        #{content => <<"<|im_start|>">>, parse_special => true, with_pieces => true})),
    ?CODE(invalid_argument, llama_node:count_tokens(Server, #{with_pieces => true, content => Text})),
    ?CODE(invalid_argument, llama_node:count_tokens(Server, #{content => Text, model => nonsense})).

a_vocabulary_does_nothing_else(Config) ->
    Server = server(Config),
    {ok, Model} = llama_node_ct:model(),
    ok = llama_node:load_model(Server, Model, #{id => words, vocab_only => true}),
    {ok, [_, #{id := <<"words">>, capabilities := [tokenize]}]} = llama_node:list_models(Server),
    {ok, #{models := [_, #{id := <<"words">>, slots := []}]}} = llama_node:get_status(Server),
    ?assertEqual(llama_node:tokenize(Server, <<"Once">>),
                 llama_node:tokenize(Server, #{content => <<"Once">>, model => words})),
    ?assertEqual({ok, <<"Once">>}, llama_node:detokenize(Server, #{
        tokens => element(2, llama_node:tokenize(Server, <<"Once">>)), model => words})),
    {ok, <<_/binary>>} =
        llama_node:apply_template(Server, #{messages => [#{role => user, content => hi}], model => words}),
    ?CODE(unsupported, llama_node:complete(Server, <<"Once">>, #{model => words})),
    ?CODE(unsupported, llama_node:chat(Server, <<"Once">>, #{model => words})),
    ?CODE(unsupported, llama_node:embed(Server, <<"Once">>, #{model => words})),
    ok = llama_node:unload_model(Server, words).

%% Infill

gaps_are_filled(Config) ->
    Server = server(Config),
    case vocabulary("gpt-2") of
        {ok, Vocabulary} ->
            File = filename:join(proplists:get_value(priv_dir, Config), "filler.gguf"),
            ok = llama_node_test_gguf:llama(File, Vocabulary),
            ok = llama_node:load_model(Server, File, #{n_threads => 1, n_parallel => 1}),
            {ok, Session} = llama_node:create_session(Server, #{model => filler, temperature => 0, n_predict => 8}),
            Input = #{input_prefix => <<"a = ">>, input_suffix => <<";">>, prompt => "b",
                      input_extra => [#{filename => "x", text => <<"a = b;">>}]},
            {ok, Task} = llama_node:create_task(Server, Session, infill, Input),
            {ok, #{content := Content, usage := #{prompt_tokens := Count}}} =
                llama_node:get_result(Server, Task, 60000),
            Ids = fun (Text) ->
                {ok, Found} = llama_node:tokenize(Server, #{content => Text, model => filler}), Found end,
            Prompt = Ids(<<"\n\n--- snippet ---\n\n">>) ++ Ids(<<"a = b;">>) ++ [300 | Ids(<<"a = ">>)] ++ Ids(<<"b">>)
                ++ [301 | Ids(<<";">>)] ++ [302],
            ?assertEqual(length(Prompt), Count),
            {ok, Same} = llama_node:create_task(Server, Session, completion, #{prompt => {tokens, Prompt}}),
            {ok, #{content := Content}} = llama_node:get_result(Server, Same, 60000),
            {Chunks, {done, #{content := Content}}} =
                llama_node_ct:events(element(2, {ok, _} = llama_node:stream(Server, Session, infill, Input))),
            ?assertEqual(Content, iolist_to_binary([Chunk || #{content := Chunk} <- Chunks])),
            {ok, [_, #{id := <<"filler">>, capabilities := Capabilities}]} = llama_node:list_models(Server),
            ?assert(lists:member(infill, Capabilities)),
            Refused = llama_node_ct:session(Server),
            ?CODE(unsupported, llama_node:create_task(Server, Refused, infill, Input)),
            ok = llama_node:unload_model(Server, filler);
        {skip, _} = Skip ->
            Skip
    end.

%% Internal functions

vocabulary(Name) ->
    File = filename:join([llama_node_ct:shared(), "vocab", "ggml-vocab-" ++ Name ++ ".gguf"]),
    case filelib:is_regular(File) of
        true -> {ok, filename:absname(File)};
        false -> {skip, File ++ " is absent; set LLAMA_NODE_SHARED to the shared directory"}
    end.

load_second(Config, Options) ->
    llama_node_engine_ct:load(second, maps:merge(#{n_ctx => 64, n_threads => 1}, Options), Config).

message(Code, Text, Answer) ->
    ?assertMatch({error, {Code, _}}, Answer),
    {error, {_, Message}} = Answer,
    ?assertMatch({_, {_, _}}, {Message, binary:match(Message, Text)}).

vectors(Config, Texts, Options) ->
    {ok, #{embeddings := Vectors}} = llama_node:embed(server(Config), Texts, Options),
    Vectors.

await_chunk(Task) ->
    receive {llama_node, Task, {chunk, #{index := Index}}} -> Index end.
