%% The scripted server, and the hook that starts it, as the tests of an application use them.
-module(llama_node_fake_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

suite() ->
    [{timetrap, {minutes, 3}},
     {ct_hooks, [{llama_node_cth, #{transport => fake}},
                 {llama_node_cth, [{transport, fake}, {config_key, echo}, {script, fun echo/1}]}]}].

all() ->
    [the_hook_hands_over_servers, answers_in_turn, answers_of_a_fun, streams_word_by_word, chunks_and_delays, errors,
     crash_ends_the_server, crash_is_survived, crash_is_restarted, demand, folds_and_enumerations, cancelled,
     collected_results, owners,
     sessions, runs_side_by_side, tells_what_was_asked, embeds, reranks, vectors_and_the_script, tokens, branches,
     a_crash_spares_the_test, a_crash_tells_who_traps_exits, ends_on_request, replies_of_ones_own, registered,
     bad_scripts, hook_that_cannot_start, hook_with_the_model].

the_hook_hands_over_servers(Config) ->
    {ok, #{content := <<"This is a scripted answer.">>}} =
        llama_node:chat(proplists:get_value(llama_node, Config), <<"Hi">>, #{}),
    {ok, #{content := <<"Hi">>}} = llama_node:complete(proplists:get_value(echo, Config), <<"Hi">>, #{}).

echo(#{type := completion, input := #{prompt := Prompt}, session := none}) -> Prompt.

answers_in_turn(_) ->
    Server = fake([<<"one">>, #{content => <<"two">>, result => #{model => <<"big">>}}, <<"for ever">>]),
    ?assertMatch({ok, #{content := <<"one">>, finish_reason := stop, usage := #{completion_tokens := 1}}}, ask(Server)),
    ?assertMatch({ok, #{content := <<"two">>, model := <<"big">>}}, ask(Server)),
    [?assertMatch({ok, #{content := <<"for ever">>}}, ask(Server)) || _ <- [1, 2, 3]].

answers_of_a_fun(_) ->
    Server = fake(fun (#{type := Type, input := Input, session := Session}) ->
        unicode:characters_to_binary(io_lib:format("~p ~p ~p", [Type, maps:get(content, Input), is_integer(Session)]))
    end),
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => <<"x">>}),
    ?assertMatch({ok, #{content := <<"chat <<\"x\">> true">>}}, llama_node:get_result(Server, Task, infinity)).

streams_word_by_word(_) ->
    Server = fake([<<"Wörter kommen einzeln."/utf8>>]),
    ?assertMatch({[#{content := <<"Wörter"/utf8>>, index := 0}, #{content := <<" kommen">>, index := 1},
                   #{content := <<" einzeln.">>, index := 2}], {done, #{content := <<"Wörter kommen einzeln."/utf8>>}}},
                 llama_node_ct:events(stream(Server, #{}))),
    ?assertEqual([], llama_node_ct:flush()).

%% The order tells the delays apart: the second answer has none.
chunks_and_delays(_) ->
    Server = fake([#{chunks => [<<"a">>, <<"b">>], delay => 50, chunk_delay => 1}, <<"at once">>]),
    Slow = stream(Server, #{}),
    Fast = stream(Server, #{}),
    receive {llama_node, Task, {done, _}} -> ?assertEqual(Fast, Task) end,
    {[#{content := <<"a">>}, #{content := <<"b">>}], {done, #{content := <<"ab">>}}} = llama_node_ct:events(Slow),
    _ = llama_node_ct:flush().

errors(_) ->
    Busy = {server_busy, <<"later">>},
    Failed = {inference_failed, <<"no">>},
    Server = fake([{error, Busy}, {error, Busy}, #{chunks => [<<"a">>], error => Failed}, #{error => Failed}]),
    ?assertEqual({error, Busy}, ask(Server)),
    {ok, Session} = llama_node:create_session(Server, #{}),
    ?assertEqual({error, Busy}, llama_node:stream(Server, Session, chat, #{content => <<"x">>})),
    ?assertMatch({_, {error, Failed}}, llama_node_ct:events(stream(Server, #{}))),
    ?assertEqual({error, Failed}, ask(Server)),
    ?assertEqual([], llama_node_ct:flush()).

crash_ends_the_server(_) ->
    {ok, Server} = llama_node:init_server(#{transport => fake, restarts => {0, 1},
                                            script => [#{content => <<"never">>, delay => 60000}, crash]}),
    Running = stream(Server, #{}),
    ?assertMatch({error, {node_down, _}}, ask(Server)),
    ?assertMatch({[], {error, {node_down, _}}}, llama_node_ct:events(Running)),
    ?assertMatch({error, {node_down, _}}, llama_node:ping(Server)).

%% As that of a node that is started again.
crash_is_survived(_) ->
    Server = fake([#{content => <<"never">>, delay => 60000}, <<"kept">>, crash, <<"after it">>]),
    ok = llama_node:subscribe(Server),
    Running = stream(Server, #{}),
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => <<"x">>}),
    ?assertMatch({error, {node_down, _}}, ask(Server)),
    ?assertMatch({[], {error, {node_down, _}}}, llama_node_ct:events(Running)),
    receive {llama_node, Server, {node, down, #{reason := {node_down, _}, restart_in_ms := 0}}} -> ok end,
    receive {llama_node, Server, {node, up, #{after_ms := 0}}} -> ok end,
    ?assertMatch({error, {session_not_found, _}}, llama_node:get_session_info(Server, Session)),
    ?assertMatch({error, {task_not_found, _}}, llama_node:get_result(Server, Task, 0)),
    ?assertMatch({ok, #{content := <<"after it">>}}, ask(Server)),
    ?assertEqual(4, length(llama_node_fake:requests(Server))),
    ok = llama_node:unsubscribe(Server),
    ok = llama_node_fake:crash(Server),
    ?assertEqual([], llama_node_ct:flush()).

crash_is_restarted(_) ->
    Spec = llama_node:child_spec(#{transport => fake, script => [crash], name => {local, crashing},
                                   restarts => {1, 60}}),
    {ok, Supervisor} = supervisor:start_link(?MODULE, Spec),
    First = whereis(crashing),
    ?assertMatch({error, {node_down, _}}, ask(crashing)),
    ?assertEqual(First, whereis(crashing)),
    ?assertMatch({error, {node_down, _}}, ask(crashing)),
    Second = restarted(Supervisor, First),
    ?assertEqual(Second, whereis(crashing)),
    ?assertEqual(pong, llama_node:ping(crashing)),
    true = unlink(Supervisor),
    exit(Supervisor, shutdown).

%% The question may overtake the news that there is something to restart.
restarted(Supervisor, First) ->
    case supervisor:which_children(Supervisor) of
        [{_, Second, _, _}] when is_pid(Second), Second =/= First -> Second;
        [_] -> restarted(Supervisor, First)
    end.

init(Spec) ->
    {ok, {#{}, [Spec]}}.

demand(_) ->
    Server = fake([<<"a b c d">>]),
    Task = stream(Server, #{active => 2}),
    receive {llama_node, Task, {chunk, #{content := <<"a">>}}} -> ok end,
    receive {llama_node, Task, {chunk, #{content := <<" b">>}}} -> ok end,
    receive {llama_node, Task, passive} -> ok end,
    ok = await_quiet(Server),
    ?assertEqual([], llama_node_ct:flush()),
    ok = llama_node:active(Server, Task, once),
    ?assertMatch({[#{content := <<" c d">>, index := 2}], {done, _}}, llama_node_ct:events(Task)),
    ?assertMatch({error, {task_not_found, _}}, llama_node:active(Server, Task, once)).

await_quiet(Server) ->
    case llama_node:get_status(Server) of
        {ok, #{tasks_running := 0}} -> ok;
        {ok, _} -> await_quiet(Server)
    end.

folds_and_enumerations(_) ->
    Server = fake([iolist_to_binary(lists:duplicate(300, "word "))]),
    {ok, Session} = llama_node:create_session(Server, #{}),
    Count = fun (_, N) -> N + 1 end,
    {ok, #{content := Content}, _} = llama_node:stream_fold(Count, 0, Server, Session, chat, #{content => <<"x">>}),
    ?assertEqual(1500, byte_size(Content)),
    ?assertMatch({stopped, 0},
                 llama_node:stream_fold(fun (_, N) -> {stop, N} end, 0, Server, Session, chat, #{content => <<"x">>})),
    {ok, Stream} = llama_node:stream_open(Server, Session, chat, #{content => <<"x">>}),
    {[{chunk, #{index := 0}}], Next} = llama_node:stream_next(Stream),
    ok = llama_node:stream_close(Next),
    ?assertEqual([], llama_node_ct:flush()).

cancelled(_) ->
    Server = fake([#{content => <<"never">>, delay => 60000}]),
    Task = stream(Server, #{}),
    ok = llama_node:cancel_task(Server, Task),
    ?assertMatch({[], {error, {cancelled, _}}}, llama_node_ct:events(Task)),
    ?assertMatch({error, {task_not_found, _}}, llama_node:cancel_task(Server, Task)).

collected_results(_) ->
    Server = fake([#{content => <<"never">>, delay => 60000}, #{content => <<"late">>, delay => 20}]),
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Never} = llama_node:create_task(Server, Session, chat, #{content => <<"x">>}),
    [?assertMatch({error, {timeout, _}}, llama_node:get_result(Server, Never, Timeout)) || Timeout <- [0, 1]],
    ok = llama_node:cancel_task(Server, Never),
    {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => <<"x">>}),
    ?assertMatch({ok, #{content := <<"late">>}}, llama_node:get_result(Server, Task, infinity)),
    ?assertMatch({error, {task_not_found, _}}, llama_node:get_result(Server, Task, infinity)),
    ?assertEqual([], llama_node_ct:flush()).

owners(_) ->
    Server = fake([#{content => <<"never">>, delay => 60000}]),
    {Owner, Ref} = spawn_monitor(fun () -> _ = stream(Server, #{}), exit(done) end),
    receive {'DOWN', Ref, process, Owner, done} -> ok end,
    ok = await_quiet(Server),
    ?assertMatch({ok, #{sessions := 0}}, llama_node:get_status(Server)).

sessions(_) ->
    Server = fake([#{content => <<"never">>, delay => 60000}]),
    {ok, Session} = llama_node:create_session(Server, #{}),
    Self = self(),
    ?assertMatch({ok, #{owner := Self}}, llama_node:get_session_info(Server, Session)),
    {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => <<"x">>}),
    Input = #{content => <<"x">>},
    ok = llama_node:close_session(Server, Session),
    ?assertMatch({error, {cancelled, _}}, llama_node:get_result(Server, Task, infinity)),
    [?assertMatch({error, {session_not_found, _}}, Answer)
     || Answer <- [llama_node:close_session(Server, Session), llama_node:get_session_info(Server, Session),
                   llama_node:create_task(Server, Session, chat, Input),
                   llama_node:stream(Server, Session, chat, Input)]].

runs_side_by_side(_) ->
    Server = fake([#{content => <<"slow">>, delay => 50}, <<"fast">>]),
    Self = self(),
    [spawn_link(fun () -> {ok, #{content := Content}} = ask(Server), Self ! Content end) || _ <- [1, 2]],
    ?assertEqual([<<"fast">>, <<"slow">>], [receive Content -> Content end || _ <- [1, 2]]).

tells_what_was_asked(_) ->
    Server = fake([{error, {server_busy, <<"later">>}}, <<"yes">>]),
    ?assertEqual([], llama_node_fake:requests(Server)),
    {error, {server_busy, _}} = ask(Server),
    Config = #{system_prompt => <<"Be brief.">>},
    {ok, Session} = llama_node:create_session(Server, Config),
    {ok, _} = llama_node:create_task(Server, Session, "completion", <<"{\"prompt\": \"a\"}">>),
    {error, {invalid_argument, _}} = llama_node:create_task(Server, Session, chat, #{content => <<"x">>, top_p => 7}),
    {ok, _} = llama_node:stream(Server, Session, <<"chat">>, [{content, <<"b">>}]),
    {ok, _} = llama_node:embed(Server, <<"c">>, #{normalize => false}),
    ?assertMatch(
       [#{call := run, type := chat, session := none, config := #{},
          input := #{messages := [#{role := user, content := <<"Hi">>}]}},
        #{call := create_task, type := completion, session := Session, config := Config,
          input := <<"{\"prompt\": \"a\"}">>},
        #{call := stream, type := chat, session := Session, config := Config, input := [{content, <<"b">>}]},
        #{call := run, type := embedding, session := none, input := #{input := <<"c">>, normalize := false}}],
       llama_node_fake:requests(Server)),
    ok = llama_node:destroy_server(Server),
    ?assertMatch({error, {node_down, _}}, llama_node_fake:requests(Server)),
    ?assertEqual(llama_node_error:no_server(nobody), llama_node_fake:requests(nobody)).

embeds(_) ->
    {ok, Server} = llama_node:init_server(#{transport => fake, dimensions => 48}),
    Embed = fun (Input, Options) ->
        {ok, #{embeddings := Vectors, dimensions := 48}} = llama_node:embed(Server, Input, Options),
        Vectors
    end,
    [Cat, Kitten, Ship, Again] = Embed([<<"A cat sat.">>, "a cat slept", <<"Steam ship">>, <<"a CAT sat">>], #{}),
    ?assertEqual(Cat, Again),
    ?assert(llama_node_ct:dot(Cat, Kitten) > 0.5),
    ?assert(abs(llama_node_ct:dot(Cat, Ship)) < 0.5),
    [?assert(abs(llama_node_ct:dot(V, V) - 1) < 1.0e-9) || V <- [Cat, Kitten, Ship]],
    ?assertEqual([Cat], Embed(<<"A cat sat.">>, #{normalize => true, pooling => mean})),
    [Raw] = Embed(<<"A cat sat.">>, #{normalize => false}),
    ?assert(llama_node_ct:dot(Raw, Raw) > 1),
    [Taxicab] = Embed(<<"A cat sat.">>, #{embd_normalize => 1}),
    ?assert(abs(lists:sum([abs(F) || F <- Taxicab]) - 1) < 1.0e-9),
    [Largest] = Embed(<<"A cat sat.">>, #{embd_normalize => 0}),
    ?assert(abs(lists:max([abs(F) || F <- Largest]) - 32760) < 1.0e-6),
    [Binary] = Embed(<<"A cat sat.">>, [{encoding_format, binary}]),
    Floats = [F || <<F:32/float-little>> <= Binary],
    ?assert(lists:all(fun ({A, B}) -> abs(A - B) < 1.0e-6 end, lists:zip(Cat, Floats))),
    ?assertMatch([[_, _, _]], Embed(<<"A cat sat.">>, #{pooling => none})),
    ?assertMatch([_, _], Embed([{tokens, [1, 2]}, {tokens, [3]}], #{})),
    {ok, #{pooling := cls, usage := #{prompt_tokens := 3, completion_tokens := 0, total_tokens := 3},
           model := <<"fake">>}} =
        llama_node:embed(Server, <<"A cat sat.">>, #{pooling => cls}),
    {ok, #{embeddings := [Default]}} = llama_node:embed(fake([<<"x">>]), <<"a">>, #{}),
    ?assertEqual(16, length(Default)).

reranks(_) ->
    Server = fake([<<"x">>]),
    Documents = [<<"A car.">>, <<"An apple is a fruit.">>, <<"Fruit of the sea">>, <<"fruit of the sea">>],
    {ok, #{results := [#{index := 1, score := Best}, #{index := 2}, #{index := 3}, #{index := 0, score := Worst}],
           scores := [Worst, Best, Middle, Middle], usage := #{completion_tokens := 0}}} =
        llama_node:rerank(Server, <<"apple fruit">>, Documents, #{}),
    ?assert(Best > Middle andalso Middle > Worst),
    {ok, #{results := [#{index := 1}], scores := [_, _, _, _]}} =
        llama_node:rerank(Server, "apple fruit", Documents, #{<<"top_n">> => 1}),
    {ok, #{results := []}} = llama_node:rerank(Server, apple, [<<"pear">>], #{top_n => 0}).

%% Answers in words wait for a task that writes.
vectors_and_the_script(_) ->
    Server = fake([<<"one">>, {error, {server_busy, <<"later">>}}, #{content => <<"two">>}]),
    {ok, #{embeddings := [_]}} = llama_node:embed(Server, <<"a">>, #{}),
    ?assertMatch({ok, #{content := <<"one">>}}, ask(Server)),
    ?assertEqual({error, {server_busy, <<"later">>}}, llama_node:embed(Server, <<"a">>, #{})),
    {ok, #{results := [_]}} = llama_node:rerank(Server, <<"a">>, [<<"b">>], #{}),
    ?assertMatch({ok, #{content := <<"two">>}}, ask(Server)),
    Failing = fake(fun (#{type := embedding}) -> #{result => #{embeddings => [[1.0]], dimensions => 1}};
                       (#{type := rerank}) -> #{error => {inference_failed, <<"no">>}} end),
    ?assertMatch({ok, #{embeddings := [[1.0]], dimensions := 1}}, llama_node:embed(Failing, <<"a">>, #{})),
    ?assertEqual({error, {inference_failed, <<"no">>}}, llama_node:rerank(Failing, <<"a">>, [<<"b">>], #{})).

tokens(_) ->
    Server = fake([<<"x">>]),
    ?assertEqual({ok, 3}, llama_node:count_tokens(Server, <<"abc">>)),
    ?assertEqual({ok, 2}, llama_node:count_tokens(Server, #{<<"content">> => "ab", add_special => true})),
    ?assertEqual({ok, "ab"}, llama_node:tokenize(Server, [{content, ab}])),
    ?assertEqual({ok, [#{id => $a, piece => <<"a">>}]},
                 llama_node:tokenize(Server, #{content => <<"a">>, with_pieces => true})),
    ?assertEqual({ok, <<"ab">>}, llama_node:detokenize(Server, #{tokens => "ab"})),
    ?assertEqual({ok, <<"ab">>}, llama_node:detokenize(Server, <<"[97, 98]">>)),
    ?assertEqual({ok, <<"ab">>}, llama_node:detokenize(Server, [$a, $b])),
    ?assertMatch({error, {invalid_argument, <<"tokens: 256 ", _/binary>>}}, llama_node:detokenize(Server, [256])).

branches(_) ->
    Server = fake([<<"x">>]),
    {ok, Session} = llama_node:create_session(Server, #{seed => 1}),
    {ok, Fork} = llama_node:fork_session(Server, Session),
    {ok, Checkpoint} = llama_node:checkpoint_session(Server, Fork),
    {ok, Later} = llama_node:checkpoint_session(Server, Fork),
    ok = llama_node:rewind_session(Server, Fork, Checkpoint),
    {error, {invalid_argument, <<"checkpoint: ", _/binary>>}} = llama_node:rewind_session(Server, Fork, Later),
    {error, {invalid_argument, <<"checkpoint: ", _/binary>>}} = llama_node:rewind_session(Server, Session, Checkpoint),
    ok = llama_node:rewind_session(Server, Fork, start),
    ok = llama_node:clear_cache(Server, Fork, all),
    {ok, #{queue_position := 0}} = llama_node:estimate_task(Server, Fork, chat, #{content => <<"x">>}),
    {ok, _} = llama_node:create_task(Server, Fork, chat, #{content => <<"x">>}),
    [#{session := Fork, config := #{seed := 1}}] = llama_node_fake:requests(Server).

%% The start function of an application, in a test that the link would take along.
a_crash_spares_the_test(_) ->
    Self = self(),
    {Test, Ref} = spawn_monitor(fun () ->
        {ok, Server} = llama_node:start_link(#{transport => fake, script => [crash], restarts => {0, 1}}),
        Answer = ask(Server),
        Self ! {answers, Answer, llama_node:ping(Server)}
    end),
    receive
        {answers, Answer, Ping} ->
            ?assertMatch({error, {node_down, _}}, Answer),
            ?assertMatch({error, {node_down, _}}, Ping);
        {'DOWN', Ref, process, Test, Ended} ->
            ct:fail({the_test_ended, Ended})
    end,
    receive {'DOWN', Ref, process, Test, Reason} -> ?assertEqual(normal, Reason) end.

a_crash_tells_who_traps_exits(_) ->
    true = process_flag(trap_exit, true) =:= false,
    {ok, Server} = llama_node:start_link(#{transport => fake, script => [crash], restarts => {0, 1}}),
    {error, {node_down, _}} = ask(Server),
    receive {'EXIT', Server, Reason} -> ?assertMatch({node_down, _}, Reason) end,
    process_flag(trap_exit, false).

ends_on_request(_) ->
    {ok, Server} = llama_node:start_link(#{transport => fake, script => [#{content => <<"never">>, delay => 60000}],
                                           name => {local, to_be_ended}, restarts => {0, 1}}),
    Running = stream(Server, #{}),
    ok = llama_node_fake:crash(to_be_ended),
    ?assertMatch({[], {error, {node_down, _}}}, llama_node_ct:events(Running)),
    ?assertNot(is_process_alive(Server)).

replies_of_ones_own(_) ->
    {ok, Server} =
        llama_node:start_link(#{transport => fake,
                                replies => #{list_models => {ok, []}, ping => {error, {timeout, <<"x">>}}}}),
    ?assertEqual({ok, []}, llama_node:list_models(Server)),
    ?assertEqual({error, {timeout, <<"x">>}}, llama_node:ping(Server)),
    ?assertMatch({error, {unsupported, _}},
                 llama_node:apply_template(Server, #{messages => [#{role => user, content => <<"x">>}]})),
    ?assertMatch({error, {unsupported, _}}, llama_node:check_schema(Server, #{type => string})),
    ?assertMatch({error, {unsupported, _}}, llama_node:match(Server, #{choice => [a]}, <<"a">>)),
    ?assertMatch({error, {invalid_argument, <<"choice ", _/binary>>}},
                 llama_node:match(Server, #{choice => []}, <<"a">>)),
    ?assertMatch({error, {invalid_argument, <<"schema ", _/binary>>}}, llama_node:check_schema(Server, <<"{">>)),
    {ok, Tokens} = llama_node:tokenize(Server, <<"héllo"/utf8>>),
    ?assertEqual({ok, <<"héllo"/utf8>>}, llama_node:detokenize(Server, Tokens)).

registered(_) ->
    {ok, Server} = llama_node:start_link(#{transport => fake, name => {local, a_fake}}),
    ?assertMatch({error, {already_started, Server}},
                 llama_node:start_link(#{transport => fake, name => {local, a_fake}})),
    ?assertMatch({ok, _}, ask(a_fake)),
    ok = llama_node_ct:stop(Server),
    ?assertMatch({error, {node_down, _}}, ask(a_fake)).

bad_scripts(_) ->
    [?assertMatch({error, {invalid_argument, <<"script: ", _/binary>>}},
                  llama_node:start_link(#{transport => fake, script => Script}))
     || Script <- [[], 7, [7], [crash | crash], [{error, busy}], [#{contents => <<"x">>}], fun () -> ok end]],
    [?assertMatch({error, {invalid_argument, _}}, llama_node:start_link(Options))
     || Options <- [#{script => [<<"x">>]}, #{transport => port, replies => #{}}, #{transport => fake, replies => 7}]].

hook_that_cannot_start(_) ->
    {ok, State} = llama_node_cth:init(id, #{transport => fake, script => 7}),
    {{fail, {llama_node, {invalid_argument, _}}}, Next} = llama_node_cth:pre_init_per_suite(?MODULE, [], State),
    ok = llama_node_cth:terminate(Next).

%% With no options the hook starts a real node, over the port unless the runtime is distributed.
hook_with_the_model(_) ->
    case llama_node_ct:real_node() of
        {ok, _} ->
            {ok, State} = llama_node_cth:init(id, #{log_level => warning, transport => port}),
            {Config, Started} = llama_node_cth:pre_init_per_suite(?MODULE, [], State),
            Server = proplists:get_value(llama_node, Config),
            {ok, #{models := [#{id := <<"tiny-chat">>}]}} = llama_node:get_status(Server),
            {_, Ended} = llama_node_cth:post_init_per_suite(?MODULE, Config, {skip, reason}, Started),
            ?assertMatch({error, {node_down, _}}, llama_node:ping(Server)),
            ok = llama_node_cth:terminate(Ended);
        {skip, _} = Skip ->
            Skip
    end.

%% Helpers

fake(Script) ->
    %% Not linked, since some crash.
    {ok, Server} = llama_node:init_server(#{transport => fake, script => Script}),
    Server.

ask(Server) ->
    llama_node:chat(Server, <<"Hi">>, #{}).

stream(Server, Input) ->
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Task} = llama_node:stream(Server, Session, chat, Input#{content => <<"Hi">>}),
    Task.
