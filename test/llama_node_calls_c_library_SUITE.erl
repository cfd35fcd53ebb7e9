%% What users of a C library with JSON calls bring, word for word: `c-library.md' of the shared calls, against the Java
%% node and the tiny model. docs/coming-from.md has the same in a table.
-module(llama_node_calls_c_library_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").
-include("llama_node_ct.hrl").

-import(llama_node_ct, [server/1]).

-define(CHAT, <<"{\"messages\": [{\"role\": \"user\", \"content\": \"Hello!\"}], \"n_predict\": 128, "
                "\"temperature\": 0.7, \"stream\": false}">>).

-define(MESSAGE(Code, Part, Call), message(Code, Part, Call)).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}].

groups() ->
    Cases = [servers_as_they_stand, a_whole_program, four_sessions_side_by_side, many_processes_chat,
             a_callback_that_stops, one_task_at_a_time, names_of_the_library_are_told, sessions_as_they_stand,
             completions_as_they_stand, a_chat_as_it_stands, an_embedding_as_it_stands,
             the_loaded_model_answers,
             the_demo_is_kept_where_it_is_named, streams_asked_for_in_create_task, streams_asked_for_in_raw_calls,
             contradictions_are_refused_by_name],
    [{distribution, [], Cases}, {port, [], Cases}].

init_per_suite(Config) -> Config.

end_per_suite(_) -> ok.

init_per_group(Transport, Config) ->
    llama_node_ct:start_over(Transport, #{n_ctx => 1024}, Config).

end_per_group(Transport, Config) ->
    llama_node_ct:stop_over(Transport, Config).

end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

%% Servers and programs

%% Each configuration starts a server; what is asked of flash attention is had or told by the library.
servers_as_they_stand(Config) ->
    [begin
         {ok, Server} = llama_node:init_server(with_transport(Json, Config)),
         {ok, #{models := [Model]}} = llama_node:get_status(Server),
         ?assertMatch(#{n_parallel := 4, n_ctx := NCtx}, Model),
         ?assertMatch({ok, #{content := _}}, llama_node:complete(Server, <<"Hello">>, #{n_predict => 3})),
         ?assertEqual(ok, llama_node:destroy_server(Server))
     end || {NCtx, Json} <- [{4096, <<"{\"n_parallel\": 4, \"n_ctx\": 4096, \"n_batch\": 512, \"n_threads\": 8, "
                                      "\"n_gpu_layers\": 35, \"timeout_read\": 600, \"timeout_write\": 600, "
                                      "\"slot_prompt_similarity\": 0.0, \"cont_batching\": true, "
                                      "\"flash_attn\": true}">>},
                             {2048, <<"{\"n_parallel\": 4, \"n_ctx\": 2048}">>},
                             {2048, <<"{\"n_parallel\": 4, \"n_ctx\": 2048, \"cont_batching\": true}">>}]].

%% A server with a configuration, no model in it; one by path without configuration; a session; a completion; its
%% result.
a_whole_program(Config) ->
    {ok, Server} = llama_node:init_server(with_transport(<<"{\"n_parallel\": 4, \"n_ctx\": 2048}">>, Config)),
    ok = llama_node:load_model(Server, copy("llama-7b.gguf", Config), undefined),
    {ok, Session} = llama_node:create_session(Server, <<"{\"cache_prompt\": true, \"temperature\": 0.7}">>),
    {ok, Task} = llama_node:create_task(Server, Session, "completion",
                                        <<"{\"prompt\": \"Hello\", \"n_predict\": 50}">>),
    ?assertMatch({ok, #{model := <<"llama-7b">>, content := _}}, llama_node:get_result(Server, Task, 10000)),
    ?assertMatch({ok, #{state := ready}}, llama_node:get_status(Server)),
    ?assertMatch({ok, #{id := Session, tasks_done := 1}}, llama_node:get_session_info(Server, Session)),
    ok = llama_node:close_session(Server, Session),
    ?CODE(session_not_found, llama_node:create_task(Server, Session, "completion", <<"{\"prompt\": \"Hello\"}">>)),
    ok = llama_node:destroy_server(Server).

%% Four sessions, and a process for each.
four_sessions_side_by_side(Config) ->
    answered([{"completion", <<"{\"prompt\": \"Hello\", \"n_predict\": 50}">>} || _ <- lists:seq(1, 4)], Config).

%% A session for each conversation, and many processes that create a chat task and wait for it.
many_processes_chat(Config) ->
    answered([{"chat", ?CHAT} || _ <- lists:seq(1, 12)], Config).

answered(Tasks, Config) ->
    Pids = [spawn_monitor(fun () -> exit(result(Config, Type, Input)) end) || {Type, Input} <- Tasks],
    [receive {'DOWN', Ref, process, Pid, Result} -> ?assertMatch({ok, #{content := _}}, Result) end
     || {Pid, Ref} <- Pids].

%% Without continuous batching a task waits for the other, though a slot is free.
one_task_at_a_time(Config) ->
    Json = <<"{\"n_parallel\": 2, \"n_ctx\": 256, \"cont_batching\": false}">>,
    {ok, Server} = llama_node:init_server(with_transport(Json, Config)),
    Session = llama_node_ct:session(Server),
    {ok, First} = llama_node:stream(Server, Session, completion, llama_node_ct:endless()),
    receive {llama_node, First, {chunk, _}} -> ok end,
    Next = #{prompt => <<"Hello">>, n_predict => 2},
    ?assertMatch({ok, #{queue_position := 1}}, llama_node:estimate_task(Server, Session, completion, Next)),
    Second = llama_node_ct:task(Server, Session, Next),
    ?CODE(timeout, llama_node:get_result(Server, Second, 0)),
    ok = llama_node:cancel_task(Server, First),
    ?assertMatch({ok, #{content := _}}, llama_node:get_result(Server, Second, 30000)),
    ok = llama_node:destroy_server(Server).

%% It gets each chunk, and answers whether the stream goes on.
a_callback_that_stops(Config) ->
    Session = llama_node_ct:own_session(Config),
    Input = <<"{\"prompt\": \"Hello\", \"n_predict\": 128, \"stream\": true, \"ignore_eos\": true}">>,
    Fun = fun
        ({chunk, #{content := Text, index := 2}}, Texts) -> {stop, [Text | Texts]};
        ({chunk, #{content := Text}}, Texts) -> [Text | Texts]
    end,
    ?assertMatch({stopped, [_, _, _]}, llama_node:stream_fold(Fun, [], server(Config), Session, "completion", Input)),
    All = fun ({chunk, #{content := Text}}, Texts) -> [Text | Texts] end,
    {ok, #{content := Content}, Texts} =
        llama_node:stream_fold(All, [], server(Config), Session, "completion",
                               <<"{\"prompt\": \"Hello\", \"n_predict\": 5}">>),
    ?assertEqual(Content, iolist_to_binary(lists:reverse(Texts))).

names_of_the_library_are_told(Config) ->
    Server = server(Config),
    [?MESSAGE(invalid_argument, <<"(did you mean '", Meant/binary, "'?)">>,
              llama_node:complete(Server, <<"Hi">>, #{Name => 1}))
     || {Name, Meant} <- [{maxTokens, <<"max_tokens">>}, {"stopSequences", <<"stop">>}, {topP, <<"top_p">>},
                          {num_predict, <<"max_tokens">>}, {<<"presencePenalty">>, <<"presence_penalty">>}]],
    ?MESSAGE(invalid_argument, <<"unknown option 'ctx_size' (did you mean 'n_ctx'?)">>,
             llama_node:load_model(Server, "/m.gguf", <<"{\"ctx_size\": 2048}">>)),
    ?MESSAGE(invalid_argument, <<"unknown option (did you mean 'n_ctx'?)">>,
             llama_node:init_server(<<"{\"maxContextLen\": 2048}">>)),
    %% 0 asks whether it is there, where the library waits for ever.
    Session = llama_node_ct:own_session(Config),
    Task = llama_node_ct:task(Server, Session, llama_node_ct:endless()),
    ?CODE(timeout, llama_node:get_result(Server, Task, 0)),
    ?assertEqual(ok, llama_node:cancel_task(Server, Task)),
    ?CODE(cancelled, llama_node:get_result(Server, Task, infinity)).

%% Sessions and inputs

sessions_as_they_stand(Config) ->
    [begin
         {ok, Session} = llama_node:create_session(server(Config), Given),
         ?assertMatch({ok, #{id := Session}}, llama_node:get_session_info(server(Config), Session)),
         ?assertEqual(ok, llama_node:close_session(server(Config), Session))
     end || Given <- [<<"{\"cache_prompt\": true, \"system_prompt\": \"You are a helpful assistant.\", \"n_keep\": 10, "
                        "\"temperature\": 0.7, \"top_p\": 0.95}">>,
                      <<"{\"cache_prompt\": true, \"temperature\": 0.7}">>, undefined, nil, null, <<"null">>, #{}, []]],
    {ok, Raw} = gen_server:call(proplists:get_value(mailbox, Config), {create_session, undefined}),
    ok = llama_node:close_session(server(Config), Raw).

completions_as_they_stand(Config) ->
    ?assertMatch({ok, #{content := _, usage := #{completion_tokens := N}}} when N =< 128,
                 result(Config, "completion",
                        <<"{\"prompt\": \"Hello, how are you?\", \"n_predict\": 128, \"temperature\": 0.7, "
                          "\"top_p\": 0.95, \"stream\": false, \"stop\": [\"</s>\", \"\\n\\n\"]}">>)),
    ?assertMatch({ok, #{content := _}},
                 result(Config, <<"completion">>, <<"{\"prompt\": \"Hello\", \"n_predict\": 50}">>)).

a_chat_as_it_stands(Config) ->
    ?assertMatch({ok, #{content := _, finish_reason := _}}, result(Config, "chat", ?CHAT)).

%% The same vector, however it is told.
an_embedding_as_it_stands(Config) ->
    {ok, #{embeddings := [Floats]}} =
        result(Config, "embedding", <<"{\"content\": \"Text to embed\", \"encoding_format\": \"float\"}">>),
    {ok, #{embeddings := [Text, Text]}} =
        result(Config, "embedding", <<"{\"content\": [\"Text to embed\", \"Text to embed\"], "
                                      "\"encoding_format\": \"base64\"}">>),
    ?assertEqual(Floats, [F || <<F:32/float-little>> <= base64:decode(Text)]),
    ?MESSAGE(invalid_argument, <<"input and content are the same">>,
             llama_node:embed(server(Config), <<"a">>, #{content => <<"b">>})),
    ?MESSAGE(invalid_argument, <<"content[1]: has ">>,
             result(Config, embedding, #{content => [<<"a">>, binary:copy(<<"word ">>, 1000)]})).

%% The user's model

%% No model is named, one is loaded, and it answers: the shipped one has stood in.
the_loaded_model_answers(Config) ->
    {ok, Server} = llama_node:init_server(with_transport(<<"{\"n_parallel\": 4, \"n_ctx\": 512}">>, Config)),
    ?assertEqual([<<"tiny-chat">>], ids(Server)),
    {ok, Early} = llama_node:create_session(Server, undefined),
    Path = copy("mine.gguf", Config),
    ?MESSAGE(model_load_failed, <<"nowhere.gguf">>, llama_node:load_model(Server, "/nowhere.gguf", undefined)),
    ?assertMatch({ok, #{model := <<"tiny-chat">>}}, llama_node:get_session_info(Server, Early)),
    ?assertEqual(ok, llama_node:load_model(Server, Path, undefined)),
    ?assertEqual([<<"mine">>], ids(Server)),
    ?MESSAGE(session_not_found, <<"stood in until another one was loaded">>,
             llama_node:create_task(Server, Early, completion, #{prompt => <<"Hi">>})),
    {ok, Session} = llama_node:create_session(Server, null),
    {ok, Task} = llama_node:create_task(Server, Session, "completion", <<"{\"prompt\": \"Hello\", \"n_predict\": 5}">>),
    ?assertMatch({ok, #{model := <<"mine">>}}, llama_node:get_result(Server, Task, 30000)),
    ?assertEqual(ok, llama_node:load_model(Server, Path, nil)),
    ?MESSAGE(invalid_argument, <<"with another n_batch">>,
             llama_node:load_model(Server, Path, <<"{\"n_batch\": 64}">>)),
    ok = llama_node:close_session(Server, Session),
    ok = llama_node:destroy_server(Server).

%% Whoever names the shipped model keeps it.
the_demo_is_kept_where_it_is_named(Config) ->
    {ok, Server} = llama_node:init_server(with_transport(<<"{\"model\": \"demo\", \"n_ctx\": 512}">>, Config)),
    ?assertEqual(ok, llama_node:load_model(Server, copy("mine.gguf", Config), null)),
    ?assertEqual([<<"tiny-chat">>, <<"mine">>], ids(Server)),
    ok = llama_node:destroy_server(Server).

ids(Server) ->
    {ok, Models} = llama_node:list_models(Server),
    [Id || #{id := Id} <- Models].

copy(Name, Config) ->
    {ok, Model} = llama_node_ct:model(),
    Path = filename:join(proplists:get_value(priv_dir, Config), Name),
    {ok, _} = file:copy(Model, Path),
    Path.

%% The text with the group's transport in front of its keys.
with_transport(<<"{", Keys/binary>>, Config) ->
    iolist_to_binary(["{\"transport\": \"", atom_to_list(proplists:get_value(transport, Config)), "\", ", Keys]).

%% Streams

%% As of stream/4, whichever way the input is written.
streams_asked_for_in_create_task(Config) ->
    [begin
         Session = llama_node_ct:own_session(Config),
         {ok, Task} = llama_node:create_task(server(Config), Session, completion, Input),
         {Chunks, {done, #{content := Content, task_id := Task}}} = llama_node_ct:events(Task),
         ?assertEqual(Content, iolist_to_binary([Text || #{content := Text} <- Chunks])),
         ?CODE(task_not_found, llama_node:get_result(server(Config), Task, 0))
     end || Input <- [<<"{\"prompt\": \"Once\", \"n_predict\": 8, \"stream\": true}">>,
                      #{prompt => <<"Once">>, n_predict => 8, <<"stream">> => true, coalesce_ms => 1},
                      [stream, {prompt, "Once"}, {n_predict, 8}, {"timeout", 60000}]]],
    Embeddings = llama_node_ct:own_session(Config),
    Vector = #{content => <<"a">>, stream => true},
    {ok, Vectors} = llama_node:create_task(server(Config), Embeddings, embedding, Vector),
    ?assertMatch({[], {done, #{embeddings := [_]}}}, llama_node_ct:events(Vectors)).

%% The node sends to whoever called it.
streams_asked_for_in_raw_calls(Config) ->
    Mailbox = proplists:get_value(mailbox, Config),
    Session = llama_node_ct:own_session(Config),
    Input = #{prompt => <<"Once">>, n_predict => 5, ignore_eos => true, stream => true, active => once},
    {ok, Task} = gen_server:call(Mailbox, {create_task, Session, completion, Input}),
    First = receive {llama_node, Task, {chunk, #{content := Text, index := 0}}} -> Text end,
    ok = gen_server:call(Mailbox, {active, Task, true}),
    {Chunks, {done, #{content := Content}}} = llama_node_ct:events(Task),
    ?assertEqual(Content, iolist_to_binary([First | [More || #{content := More} <- Chunks]])).

contradictions_are_refused_by_name(Config) ->
    Server = server(Config),
    Session = llama_node_ct:own_session(Config),
    [?MESSAGE(invalid_argument, <<"stream: is true, and this call answers with the whole result">>, Answer)
     || Answer <- [llama_node:chat(Server, <<"Hi">>, #{stream => true}),
                   llama_node:complete(Server, <<"Hi">>, <<"{\"stream\": true}">>),
                   llama_node:embed(Server, <<"Hi">>, [stream]),
                   gen_server:call(proplists:get_value(mailbox, Config),
                                   {run, completion, #{prompt => x, stream => true}})]],
    [?MESSAGE(invalid_argument, <<"stream: is false, and this call sends events">>, Answer)
     || Answer <- [llama_node:stream(Server, Session, chat, ?CHAT),
                   llama_node:stream_open(Server, Session, chat, ?CHAT)]],
    ?MESSAGE(invalid_argument, <<"active: needs stream to be true">>,
             llama_node:create_task(Server, Session, completion, #{prompt => <<"Hi">>, active => once})),
    ?assertMatch({ok, #{content := _}}, llama_node:chat(Server, <<"Hi">>, #{n_predict => 2, stream => false})),
    ?assertMatch({ok, #{content := _}},
                 llama_node:complete(Server, <<"Hi">>, <<"{\"n_predict\": 2, \"stream\": false}">>)).

result(Config, Type, Input) ->
    Session = llama_node_ct:own_session(Config),
    case llama_node:create_task(server(Config), Session, Type, Input) of
        {ok, Task} -> llama_node:get_result(server(Config), Task, 30000);
        {error, _} = Error -> Error
    end.

message(Code, Part, Answer) ->
    ?assertMatch({error, {Code, _}}, Answer),
    {error, {_, Message}} = Answer,
    ?assertMatch({_, {_, _}}, {Message, binary:match(Message, Part)}).
