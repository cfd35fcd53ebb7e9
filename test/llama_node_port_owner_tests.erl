%% The process that owns the port of a node. The node is cat here, which says what it is told.
-module(llama_node_port_owner_tests).

-include_lib("eunit/include/eunit.hrl").

-define(DUE, 1000).

open() ->
    open_port({spawn_executable, "/bin/cat"}, [{packet, 4}, binary, exit_status, use_stdio]).

start(Port) ->
    Self = self(),
    llama_node_port_owner:start(Port, fun (Control) -> Self ! {control, Control}, ok end, ?DUE).

say(Port, Term) ->
    true = port_command(Port, term_to_binary(Term)),
    ok.

with_port(Test) ->
    alone(fun () ->
        Port = open(),
        Owner = start(Port),
        Test(Port, Owner)
    end).

%% In a process of its own, which is the server: the port ends with it, and nothing is left for the next one.
alone(Test) ->
    {_, Ref} = spawn_monitor(fun () -> Test(), exit(passed) end),
    receive {'DOWN', Ref, process, _, Reason} -> ?assertEqual(passed, Reason) end.

next() ->
    receive Message -> Message end.

messages_reach_processes_whatever_the_server_has_before_test() ->
    with_port(fun (Port, _Owner) ->
        %% The server is this process, and reads nothing of it.
        [self() ! {busy, N} || N <- lists:seq(1, 1000)],
        {Receiver, Ref} = spawn_monitor(fun () -> receive hello -> exit(greeted) end end),
        say(Port, {send, Receiver, hello}),
        receive {'DOWN', Ref, process, _, Reason} -> ?assertEqual(greeted, Reason) end,
        [receive {busy, N} -> ok end || N <- lists:seq(1, 1000)]
    end).

an_alias_is_a_receiver_too_test() ->
    with_port(fun (Port, _Owner) ->
        Alias = erlang:alias(),
        say(Port, {send, Alias, to_alias}),
        ?assertEqual(to_alias, next())
    end).

control_frames_go_to_the_server_test() ->
    with_port(fun (Port, _Owner) ->
        Frame = term_to_binary({log, info, <<"logger">>, <<"text">>}),
        true = port_command(Port, Frame),
        ?assertEqual({Port, {data, Frame}}, next())
    end).

what_the_port_has_said_before_comes_first_test() ->
    alone(fun () ->
        Port = open(),
        say(Port, first),
        First = receive {Port, {data, _}} = Data -> Data end,
        self() ! First,
        say(Port, {send, self(), second}),
        Owner = start(Port),
        ?assertEqual({Port, {data, term_to_binary(first)}}, next()),
        ?assertEqual(second, next()),
        ?assertEqual({connected, Owner}, erlang:port_info(Port, connected))
    end).

frames_are_acknowledged_once_they_are_handled_test() ->
    with_port(fun (Port, Owner) ->
        Text = binary:copy(<<"t">>, 600),
        Delivered = {send, self(), Text},
        say(Port, Delivered),
        ?assertEqual(Text, next()),
        Control = term_to_binary({log, info, <<"logger">>, Text}),
        true = port_command(Port, Control),
        {Port, {data, Control}} = next(),
        %% What the server still has to handle does not count yet.
        say(Port, {send, self(), short}),
        ?assertEqual(short, next()),
        ok = llama_node_port_owner:handled(Owner, Control),
        Bytes = byte_size(Control) + lists:sum([byte_size(term_to_binary(Term))
                                                || Term <- [Delivered, {send, self(), short}]]),
        ?assertEqual({control, {ack, Bytes}}, next())
    end).

