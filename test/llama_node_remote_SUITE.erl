%% A node whose model a server runs: the same calls, events, errors and ends, over each transport. The server is
%% scripted.
-module(llama_node_remote_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [server/1]).
-import(llama_node_scripted_server, [events/2, begin_events/1, event/2, await_close/1, status/3, json/2]).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, port}, {group, distribution}, {group, checks}].

groups() ->
    Cases = [completion, chat_with_history, stream, tool_calls, answers_are_checked, calls_are_checked, cancel,
             dead_owner, closed_session, ends_while_tokens_are_asked_for, refused_by_the_server,
             unauthorized_server, other_urls_are_unauthorized, allowed_urls_are_loaded, status_names_the_server,
             keys_are_shown_nowhere, options_without_a_place, keys_of_the_embedded_engine, embeddings, tokens,
             fallback, circles_of_fallbacks],
    [{checks, [], [a_check_of_a_server, a_check_of_what_is_wrong, a_check_of_a_file, a_check_of_fallbacks]},
     {port, [], Cases},
     {distribution, [], [completion, stream, answers_are_checked, calls_are_checked, cancel, dead_owner, closed_session,
                         ends_while_tokens_are_asked_for, other_urls_are_unauthorized, fallback]}].

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    Config.

end_per_suite(_) ->
    ok.

init_per_group(checks, Config) ->
    init_per_group(port, Config);
init_per_group(Transport, Config) ->
    case llama_node_ct:real_node() of
        {ok, _} -> start(Transport, Config);
        {skip, _} = Skip -> Skip
    end.

start(Transport, Config) ->
    Test = spawn(fun () -> handlers(fun (_, _, _) -> default end) end),
    Scripted = llama_node_scripted_server:start(
        fun (Path, Body, Socket) ->
            Test ! {get, self()},
            receive {handler, Handler} -> Handler(Path, Body, Socket) end
        end),
    Options = #{transport => Transport, engine => llama_server, url => llama_node_scripted_server:url(Scripted),
                api_key => <<"sesame">>, remote_models => [llama_node_scripted_server:url(Scripted)],
                log_level => warning},
    {ok, Server} = started(Options),
    [{server, Server}, {scripted, Scripted}, {handlers, Test}, {options, Options} | Config].

%% Not linked to the process of init_per_group, which ends.
started(Options) -> llama_node:init_server(Options).

end_per_group(_, Config) ->
    ok = llama_node:destroy_server(server(Config)),
    llama_node_scripted_server:stop(scripted(Config)).

init_per_testcase(_, Config) ->
    answer_with(fun (_, _, _) -> default end, Config),
    ok = llama_node_scripted_server:clear(scripted(Config)),
    Config.

end_per_testcase(_, _) ->
    ok.

handlers(Handler) ->
    receive
        {get, From} -> From ! {handler, Handler}, handlers(Handler);
        {set, New, From} -> From ! set, handlers(New)
    end.

scripted(Config) -> proplists:get_value(scripted, Config).

answer_with(Handler, Config) ->
    proplists:get_value(handlers, Config) ! {set, Handler, self()},
    receive set -> ok end.

%% The bodies of the requests that came to a path.
asked(Path, Config) ->
    [Body || {At, _, Body} <- llama_node_scripted_server:requests(scripted(Config)), At =:= Path].

chat(Events) ->
    fun (<<"/v1/chat/completions">>, _, Socket) -> events(Socket, Events ++ ["[DONE]"]);
        (_, _, _) -> default
    end.

%% Two tokens of text, and the one that ends it.
hello() ->
    ["{\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}", "{\"choices\":[{\"delta\":{\"content\":\"lo\"}}]}",
     "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
     "{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":3,\"total_tokens\":8}}"].

