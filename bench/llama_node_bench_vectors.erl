%% @doc Texts a second that become embeddings, alone and together, as lists of floats and as binaries, and documents a
%% second that are scored against a query.
-module(llama_node_bench_vectors).

-export([measure/1]).

-define(ROUNDS, 5).
%% Of one text each in a round; fewer of many.
-define(CALLS, 20).
-define(TEXTS, 64).

%% @doc For each number of texts in a call and each encoding: texts a second, round by round; then documents a second,
%% where there is a model for it.
-spec measure(llama_node_bench:settings()) ->
    #{embed := [{pos_integer(), float | binary, [float()]}], rerank := [float()]}.
measure(#{model := Model, n_batch := NBatch, threads := Threads}) ->
    io:format(standard_error, "embeddings and ranking~n", []),
    Options = #{n_parallel => 4, n_ctx => 512, n_batch => NBatch, n_ubatch => NBatch, n_threads => Threads},
    Ranker = filename:join(filename:dirname(Model), "ranker.gguf"),
    Rankers = [#{path => Ranker, id => ranker, n_threads => Threads} || filelib:is_regular(Ranker)],
    {ok, Server} = llama_node:start_link(Options#{model => Model, models => Rankers, log_level => warning}),
    Embed = [{Count, Format, rounds(fun (Seed) -> embed(Server, Count, Format, Seed) end, Count)}
             || Count <- [1, ?TEXTS], Format <- [float, binary]],
    Rerank = [rounds(fun (Seed) -> rerank(Server, Seed) end, ?TEXTS) || _ <- Rankers],
    true = unlink(Server),
    ok = llama_node:destroy_server(Server),
    #{embed => Embed, rerank => lists:append(Rerank)}.

%% The first round is not counted: the Java compiler works, and contexts are made.
rounds(Call, Texts) ->
    [_ | Counted] = [rate(Call, Round, Texts) || Round <- lists:seq(0, ?ROUNDS)],
    Counted.

rate(Call, Round, Texts) ->
    Calls = max(2, ?CALLS div Texts),
    {Time, _} = timer:tc(fun () -> [Call(Round * ?CALLS + N) || N <- lists:seq(1, Calls)] end),
    Calls * Texts * 1.0e6 / Time.

embed(Server, Count, Format, Seed) ->
    {ok, #{embeddings := Vectors}} = llama_node:embed(Server, texts(Count, Seed), #{encoding_format => Format}),
    Count = length(Vectors).

rerank(Server, Seed) ->
    {ok, #{scores := Scores}} =
        llama_node:rerank(Server, <<"where is the answer?">>, texts(?TEXTS, Seed), #{model => ranker}),
    ?TEXTS = length(Scores).

%% About a sentence each, no two alike.
texts(Count, Seed) ->
    [list_to_binary(llama_node_bench:prompt(12, {Seed, Count, N})) || N <- lists:seq(1, Count)].