the_node_hears_of_the_end_of_a_process_that_it_watches_test() ->
    with_port(fun (Port, _Owner) ->
        Watched = spawn(fun () -> receive stop -> ok end end),
        Left = spawn(fun () -> receive stop -> ok end end),
        say(Port, {monitor, 7, Watched}),
        say(Port, {monitor, 8, Left}),
        say(Port, {demonitor, 8}),
        say(Port, {demonitor, 99}),
        say(Port, {send, self(), so_far}),
        so_far = next(),
        Left ! stop,
        Watched ! stop,
        ?assertEqual({control, {down, 7}}, next()),
        say(Port, {monitor, 9, Watched}),
        ?assertEqual({control, {down, 9}}, next()),
        say(Port, {demonitor, 9}),
        say(Port, {send, self(), still_there}),
        ?assertEqual(still_there, next())
    end).

the_end_of_the_port_is_told_behind_all_that_it_said_test() ->
    with_port(fun (Port, _Owner) ->
        say(Port, {send, self(), last_words}),
        {os_pid, OsPid} = erlang:port_info(Port, os_pid),
        last_words = next(),
        [] = os:cmd("kill -9 " ++ integer_to_list(OsPid)),
        ?assertEqual({Port, {exit_status, 128 + 9}}, next()),
        ?assertEqual({'EXIT', Port, normal}, next())
    end).

a_port_that_is_closed_already_says_so_test() ->
    alone(fun () ->
        process_flag(trap_exit, true),
        Port = open(),
        true = port_close(Port),
        _ = start(Port),
        ?assertEqual({'EXIT', Port, normal}, next())
    end).

a_frame_that_it_cannot_read_ends_the_port_for_the_server_test() ->
    with_port(fun (Port, Owner) ->
        say(Port, {send, self()}),
        ?assertMatch({'EXIT', Port, {bad_frame, error, _}}, next()),
        ?assert(is_process_alive(Owner))
    end).

it_ends_with_the_server_and_the_port_with_it_test() ->
    Self = self(),
    {Server, Ref} = spawn_monitor(fun () ->
        Port = open(),
        Self ! {started, Port, start(Port)},
        receive stop -> ok end
    end),
    {started, Port, Owner} = next(),
    PortRef = erlang:monitor(port, Port),
    OwnerRef = erlang:monitor(process, Owner),
    Server ! stop,
    receive {'DOWN', Ref, process, _, _} -> ok end,
    receive {'DOWN', OwnerRef, process, _, _} -> ok end,
    receive {'DOWN', PortRef, port, _, _} -> ok end.

%% The server is who callers were sent by; it may be another one than they watch.
calls_that_are_not_answered_end_with_the_server_test() ->
    Self = self(),
    Error = {node_down, <<"it ended">>},
    {_, Ref} = spawn_monitor(fun () ->
        Port = open(),
        Owner = start(Port),
        [ok = llama_node_port_owner:expects(Owner, {Self, Tag}) || Tag <- [answered, refused, waiting]],
        %% Of some that have ended nothing is kept.
        {Dead, DeadRef} = spawn_monitor(fun () -> ok end),
        receive {'DOWN', DeadRef, process, _, _} -> ok end,
        [ok = llama_node_port_owner:expects(Owner, {Dead, Tag}) || Tag <- lists:seq(1, 5000)],
        say(Port, {send, Self, {answered, yes}}),
        ok = llama_node_port_owner:answer(Owner, {Self, refused}, no),
        Self ! {owner, Owner},
        receive go -> exit({shutdown, {ended, killed, Error}}) end
    end),
    Owner = receive {owner, Pid} -> Pid end,
    ?assertEqual([{answered, yes}, {refused, no}], lists:sort([next(), next()])),
    {links, Links} = process_info(Owner, links),
    Ended = erlang:monitor(process, Owner),
    [Linked ! go || Linked <- Links, is_pid(Linked)],
    receive {'DOWN', Ref, process, _, _} -> ok end,
    receive {'DOWN', Ended, process, _, _} -> ok end,
    ?assertEqual({waiting, {error, Error}}, next()),
    receive Other -> error({more, Other}) after 0 -> ok end.
