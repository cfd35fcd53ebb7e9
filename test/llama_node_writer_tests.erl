%% What many processes have to say to a node that takes it slowly.
-module(llama_node_writer_tests).

-include_lib("eunit/include/eunit.hrl").

-define(MOST_MESSAGES, 65536).
-define(MOST_BYTES, 33554432).

what_a_free_way_takes_goes_directly_test() ->
    {Writer, _} = slow(),
    ok = llama_node_writer:send(Writer, always, fun () -> true end, never, fun () -> error(not_asked) end),
    ?assertEqual([], written(Writer)).

nothing_overtakes_what_waits_test() ->
    {Writer, Way} = slow(),
    ok = send(Writer, 1),
    %% The way is free again, but the first message is still to be written.
    ok = llama_node_writer:send(Writer, always, fun () -> true end, 2, fun () -> 1 end),
    ok = send(Writer, 3),
    ?assertEqual([1, 2, 3], [taken(Way) || _ <- [1, 2, 3]]).

requests_beyond_the_number_are_refused_test() ->
    {Writer, Way} = slow(),
    [ok = send(Writer, N) || N <- lists:seq(1, ?MOST_MESSAGES)],
    {error, {server_busy, Message}} = send(Writer, refused),
    ?assertNotEqual(nomatch, string:find(Message, "65536 requests")),
    %% What the application itself has to say is not.
    ok = llama_node_writer:send(Writer, always, fun () -> false end, own, fun () -> 1 end),
    [1, 2] = [taken(Way), taken(Way)],
    ok = await(fun () -> send(Writer, again) =:= ok end).

requests_beyond_the_bytes_are_refused_test() ->
    {Writer, Way} = slow(),
    ok = send(Writer, first, ?MOST_BYTES - 1),
    ?assertMatch({error, {server_busy, _}}, send(Writer, second, 2)),
    ok = send(Writer, third, 1),
    [first, third] = [taken(Way), taken(Way)],
    %% One message has room, however large it is.
    ok = await(fun () -> send(Writer, large, 2 * ?MOST_BYTES) =:= ok end),
    ?assertMatch({error, {server_busy, _}}, send(Writer, small, 1)).

who_says_little_does_not_wait_for_who_says_much_test() ->
    {Writer, Way} = slow(),
    ok = send(Writer, being_written),
    [ok = send(Writer, {large, N}, 1000000) || N <- [1, 2]],
    ok = sent_by_another(Writer, small, 1000),
    ok = sent_by_another(Writer, as_large, 1000000),
    ?assertEqual([being_written, small, {large, 1}, as_large, {large, 2}], [taken(Way) || _ <- lists:seq(1, 5)]).

who_says_much_has_his_turns_although_others_keep_coming_test() ->
    {Writer, Way} = slow(),
    ok = send(Writer, being_written),
    ok = send(Writer, large, 100000),
    Written = [begin ok = sent_by_another(Writer, N, 30000), taken(Way) end || N <- lists:seq(1, 10)],
    ?assertEqual([being_written, 1, 2, 3, large], lists:sublist(Written, 5)).

sent_by_another(Writer, Message, Size) ->
    {_, Ref} = spawn_monitor(fun () ->
        exit(llama_node_writer:send(Writer, always, fun () -> false end, Message, fun () -> Size end))
    end),
    receive {'DOWN', Ref, process, _, Sent} -> Sent end.

what_is_passed_on_leaves_room_for_others_test() ->
    {Writer, Way} = slow(),
    [ok = pass_on(Writer, N, 1) || N <- lists:seq(1, ?MOST_MESSAGES div 2)],
    ?assertMatch({error, {server_busy, _}}, pass_on(Writer, refused, 1)),
    ok = send(Writer, own, ?MOST_BYTES div 2),
    ?assertMatch({error, {server_busy, _}}, pass_on(Writer, refused, 1)),
    ok = send(Writer, last),
    1 = taken(Way),
    {Other, _} = slow(),
    %% One message has room, however large it is.
    ok = pass_on(Other, large, ?MOST_BYTES),
    ?assertMatch({error, {server_busy, _}}, pass_on(Other, small, 1)).

