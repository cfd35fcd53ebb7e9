%% What holds where a task does not say: its session's settings, its model's, the node's, those of the model's file; and
%% how all of them can be asked.
-module(llama_node_defaults_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-define(LIMITED, #{usage := #{completion_tokens := 3}, finish_reason := length}).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}].

groups() ->
    Cases = [what_a_server_is_configured_with_holds_for_models_loaded_later, settings_without_a_model_at_the_start,
             a_task_outranks_a_session_which_outranks_its_model, a_load_outranks_the_start,
             defaults_come_from_the_file, a_faulty_default_is_refused_by_its_key, a_session_tells_what_is_in_force,
             a_living_session_changes, all_caches_are_cleared],
    [{distribution, [], Cases}, {port, [], Cases}].

init_per_group(Transport, Config) ->
    case llama_node_ct:real_node() of
        {ok, #{model := Model}} -> [{transport, Transport}, {model, Model} | Config];
        {skip, _} = Skip -> Skip
    end.

end_per_group(_, _) ->
    ok.

start(Options, Config) ->
    {ok, Server} = llama_node:start_link(Options#{transport => proplists:get_value(transport, Config),
                                                  log_level => warning}),
    Server.

model(Config) -> proplists:get_value(model, Config).

named(Id, Server) ->
    {ok, Models} = llama_node:list_models(Server),
    [Model] = [Model || #{id := Known} = Model <- Models, Known =:= Id],
    Model.

endless(More) -> maps:merge(#{temperature => 0, ignore_eos => true}, More).

what_a_server_is_configured_with_holds_for_models_loaded_later(Config) ->
    Server = start(#{model => model(Config), id => first, n_parallel => 2, n_ctx => 128, max_tokens => 3}, Config),
    ok = llama_node:load_model(Server, model(Config), #{id => second}),
    ok = llama_node:load_model(Server, model(Config), #{id => third, n_ctx => 64}),
    ?assertMatch(#{n_parallel := 2, n_ctx := 128}, named(<<"first">>, Server)),
    ?assertMatch(#{n_parallel := 2, n_ctx := 128}, named(<<"second">>, Server)),
    ?assertMatch(#{n_parallel := 2, n_ctx := 64}, named(<<"third">>, Server)),
    [?assertMatch({ok, ?LIMITED}, llama_node:complete(Server, <<"Once">>, endless(#{model => Id})))
     || Id <- [first, second, third]],
    ok = llama_node:destroy_server(Server).

settings_without_a_model_at_the_start(Config) ->
    Server = start(#{models => [], n_parallel => 1, n_ctx => 96, system_prompt => <<"Be brief.">>}, Config),
    ok = llama_node:load_model(Server, model(Config), #{id => only}),
    ?assertMatch(#{n_parallel := 1, n_ctx := 96}, named(<<"only">>, Server)),
    {ok, Session} = llama_node:create_session(Server, #{}),
    ?assertMatch({ok, #{system_prompt := true}}, llama_node:get_session_info(Server, Session)),
    ok = llama_node:destroy_server(Server).

a_task_outranks_a_session_which_outranks_its_model(Config) ->
    Server = start(endless(#{model => model(Config), n_ctx => 256, max_tokens => 3}), Config),
    Tokens = fun (Session, More) ->
        {ok, Task} = llama_node:create_task(Server, Session, completion, More#{prompt => <<"Once">>}),
        {ok, #{usage := #{completion_tokens := Count}}} = llama_node:get_result(Server, Task, 60000),
        Count
    end,
    {ok, Plain} = llama_node:create_session(Server, #{}),
    {ok, Own} = llama_node:create_session(Server, #{n_predict => 2}),
    ?assertEqual([3, 2, 1, 1], [Tokens(Plain, #{}), Tokens(Own, #{}), Tokens(Own, #{max_tokens => 1}),
                                Tokens(Plain, #{n_predict => 1})]),
    ok = llama_node:destroy_server(Server).

a_load_outranks_the_start(Config) ->
    Server = start(endless(#{models => [], max_tokens => 7}), Config),
    ok = llama_node:load_model(Server, model(Config), <<"{\"max_tokens\": 3, \"temperature\": 0}">>),
    ?assertMatch({ok, ?LIMITED}, llama_node:complete(Server, <<"Once">>, #{})),
    ok = llama_node:destroy_server(Server).

defaults_come_from_the_file(Config) ->
    Path = filename:join(proplists:get_value(priv_dir, Config), "wishes.gguf"),
    ok = llama_node_test_gguf:with_metadata(model(Config), Path, [{float32, "general.sampling.temp", 0.25},
                                                                  {uint32, "general.sampling.top_k", 7}]),
    Server = start(#{model => Path, id => wishes, n_ctx => 128, top_p => 0.5, temperature => nil}, Config),
    ?assertMatch(#{temperature := 0.25, top_k := 7, top_p := 0.5, min_p := 0.05,
                   from := #{temperature := model, top_k := model, top_p := option, min_p := default}},
                 named(<<"wishes">>, Server)),
    ok = llama_node:destroy_server(Server).

a_faulty_default_is_refused_by_its_key(Config) ->
    Server = start(#{models => []}, Config),
    [?assertMatch({Key, {error, {invalid_argument, <<Key:(byte_size(Key))/binary, _/binary>>}}},
                  {Key, llama_node:load_model(Server, model(Config), Given)})
     || {Key, Given} <- [{<<"temperature">>, #{temperature => 101}},
                         {<<"logit_bias">>, #{logit_bias => #{1000000 => 1}}},
                         {<<"grammar">>, #{grammar => <<"this is none">>}},
                         {<<"tool_choice">>, #{tool_choice => required}},
                         {<<"stop">>, #{stop => <<"x">>, json_schema => #{}}},
                         {<<"n_ubatch">>, #{n_ubatch => 600}}]],
    ?assertEqual({ok, []}, llama_node:list_models(Server)),
    ok = llama_node:destroy_server(Server),
    Transport = proplists:get_value(transport, Config),
    ?assertMatch({error, {invalid_argument, <<"grammar", _/binary>>}},
                 llama_node:init_server(#{model => model(Config), grammar => <<"none">>, transport => Transport})).

a_session_tells_what_is_in_force(Config) ->
    Server = start(#{model => model(Config), n_ctx => 256, top_k => 5, stop => ["never said"]}, Config),
    {ok, Session} = llama_node:create_session(Server, #{temperature => 0.3, system_prompt => <<"Be brief.">>}),
    ?assertMatch({ok, #{config := #{temperature := 0.3, top_k := 5, min_p := 0.05, stop := [<<"never said">>],
                                    system_prompt := <<"Be brief.">>,
                                    from := #{temperature := session, top_k := option, min_p := default,
                                              system_prompt := session}}}},
                 llama_node:get_session_info(Server, Session)),
    ok = llama_node:destroy_server(Server).

a_living_session_changes(Config) ->
    Server = start(endless(#{model => model(Config), n_ctx => 256, max_tokens => 3}), Config),
    {ok, Session} = llama_node:create_session(Server, #{system_prompt => <<"Be brief.">>}),
    Turn = fun (Text) ->
        {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => Text}),
        {ok, #{usage := Usage}} = llama_node:get_result(Server, Task, 60000),
        Usage
    end,
    ?assertMatch(#{completion_tokens := 3}, Turn(<<"Hello">>)),
    ok = llama_node:update_session(Server, Session, #{max_tokens => 2}),
    ?assertMatch(#{completion_tokens := 2, cached_tokens := Cached} when Cached > 0, Turn(<<"And now?">>)),
    Template = #{system => <<"Talk.\n">>, prefix => <<"User: ">>, postfix => <<"\nAssistant: ">>},
    ok = llama_node:update_session(Server, Session, #{chat_template => Template}),
    ?assertMatch(#{completion_tokens := 2}, Turn(<<"Once more">>)),
    ?assertMatch({ok, #{messages := 6, config := #{max_tokens := 2, chat_template := #{<<"prefix">> := <<"User: ">>},
                                                   system_prompt := <<"Be brief.">>}}},
                 llama_node:get_session_info(Server, Session)),
    {ok, Running} = llama_node:create_task(Server, Session, chat, #{content => <<"Go on">>, max_tokens => -1}),
    ?assertMatch({error, {server_busy, _}}, llama_node:update_session(Server, Session, #{top_k => 1})),
    ok = llama_node:cancel_task(Server, Running),
    ?assertMatch({error, {invalid_argument, <<"temperature", _/binary>>}},
                 llama_node:update_session(Server, Session, #{temperature => -1})),
    ok = llama_node:close_session(Server, Session),
    ?assertMatch({error, {session_not_found, _}}, llama_node:update_session(Server, Session, #{})),
    ok = llama_node:destroy_server(Server).

all_caches_are_cleared(Config) ->
    Server = start(endless(#{model => model(Config), n_ctx => 256, n_parallel => 2}), Config),
    Used = fun () ->
        {ok, #{models := [#{kv_cache := #{cells := 512, used_cells := Cells, bytes := All, used_bytes := Bytes}}]}} =
            llama_node:get_status(Server),
        ?assertEqual(Bytes * 512, All * Cells),
        Cells
    end,
    {ok, Session} = llama_node:create_session(Server, #{system_prompt => <<"Be brief.">>}),
    {ok, Chat} = llama_node:create_task(Server, Session, chat, #{content => <<"Hello">>, max_tokens => 20}),
    {ok, _} = llama_node:get_result(Server, Chat, 60000),
    Before = Used(),
    {ok, Running} = llama_node:create_task(Server, Session, completion, #{prompt => <<"Once">>}),
    [?assertMatch({error, {server_busy, _}}, llama_node:clear_cache(Server, all, What))
     || What <- [all, all_but_system_prompt]],
    ok = llama_node:cancel_task(Server, Running),
    ok = llama_node:clear_cache(Server, all, all_but_system_prompt),
    System = Used(),
    ?assert(System > 0 andalso System < Before),
    ok = llama_node:clear_cache(Server, all, all),
    ?assertEqual(0, Used()),
    ok = llama_node:destroy_server(Server).
