#!/usr/bin/env escript
%% Every llama.cpp that is installed answers the same question. `bench/backends' measures them more thoroughly.
-mode(compile).

main(_) ->
    {ok, Backends} = llama_node:list_backends(),
    lists:foreach(fun compare/1, Backends).

compare(#{loads := false, llama_lib := Library, reason := Reason}) ->
    io:format("~ts does not load: ~ts~n", [Library, Reason]);
compare(#{loads := true, llama_lib := Library}) ->
    {ok, Llama} = llama_node:start_link(#{llama_lib => Library}),
    {ok, #{library := #{version := Version, chosen := Why}}} = llama_node:get_status(Llama),
    {ok, #{content := Answer, timings := #{predicted_per_second := Rate}}} =
        llama_node:chat(Llama, "What is Erlang?", #{temperature => 0, max_tokens => 60}),
    io:format("llama.cpp ~ts (~ts): ~b tokens a second~n  ~ts~n", [Version, Why, round(Rate), Answer]),
    ok = llama_node:destroy_server(Llama).
