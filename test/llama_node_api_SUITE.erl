%% Every function of the API against the Java node and the tiny model. After each case the node must
%% still answer and have a slot free.
-module(llama_node_api_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-define(GREEDY, temperature => 0).
-define(CODE(Code, Call), ?assertMatch({error, {Code, <<_, _/binary>>}}, Call)).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}].

groups() ->
    Groups = [{group, calls}, {group, sessions}, {group, tasks}, {group, streams}],
    [{distribution, [], Groups},
     {port, [], Groups},
     {calls, [], [status, ping, complete, chat, chat_with_a_text, tokens_round_trip, control_tokens_are_text,
                  apply_template, texts_of_all_kinds, json_input, seeds_repeat,
                  stop_strings, run_with_a_deadline, models_by_name, models_by_relative_paths, raw_gen_server_calls]},
     {sessions, [], [transcript_grows, session_info, closing_ends_running_tasks, unknown_session, closed_session,
                     session_defaults, session_of_a_dead_owner]},
     {tasks, [], [result_is_collected_once, result_can_wait_for_its_collector, several_wait_at_once,
                  get_result_timeouts, cancel_twice, cancel_unknown, unknown_task, prompt_only, cast_cancels]},
     {streams, [], [chunks_make_the_content, chunks_are_utf8, fold, fold_stops, cancelled_stream, consumer_is_killed,
                    streams_side_by_side, streams_past_the_context, once_at_a_time, so_many_at_a_time, passive_from_the_start,
                    passive_and_active_again, cancelled_while_text_waits, passive_consumer_dies, too_much_text_waits,
                    coalesced, demand_of_nobody, enumerated, closed_early]}].

init_per_suite(Config) ->
    Config.

end_per_suite(_) ->
    ok.

