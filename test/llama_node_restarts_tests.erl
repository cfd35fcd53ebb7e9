%% When a node is started again, and when that is given up.
-module(llama_node_restarts_tests).

-include_lib("eunit/include/eunit.hrl").

none_at_all_test() ->
    ?assertEqual(exhausted, llama_node_restarts:next(0, llama_node_restarts:new({0, 60}))).

waits_grow_within_bounds_test() ->
    Waits = waits(20, llama_node_restarts:new({20, 60})),
    [?assert(Wait >= Least andalso Wait =< Most)
     || {Wait, {Least, Most}} <- lists:zip(lists:sublist(Waits, 6),
                                           [{50, 100}, {100, 200}, {200, 400}, {400, 800}, {800, 1600}, {1500, 3000}])],
    [?assert(Wait >= 1500 andalso Wait =< 3000) || Wait <- lists:nthtail(5, Waits)],
    %% Nodes that ended together are not started together.
    ?assert(length(lists:usort([hd(waits(1, llama_node_restarts:new({1, 1}))) || _ <- lists:seq(1, 100)])) > 10).

a_start_that_succeeds_begins_anew_test() ->
    {wait, _, First} = llama_node_restarts:next(0, llama_node_restarts:new({20, 60})),
    {wait, _, Second} = llama_node_restarts:next(0, First),
    {wait, Wait, _} = llama_node_restarts:next(0, llama_node_restarts:started(Second)),
    ?assert(Wait =< 100).

starts_that_fail_slowly_are_given_up_test() ->
    {wait, _, First} = llama_node_restarts:next(0, llama_node_restarts:new({2, 1})),
    {wait, _, Second} = llama_node_restarts:next(10000, First),
    ?assertEqual(exhausted, llama_node_restarts:next(20000, Second)),
    ?assertMatch({wait, _, _}, llama_node_restarts:next(20000, llama_node_restarts:started(Second))).

only_those_within_the_period_count_test() ->
    {wait, _, First} = llama_node_restarts:next(0, llama_node_restarts:new({2, 60})),
    {wait, _, Second} = llama_node_restarts:next(30000, llama_node_restarts:started(First)),
    ?assertEqual(exhausted, llama_node_restarts:next(59999, llama_node_restarts:started(Second))),
    {wait, _, Third} = llama_node_restarts:next(60000, llama_node_restarts:started(Second)),
    ?assertEqual(exhausted, llama_node_restarts:next(60001, llama_node_restarts:started(Third))),
    ?assertMatch({wait, _, _}, llama_node_restarts:next(90000, llama_node_restarts:started(Third))).

waits(0, _) -> [];
waits(N, Restarts) ->
    {wait, Wait, Next} = llama_node_restarts:next(0, Restarts),
    [Wait | waits(N - 1, Next)].