pass_on(Writer, Message, Size) ->
    llama_node_writer:send(Writer, {passed_on, self()}, fun () -> false end, Message, fun () -> Size end).

nothing_is_written_for_who_has_gone_test() ->
    {Writer, Way} = slow(),
    {Dead, Ref} = spawn_monitor(fun () -> ok end),
    receive {'DOWN', Ref, process, Dead, _} -> ok end,
    ok = send(Writer, held_up),
    ok = llama_node_writer:send(Writer, {Dead, infinity}, fun () -> false end, of_the_dead, fun () -> 1 end),
    Now = erlang:monotonic_time(millisecond),
    ok = llama_node_writer:send(Writer, {self(), Now}, fun () -> false end, overdue, fun () -> 1 end),
    ok = send(Writer, wanted),
    ?assertEqual([held_up, wanted], [taken(Way), taken(Way)]).

what_was_written_is_counted_test() ->
    {Writer, Way} = slow(),
    ?assertEqual(0, llama_node_writer:written(Writer)),
    [ok = send(Writer, N) || N <- [1, 2]],
    [1, 2] = [taken(Way), taken(Way)],
    ok = await(fun () -> llama_node_writer:written(Writer) =:= 2 end).

it_ends_with_whom_it_depends_on_test() ->
    {{Pid, _} = Writer, _} = slow(),
    Ref = erlang:monitor(process, Pid),
    Owner = spawn(fun () -> receive finish -> ok end end),
    ok = llama_node_writer:depend(Writer, Owner),
    Owner ! finish,
    receive {'DOWN', Ref, process, Pid, normal} -> ok end.

a_call_that_is_given_up_is_told_and_leaves_nothing_test() ->
    Self = self(),
    Send = fun (Sender, Message) -> Self ! {sent, Sender, Message}, ok end,
    {Caller, Down} = spawn_monitor(fun () ->
        Answer = llama_node_writer:call(Self, Send, ping, 0),
        receive answered_late -> exit({Answer, process_info(self(), monitors), llama_node_ct:flush()}) end
    end),
    receive
        {sent, {Caller, Until}, {'$gen_call', {Caller, [alias | Ref] = Tag}, ping}} ->
            ?assert(is_integer(Until)),
            receive {sent, always, Cast} -> ?assertEqual({'$gen_cast', Caller, {give_up, Ref}}, Cast) end,
            Ref ! {Tag, pong},
            Caller ! answered_late
    end,
    receive
        {'DOWN', Down, process, Caller, Left} -> ?assertMatch({{error, {timeout, _}}, {monitors, []}, []}, Left)
    end.

a_call_ends_with_the_process_that_is_watched_test() ->
    Watched = spawn(fun () -> receive finish -> exit(silent) end end),
    Send = fun (_, _) -> Watched ! finish, ok end,
    ?assertMatch({error, {node_down, _}}, llama_node_writer:call(Watched, Send, ping, infinity)).

a_call_that_is_refused_is_answered_at_once_test() ->
    Refused = {error, {server_busy, <<"full">>}},
    ?assertEqual(Refused, llama_node_writer:call(self(), fun (_, _) -> Refused end, ping, infinity)),
    ?assertEqual({monitors, []}, process_info(self(), monitors)).

%% A way that takes a message when it is told to.
slow() ->
    Self = self(),
    Way = make_ref(),
    Write = fun (Message) ->
        Self ! {Way, self(), Message},
        receive {Way, go_on} -> ok end
    end,
    {llama_node_writer:start(self(), Write), Way}.

taken(Way) ->
    receive {Way, Writer, Message} -> Writer ! {Way, go_on}, Message end.

send(Writer, Message) -> send(Writer, Message, 1).

send(Writer, Message, Size) ->
    llama_node_writer:send(Writer, {self(), infinity}, fun () -> false end, Message, fun () -> Size end).

written({Pid, _}) ->
    {messages, Messages} = process_info(Pid, messages),
    Messages.

await(Condition) ->
    case Condition() of
        true -> ok;
        false -> erlang:yield(), await(Condition)
    end.
