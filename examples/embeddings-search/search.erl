#!/usr/bin/env escript
%% Texts as vectors, and those that are nearest to a question. The demo model gives vectors as any model does, but knows
%% little of meaning: with the path of an embedding model (GGUF), the order is worth something.
-mode(compile).

main(Args) ->
    {ok, Llama} = llama_node:start_link([{model, Path} || Path <- Args]),
    Texts = ["Erlang is a language for programs that must not stop.",
             "A process has a mailbox, and shares no memory.",
             "The sun rises in the east.",
             "Supervisors start processes again."],
    {ok, #{embeddings := Vectors, dimensions := Size}} = llama_node:embed(Llama, Texts, #{}),
    io:format("~b texts of ~b numbers each~n", [length(Vectors), Size]),
    [search(Llama, Question, lists:zip(Vectors, Texts))
     || Question <- ["A process has a mailbox, and shares no memory.", "What is Erlang?"]],
    ok = llama_node:destroy_server(Llama).

search(Llama, Question, Known) ->
    {ok, #{embeddings := [Vector]}} = llama_node:embed(Llama, Question, #{}),
    io:format("~ts~n", [Question]),
    [io:format("  ~.3f  ~ts~n", [Score, Text])
     || {Score, Text} <- lists:reverse(lists:sort([{similarity(Vector, Other), Text} || {Other, Text} <- Known]))].

%% Vectors have the length 1, so the product is the cosine.
similarity(One, Other) ->
    lists:sum([A * B || {A, B} <- lists:zip(One, Other)]).
