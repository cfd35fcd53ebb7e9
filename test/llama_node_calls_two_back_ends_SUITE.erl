%% What users of a binding with two back ends bring, `two-back-ends.md' of the shared calls: each call as it stands
%% there, or as docs/coming-from.md names it, against the Java node and the tiny model.
-module(llama_node_calls_two_back_ends_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-define(TEMPLATE, #{system => <<"You are helpful.\n">>, prefix => <<"User: ">>, postfix => <<"\nAssistant: ">>}).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}].

groups() ->
    Cases = [init_with_parameters, the_library_in_use_can_be_asked, prompts_that_come_again, streams_and_adapters,
             size_and_clearing_of_the_cache, a_template_on_a_living_instance, tools_are_called, destroy],
    [{distribution, [], Cases}, {port, [], Cases}].

init_per_group(Transport, Config) ->
    case llama_node_ct:real_node() of
        {ok, _} -> [{transport, Transport} | Config];
        {skip, _} = Skip -> Skip
    end.

end_per_group(_, _) ->
    ok.

model(Name) -> filename:join([llama_node_options:priv_dir(), "models", Name]).

%% init({modelPath, maxContextLen: 2048, temperature: 0.7})
start(More, Config) ->
    Options = #{model => model("tiny-chat.gguf"), n_ctx => 2048, temperature => 0.7, log_level => warning,
                transport => proplists:get_value(transport, Config)},
    {ok, Server} = llama_node:start_link(maps:merge(Options, More)),
    Server.

init_with_parameters(Config) ->
    Server = start(#{}, Config),
    ?assertMatch({ok, [#{n_ctx := 2048, temperature := 0.7, from := #{n_ctx := option, temperature := option}}]},
                 llama_node:list_models(Server)),
    ok = llama_node:destroy_server(Server).

%% init(params, 'ffi'), backendType
the_library_in_use_can_be_asked(Config) ->
    Server = start(#{llama_lib => embedded}, Config),
    ?assertMatch({ok, #{library := #{version := <<"b4916">>}}}, llama_node:get_status(Server)),
    ok = llama_node:destroy_server(Server).

%% run({inputType: PROMPT, inputData: "Hello, world!"}).text
prompts_that_come_again(Config) ->
    Server = start(#{max_tokens => 4}, Config),
    ?assertMatch({ok, #{content := _, usage := #{cached_tokens := 0}}},
                 llama_node:complete(Server, <<"Hello, world!">>, #{})),
    {ok, #{usage := #{prompt_tokens := Prompt, cached_tokens := Cached}}} =
        llama_node:complete(Server, <<"Hello, world!">>, #{}),
    ?assertEqual(Prompt - 1, Cached),
    ok = llama_node:destroy_server(Server).

%% A streaming run; LoRA load and unload.
streams_and_adapters(Config) ->
    Server = start(#{max_tokens => 4}, Config),
    ok = llama_node:load_adapter(Server, model("tiny-chat-lora.gguf"), #{id => lora}),
    {ok, Session} = llama_node:create_session(Server, #{lora => [{lora, 1.0}]}),
    {ok, Task} = llama_node:stream(Server, Session, completion, #{prompt => <<"Hello, world!">>, ignore_eos => true}),
    ?assertMatch({[_ | _], {done, #{usage := #{completion_tokens := _}}}}, llama_node_ct:events(Task)),
    ok = llama_node:unload_adapter(Server, lora, #{}),
    ok = llama_node:destroy_server(Server).

%% getKVCacheSize(), clearKVCache(true)
size_and_clearing_of_the_cache(Config) ->
    Server = start(#{system_prompt => <<"You are helpful.">>, max_tokens => 8}, Config),
    Used = fun () ->
        {ok, #{models := [#{kv_cache := #{cells := All, used_cells := Cells, bytes := Bytes, used_bytes := _}}]}} =
            llama_node:get_status(Server),
        ?assert(Bytes > 0 andalso All >= Cells),
        Cells
    end,
    ?assertEqual(0, Used()),
    {ok, _} = llama_node:chat(Server, <<"Hello, world!">>, #{}),
    Full = Used(),
    ok = llama_node:clear_cache(Server, all, all_but_system_prompt),
    System = Used(),
    ?assert(0 < System andalso System < Full),
    ok = llama_node:clear_cache(Server, all, all),
    ?assertEqual(0, Used()),
    ok = llama_node:destroy_server(Server).

%% setChatTemplate(system, "User: ", "\nAssistant: ")
a_template_on_a_living_instance(Config) ->
    Server = start(#{max_tokens => 4}, Config),
    {ok, Session} = llama_node:create_session(Server, #{}),
    ok = llama_node:update_session(Server, Session, #{chat_template => ?TEMPLATE}),
    {ok, Shown} = llama_node:apply_template(Server, #{messages => [#{role => user, content => <<"Hi">>}],
                                                     chat_template => ?TEMPLATE}),
    {ok, Count} = llama_node:count_tokens(Server, Shown),
    {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => <<"Hi">>}),
    {ok, #{usage := #{prompt_tokens := Prompt}}} = llama_node:get_result(Server, Task, 60000),
    ?assert(abs(Prompt - Count) =< 1),
    ?assertMatch({ok, #{config := #{chat_template := #{<<"prefix">> := <<"User: ">>}}}},
                 llama_node:get_session_info(Server, Session)),
    ok = llama_node:load_model(Server, model("tiny-chat.gguf"), #{id => framed, chat_template => ?TEMPLATE}),
    ?assertEqual({ok, Shown}, llama_node:apply_template(Server, #{messages => [#{role => user, content => <<"Hi">>}],
                                                                 model => framed})),
    ok = llama_node:destroy_server(Server).

%% Function calling.
tools_are_called(Config) ->
    Server = start(#{temperature => 0}, Config),
    Self = self(),
    Tool = #{name => get_weather, parameters => #{type => object, properties => #{}},
             function => fun (_) -> Self ! called, <<"rain">> end},
    ?assertMatch({ok, #{tool_calls := [#{name := <<"get_weather">>} | _]}},
                 llama_node:chat(Server, <<"What is the weather?">>,
                                 #{tools => [maps:remove(function, Tool)], tool_choice => required,
                                   max_tokens => 200})),
    ?assertMatch({ok, #{content := _}}, llama_node:chat_tools(Server, <<"Hello">>, [Tool], #{max_tokens => 20})),
    ok = llama_node:destroy_server(Server).

destroy(Config) ->
    Server = start(#{}, Config),
    ok = llama_node:destroy_server(Server),
    ?assertMatch({error, {node_down, _}}, llama_node:ping(Server)).
