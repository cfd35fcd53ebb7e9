%% Streams: order, and exactly one terminal event, with a node that ends them in every possible way.
-module(llama_node_stream_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [server/1]).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}].

groups() ->
    Cases = [events_in_order, refused_stream_sends_nothing, cancelled_stream, node_dies_mid_stream,
             node_dies_after_the_end, node_dies_between_the_end_and_the_word_of_it, node_dies_under_many_streams,
             stream_through_the_mailbox_itself, watchers_end_with_their_streams, watchers_end_with_their_consumers,
             fold_collects, fold_stops, fold_raises, fold_fails, fold_over_a_dying_node,
             fold_takes_its_own_messages_only],
    [{distribution, [], Cases}, {port, [], Cases}].

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    Config.

end_per_suite(_) ->
    ok.

init_per_group(Transport, Config) ->
    [{transport, Transport} | Config].

end_per_group(_, _) ->
    ok.

init_per_testcase(_, Config) ->
    process_flag(trap_exit, true),
    Transport = proplists:get_value(transport, Config),
    {ok, Server} = llama_node:start_link((llama_node_ct:fake(normal, Config))#{transport => Transport}),
    [{server, Server} | Config].

end_per_testcase(_, Config) ->
    Server = proplists:get_value(server, Config),
    ok = llama_node:destroy_server(Server),
    receive {'EXIT', Server, _} -> ok after 0 -> ok end.

events_in_order(Config) ->
    Task = stream(3, x, Config),
    ?assertEqual([<<"0">>, <<"1">>, <<"2">>], chunks(Task)),
    ?assertMatch({done, #{task_id := Task}}, terminal(Task)),
    only_that(Config).

refused_stream_sends_nothing(Config) ->
    ?assertMatch({error, {server_busy, _}},
                 llama_node:stream(server(Config), 1, completion, #{prompt => refuse, n_predict => 0})),
    only_that(Config).

cancelled_stream(Config) ->
    Task = stream(2, hang, Config),
    ?assertEqual(ok, llama_node:cancel_task(server(Config), Task)),
    ?assertEqual([<<"0">>, <<"1">>], chunks(Task)),
    ?assertMatch({error, {cancelled, _}}, terminal(Task)),
    only_that(Config).

node_dies_mid_stream(Config) ->
    Task = stream(2, hang, Config),
    all_arrived(Config),
    kill_node(Config),
    ?assertEqual([<<"0">>, <<"1">>], chunks(Task)),
    ?assertMatch({error, {node_down, _}}, terminal(Task)),
    nothing_else().

node_dies_after_the_end(Config) ->
    Task = stream(1, x, Config),
    ?assertMatch([_], chunks(Task)),
    ?assertMatch({done, _}, terminal(Task)),
    kill_node(Config),
    nothing_else().

node_dies_between_the_end_and_the_word_of_it(Config) ->
    Task = stream(0, end_untold, Config),
    %% The watcher does not know, and sees the node die.
    [Watcher] = watchers(),
    all_arrived(Config),
    kill_node(Config),
    _ = llama_node_ct:await_down(Watcher),
    ?assertMatch({done, _}, terminal(Task)),
    nothing_else().

node_dies_under_many_streams(Config) ->
    Hanging = [stream(1, hang, Config) || _ <- lists:seq(1, 100)],
    Ended = [stream(1, x, Config) || _ <- lists:seq(1, 100)],
    kill_node(Config),
    %% What was on its way when the node was killed may be lost, but not that the stream ended.
    [begin
         ?assert(lists:member(chunks(Task), [[<<"0">>], []])),
         ?assertMatch({error, {node_down, _}}, terminal(Task))
     end || Task <- Hanging],
    [begin
         Chunks = chunks(Task),
         case terminal(Task) of
             {done, _} -> ?assertEqual([<<"0">>], Chunks);
             {error, {node_down, _}} -> ?assert(lists:member(Chunks, [[<<"0">>], []]))
         end
     end || Task <- Ended],
    nothing_else().

stream_through_the_mailbox_itself(Config) ->
    {ok, #{node := Node}} = llama_node:get_status(server(Config)),
    Mailbox = case proplists:get_value(transport, Config) of
        distribution -> {llama_node, Node};
        port -> server(Config)
    end,
    {ok, Task} = llama_node:stream(Mailbox, 1, completion, #{prompt => hang, n_predict => 0}),
    kill_node(Config),
    ?assertMatch({error, {node_down, _}}, terminal(Task)),
    nothing_else().

watchers_end_with_their_streams(Config) ->
    Task = stream(0, hang, Config),
    [Watcher] = watchers(),
    Ref = erlang:monitor(process, Watcher),
    ok = llama_node:cancel_task(server(Config), Task),
    receive {'DOWN', Ref, process, _, Reason} -> ?assert(lists:member(Reason, [normal, noproc])) end,
    ?assertMatch({error, {cancelled, _}}, terminal(Task)).

watchers_end_with_their_consumers(Config) ->
    Self = self(),
    {Consumer, _} = spawn_monitor(fun () ->
        _ = stream(0, hang, Config),
        Self ! streaming,
        receive never -> ok end
    end),
    receive streaming -> ok end,
    [Watcher] = watchers(),
    exit(Consumer, kill),
    ?assert(lists:member(llama_node_ct:await_down(Watcher), [normal, noproc])),
    receive {'DOWN', _, process, Consumer, killed} -> ok end.

fold_collects(Config) ->
    Fun = fun ({chunk, #{content := Text}}, Acc) -> [Text | Acc] end,
    ?assertMatch({ok, #{usage := #{completion_tokens := 3}}, [<<"2">>, <<"1">>, <<"0">>]}, fold(Fun, [], 3, x, Config)),
    only_that(Config).

fold_stops(Config) ->
    Fun = fun ({chunk, #{index := 1}}, Acc) -> {stop, Acc}; (_, Acc) -> Acc + 1 end,
    ?assertEqual({stopped, 1}, fold(Fun, 0, 5, hang, Config)),
    %% Also when the task ended by itself before it could be cancelled.
    ?assertEqual({stopped, 1}, fold(Fun, 0, 5, x, Config)),
    ?assertMatch({ok, #{tasks_running := 0}}, llama_node:get_status(server(Config))),
    only_that(Config).

fold_raises(Config) ->
    [?assertException(Class, oops, fold(fun (_, _) -> erlang:Class(oops) end, 0, 3, hang, Config))
     || Class <- [error, exit, throw]],
    ?assertMatch({ok, #{tasks_running := 0}}, llama_node:get_status(server(Config))),
    only_that(Config).

fold_fails(Config) ->
    Fun = fun (_, Acc) -> Acc end,
    ?assertMatch({error, {server_busy, _}}, fold(Fun, 0, 0, refuse, Config)),
    only_that(Config).

fold_over_a_dying_node(Config) ->
    Self = self(),
    {Folding, Ref} = spawn_monitor(fun () ->
        Fun = fun ({chunk, #{index := Index}}, _) -> Self ! {index, Index}, Index end,
        Ended = fold(Fun, none, 2, hang, Config),
        exit({Ended, llama_node_ct:flush()})
    end),
    receive {index, 1} -> ok end,
    receive {index, 0} -> ok end,
    kill_node(Config),
    receive {'DOWN', Ref, process, Folding, Reason} -> ?assertMatch({{error, {node_down, _}}, []}, Reason) end.

fold_takes_its_own_messages_only(Config) ->
    Other = stream(1, x, Config),
    self() ! {llama_node, 1000000, {done, of_somebody_else}},
    ?assertMatch({ok, _, 2}, fold(fun (_, Count) -> Count + 1 end, 0, 2, x, Config)),
    ?assertEqual([<<"0">>], chunks(Other)),
    ?assertMatch({done, _}, terminal(Other)),
    ?assertEqual([{llama_node, 1000000, {done, of_somebody_else}}], llama_node_ct:flush()).

%% Helpers

stream(Count, Prompt, Config) ->
    {ok, Task} = llama_node:stream(server(Config), 1, completion, #{prompt => Prompt, n_predict => Count}),
    Task.

fold(Fun, Acc, Count, Prompt, Config) ->
    llama_node:stream_fold(Fun, Acc, server(Config), 1, completion, #{prompt => Prompt, n_predict => Count}).

%% The chunks before the terminal event, which stays in the mailbox.
chunks(Task) ->
    receive
        {llama_node, Task, {chunk, #{content := Text}}} -> [Text | chunks(Task)];
        {llama_node, Task, Terminal} -> self() ! {llama_node, Task, Terminal}, []
    end.

terminal(Task) ->
    receive {llama_node, Task, Event} -> Event end.

kill_node(Config) ->
    Server = server(Config),
    ok = llama_node_ct:kill("KILL", llama_node_ct:os_pid(Server)),
    receive {'EXIT', Server, Reason} -> ?assertEqual({node_down, {exit_status, 137}}, Reason) end.

watchers() ->
    [Pid || Pid <- processes(), {dictionary, Dict} <- [process_info(Pid, dictionary)],
            lists:member({'$initial_call', {llama_node_stream, watch, 3}}, Dict)].

%% A request answered now comes after whatever the node has sent.
all_arrived(Config) ->
    pong = llama_node:ping(server(Config)),
    ok.

only_that(Config) ->
    all_arrived(Config),
    ?assertEqual([], llama_node_ct:flush()).

%% No watcher is left that could still send anything.
nothing_else() ->
    _ = [llama_node_ct:await_down(Watcher) || Watcher <- watchers()],
    ?assertEqual([], llama_node_ct:flush()).
