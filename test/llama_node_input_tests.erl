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
