%% A node whose model a real llama-server runs: what only such a server can show. Skipped where there is none.
-module(llama_node_real_server_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [server/1]).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [status_names_the_server, whole_answers_have_usage, streams_have_usage].

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    case {llama_node_ct:real_node(), llama_node_ct:model()} of
        {{ok, _}, {ok, Model}} -> start(Model, Config);
        {{skip, _} = Skip, _} -> Skip
    end.

start(Model, Config) ->
    case llama_node_llama_server:start(Model, ["-c", "512", "-np", "2", "-t", "1"]) of
        {ok, Real} ->
            {ok, Server} = llama_node:init_server(#{engine => llama_server, transport => port, log_level => warning,
                                                    url => llama_node_llama_server:url(Real)}),
            [{server, Server}, {real, Real} | Config];
        {skip, _} = Skip ->
            Skip
    end.

end_per_suite(Config) ->
    ok = llama_node:destroy_server(server(Config)),
    llama_node_llama_server:stop(real(Config)).

real(Config) -> proplists:get_value(real, Config).

status_names_the_server(Config) ->
    {ok, #{models := [Model]}} = llama_node:get_status(server(Config)),
    {200, Props} = llama_node_llama_server:get(real(Config), "/props"),
    {_, Vocabulary} = llama_node_ct:sizes(),
    #{<<"build_info">> := Build, <<"default_generation_settings">> := #{<<"n_ctx">> := Context}} = Props,
    ?assertMatch(#{server_kind := llama_server, server_build := Build, n_ctx := Context, n_parallel := 2,
                   n_vocab := Vocabulary}, Model).

whole_answers_have_usage(Config) ->
    ?assertMatch({ok, #{usage := #{prompt_tokens := Prompt, completion_tokens := 8, total_tokens := Total,
                                   cached_tokens := Cached},
                        timings := #{predicted_ms := _}, finish_reason := length}}
                 when Prompt > 0 andalso Total =:= Prompt + 8 andalso Cached < Prompt,
                 llama_node:complete(server(Config), <<"Once upon a time">>,
                                     #{max_tokens => 8, temperature => 0, ignore_eos => true})).

streams_have_usage(Config) ->
    Session = llama_node_ct:own_session(Config),
    {ok, Task} = llama_node:stream(server(Config), Session, chat,
                                   #{content => <<"Hello">>, max_tokens => 8, temperature => 0, ignore_eos => true}),
    {Chunks, {done, Result}} = llama_node_ct:events(Task),
    ?assertMatch(#{usage := #{completion_tokens := 8}, finish_reason := length}, Result),
    ?assertEqual(maps:get(content, Result), iolist_to_binary([Text || #{content := Text} <- Chunks])).
