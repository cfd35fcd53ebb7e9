#!/usr/bin/env escript
%% A question, and a conversation that remembers what was said. With the path of a GGUF file, another model answers.
main(Args) ->
    {ok, Llama} = llama_node:start_link([{model, Path} || Path <- Args]),

    {ok, #{content := Answer}} = llama_node:chat(Llama, "What is Erlang?", #{max_tokens => 60, temperature => 0}),
    io:format("What is Erlang?~n  ~ts~n", [Answer]),

    {ok, Session} =
        llama_node:create_session(Llama, #{system_prompt => "Be brief.", max_tokens => 60, temperature => 0}),
    lists:foreach(fun (Question) -> turn(Llama, Session, Question) end, ["Hello!", "And what is a process?"]),

    ok = llama_node:close_session(Llama, Session),
    ok = llama_node:destroy_server(Llama).

turn(Llama, Session, Question) ->
    {ok, Task} = llama_node:create_task(Llama, Session, chat, #{content => Question}),
    {ok, #{content := Answer, usage := #{prompt_tokens := Prompt, cached_tokens := Cached}}} =
        llama_node:get_result(Llama, Task, 60000),
    io:format("~ts~n  ~ts~n  (~b of ~b tokens were in the cache)~n", [Question, Answer, Cached, Prompt]).
