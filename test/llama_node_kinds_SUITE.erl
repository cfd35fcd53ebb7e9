%% The kinds of tasks beside text, on the Java node: embeddings of the model in the box, and of
%% small random models that llama_node_gguf makes. After each case the node must still answer.
-module(llama_node_kinds_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-define(CODE(Code, Call), ?assertMatch({error, {Code, <<_, _/binary>>}}, Call)).
-define(MESSAGE(Code, Text, Call), message(Code, Text, Call)).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, embedding}].

groups() ->
    [{embedding, [], [one_text, a_list, texts_of_all_kinds, binary_is_the_floats, poolings, normalisation,
                      too_long_texts_are_named, bad_embeddings, embedding_tasks, streamed_embeddings,
                      beside_a_generation, a_dead_caller_leaves_nothing]}].

init_per_suite(Config) ->
    llama_node_ct:start_real(#{}, Config).

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
     || Text <- [<<"Once">>, "Once", 'Once', [<<"Once">>], ["Once"], ['Once']], Options <- [#{}, [], [{normalize, true}]]],
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
    [?CODE(invalid_argument, llama_node:embed(Server, Input, #{})) || Input <- [[], 7, [7.5], #{}, <<>>, [<<"a">>, <<>>], <<255>>]],
    [?CODE(invalid_argument, llama_node:embed(Server, <<"a">>, Options))
     || Options <- [#{pooling => rank}, #{encoding_format => base64}, #{temperature => 1}, #{normalize => yes},
                    #{embd_normalize => 2.0}, #{input => <<"b">>}, #{model => nonsense}, #{timeout => 0}]],
    ?MESSAGE(invalid_argument, <<"no token 900">>, llama_node:embed(Server, [{tokens, [900]}], #{})),
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

%% Internal functions

message(Code, Text, Answer) ->
    ?assertMatch({error, {Code, _}}, Answer),
    {error, {_, Message}} = Answer,
    ?assertMatch({_, {_, _}}, {Message, binary:match(Message, Text)}).

server(Config) ->
    proplists:get_value(server, Config).

vectors(Config, Texts, Options) ->
    {ok, #{embeddings := Vectors}} = llama_node:embed(server(Config), Texts, Options),
    Vectors.

await_chunk(Task) ->
    receive {llama_node, Task, {chunk, #{index := Index}}} -> Index end.

dot(A, B) ->
    lists:sum(lists:zipwith(fun (X, Y) -> X * Y end, A, B)).
