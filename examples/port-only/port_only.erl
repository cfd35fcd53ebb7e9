#!/usr/bin/env escript
%% Without Erlang's distribution: no epmd, no cookie, no name, no socket. Requests and answers go over the standard
%% streams of the node's process. A runtime that has no name does so by itself; `transport' says it for one that has.
main(_) ->
    {ok, Llama} = llama_node:start_link(#{transport => port}),
    pong = llama_node:ping(Llama),
    {ok, #{node := Name, library := #{version := Version}}} = llama_node:get_status(Llama),
    io:format("this runtime is ~p, the node ~p with llama.cpp ~ts~n", [node(), Name, Version]),
    {ok, Session} = llama_node:create_session(Llama, #{temperature => 0, max_tokens => 20}),
    Print = fun ({chunk, #{content := Text}}, Count) -> io:put_chars(Text), Count + 1 end,
    {ok, #{finish_reason := Reason}, Chunks} =
        llama_node:stream_fold(Print, 0, Llama, Session, chat, #{content => "Hello!"}),
    io:format("~n~b chunks, ~p~n", [Chunks, Reason]),
    ok = llama_node:destroy_server(Llama).
