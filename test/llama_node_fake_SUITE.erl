%% The scripted server, and the hook that starts it, as the tests of an application use them.
-module(llama_node_fake_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

suite() ->
    [{timetrap, {minutes, 1}},
     {ct_hooks, [{llama_node_cth, #{transport => fake}},
                 {llama_node_cth, [{transport, fake}, {config_key, echo}, {script, fun echo/1}]}]}].

all() ->
    [the_hook_hands_over_servers, answers_in_turn, answers_of_a_fun, streams_word_by_word, chunks_and_delays, errors,
     crash_ends_the_server, crash_is_restarted, demand, folds_and_enumerations, cancelled, collected_results, owners,
     sessions, runs_side_by_side, replies_of_ones_own, registered, bad_scripts, hook_that_cannot_start, hook_with_the_model].

the_hook_hands_over_servers(Config) ->
    {ok, #{content := <<"This is a scripted answer.">>}} = llama_node:chat(proplists:get_value(llama_node, Config), <<"Hi">>, #{}),
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
    Server = fake([#{content => <<"never">>, delay => 60000}, crash]),
    Running = stream(Server, #{}),
    ?assertMatch({error, {node_down, _}}, ask(Server)),
    ?assertMatch({[], {error, {node_down, _}}}, llama_node_ct:events(Running)),
    ?assertMatch({error, {node_down, _}}, llama_node:ping(Server)).

crash_is_restarted(_) ->
    Spec = llama_node:child_spec(#{transport => fake, script => [crash], name => {local, crashing}}),
    {ok, Supervisor} = supervisor:start_link(?MODULE, Spec),
    First = whereis(crashing),
    ?assertMatch({error, {node_down, _}}, ask(crashing)),
    [{_, Second, _, _}] = supervisor:which_children(Supervisor),
    ?assert(is_pid(Second) andalso Second =/= First),
    ?assertEqual(pong, llama_node:ping(crashing)),
    true = unlink(Supervisor),
    exit(Supervisor, shutdown).

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
    ?assertMatch({stopped, 0}, llama_node:stream_fold(fun (_, N) -> {stop, N} end, 0, Server, Session, chat, #{})),
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
    Server = fake([#{content => <<"late">>, delay => 20}]),
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => <<"x">>}),
    [?assertMatch({error, {timeout, _}}, llama_node:get_result(Server, Task, Timeout)) || Timeout <- [0, 1]],
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
    ok = llama_node:close_session(Server, Session),
    ?assertMatch({error, {cancelled, _}}, llama_node:get_result(Server, Task, infinity)),
    [?assertMatch({error, {session_not_found, _}}, Answer)
     || Answer <- [llama_node:close_session(Server, Session), llama_node:get_session_info(Server, Session),
                   llama_node:create_task(Server, Session, chat, #{}), llama_node:stream(Server, Session, chat, #{})]].

runs_side_by_side(_) ->
    Server = fake([#{content => <<"slow">>, delay => 50}, <<"fast">>]),
    Self = self(),
    [spawn_link(fun () -> {ok, #{content := Content}} = ask(Server), Self ! Content end) || _ <- [1, 2]],
    ?assertEqual([<<"fast">>, <<"slow">>], [receive Content -> Content end || _ <- [1, 2]]).

replies_of_ones_own(_) ->
    {ok, Server} = llama_node:start_link(#{transport => fake, replies => #{list_models => {ok, []}, ping => {error, {timeout, <<"x">>}}}}),
    ?assertEqual({ok, []}, llama_node:list_models(Server)),
    ?assertEqual({error, {timeout, <<"x">>}}, llama_node:ping(Server)),
    ?assertMatch({error, {unsupported, _}}, llama_node:apply_template(Server, #{messages => []})),
    {ok, Tokens} = llama_node:tokenize(Server, <<"héllo"/utf8>>),
    ?assertEqual({ok, <<"héllo"/utf8>>}, llama_node:detokenize(Server, Tokens)).

registered(_) ->
    {ok, Server} = llama_node:start_link(#{transport => fake, name => {local, a_fake}}),
    ?assertMatch({error, {already_started, Server}}, llama_node:start_link(#{transport => fake, name => {local, a_fake}})),
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
            {skip, Ended} = {skip, element(2, llama_node_cth:post_init_per_suite(?MODULE, Config, {skip, reason}, Started))},
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