%% What a server does not tell is not there.
completion(Config) ->
    answer_with(fun (<<"/v1/completions">>, _, Socket) ->
                        events(Socket, ["{\"choices\":[{\"text\":\" world\"}]}",
                                        "{\"choices\":[{\"text\":\"\",\"finish_reason\":\"length\"}]}", "[DONE]"]);
                    (_, _, _) -> default
                end, Config),
    {ok, Result} = llama_node:complete(server(Config), <<"Hello">>, #{max_tokens => 3, temperature => 0}),
    ?assertMatch(#{content := <<" world">>, finish_reason := length, model := <<"tiny">>}, Result),
    ?assertNot(is_map_key(usage, Result)),
    ?assertNot(is_map_key(stopped_by, Result)),
    ?assertMatch([#{<<"prompt">> := <<"Hello">>, <<"max_tokens">> := 3, <<"top_k">> := 40, <<"model">> := <<"tiny">>}],
                 asked(<<"/v1/completions">>, Config)).

chat_with_history(Config) ->
    answer_with(chat(hello()), Config),
    {ok, Session} = llama_node:create_session(server(Config), #{system_prompt => <<"Be brief.">>}),
    {ok, First} = llama_node:create_task(server(Config), Session, chat, #{content => <<"Hi">>}),
    ?assertMatch({ok, #{content := <<"Hello">>, usage := #{prompt_tokens := 5, completion_tokens := 2}}},
                 llama_node:get_result(server(Config), First, infinity)),
    {ok, Second} = llama_node:create_task(server(Config), Session, chat, #{content => <<"More">>}),
    ?assertMatch({ok, _}, llama_node:get_result(server(Config), Second, infinity)),
    [#{<<"id_slot">> := Slot}, #{<<"messages">> := Messages, <<"id_slot">> := Slot}] =
        asked(<<"/v1/chat/completions">>, Config),
    ?assertEqual([<<"system">>, <<"user">>, <<"assistant">>, <<"user">>], [Role || #{<<"role">> := Role} <- Messages]),
    {ok, Info} = llama_node:get_session_info(server(Config), Session),
    ?assertMatch(#{messages := 4}, Info),
    ?assertNot(is_map_key(cached_tokens, Info)),
    ok = llama_node:close_session(server(Config), Session).

stream(Config) ->
    answer_with(chat(hello()), Config),
    {ok, Session} = llama_node:create_session(server(Config), #{}),
    {ok, Task} = llama_node:stream(server(Config), Session, chat, #{content => <<"Hi">>}),
    {Chunks, Terminal} = llama_node_ct:events(Task),
    ?assertEqual(<<"Hello">>, iolist_to_binary([Text || #{content := Text} <- Chunks])),
    ?assertMatch({done, #{content := <<"Hello">>}}, Terminal),
    ok = llama_node:close_session(server(Config), Session).

%% A fragment of the first call.
call(Fields) ->
    ["{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,", Fields, "}]}}]}"].

tool_calls(Config) ->
    answer_with(chat([call("\"id\":\"c1\",\"function\":{\"name\":\"add\",\"arguments\":\"{\\\"a\\\"\"}"),
                      call("\"function\":{\"arguments\":\":1}\"}"),
                      "{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}"]), Config),
    Tools = [#{type => function, function => #{name => <<"add">>, parameters => #{type => <<"object">>}}}],
    ?assertMatch({ok, #{finish_reason := tool_calls, tool_calls := [#{id := <<"c1">>, name := <<"add">>,
                                                                     arguments := #{<<"a">> := 1}}]}},
                 llama_node:chat(server(Config), [#{role => user, content => <<"1+1">>}], #{tools => Tools})).

json(Term) -> llama_node_json:encode(Term, fun (_, Other) -> error({no_json, Other}) end).

said(Text) -> said(Text, "stop").

said(Text, Reason) ->
    Delta = json(#{content => Text}),
    chat([["{\"choices\":[{\"delta\":", Delta, "}]}"],
          ["{\"choices\":[{\"delta\":{},\"finish_reason\":\"", Reason, "\"}]}"]]).

%% What a server calls complete keeps to what was asked for, or the task fails and tells where it does not.
answers_are_checked(Config) ->
    Server = server(Config),
    Schema = #{type => object, properties => #{n => #{type => integer}}, required => [n]},
    Ask = fun (Text, Options) ->
        answer_with(said(Text), Config),
        llama_node:chat(Server, [#{role => user, content => <<"Hi">>}], Options)
    end,
    [?assertMatch({ok, #{content := Text, finish_reason := stop}}, Ask(Text, #{json_schema => Schema}))
     || Text <- [<<"{\"n\":1}">>, <<" {\n \"n\" : -20 }\n">>]],
    [begin
         {error, {inference_failed, Message}} = Ask(Text, #{json_schema => Schema}),
         ?assertMatch({Text, [_, _]}, {Text, binary:split(Message, Place)}),
         ?assertMatch([_, _], binary:split(Message, <<"does not keep to json_schema: ">>))
     end || {Text, Place} <- [{<<"Sure: {\"n\":1}">>, <<"at byte 0 (character 0) stands \"Sure: {">>},
                              {<<"{\"n\":\"é\"}"/utf8>>, <<"at byte 5 (character 5) stands ">>},
                              {<<"{\"n\":1}}">>, <<"at byte 7 (character 7) stands \"}\"">>},
                              {<<"{\"n\":1">>, <<"it ends at byte 6 (character 6), where more must come">>}]],
    Grammar = <<"root ::= \"é\" [ab]+"/utf8>>,
    ?assertMatch({ok, #{content := <<"éab"/utf8>>}}, Ask(<<"éab"/utf8>>, #{grammar => Grammar})),
    {error, {inference_failed, Wrong}} = Ask(<<"éac"/utf8>>, #{grammar => Grammar}),
    ?assertMatch([_, _], binary:split(Wrong, <<"grammar: at byte 3 (character 2) stands \"c\"">>)),
    %% What was cut off is what there is of it, and what was streamed stays so.
    answer_with(said(<<"{\"n\":">>, "length"), Config),
    ?assertMatch({ok, #{content := <<"{\"n\":">>, finish_reason := length}},
                 llama_node:chat(Server, [#{role => user, content => <<"Hi">>}], #{json_schema => Schema})),
    answer_with(said(<<"{\"n\":x">>), Config),
    {ok, Session} = llama_node:create_session(Server, #{json_schema => Schema}),
    {ok, Task} = llama_node:stream(Server, Session, chat, #{content => <<"Hi">>}),
    {Chunks, Terminal} = llama_node_ct:events(Task),
    ?assertEqual(<<"{\"n\":x">>, iolist_to_binary([Text || #{content := Text} <- Chunks])),
    ?assertMatch({error, {inference_failed, _}}, Terminal),
    ?assertMatch({ok, #{messages := 0}}, llama_node:get_session_info(Server, Session)),
    ok = llama_node:close_session(Server, Session),
    %% By what can not be honoured nothing can be checked.
    ?assertMatch({error, {invalid_argument, <<"json_schema: #/$ref", _/binary>>}},
                 Ask(<<"[]">>, #{json_schema => #{'$ref' => <<"#/$defs/none">>}})),
    {error, {invalid_argument, <<"grammar: line 2, column 14: expected ']' behind the set, found ", _/binary>>}} =
        Ask(<<"1">>, #{grammar => <<"# a number\nroot ::= [0-9">>}).

calls_are_checked(Config) ->
    Server = server(Config),
    Tools = [#{name => add, parameters => #{type => object, properties => #{a => #{type => integer}}}},
             #{name => go, parameters => #{type => object}}],
    Ask = fun (Handler, Options) ->
        answer_with(Handler, Config),
        llama_node:chat(Server, [#{role => user, content => <<"1+1">>}], Options#{tools => Tools})
    end,
    Called = fun (Name, Arguments) ->
        Function = json(#{name => Name, arguments => Arguments}),
        chat([call(["\"id\":\"c1\",\"function\":", Function]),
              "{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}"])
    end,
    Required = #{tool_choice => required},
    ?assertMatch({ok, #{finish_reason := tool_calls}}, Ask(Called(<<"add">>, <<"{\"a\":1}">>), Required)),
    ?assertMatch({ok, #{finish_reason := stop}}, Ask(said(<<"Two.">>), #{})),
    [begin
         {error, {inference_failed, Message}} = Ask(Handler, Options),
         ?assertMatch({Why, [_, _]}, {Why, binary:split(Message, Why)})
     end || {Handler, Options, Why} <-
                [{said(<<"Two.">>), Required, <<"tool_choice requires a call, and the answer has none">>},
                 {Called(<<"fly">>, <<"{}">>), Required,
                  <<"the answer calls \"fly\", which tool_choice does not allow">>},
                 {Called(<<"go">>, <<"{}">>), #{tool_choice => #{type => function, function => #{name => add}}},
                  <<"the answer calls \"go\", which tool_choice does not allow">>},
                 {Called(<<"add">>, <<"{\"a\":\"1\"}">>), Required, <<"do not keep to the parameters of add">>}]].

%% An answer that begins and then waits for its connection to be closed.
endless(Test) ->
    fun (<<"/v1/chat/completions">>, _, Socket) ->
            _ = begin_events(Socket),
            _ = event(Socket, "{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}"),
            closed = await_close(Socket),
            Test ! connection_closed;
        (_, _, _) -> default
    end.

cancel(Config) ->
    answer_with(endless(self()), Config),
    {ok, Session} = llama_node:create_session(server(Config), #{}),
    {ok, Task} = llama_node:stream(server(Config), Session, chat, #{content => <<"Hi">>}),
    receive {llama_node, Task, {chunk, _}} -> ok end,
    ok = llama_node:cancel_task(server(Config), Task),
    receive {llama_node, Task, {error, {cancelled, _}}} -> ok end,
    receive connection_closed -> ok end,
    ok = llama_node:close_session(server(Config), Session).

dead_owner(Config) ->
    answer_with(endless(self()), Config),
    Owner = spawn(fun () ->
        {ok, Session} = llama_node:create_session(server(Config), #{}),
        {ok, Task} = llama_node:stream(server(Config), Session, chat, #{content => <<"Hi">>}),
        receive {llama_node, Task, {chunk, _}} -> exit(done) end
    end),
    _ = monitor(process, Owner),
    receive connection_closed -> ok end.

closed_session(Config) ->
    answer_with(endless(self()), Config),
    {ok, Session} = llama_node:create_session(server(Config), #{}),
    {ok, Task} = llama_node:stream(server(Config), Session, chat, #{content => <<"Hi">>}),
    receive {llama_node, Task, {chunk, _}} -> ok end,
    ok = llama_node:close_session(server(Config), Session),
    receive {llama_node, Task, {error, {cancelled, _}}} -> ok end,
    receive connection_closed -> ok end,
    nothing_runs(Config).

%% The question for tokens before a request is given up as the request is: by a session that is closed, by an owner that
%% dies, by a deadline. Nothing is asked after it.
ends_while_tokens_are_asked_for(Config) ->
    Test = self(),
    answer_with(fun (<<"/tokenize">>, _, Socket) ->
                        Test ! asked,
                        closed = await_close(Socket),
                        Test ! connection_closed;
                    (_, _, _) -> default
                end, Config),
    Stream = fun (More) ->
        {ok, Session} = llama_node:create_session(server(Config), #{}),
        Test ! {session, Session},
        Test ! {told, llama_node:stream(server(Config), Session, chat, More#{content => <<"Hi">>})},
        receive after infinity -> ok end
    end,
    Owner = spawn(fun () -> Stream(#{}) end),
    receive asked -> exit(Owner, kill) end,
    receive connection_closed -> ok end,
    Other = spawn(fun () -> Stream(#{}) end),
    receive {session, _} -> ok end,
    receive {session, Session} -> receive asked -> ok = llama_node:close_session(server(Config), Session) end end,
    receive connection_closed -> ok end,
    receive {told, Cancelled} -> ?assertMatch({error, {cancelled, _}}, Cancelled) end,
    Late = spawn(fun () -> Stream(#{timeout => 1000}) end),
    receive {told, Overdue} -> ?assertMatch({error, {timeout, _}}, Overdue) end,
    %% On a busy machine it may pass before anything is asked.
    receive asked -> receive connection_closed -> ok end after 0 -> ok end,
    [exit(Each, kill) || Each <- [Other, Late]],
    ?assertEqual([], asked(<<"/v1/chat/completions">>, Config)),
    nothing_runs(Config).

%% Both slots are free, and the next task gets one.
nothing_runs(Config) ->
    {ok, #{tasks_running := 0, models := [#{slots := Slots}]}} = llama_node:get_status(server(Config)),
    ?assertEqual([idle, idle], [State || #{state := State} <- Slots]),
    {ok, #{content := <<"Hello">>}} =
        begin
            ok = answer_with(chat(hello()), Config),
            llama_node:chat(server(Config), <<"Hi">>, #{})
        end.

refused_by_the_server(Config) ->
    answer_with(fun (<<"/v1/chat/completions">>, _, Socket) ->
                        status(Socket, 400, "{\"error\":{\"message\":\"sesame does not fit\"}}");
                    (_, _, _) -> default
                end, Config),
    {error, {inference_failed, Message}} = llama_node:chat(server(Config), <<"Hi">>, #{}),
    ?assertMatch({match, _}, re:run(Message, "400: \\*\\*\\* does not fit")).

unauthorized_server(Config) ->
    answer_with(fun (<<"/v1/chat/completions">>, _, Socket) -> status(Socket, 401, "{\"error\":{\"message\":\"no\"}}");
                    (_, _, _) -> default
                end, Config),
    ?assertMatch({error, {unauthorized, _}}, llama_node:chat(server(Config), <<"Hi">>, #{})).

other_urls_are_unauthorized(Config) ->
    [?assertMatch({error, {unauthorized, _}},
                  llama_node:load_model(server(Config), <<>>, Given#{engine => llama_server, id => other}))
     || Given <- [#{url => <<"http://127.0.0.1:1">>},
                  #{url => <<"http://127.0.0.1:1">>, api_key => <<"x">>, headers => #{<<"X">> => <<"y">>}},
                  #{url => llama_node_scripted_server:url(scripted(Config)), cacertfile => <<"/etc/passwd">>},
                  #{url => llama_node_scripted_server:url(scripted(Config)), keyfile => <<"/etc/passwd">>},
                  #{url => llama_node_scripted_server:url(scripted(Config)), proxy => <<"http://127.0.0.1:1">>}]].

allowed_urls_are_loaded(Config) ->
    Url = llama_node_scripted_server:url(scripted(Config)),
    ok = llama_node:load_model(server(Config), <<"tiny">>, #{engine => llama_server, url => Url, id => second}),
    {ok, Models} = llama_node:list_models(server(Config)),
    ?assertMatch([#{id := <<"tiny">>, default := true},
                  #{id := <<"second">>, engine := llama_server, url := Url}], Models),
    ok = llama_node:unload_model(server(Config), second).

status_names_the_server(Config) ->
    Url = llama_node_scripted_server:url(scripted(Config)),
    {ok, #{models := [Model], library := Library}} = llama_node:get_status(server(Config)),
    ?assertMatch(#{id := <<"tiny">>, url := Url, server_kind := llama_server, server_build := <<"b1">>, n_ctx := 512,
                   n_parallel := 2, n_vocab := 300}, Model),
    ?assertNot(is_map_key(n_params, Model)),
    ?assertMatch(#{name := <<"none">>}, Library).

keys_are_shown_nowhere(Config) ->
    {ok, Status} = llama_node:get_status(server(Config)),
    {ok, Models} = llama_node:list_models(server(Config)),
    Server = sys:get_status(server(Config)),
    Child = llama_node:child_spec(proplists:get_value(options, Config)),
    ?assertEqual(nomatch, re:run(io_lib:format("~p~n", [{Status, Models, Server, Child}]), "sesame")),
    ?assert(lists:any(fun ({_, Headers, _}) -> maps:get(<<"authorization">>, Headers, none) =:= <<"Bearer sesame">> end,
                      begin
                          answer_with(chat(hello()), Config),
                          {ok, _} = llama_node:chat(server(Config), <<"Hi">>, #{}),
                          llama_node_scripted_server:requests(scripted(Config))
                      end)).

options_without_a_place(Config) ->
    {error, {unsupported, Message}} =
        llama_node:chat(server(Config), <<"Hi">>, #{chat_template => <<"{{ messages }}">>}),
    ?assertMatch({match, _}, re:run(Message, "^chat_template: ")).

keys_of_the_embedded_engine(Config) ->
    Url = llama_node_scripted_server:url(scripted(Config)),
    {error, {invalid_argument, Message}} =
        llama_node:load_model(server(Config), <<>>, #{engine => llama_server, url => Url, n_gpu_layers => 3}),
    ?assertMatch({match, _}, re:run(Message, "^n_gpu_layers: ")).

embeddings(Config) ->
    answer_with(fun (<<"/v1/embeddings">>, _, Socket) ->
                        json(Socket, "{\"data\":[{\"index\":0,\"embedding\":[0.5,0.25]}],"
                                     "\"usage\":{\"prompt_tokens\":1}}");
                    (_, _, _) -> default
                end, Config),
    ?assertMatch({ok, #{embeddings := [[0.5, 0.25]], dimensions := 2, usage := #{prompt_tokens := 1}}},
                 llama_node:embed(server(Config), <<"a">>, #{})).

%% Without a start: what there is, each in a line.
a_check_of_a_server(Config) ->
    answer_with(chat(hello()), Config),
    Url = llama_node_scripted_server:url(scripted(Config)),
    {ok, Checks} = llama_node:preflight(#{transport => port, engine => llama_server, url => Url, model => tiny,
                                          api_key => <<"sesame">>}),
    ?assertEqual([{<<"options">>, <<>>}, {<<"server ", Url/binary>>, <<"llama_server, build b1, 2 slots, n_ctx 512">>},
                  {<<"model 'tiny' of ", Url/binary>>, <<>>}, {<<"a token of ", Url/binary>>, <<>>}],
                 [{Check, Detail} || #{check := Check, status := ok, detail := Detail} <- Checks]),
    ?assertMatch([#{<<"max_tokens">> := 1}], asked(<<"/v1/chat/completions">>, Config)).

a_check_of_what_is_wrong(Config) ->
    Url = llama_node_scripted_server:url(scripted(Config)),
    Remote = #{transport => port, engine => llama_server, url => Url},
    ?assertMatch([{<<"options">>, <<"invalid_argument: url: ", _/binary>>}], failed(Remote#{url => 5})),
    ?assertMatch([{<<"node">>, <<"invalid_argument: n_gpu_layers: is for models that the node loads", _/binary>>}],
                 failed(Remote#{n_gpu_layers => 3})),
    ?assertMatch([{<<"node">>, <<"start_failed: the node ended: ", _/binary>>}],
                 failed(#{transport => port, launcher => "/bin/false"})),
    ?assertMatch([{<<"server http://127.0.0.1:1">>, <<"model_load_failed: http://127.0.0.1:1: ", _/binary>>}],
                 failed(Remote#{url => "http://127.0.0.1:1"})),
    answer_with(fun (<<"/v1/models">>, _, Socket) -> json(Socket, "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}]}");
                    (_, _, _) -> default
                end, Config),
    [{Model, Other}] = failed(Remote#{model => c}),
    ?assertEqual(<<"model 'c' of ", Url/binary>>, Model),
    ?assertMatch({match, _}, re:run(Other, "has no model 'c'; it lists \\[a, b\\]")),
    answer_with(fun (<<"/v1/chat/completions">>, _, Socket) ->
                        status(Socket, 500, "{\"error\":{\"message\":\"out of sesame\"}}");
                    (_, _, _) -> default
                end, Config),
    ?assertEqual([{<<"a token of ", Url/binary>>,
                   <<"inference_failed: ", Url/binary, ": it answers 500: out of ***">>}],
                 failed(Remote#{api_key => <<"sesame">>})).

failed(Options) ->
    {error, Checks} = llama_node:preflight(Options),
    [{Check, Detail} || #{check := Check, status := failed, detail := Detail} <- Checks].

a_check_of_a_file(_Config) ->
    {ok, #{model := Model}} = llama_node_ct:real_node(),
    Path = iolist_to_binary(Model),
    {ok, Good} = llama_node:preflight(#{transport => port, model => Model}),
    ?assertMatch([_ | _], [ok || #{check := <<"llama.cpp ", _/binary>>} <- Good]),
    ?assertEqual([<<"model ", Path/binary>>, <<"memory for ", Path/binary>>],
                 [Check || #{check := <<"m", _/binary>> = Check} <- Good]),
    ?assertMatch([{<<"model /nowhere.gguf">>, <<"model_load_failed: ", _/binary>>}],
                 failed(#{transport => port, model => "/nowhere.gguf"})),
    ?assertMatch([{<<"memory for ", _/binary>>, <<"out_of_memory: ", _/binary>>}],
                 failed(#{transport => port, model => Model, n_ctx => 2000000000, n_parallel => 64})),
    ?assertEqual({ok, [#{check => <<"options">>, status => ok, detail => <<>>}]},
                 llama_node:preflight(#{transport => fake, model => Model})),
    ?assertMatch([{<<"options">>, <<"invalid_argument: n_threads: is for models that the node loads", _/binary>>}],
                 failed(#{transport => fake, n_threads => 1, engine => llama_server, url => "http://127.0.0.1:1"})).

a_check_of_fallbacks(Config) ->
    answer_with(chat(hello()), Config),
    Server = #{engine => llama_server, url => llama_node_scripted_server:url(scripted(Config))},
    Check = fun (Models) -> #{transport => port, models => Models} end,
    {ok, Good} = llama_node:preflight(Check([Server#{id => a, fallback => b}, Server#{id => b}])),
    ?assertMatch(#{check := <<"fallback 'b' of 'a'">>, status := ok}, lists:last(Good)),
    ?assertMatch([{<<"fallback 'c' of 'a'">>, _}], failed(Check([Server#{id => a, fallback => c}]))),
    ?assertMatch([{_, <<"invalid_argument: fallback: would go round in a circle, a, b, a">>},
                  {_, <<"invalid_argument: fallback: would go round in a circle, b, a, b">>}],
                 failed(Check([Server#{id => a, fallback => b}, Server#{id => b, fallback => a}]))).

%% Another model does what the server refuses, and the result says which; a stream that began is not given twice.
fallback(Config) ->
    load_big(Config),
    Refused = fun (<<"/completion">>, _, Socket) -> status(Socket, 429, "{\"error\":{\"message\":\"full\"}}");
                  (<<"/v1/completions">>, _, Socket) ->
                      events(Socket, ["{\"choices\":[{\"text\":\" there\",\"finish_reason\":\"stop\"}]}", "[DONE]"]);
                  (_, _, _) -> default
              end,
    answer_with(Refused, Config),
    ?assertMatch({ok, #{content := <<" there">>, model := <<"tiny">>}},
                 llama_node:complete(server(Config), <<"Hello">>, #{model => big})),
    ?assertMatch(#{fallback := <<"tiny">>, fallback_tasks := 1}, big(Config)),
    {ok, Session} = llama_node:create_session(server(Config), #{model => big}),
    {ok, Task} = llama_node:stream(server(Config), Session, completion, #{prompt => <<"Hello">>}),
    ?assertMatch({[#{content := <<" there">>}], {done, #{model := <<"tiny">>}}}, llama_node_ct:events(Task)),
    answer_with(fun (<<"/completion">>, _, Socket) ->
                        _ = begin_events(Socket),
                        _ = event(Socket, "{\"content\":\"Hel\"}"),
                        gen_tcp:shutdown(Socket, write);
                    (Path, Body, Socket) -> Refused(Path, Body, Socket)
                end, Config),
    {ok, Begun} = llama_node:stream(server(Config), Session, completion, #{prompt => <<"Hello">>}),
    ?assertMatch({[#{content := <<"Hel">>}], {error, {inference_failed, _}}}, llama_node_ct:events(Begun)),
    ?assertMatch(#{fallback_tasks := 2}, big(Config)),
    ok = llama_node:unload_model(server(Config), big).

load_big(Config) ->
    ok = llama_node:load_model(server(Config), <<>>,
                               #{engine => llama_server, url => llama_node_scripted_server:url(scripted(Config)),
                                 id => big, use_openai => false, fallback => tiny}).

big(Config) ->
    {ok, Models} = llama_node:list_models(server(Config)),
    [Model] = [Model || #{id := <<"big">>} = Model <- Models],
    Model.

circles_of_fallbacks(Config) ->
    load_big(Config),
    Circle = #{engine => llama_server, url => llama_node_scripted_server:url(scripted(Config)), id => other,
               fallback => other},
    ?assertEqual({error, {invalid_argument, <<"fallback: would go round in a circle, other, other">>}},
                 llama_node:load_model(server(Config), <<>>, Circle)),
    {error, {invalid_argument, Embedded}} = llama_node:load_model(server(Config), <<"a.gguf">>, #{fallback => tiny}),
    ?assertMatch({match, _}, re:run(Embedded, "^fallback: goes with engine")),
    ok = llama_node:unload_model(server(Config), big).

tokens(Config) ->
    ?assertEqual({ok, [1, 2, 3]}, llama_node:tokenize(server(Config), <<"abc">>)).
