%% Inputs of the Erlang side: keys and absent values in every spelling, near names, and what a request is made of.
-module(llama_node_input_tests).

-include_lib("eunit/include/eunit.hrl").

fields_test() ->
    Expected = {ok, [{<<"a">>, 1}, {<<"b">>, true}]},
    [?assertEqual(Expected, llama_node_input:fields(Given))
     || Given <- [[{a, 1}, b], [{"a", 1}, {<<"b">>, true}], #{a => 1, <<"b">> => true}, [{a, 1}, {b, true}, {a, 2}]]],
    ?assertEqual({error, {twice, <<"a">>}}, llama_node_input:fields([{a, 1}, {<<"a">>, 1}])),
    ?assertEqual({error, {twice, <<"a">>}}, llama_node_input:fields(#{a => 1, "a" => 1})),
    ?assertEqual({error, {not_a_key, {a}}}, llama_node_input:fields(#{{a} => 1})),
    ?assertEqual({error, {not_a_pair, 7}}, llama_node_input:fields([7])),
    [?assertEqual({error, not_fields}, llama_node_input:fields(Given)) || Given <- [7, a, <<"a">>, [{a, 1} | b]]].

texts_test() ->
    [?assertEqual({ok, <<"hi">>}, llama_node_input:text(Text)) || Text <- [hi, "hi", <<"hi">>]],
    [?assertEqual(error, llama_node_input:text(No)) || No <- [true, false, undefined, nil, null, 7, <<255>>, [a], {}]].

near_names_test() ->
    Known = [<<"n_ctx">>, <<"model">>, <<"models">>, <<"id">>],
    [?assertEqual(Near, llama_node_input:near(Name, Known))
     || {Name, Near} <- [{<<"n_ctxt">>, {ok, <<"n_ctx">>}}, {<<"nctx">>, {ok, <<"n_ctx">>}},
                         {<<"modle">>, {ok, <<"model">>}}, {<<"modelss">>, {ok, <<"models">>}},
                         {<<"di">>, {ok, <<"id">>}},
                         {<<"idxx">>, none}, {<<"temperature">>, none}, {binary:copy(<<"x">>, 41), none}]].

requests_test() ->
    {ok, Server} = llama_node:init_server(#{<<"transport">> => <<"fake">>}),
    Asked = fun () -> #{input := Input} = lists:last(llama_node_fake:requests(Server)), Input end,
    [begin
         ?assertMatch({ok, _}, llama_node:chat(Server, Text, Options)),
         ?assertMatch(#{messages := [#{role := user}]}, Asked())
     end || Text <- [hi, "hi", <<"hi">>],
            Options <- [#{}, [], #{messages => nil}, #{<<"messages">> => undefined}, [{"max_tokens", 3}],
                        #{timeout => infinity}, #{<<"timeout">> => 60000}, #{"deadline_ms" => 60000},
                        #{timeout => nil}]],
    {error, {invalid_argument, _}} = llama_node:chat(Server, hi, #{"messages" => []}),
    {error, {invalid_argument, _}} = llama_node:chat(Server, nil, #{}),
    ok = llama_node:destroy_server(Server).

%% A deadline under any of its names bounds the wait for a server that is starting as well.
deadlines_test() ->
    Never = spawn(fun Wait() -> receive stop -> ok; _ -> Wait() end end),
    1 = erlang:trace_pattern({gen_server, call, 3}, true, []),
    [begin
         {Caller, Ref} = spawn_monitor(fun () ->
             receive go -> llama_node:complete(Never, <<"x">>, #{Key => 60000}) end
         end),
         1 = erlang:trace(Caller, true, [call]),
         Caller ! go,
         receive
             {trace, Caller, call, {gen_server, call, [Never, target, Timeout]}} -> ?assertEqual(60800, Timeout)
         end,
         exit(Caller, kill),
         receive {'DOWN', Ref, process, _, killed} -> ok end
     end || Key <- [timeout, <<"timeout">>, "timeout", deadline_ms, <<"deadline_ms">>]],
    _ = erlang:trace_pattern({gen_server, call, 3}, false, []),
    Never ! stop.

paths_test() ->
    [?assertEqual({"m", #{n_ctx => 8}}, llama_node_request:path_and_config(Given))
     || Given <- [#{path => "m", n_ctx => 8}, #{<<"path">> => "m", n_ctx => 8}, [{"path", "m"}, {n_ctx, 8}]]],
    [?assertEqual({Path, #{}}, llama_node_request:path_and_config(Path)) || Path <- ["m", <<"m">>, m, 7]],
    {ok, Server} = llama_node:init_server(#{transport => fake}),
    [?assertEqual({error, {invalid_argument, Message}}, llama_node:inspect_model(Server, Given))
     || {Message, Given} <- [{<<"unknown option 'pth' (did you mean 'path'?)">>, #{pth => "m", n_ctx => 8}},
                             {<<"unknown option 'paht' (did you mean 'path'?)">>, [{"paht", "m"}]},
                             {<<"path is required">>, #{}},
                             {<<"path: is given twice">>, #{path => "m", <<"path">> => "n"}}]],
    ok = llama_node:destroy_server(Server).

%% Start options in JSON are those of a map; nothing at all is as good as none.
start_options_in_json_test() ->
    Json = <<"{\"n_parallel\": 4, \"n_ctx\": 2048, \"name\": \"llm\", \"transport\": \"port\", "
             "\"env\": {\"A\": \"b\"}, "
             "\"models\": [{\"path\": \"/m.gguf\"}], \"model\": \"/n.gguf\", \"cookie\": null}">>,
    ?assertEqual(llama_node_options:new(#{n_parallel => 4, n_ctx => 2048, name => llm, transport => port,
                                          env => #{"A" => "b"}, models => [#{path => "/m.gguf"}], model => "/n.gguf"}),
                 llama_node_options:new(Json)),
    [?assertEqual(llama_node_options:new(#{}), llama_node_options:new(None))
     || None <- [undefined, nil, null, <<"null">>, <<"{}">>]],
    ?assertEqual(llama_node_options:attach(#{name => llm, cookie => "c"}),
                 llama_node_options:attach(<<"{\"name\": \"llm\", \"cookie\": \"c\"}">>)),
    ?assertEqual({ok, #{}}, llama_node_options:attach(undefined)),
    #{start := {_, _, [Hidden]}} = llama_node:child_spec(Json),
    ?assertEqual(llama_node_options:new(Json), llama_node_options:new(Hidden)),
    [?assertEqual({error, {invalid_argument, Message}}, llama_node_options:new(Given))
     || {Message, Given} <- [{<<"n_ctx: must be an integer from 1 to 2147483647, got 0">>, <<"{\"n_ctx\": 0}">>},
                             {<<"flash_attn: must be true, false or auto, got 1">>, <<"{\"flash_attn\": 1}">>},
                             {<<"options: is not valid JSON: unexpected end of the text (line 1, column 11)">>,
                              <<"{\"n_ctx\": ">>},
                             {<<"options: must be a map, a proplist or a JSON object, got a binary">>, <<"[1]">>}]].

%% The shipped model only stands in, unless it is named.
the_shipped_model_test() ->
    {ok, Demo} = llama_node_options:new(<<"{\"model\": \"demo\"}">>),
    ?assertMatch({#{config := #{models := [#{path := <<"/priv/models/tiny-chat.gguf">>} = Model]}}, none}
                   when not is_map_key(stand_in, Model), llama_node_options:default_model(Demo, "/priv")),
    {ok, None} = llama_node_options:new(undefined),
    ?assertMatch({#{config := #{models := [#{stand_in := true}]}}, {default, _}},
                 llama_node_options:default_model(None, llama_node_options:priv_dir())).

%% What a one-call function is told in JSON keeps the order of a schema's properties.
options_in_json_test() ->
    {ok, Server} = llama_node:init_server(<<"{\"transport\": \"fake\"}">>),
    {ok, _} = llama_node:complete(Server, "Hi", <<"{\"json_schema\": {\"properties\": {\"b\": {}, \"a\": {}}}}">>),
    [#{input := Input}] = llama_node_fake:requests(Server),
    ?assertEqual([{<<"properties">>, [{<<"b">>, #{}}, {<<"a">>, #{}}]}], map_get(<<"json_schema">>, Input)),
    {ok, _} = llama_node:chat(Server, "Hi", undefined),
    [?assertMatch({error, {invalid_argument, <<"options: ", _/binary>>}}, llama_node:chat(Server, "Hi", Given))
     || Given <- [<<"{">>, <<"[]">>, 7]],
    ok = llama_node:destroy_server(Server).

%% The scripted server streams a task that says so, too.
streams_of_the_fake_test() ->
    {ok, Server} = llama_node:init_server(#{transport => fake, script => [<<"One">>]}),
    {ok, Session} = llama_node:create_session(Server, nil),
    [begin
         {ok, Task} = Create(#{content => <<"Hi">>, stream => true}),
         receive {llama_node, Task, {chunk, #{content := <<"One">>}}} -> ok end,
         receive {llama_node, Task, {done, #{content := <<"One">>}}} -> ok end
     end || Create <- [fun (Input) -> llama_node:create_task(Server, Session, chat, Input) end,
                       fun (Input) -> gen_server:call(Server, {create_task, Session, chat, Input}) end]],
    {ok, Whole} = llama_node:create_task(Server, Session, chat, #{content => <<"Hi">>, stream => false}),
    ?assertMatch({ok, #{content := <<"One">>}}, llama_node:get_result(Server, Whole, 5000)),
    [Floats] = vectors(Server, #{content => <<"a cat">>}),
    ?assertEqual([base64:encode(<< <<F:32/float-little>> || F <- Floats >>)],
                 vectors(Server, #{input => <<"a cat">>, encoding_format => base64})),
    ok = llama_node:destroy_server(Server).

vectors(Server, Input) ->
    {ok, #{embeddings := Vectors}} = gen_server:call(Server, {run, embedding, Input}),
    Vectors.

%% Names that other systems have, in start options and in inputs.
names_from_elsewhere_test() ->
    [?assertEqual({error, {invalid_argument, <<Key/binary, ": unknown option (did you mean '", Meant/binary, "'?)">>}},
                  llama_node_options:new(#{Key => 1}))
     || {Key, Meant} <- [{<<"modelPath">>, <<"model">>}, {<<"maxContextLen">>, <<"n_ctx">>},
                         {<<"ngl">>, <<"n_gpu_layers">>},
                         {<<"--ctx-size">>, <<"n_ctx">>}, {<<"nGpuLayers">>, <<"n_gpu_layers">>},
                         {<<"num_thread">>, <<"n_threads">>}, {<<"flashAttention">>, <<"flash_attn">>}]],
    Table = llama_node_check:table(),
    [?assertEqual({error, {invalid_argument,
                           <<"unknown option '", Key/binary, "' (did you mean '", Meant/binary, "'?)">>}},
                  llama_node_check:request(Table, {run, completion, #{Key => 1, prompt => x}}))
     || {Key, Meant} <- [{<<"maxTokens">>, <<"max_tokens">>}, {<<"stopSequences">>, <<"stop">>},
                         {<<"topP">>, <<"top_p">>},
                         {<<"num_predict">>, <<"max_tokens">>}, {<<"repetition_penalty">>, <<"repeat_penalty">>},
                         {<<"presencePenalty">>, <<"presence_penalty">>}, {<<"temp">>, <<"temperature">>}]],
    %% What is taken somewhere is so for standing among them, too.
    ?assertEqual(ok, llama_node_check:request(Table, {run, embedding, #{input => x}})),
    ?assertEqual({error, {invalid_argument, <<"unknown option 'input' (did you mean 'content'?)">>}},
                 llama_node_check:request(Table, {run, chat, #{input => x, content => x}})).
