#!/usr/bin/env escript
%% A gen_server that reads an answer at its own pace: it asks for three events at a time, and what comes meanwhile waits
%% in the node, joined into one chunk.
-module(reader).
-mode(compile).
-behaviour(gen_server).
-export([main/1, init/1, handle_call/3, handle_cast/2, handle_info/2]).

-define(AT_ONCE, 3).

main(_) ->
    {ok, Llama} = llama_node:start_link(#{}),
    {ok, Reader} = gen_server:start(?MODULE, Llama, []),
    Ref = monitor(process, Reader),
    receive {'DOWN', Ref, process, Reader, normal} -> ok end,
    ok = llama_node:destroy_server(Llama).

init(Llama) ->
    {ok, Session} = llama_node:create_session(Llama, #{temperature => 0, max_tokens => 40, ignore_eos => true}),
    {ok, Task} = llama_node:stream(Llama, Session, chat, #{content => "Tell me a story.", active => ?AT_ONCE}),
    {ok, #{llama => Llama, task => Task, asked => 1}}.

handle_info({llama_node, Task, {chunk, #{content := Text}}}, #{task := Task} = State) ->
    io:format("~tp~n", [Text]),
    {noreply, State};
handle_info({llama_node, Task, passive}, #{task := Task, llama := Llama, asked := Asked} = State) ->
    io:format("(~b were asked for; now for ~b more)~n", [?AT_ONCE, ?AT_ONCE]),
    ok = llama_node:active(Llama, Task, ?AT_ONCE),
    {noreply, State#{asked := Asked + 1}};
handle_info({llama_node, Task, {done, #{usage := #{completion_tokens := Tokens}}}}, #{task := Task} = State) ->
    io:format("done: ~b tokens, asked ~b times~n", [Tokens, map_get(asked, State)]),
    {stop, normal, State};
handle_info({llama_node, Task, {error, {Code, Message}}}, #{task := Task} = State) ->
    io:format("~p: ~ts~n", [Code, Message]),
    {stop, Code, State}.

handle_call(_Request, _From, State) -> {reply, ok, State}.

handle_cast(_Request, State) -> {noreply, State}.
