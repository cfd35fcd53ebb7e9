%% The control channel, against programs that misbehave.
-module(llama_node_port_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [started/2, script/2]).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, codec}, {group, start}, {group, run}, {group, stop}].

groups() ->
    [{codec, [], [frames_round_trip, bad_frames_are_told_apart, exit_statuses_have_words]},
     {start, [], [gets_its_configuration, gets_the_net_ticktime, no_launcher, exits_at_once, prints_garbage,
                  prints_small_garbage, never_ready, says_failed, calls_itself_otherwise, is_ready_but_unreachable,
                  malformed_frame, unknown_atom, compressed_frame, too_large_frame, huge_frames, progress_to_a_process,
                  progress_to_a_fun]},
     {run, [], [dies_later, malformed_later, connection_lost]},
     {stop, [], [stops_orderly, ignores_stop, stop_while_starting, stop_twice]}].

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    Config.

end_per_suite(_) ->
    ok.

end_per_testcase(_, _) ->
    ?assertEqual([], llama_node_ct:flush()).

%% Codec

frames_round_trip(_) ->
    Frames = [{log, info, <<"l">>, <<"m">>}, {progress, <<"p">>, 0.5}, {failed, {timeout, <<"m">>}},
              {ready, #{node => node(), os_pid => 1, version => <<"1">>, models => [<<"a">>]}}],
    [?assertEqual({ok, Frame}, llama_node_port:decode(term_to_binary(Frame))) || Frame <- Frames],
    ?assertEqual({config, 1, #{}}, binary_to_term(iolist_to_binary(llama_node_port:encode({config, 1, #{}})))).

bad_frames_are_told_apart(_) ->
    [?assertEqual({unknown, Term}, llama_node_port:decode(term_to_binary(Term)))
     || Term <- [7, {log, loud, <<>>, <<>>}, {log, info, "l", "m"}, {progress, <<>>, 1}, {ready, #{}},
                 {ready, #{node => node()}}, {failed, oops}, {failed, {timeout, "b"}}, {failed, {a, <<"b">>}}]],
    Good = term_to_binary({progress, <<"p">>, 0.5}),
    [?assertEqual({error, malformed}, llama_node_port:decode(Frame))
     || Frame <- [<<>>, <<131>>, <<"text">>, <<Good/binary, 0>>, binary:part(Good, 0, byte_size(Good) - 1),
                  <<131, 119, 20, "never_heard_of_it_yet">>,
                  term_to_binary(lists:duplicate(1000, $a), [compressed])]],
    ?assertEqual({error, too_large}, llama_node_port:decode(binary:copy(<<0>>, (64 bsl 20) + 1))).

exit_statuses_have_words(_) ->
    ?assertEqual("exit status 6", lists:flatten(llama_node_port:exit_status(6))),
    ?assertEqual("exit status 3: its Java heap was exhausted", lists:flatten(llama_node_port:exit_status(3))),
    ?assertEqual("killed by signal 9", lists:flatten(llama_node_port:exit_status(137))),
    ?assertMatch("exit status 75: native code" ++ _, lists:flatten(llama_node_port:exit_status(75))),
    ?assertMatch("exit status 78: no Java" ++ _, lists:flatten(llama_node_port:exit_status(78))).

%% Start

gets_its_configuration(Config) ->
    Options = maps:merge(llama_node_ct:fake(normal, Config),
                         #{model => "/m.gguf", n_ctx => 64, max_sessions => 3, log_level => debug}),
    {ok, Server} = llama_node:start_link(Options),
    {ok, #{config := Got, node := Node}} = llama_node:get_status(Server),
    Cookie = atom_to_binary(erlang:get_cookie()),
    ?assertMatch(#{node_name := Node, cookie := Cookie, max_sessions := 3, log_level := debug,
                   bind := <<"127.", _/binary>>, n_ctx := 64,
                   models := [#{path := <<"/m.gguf">>}]}, Got),
    ok = llama_node_ct:stop(Server).

gets_the_net_ticktime(Config) ->
    {Peer, _} = llama_node_ct:peer(#{name => peer:random_name(), args => ["-kernel", "net_ticktime", "300"]}, []),
    Ticktime = fun () ->
        {ok, Server} = peer:call(Peer, llama_node, init_server, [llama_node_ct:fake(normal, Config)], infinity),
        {ok, #{config := #{net_ticktime := Seconds}}} = peer:call(Peer, llama_node, get_status, [Server]),
        ok = peer:call(Peer, llama_node, destroy_server, [Server], infinity),
        Seconds
    end,
    ?assertEqual(300, Ticktime()),
    %% A change takes the old time to come into effect.
    change_initiated = peer:call(Peer, net_kernel, set_net_ticktime, [200]),
    {ongoing_change_to, 200} = peer:call(Peer, net_kernel, get_net_ticktime, []),
    ?assertEqual(200, Ticktime()),
    ok = peer:stop(Peer).

no_launcher(_) ->
    {error, {invalid_argument, Message}} = llama_node:start_link(#{launcher => "/no/such/launcher"}),
    ?assertMatch(<<"launcher: ", _/binary>>, Message).

exits_at_once(Config) ->
    ?assertMatch({error, {start_failed, <<"the node ended: exit status 6">>}}, scripted("exit 6", Config)),
    ?assertMatch({error, {java_not_found, <<"the node ended: exit status 78", _/binary>>}},
                 scripted("exit 78", Config)),
    ?assertMatch({error, {start_failed, <<"the node ended: killed by signal 9">>}}, scripted("kill -9 $$", Config)),
    ?assertMatch({error, {start_failed, _}}, scripted("exit 0", Config)).

prints_garbage(Config) ->
    %% Read as a frame's length, text means more than a gigabyte, which never comes.
    ?assertMatch({error, {start_failed, <<"the node ended: exit status 1">>}},
                 scripted("echo 'Error: no JVM could be found here'; exit 1", Config)).

prints_small_garbage(Config) ->
    ?assertMatch({error, {start_failed, <<"the launched program does not speak the protocol: malformed frame">>}},
                 scripted("printf '\\000\\000\\000\\003abc'; exec sleep 600", Config)).

never_ready(Config) ->
    {Options, Witness} =
        llama_node_ct:witnessed((llama_node_ct:fake(never_ready, Config))#{start_timeout => 300}, Config),
    ?assertMatch({error, {timeout, <<"the node was not ready within 300 ms">>}}, llama_node:start_link(Options)),
    ok = llama_node_ct:await_end(Witness).

says_failed(Config) ->
    ?assertEqual({error, {model_load_failed, <<"models[0].path: no such file">>}},
                 llama_node:start_link(llama_node_ct:fake(failed, Config))).

calls_itself_otherwise(Config) ->
    ?assertMatch({error, {node_down, <<"the node calls itself nonode@nohost", _/binary>>}},
                 llama_node:start_link(llama_node_ct:fake(wrong_name, Config))).

is_ready_but_unreachable(Config) ->
    {error, {node_down, Message}} = llama_node:start_link(llama_node_ct:fake(not_connectable, Config)),
    ?assertNotEqual(nomatch, string:find(Message, "cannot be connected")).

malformed_frame(Config) ->
    ?assertMatch({error, {start_failed, <<_/binary>>}},
                 llama_node:start_link(llama_node_ct:fake(malformed_frame, Config))).

unknown_atom(Config) ->
    ?assertMatch({error, {start_failed, <<_/binary>>}},
                 llama_node:start_link(llama_node_ct:fake(unknown_atom, Config))).

compressed_frame(Config) ->
    ?assertMatch({error, {start_failed, <<_/binary>>}},
                 llama_node:start_link(llama_node_ct:fake(compressed_frame, Config))).

too_large_frame(Config) ->
    {error, {start_failed, Message}} = llama_node:start_link(llama_node_ct:fake(too_large_frame, Config)),
    ?assertNotEqual(nomatch, string:find(Message, "too_large")).

huge_frames(Config) ->
    Server = started(huge_frames, Config),
    ?assertEqual(pong, llama_node:ping(Server)),
    ok = llama_node_ct:stop(Server).

progress_to_a_process(Config) ->
    {ok, Server} = llama_node:start_link((llama_node_ct:fake(progress, Config))#{progress => self()}),
    Got = llama_node_ct:flush(),
    ?assertEqual([{llama_node_progress, <<"m.gguf">>, N / 16} || N <- lists:seq(0, 16)], Got),
    ok = llama_node_ct:stop(Server).

progress_to_a_fun(Config) ->
    Self = self(),
    Fun = fun (Path, Fraction) -> Self ! {Path, Fraction}, error(of_no_consequence) end,
    {ok, Server} = llama_node:start_link((llama_node_ct:fake(progress, Config))#{progress => Fun}),
    ?assertEqual(17, length(llama_node_ct:flush())),
    ok = llama_node_ct:stop(Server).

%% Run

dies_later(Config) ->
    process_flag(trap_exit, true),
    Server = started(normal, Config),
    ?assertMatch({error, {node_down, _}}, llama_node:complete(Server, <<"exit">>, #{n_predict => 5})),
    receive {'EXIT', Server, Reason} -> ?assertEqual({node_down, {exit_status, 5}}, Reason) end,
    ?assertMatch({error, {node_down, _}}, llama_node:ping(Server)),
    process_flag(trap_exit, false).

malformed_later(Config) ->
    process_flag(trap_exit, true),
    Server = started(malformed_later, Config),
    OsPid = llama_node_ct:os_pid(Server),
    %% The node may be gone before its answer is out.
    _ = llama_node:complete(Server, <<"say garbage">>, #{}),
    receive {'EXIT', Server, Reason} -> ?assertEqual({node_down, {bad_frame, malformed}}, Reason) end,
    ?assertNotEqual([], os:cmd("kill -0 " ++ integer_to_list(OsPid))),
    process_flag(trap_exit, false).

connection_lost(Config) ->
    process_flag(trap_exit, true),
    Server = started(normal, Config),
    {ok, #{node := Node}} = llama_node:get_status(Server),
    true = erlang:disconnect_node(Node),
    receive {'EXIT', Server, Reason} -> ?assertEqual({node_down, connection_lost}, Reason) end,
    process_flag(trap_exit, false).

%% Stop

stops_orderly(Config) ->
    {Options, Witness} = llama_node_ct:witnessed(llama_node_ct:fake(normal, Config), Config),
    {ok, Server} = llama_node:init_server(Options),
    ?assertEqual(ok, llama_node:destroy_server(Server)),
    ?assertNot(is_process_alive(Server)),
    ok = llama_node_ct:await_end(Witness).

ignores_stop(Config) ->
    {Options, Witness} =
        llama_node_ct:witnessed((llama_node_ct:fake(ignores_stop, Config))#{stop_timeout => 50}, Config),
    {ok, Server} = llama_node:init_server(Options),
    ?assertEqual(ok, llama_node:destroy_server(Server)),
    ok = llama_node_ct:await_end(Witness).

stop_while_starting(Config) ->
    {Options, Witness} = llama_node_ct:witnessed((llama_node_ct:fake(never_ready, Config))#{wait => false}, Config),
    {ok, Server} = llama_node:init_server(Options),
    ?assertEqual(ok, llama_node:destroy_server(Server)),
    ok = llama_node_ct:await_end(Witness).

stop_twice(Config) ->
    {ok, Server} = llama_node:init_server(llama_node_ct:fake(normal, Config)),
    ?assertEqual(ok, llama_node:destroy_server(Server)),
    ?assertEqual(ok, llama_node:destroy_server(Server)).

scripted(Line, Config) ->
    Path = script(filename:join(proplists:get_value(priv_dir, Config), "script"), Line),
    llama_node:start_link(#{launcher => Path, models => [], start_timeout => 30000}).