init_per_group(Transport, Config) when Transport =:= distribution; Transport =:= port ->
    llama_node_ct:start_real(#{transport => Transport}, [{transport, Transport} | Config]);
init_per_group(_, Config) ->
    Config.

end_per_group(Transport, Config) when Transport =:= distribution; Transport =:= port ->
    ok = llama_node:destroy_server(server(Config));
end_per_group(_, _) ->
    ok.

end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

%% Calls

status(Config) ->
    Node = proplists:get_value(node, Config),
    {ok, Status} = llama_node:get_status(server(Config)),
    ?assertMatch(#{state := ready, node := Node, version := <<_, _/binary>>, library := #{name := _, version := _},
                   sessions := _, tasks_waiting := _, tasks_running := _, results_kept := _,
                   counters := #{tasks_created := _, decode_calls := _}, memory := #{rss_bytes := _}}, Status),
    #{models := [Model]} = Status,
    {Parameters, Pieces} = llama_node_ct:sizes(),
    ?assertMatch(#{id := <<"tiny-chat">>, architecture := <<"llama">>, n_params := Parameters, n_ctx := 256, n_vocab := Pieces,
                   n_parallel := 2, slots := [#{state := _, n_ctx := 256}, #{}]}, Model),
    ?assert(is_integer(maps:get(uptime_ms, Status))).

ping(Config) ->
    ?assertEqual(pong, llama_node:ping(server(Config))),
    ?assertEqual(pong, llama_node:ping(proplists:get_value(mailbox, Config))).

complete(Config) ->
    {ok, Result} = llama_node:complete(server(Config), <<"Once upon a time">>,
                                       #{?GREEDY, n_predict => 8, ignore_eos => true}),
    ?assertMatch(#{content := <<_, _/binary>>, finish_reason := length, stopped_by := limit, model := <<"tiny-chat">>,
                   usage := #{prompt_tokens := P, completion_tokens := 8, total_tokens := T, cached_tokens := _},
                   timings := #{queue_ms := _, prompt_ms := _, predicted_ms := _, prompt_per_second := _,
                                predicted_per_second := _}, task_id := _, seed := _} when T =:= P + 8, Result),
    ?assertEqual(Result, maps:without([stop], Result)).

chat(Config) ->
    Messages = [#{role => system, content => <<"You are brief.">>}, #{role => user, content => <<"What is Erlang?">>}],
    {ok, #{content := Content, finish_reason := Reason}} =
        llama_node:chat(server(Config), Messages, #{?GREEDY, max_tokens => 60}),
    ?assertNotEqual(<<>>, Content),
    ?assert(lists:member(Reason, [stop, length])).

chat_with_a_text(Config) ->
    Options = #{?GREEDY, max_tokens => 60},
    [First | Others] = [element(2, llama_node:chat(server(Config), Text, Options))
                        || Text <- [<<"What is Erlang?">>, "What is Erlang?",
                                    [#{role => user, content => "What is Erlang?"}],
                                    [[{role, user}, {content, <<"What is Erlang?">>}]],
                                    [#{<<"role">> => <<"user">>, <<"content">> => 'What is Erlang?'}]]],
    #{content := Content} = First,
    ?assertMatch({match, _}, re:run(Content, "language", [caseless])),
    [?assertMatch(#{content := Content}, Other) || Other <- Others].

tokens_round_trip(Config) ->
    Server = server(Config),
    {_, Pieces} = llama_node_ct:sizes(),
    [begin
         {ok, Tokens} = llama_node:tokenize(Server, Text),
         ?assert(lists:all(fun (T) -> is_integer(T) andalso T >= 0 andalso T < Pieces end, Tokens)),
         {ok, Back} = llama_node:detokenize(Server, Tokens),
         ?assertEqual(Text, string:trim(Back, leading, " "))
     end || Text <- [<<"Once upon a time">>, <<"héllo wörld"/utf8>>, <<"日本 😀"/utf8>>]],
    ?assertEqual({ok, []}, llama_node:tokenize(Server, <<>>)),
    {ok, Plain} = llama_node:tokenize(Server, #{content => <<"Hi">>}),
    ?assertEqual({ok, Plain}, llama_node:tokenize(Server, #{content => "Hi", model => 'tiny-chat'})),
    ?assertEqual({ok, <<>>}, llama_node:detokenize(Server, [])).

control_tokens_are_text(Config) ->
    Server = server(Config),
    {ok, [_, _ | _]} = llama_node:tokenize(Server, <<"<|im_start|>">>),
    ?assertMatch({ok, [_]}, llama_node:tokenize(Server, #{content => <<"<|im_start|>">>, parse_special => true})).

apply_template(Config) ->
    {ok, Prompt} = llama_node:apply_template(server(Config), #{messages => [#{role => user, content => <<"Hi">>}]}),
    ?assertNotEqual(nomatch, string:find(Prompt, "<|im_start|>user\nHi<|im_end|>")),
    ?assertMatch({ok, <<"Hi">>}, llama_node:apply_template(server(Config),
        #{messages => [#{role => user, content => <<"Hi">>}], chat_template => <<"{{ messages[0].content }}">>})).

texts_of_all_kinds(Config) ->
    Server = server(Config),
    Options = #{?GREEDY, n_predict => 4},
    [First | Others] = [content(llama_node:complete(Server, Prompt, Given))
                        || Prompt <- [<<"Once">>, "Once", 'Once'],
                           Given <- [Options, maps:to_list(Options),
                                     #{<<"temperature">> => 0, <<"n_predict">> => 4},
                                     [{"temperature", 0}, {"max_tokens", 4}]]],
    [?assertEqual(First, Other) || Other <- Others].

json_input(Config) ->
    Session = session(Config),
    {ok, Task} = llama_node:create_task(server(Config), Session, <<"completion">>,
                                        <<"{\"prompt\": \"Once\", \"n_predict\": 3, \"ignore_eos\": true}">>),
    ?assertMatch({ok, #{usage := #{completion_tokens := 3}, task_id := Task}},
                 llama_node:get_result(server(Config), Task, infinity)),
    ?CODE(invalid_argument, llama_node:create_task(server(Config), Session, completion, <<"{\"prompt\": ">>)).

seeds_repeat(Config) ->
    Options = #{seed => 7, temperature => 1.5, n_predict => 12, ignore_eos => true},
    {ok, #{content := Content, seed := 7}} = llama_node:complete(server(Config), <<"Once">>, Options),
    ?assertMatch({ok, #{content := Content}}, llama_node:complete(server(Config), <<"Once">>, Options)).

stop_strings(Config) ->
    Prompt = <<"Once upon a time">>,
    Options = #{?GREEDY, n_predict => 20, ignore_eos => true},
    {ok, #{content := Whole}} = llama_node:complete(server(Config), Prompt, Options),
    Stop = binary:part(Whole, byte_size(Whole) div 2, 2),
    [Before, _] = binary:split(Whole, Stop),
    ?assertMatch({ok, #{content := Before, finish_reason := stop, stopped_by := stop_string, stop := Stop}},
                 llama_node:complete(server(Config), Prompt, Options#{stop => [<<"never seen">>, Stop]})).

run_with_a_deadline(Config) ->
    ?CODE(timeout, llama_node:complete(server(Config), <<"Once">>, (maps:remove(prompt, endless()))#{timeout => 50})),
    ?assertMatch({ok, _}, llama_node:complete(server(Config), <<"Once">>, #{n_predict => 1, timeout => 60000})).

models_by_name(Config) ->
    Server = server(Config),
    #{model := Path} = llama_node_ct:options(Config),
    ?assertEqual(ok, llama_node:load_model(Server, Path, #{id => second, n_ctx => 64, n_parallel => 1})),
    ?assertMatch({ok, #{model := <<"second">>}},
                 llama_node:complete(Server, <<"Once">>, #{model => second, n_predict => 1})),
    ?assertMatch({ok, #{model := <<"tiny-chat">>}}, llama_node:complete(Server, <<"Once">>, #{n_predict => 1})),
    {ok, Session} = llama_node:create_session(Server, #{model => <<"second">>}),
    ?assertMatch({ok, #{model := <<"second">>}}, llama_node:get_session_info(Server, Session)),
    ?CODE(invalid_argument, llama_node:complete(Server, <<"Once">>, #{model => third})),
    ?CODE(invalid_argument, llama_node:create_session(Server, #{model => third})),
    ?CODE(invalid_argument, llama_node:load_model(Server, Path, #{id => second})).

%% The directory of the node is the one in which it was launched.
models_by_relative_paths(Config) ->
    Server = server(Config),
    #{model := Path} = llama_node_ct:options(Config),
    {ok, Old} = file:get_cwd(),
    Dir = filename:join(proplists:get_value(priv_dir, Config), integer_to_list(erlang:unique_integer([positive]))),
    ok = file:make_dir(Dir),
    ok = file:make_symlink(Path, filename:join(Dir, "near.gguf")),
    ok = file:set_cwd(Dir),
    try
        [?assertEqual(ok, llama_node:load_model(Server, Near, #{id => Id, n_ctx => 64, n_parallel => 1}))
         || {Near, Id} <- [{"near.gguf", a}, {<<"./near.gguf">>, b}, {'near.gguf', c}]],
        %% This runtime's directory is none of the mailbox's business.
        ?CODE(model_load_failed, gen_server:call(proplists:get_value(mailbox, Config),
                                                 {load_model, "near.gguf", #{id => d}}))
    after
        ok = file:set_cwd(Old)
    end.

%% No client library is needed.
raw_gen_server_calls(Config) ->
    Mailbox = proplists:get_value(mailbox, Config),
    {ok, Session} = gen_server:call(Mailbox, {create_session, #{}}),
    Requests = [gen_server:send_request(Mailbox, {get_session_info, Session}) || _ <- lists:seq(1, 20)],
    [?assertMatch({reply, {ok, #{id := Session}}}, gen_server:receive_response(Request, infinity)) || Request <- Requests],
    %% A tag of any kind comes back as it was.
    [begin
         Mailbox ! {'$gen_call', {self(), Tag}, ping},
         receive {Tag, Answer} -> ?assertEqual(pong, Answer) end
     end || Tag <- [make_ref(), a_tag, {1, "tag"}, <<"tag">>, 1.5, fun lists:map/2]].

%% Sessions

transcript_grows(Config) ->
    Server = server(Config),
    {ok, Session} = llama_node:create_session(Server, #{?GREEDY, max_tokens => 30, system_prompt => <<"Be brief.">>}),
    [begin
         {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => Text}),
         {ok, #{finish_reason := Reason}} = llama_node:get_result(Server, Task, infinity),
         ?assert(lists:member(Reason, [stop, length]))
     end || Text <- [<<"What is Erlang?">>, <<"What is a NIF?">>]],
    {ok, #{messages := Messages, tasks_done := 2, system_prompt := true}} = llama_node:get_session_info(Server, Session),
    ?assert(Messages >= 4).

session_info(Config) ->
    Session = session(Config),
    Self = self(),
    ?assertMatch({ok, #{id := Session, model := <<"tiny-chat">>, owner := Self, messages := 0, tasks_running := 0,
                        tasks_waiting := 0, tasks_done := 0, system_prompt := false, created_ms_ago := _}},
                 llama_node:get_session_info(server(Config), Session)).

closing_ends_running_tasks(Config) ->
    Server = server(Config),
    Session = session(Config),
    %% More than there are slots, so that some run and some wait.
    Tasks = [task(Server, Session, endless()) || _ <- lists:seq(1, 5)],
    ?assertEqual(ok, llama_node:close_session(Server, Session)),
    [?CODE(cancelled, llama_node:get_result(Server, Task, infinity)) || Task <- Tasks],
    ?CODE(session_not_found, llama_node:close_session(Server, Session)).

unknown_session(Config) ->
    Server = server(Config),
    [begin
         ?CODE(session_not_found, llama_node:create_task(Server, Id, completion, #{prompt => <<"x">>})),
         ?CODE(session_not_found, llama_node:stream(Server, Id, completion, #{prompt => <<"x">>})),
         ?CODE(session_not_found, llama_node:get_session_info(Server, Id)),
         ?CODE(session_not_found, llama_node:close_session(Server, Id))
     end || Id <- [1, 1 bsl 52]],
    [?CODE(invalid_argument, llama_node:get_session_info(Server, Id)) || Id <- [one, <<"1">>, 1.0, self(), {}, []]].

closed_session(Config) ->
    Session = session(Config),
    ok = llama_node:close_session(server(Config), Session),
    ?CODE(session_not_found, llama_node:create_task(server(Config), Session, completion, #{prompt => <<"x">>})),
    ?assert(session(Config) =/= Session).

session_defaults(Config) ->
    {ok, Session} = llama_node:create_session(server(Config), [{n_predict, 3}, {ignore_eos, true}]),
    Task = task(server(Config), Session, #{prompt => <<"Once">>}),
    ?assertMatch({ok, #{usage := #{completion_tokens := 3}}}, llama_node:get_result(server(Config), Task, infinity)),
    Other = task(server(Config), Session, #{prompt => <<"Once">>, n_predict => 2}),
    ?assertMatch({ok, #{usage := #{completion_tokens := 2}}}, llama_node:get_result(server(Config), Other, infinity)).

session_of_a_dead_owner(Config) ->
    {_, Ref} = spawn_monitor(fun () -> exit(session(Config)) end),
    Session = receive {'DOWN', Ref, process, _, Id} -> Id end,
    ?CODE(session_not_found, await_no_session(server(Config), Session, 10000)).

%% The news of the owner's death and our question reach the node by ways of their own.
await_no_session(Server, Session, Retries) ->
    case llama_node:get_session_info(Server, Session) of
        {ok, _} when Retries > 0 -> await_no_session(Server, Session, Retries - 1);
        Answer -> Answer
    end.

%% Tasks

result_is_collected_once(Config) ->
    Task = task(server(Config), session(Config), #{prompt => <<"Once">>, n_predict => 2}),
    ?assertMatch({ok, #{task_id := Task}}, llama_node:get_result(server(Config), Task, infinity)),
    ?CODE(task_not_found, llama_node:get_result(server(Config), Task, infinity)),
    ?CODE(task_not_found, llama_node:get_result(server(Config), Task, 0)).

result_can_wait_for_its_collector(Config) ->
    Server = server(Config),
    Session = session(Config),
    Task = task(Server, Session, #{prompt => <<"Once">>, n_predict => 1}),
    %% Both tasks are one after the other only in the end: this waits until all is quiet.
    {ok, _} = llama_node:complete(Server, <<"Once">>, #{n_predict => 20}),
    {ok, _} = llama_node:get_result(Server, Task, 60000).

several_wait_at_once(Config) ->
    Server = server(Config),
    Session = session(Config),
    Task = task(Server, Session, endless()),
    Waiting = [spawn_monitor(fun () -> exit(llama_node:get_result(Server, Task, infinity)) end) || _ <- lists:seq(1, 5)],
    %% Those that come too late find the result still there, or gone.
    ok = llama_node:cancel_task(Server, Task),
    Got = [receive {'DOWN', Ref, process, _, {error, {Code, _}}} -> Code end || {_, Ref} <- Waiting],
    ?assert(lists:member(cancelled, Got)),
    ?assertEqual([], Got -- lists:flatten(lists:duplicate(5, [cancelled, task_not_found]))).

get_result_timeouts(Config) ->
    Server = server(Config),
    Task = task(Server, session(Config), endless()),
    [?CODE(timeout, llama_node:get_result(Server, Task, Timeout)) || Timeout <- [0, 1, 0, 20]],
    ?assertEqual([], llama_node_ct:flush()),
    ok = llama_node:cancel_task(Server, Task),
    ?CODE(cancelled, llama_node:get_result(Server, Task, infinity)).

cancel_twice(Config) ->
    Server = server(Config),
    Task = task(Server, session(Config), endless()),
    ?assertEqual(ok, llama_node:cancel_task(Server, Task)),
    ?assertEqual(ok, llama_node:cancel_task(Server, Task)),
    ?CODE(cancelled, llama_node:get_result(Server, Task, infinity)),
    ?CODE(task_not_found, llama_node:cancel_task(Server, Task)).

cancel_unknown(Config) ->
    ?CODE(task_not_found, llama_node:cancel_task(server(Config), 1 bsl 52)),
    ?CODE(invalid_argument, llama_node:cancel_task(server(Config), one)).

unknown_task(Config) ->
    [?CODE(task_not_found, llama_node:get_result(server(Config), 1 bsl 52, Timeout)) || Timeout <- [0, 1, infinity]],
    [?CODE(invalid_argument, llama_node:get_result(server(Config), Id, 0)) || Id <- [one, <<"1">>, 1.0, self()]].

prompt_only(Config) ->
    ?assertMatch({ok, #{content := <<>>, finish_reason := length, usage := #{completion_tokens := 0}}},
                 llama_node:complete(server(Config), <<"Once upon a time">>, #{n_predict => 0})).

cast_cancels(Config) ->
    Server = server(Config),
    Mailbox = proplists:get_value(mailbox, Config),
    Task = task(Server, session(Config), endless()),
    gen_server:cast(Mailbox, {cancel_task, Task}),
    ?CODE(cancelled, llama_node:get_result(Server, Task, infinity)),
    gen_server:cast(Mailbox, {create_session, #{}}),
    gen_server:cast(Mailbox, {cancel_task, nonsense}).

%% Streams

chunks_make_the_content(Config) ->
    {ok, Task} = llama_node:stream(server(Config), session(Config), completion,
                                   #{prompt => <<"Once upon a time">>, ?GREEDY, n_predict => 40}),
    {Chunks, {done, #{content := Content, task_id := Task}}} = events(Task),
    ?assertEqual(lists:seq(0, length(Chunks) - 1), [Index || #{index := Index} <- Chunks]),
    ?assertEqual(Content, iolist_to_binary([Text || #{content := Text} <- Chunks])),
    %% The result came with the event and is not kept.
    ?CODE(task_not_found, llama_node:get_result(server(Config), Task, 0)),
    ?assertEqual([], llama_node_ct:flush()).

chunks_are_utf8(Config) ->
    Session = session(Config),
    [begin
         %% Hot enough for the model to spell bytes, most of them no UTF-8.
         {ok, Task} = llama_node:stream(server(Config), Session, completion,
             #{prompt => <<"日本語 😀"/utf8>>, temperature => 50, top_k => 0, top_p => 1, min_p => 0,
               seed => Seed, n_predict => 60, ignore_eos => true}),
         {Chunks, {done, #{content := Content}}} = events(Task),
         [?assertEqual(Text, unicode:characters_to_binary(Text)) || #{content := Text} <- Chunks],
         ?assertEqual(Content, iolist_to_binary([Text || #{content := Text} <- Chunks]))
     end || Seed <- lists:seq(1, 5)].

fold(Config) ->
    Input = #{prompt => <<"Once upon a time">>, ?GREEDY, n_predict => 20},
    {ok, #{content := Content}, Chunks} = llama_node:stream_fold(
        fun ({chunk, #{content := Text}}, Acc) -> [Text | Acc] end, [],
        server(Config), session(Config), completion, Input),
    ?assertEqual(Content, iolist_to_binary(lists:reverse(Chunks))),
    ?assertEqual([], llama_node_ct:flush()).

fold_stops(Config) ->
    Fun = fun ({chunk, #{index := 3}}, Acc) -> {stop, Acc}; (_, Acc) -> Acc + 1 end,
    ?assertEqual({stopped, 3}, llama_node:stream_fold(Fun, 0, server(Config), session(Config), completion, endless())),
    ?assertError(oops, llama_node:stream_fold(fun (_, _) -> error(oops) end, 0, server(Config), session(Config),
                                              completion, endless())),
    ?assertEqual([], llama_node_ct:flush()).

cancelled_stream(Config) ->
    {ok, Task} = llama_node:stream(server(Config), session(Config), completion, endless()),
    receive {llama_node, Task, {chunk, #{index := 0}}} -> ok end,
    ?assertEqual(ok, llama_node:cancel_task(server(Config), Task)),
    {_, {error, {cancelled, _}}} = events(Task),
    pong = llama_node:ping(server(Config)),
    ?assertEqual([], llama_node_ct:flush()).

%% Both slots are taken by consumers that are killed; end_per_testcase needs one of them.
consumer_is_killed(Config) ->
    Self = self(),
    Consumers = [spawn(fun () ->
        {ok, Task} = llama_node:stream(server(Config), session(Config), completion, endless()),
        receive {llama_node, Task, {chunk, _}} -> Self ! {running, self()} end,
        receive never -> ok end
    end) || _ <- [1, 2]],
    [receive {running, Pid} -> exit(Pid, kill) end || Pid <- Consumers].

streams_side_by_side(Config) ->
    Server = server(Config),
    Session = session(Config),
    Input = #{prompt => <<"Once upon a time">>, ?GREEDY, n_predict => 10, ignore_eos => true},
    Tasks = [element(2, llama_node:stream(Server, Session, completion, Input)) || _ <- lists:seq(1, 6)],
    Contents = [begin {_, {done, #{content := Content}}} = events(Task), Content end || Task <- Tasks],
    ?assertEqual(6, length(Contents)),
    ?assertEqual([], llama_node_ct:flush()).

%% All slots full, out of step because one of them began with something cached: the cells that become
%% free are scattered then.
streams_past_the_context(Config) ->
    Server = server(Config),
    Session = session(Config),
    {ok, #{counters := #{context_shifts := Before}}} = llama_node:get_status(Server),
    {ok, _} = llama_node:complete(Server, <<"Once">>, #{n_predict => 1, ignore_eos => true}),
    Input = (endless())#{n_predict => 600},
    Tasks = [element(2, llama_node:stream(Server, Session, completion, Input)) || _ <- [1, 2]],
    [?assertMatch({_, {done, #{usage := #{completion_tokens := 600}, finish_reason := length}}}, events(Task))
     || Task <- Tasks],
    {ok, #{counters := #{context_shifts := After}}} = llama_node:get_status(Server),
    ?assert(After >= Before + 4).

%% Demand

once_at_a_time(Config) ->
    Server = server(Config),
    {ok, Task} = llama_node:stream(Server, session(Config), completion, (finite(30))#{active => once}),
    {Chunks, {done, #{content := Content}}} = re_armed(Server, Task, once),
    is_content(Content, Chunks),
    nothing_more(Config).

%% Each number of chunks is followed by the word that there are no more, unless the task ended with them.
so_many_at_a_time(Config) ->
    Server = server(Config),
    {ok, Task} = llama_node:stream(Server, session(Config), completion, (endless())#{active => 3}),
    [receive {llama_node, Task, {chunk, #{index := Index}}} -> ok end || Index <- [0, 1, 2]],
    receive {llama_node, Task, passive} -> ok end,
    ok = llama_node:active(Server, Task, 1),
    ok = llama_node:active(Server, Task, 2),
    [receive {llama_node, Task, {chunk, #{index := Index}}} -> ok end || Index <- [3, 4, 5]],
    ok = llama_node:cancel_task(Server, Task),
    ?assertMatch({error, {cancelled, _}}, last(Task)),
    nothing_more(Config).

passive_from_the_start(Config) ->
    Server = server(Config),
    Session = session(Config),
    {ok, Task} = llama_node:stream(Server, Session, completion, (finite(10))#{active => false}),
    await_idle(Server, Session),
    %% The task is over and its slot is free, and nothing has come.
    nothing_more(Config),
    ok = llama_node:active(Server, Task, once),
    {[#{content := Content, index := 0}], {done, #{content := Content}}} = events(Task),
    ?CODE(task_not_found, llama_node:active(Server, Task, once)),
    nothing_more(Config).

passive_and_active_again(Config) ->
    Server = server(Config),
    {ok, Task} = llama_node:stream(Server, session(Config), completion, finite(200)),
    First = receive {llama_node, Task, {chunk, #{index := 0} = Chunk}} -> Chunk end,
    ok = llama_node:active(Server, Task, false),
    Some = [More || {llama_node, _, {chunk, More}} <- llama_node_ct:flush()],
    pong = llama_node:ping(Server),
    ok = llama_node:active(Server, Task, true),
    {Rest, {done, #{content := Content}}} = events(Task),
    is_content(Content, [First] ++ Some ++ Rest),
    nothing_more(Config).

%% Also one whose task has ended can be cancelled.
cancelled_while_text_waits(Config) ->
    Server = server(Config),
    Session = session(Config),
    {ok, Running} = llama_node:stream(Server, Session, completion, (endless())#{active => false}),
    {ok, Ended} = llama_node:stream(Server, Session, completion, (finite(5))#{active => false}),
    ok = llama_node:cancel_task(Server, Running),
    ?assertMatch({[], {error, {cancelled, _}}}, events(Running)),
    await_idle(Server, Session),
    ok = llama_node:cancel_task(Server, Ended),
    ?assertMatch({[], {error, {cancelled, _}}}, events(Ended)),
    ?CODE(task_not_found, llama_node:cancel_task(Server, Ended)),
    nothing_more(Config).

passive_consumer_dies(Config) ->
    Server = server(Config),
    Session = session(Config),
    {_, Ref} = spawn_monitor(fun () ->
        {ok, Task} = llama_node:stream(Server, Session, completion, (finite(5))#{active => false}),
        await_idle(Server, Session),
        exit(Task)
    end),
    Task = receive {'DOWN', Ref, process, _, Id} -> Id end,
    %% The node hears of it in its own time.
    ?CODE(task_not_found, await_no_stream(Server, Task, 10000)).

await_no_stream(Server, Task, Retries) ->
    case llama_node:active(Server, Task, false) of
        ok when Retries > 0 -> await_no_stream(Server, Task, Retries - 1);
        Answer -> Answer
    end.

%% The model is made to say its longest token for ever.
%% On a node that lets so little wait that a small model comes to it soon.
too_much_text_waits(Config) ->
    {ok, Options} = llama_node_ct:real_node(),
    {ok, Server} = llama_node:init_server(Options#{transport => proplists:get_value(transport, Config),
                                                   java_opts => ["-Dllamanode.stream.waiting=1000"]}),
    {ok, Task} = llama_node:stream(Server, llama_node_ct:session(Server), completion, (endless())#{active => false}),
    {[], {error, {server_busy, Message}}} = events(Task),
    ?assertNotEqual(nomatch, string:find(Message, "wait")),
    pong = llama_node:ping(Server),
    {ok, Short} = llama_node:stream(Server, llama_node_ct:session(Server), completion, (finite(5))#{active => false}),
    ok = llama_node:active(Server, Short, true),
    {[_ | _], {done, _}} = events(Short),
    ok = llama_node:destroy_server(Server),
    nothing_more(Config).

coalesced(Config) ->
    Server = server(Config),
    {ok, Task} = llama_node:stream(Server, session(Config), completion, (finite(60))#{coalesce_ms => 60000}),
    %% The first one is not delayed, and the end does not wait.
    {[#{index := 0}, #{index := 1}] = Chunks, {done, #{content := Content}}} = events(Task),
    is_content(Content, Chunks),
    {ok, Short} = llama_node:stream(Server, session(Config), completion, (endless())#{coalesce_ms => 1}),
    [receive {llama_node, Short, {chunk, #{index := Index}}} -> ok end || Index <- lists:seq(0, 20)],
    ok = llama_node:cancel_task(Server, Short),
    ?assertMatch({error, {cancelled, _}}, last(Short)),
    nothing_more(Config).

demand_of_nobody(Config) ->
    Server = server(Config),
    ?CODE(task_not_found, llama_node:active(Server, 1 bsl 52, once)),
    [?CODE(invalid_argument, llama_node:active(Server, Task, Active))
     || {Task, Active} <- [{one, once}, {1, twice}, {1, 0}, {1, -1}, {1, 1.5}, {1, 1 bsl 31}]],
    [?CODE(invalid_argument, llama_node:stream(Server, session(Config), completion, (finite(1))#{Key => Value}))
     || {Key, Value} <- [{active, 0}, {active, never}, {active, #{}}, {coalesce_ms, -1}, {coalesce_ms, 60001}]],
    ?CODE(invalid_argument, llama_node:create_task(Server, session(Config), completion, (finite(1))#{active => once})),
    %% Only who streams is asked how.
    Task = task(Server, session(Config), finite(1)),
    ?CODE(task_not_found, llama_node:active(Server, Task, once)).

enumerated(Config) ->
    {ok, Stream} = llama_node:stream_open(server(Config), session(Config), completion, finite(150)),
    {Events, Ended} = enumerate(Stream),
    {Chunks, [{done, #{content := Content}}]} = lists:split(length(Events) - 1, Events),
    is_content(Content, [Chunk || {chunk, Chunk} <- Chunks]),
    ok = llama_node:stream_close(Ended),
    nothing_more(Config).

enumerate(Stream) ->
    case llama_node:stream_next(Stream) of
        {halt, Ended} -> {[], Ended};
        {Events, Next} -> {More, Ended} = enumerate(Next), {Events ++ More, Ended}
    end.

closed_early(Config) ->
    {ok, Stream} = llama_node:stream_open(server(Config), session(Config), completion, endless()),
    {[{chunk, #{index := 0}}], Next} = llama_node:stream_next(Stream),
    ok = llama_node:stream_close(Next),
    ?assertMatch({ok, #{tasks_running := 0}}, llama_node:get_status(server(Config))),
    {ok, Unread} = llama_node:stream_open(server(Config), session(Config), completion, finite(5)),
    ok = llama_node:stream_close(Unread),
    ?CODE(session_not_found, llama_node:stream_open(server(Config), 1 bsl 52, completion, finite(1))),
    nothing_more(Config).

%% What comes if the rest is asked for each time.
re_armed(Server, Task, Active) ->
    receive
        {llama_node, Task, {chunk, Chunk}} ->
            %% It may have ended with this one.
            _ = llama_node:active(Server, Task, Active),
            {Chunks, Terminal} = re_armed(Server, Task, Active),
            {[Chunk | Chunks], Terminal};
        {llama_node, Task, Terminal} ->
            {[], Terminal}
    end.

last(Task) ->
    receive
        {llama_node, Task, {Kind, _} = Terminal} when Kind =:= done; Kind =:= error -> Terminal;
        {llama_node, Task, _} -> last(Task)
    end.

is_content(Content, Chunks) ->
    ?assertEqual(lists:seq(0, length(Chunks) - 1), [Index || #{index := Index} <- Chunks]),
    ?assertEqual(Content, iolist_to_binary([Text || #{content := Text} <- Chunks])).

%% The answer to this comes after everything that was sent before.
nothing_more(Config) ->
    pong = llama_node:ping(server(Config)),
    ?assertEqual([], llama_node_ct:flush()).

finite(Tokens) ->
    #{prompt => <<"Once upon a time">>, ?GREEDY, n_predict => Tokens, ignore_eos => true}.

await_idle(Server, Session) ->
    case llama_node:get_session_info(Server, Session) of
        {ok, #{tasks_running := 0, tasks_waiting := 0}} -> ok;
        {ok, _} -> await_idle(Server, Session)
    end.

%% Helpers

server(Config) -> proplists:get_value(server, Config).
session(Config) -> llama_node_ct:session(server(Config)).
task(Server, Session, Input) -> llama_node_ct:task(Server, Session, Input).
endless() -> llama_node_ct:endless().
events(Task) -> llama_node_ct:events(Task).

content({ok, #{content := Content}}) -> Content.
