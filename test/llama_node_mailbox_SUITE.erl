%% What else than requests a process may send to a Java node, and what becomes of calls that were given up.
-module(llama_node_mailbox_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [server/1, session/1, endless/0]).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() -> llama_node_engine_ct:all([scripted, real_distribution]).

groups() ->
    Both = [a_call_that_is_given_up_collects_no_result, a_stream_of_a_call_that_is_given_up_ends],
    [{distribution, [], [system_messages_are_refused, nothing_is_spawned, nodes_see_it_as_a_hidden_one,
                         names_and_processes_that_are_not_there, a_plain_call_that_is_given_up_collects_no_result
                         | Both]},
     {port, [], Both} | [{Group, [], Both} || Group <- llama_node_engine_ct:servers()]].

init_per_group(Group, Config) ->
    llama_node_ct:start_over(Group, #{}, Config).

end_per_group(Group, Config) ->
    llama_node_ct:stop_over(Group, Config).

end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

%% Nothing of this may take as long as this.
-define(TIMEOUT, 20000).

%% The answer is there for those who look at it; the others raise at once, rather than with a time-out.
system_messages_are_refused(Config) ->
    Mailbox = proplists:get_value(mailbox, Config),
    [?assertMatch({error, {unsupported, <<"this mailbox is no process", _/binary>>}}, Ask())
     || Ask <- [fun () -> sys:get_status(Mailbox) end, fun () -> sys:get_status(Mailbox, ?TIMEOUT) end,
                fun () -> sys:suspend(Mailbox, ?TIMEOUT) end, fun () -> sys:resume(Mailbox, ?TIMEOUT) end,
                fun () -> sys:terminate(Mailbox, normal, ?TIMEOUT) end]],
    ?assertError({unsupported, _}, sys:get_state(Mailbox, ?TIMEOUT)),
    %% What it raises depends on the OTP.
    [?assertMatch({raised, _}, try gen_server:stop(Mailbox, normal, Timeout) of
                                   ok -> stopped
                               catch
                                   _:Reason when Reason =/= timeout -> {raised, Reason}
                               end)
     || Timeout <- [infinity, ?TIMEOUT]],
    ?assertEqual(pong, llama_node:ping(server(Config))).

%% The runtime knows that the node runs no processes of others, and what it does not know is refused by the node.
nothing_is_spawned(Config) ->
    Node = proplists:get_value(node, Config),
    ?assertError({erpc, notsup}, erpc:call(Node, erlang, node, [], ?TIMEOUT)),
    ?assertEqual({badrpc, notsup}, rpc:call(Node, erlang, node, [], ?TIMEOUT)),
    Request = spawn_request(Node, erlang, node, []),
    receive {spawn_reply, Request, error, Reason} -> ?assertEqual(notsup, Reason) end,
    {_, Ref} = spawn_opt(Node, fun () -> ok end, [monitor]),
    receive {'DOWN', Ref, process, _, Why} -> ?assertEqual(notsup, Why) end,
    [?assertEqual({error, notsup}, gen_server:call({net_kernel, Node}, Old, ?TIMEOUT))
     || Old <- [{spawn, erlang, node, [], group_leader()}, {spawn_link, erlang, node, [], group_leader()}, anything]],
    ?assertEqual({error, notsup}, sys:get_status({net_kernel, Node}, ?TIMEOUT)).

nodes_see_it_as_a_hidden_one(Config) ->
    Node = proplists:get_value(node, Config),
    ?assertEqual(pong, net_adm:ping(Node)),
    ?assert(lists:member(Node, nodes(hidden))),
    %% Names that all nodes of the cluster agree on need not be agreed on with it.
    yes = global:register_name(?MODULE, self()),
    ok = global:sync(),
    ?assertEqual(self(), global:whereis_name(?MODULE)),
    _ = global:unregister_name(?MODULE).

names_and_processes_that_are_not_there(Config) ->
    Node = proplists:get_value(node, Config),
    Names = [rex, global_name_server, nobody],
    [begin
         Ref = erlang:monitor(process, {Name, Node}),
         receive {'DOWN', Ref, process, {Name, Node}, Reason} -> ?assertEqual(noproc, Reason) end,
         ?assertExit({noproc, _}, gen_server:call({Name, Node}, anything, ?TIMEOUT)),
         ?assertExit({noproc, _}, sys:get_status({Name, Node}, ?TIMEOUT)),
         ?assertExit(noproc, gen_server:stop({Name, Node}, normal, ?TIMEOUT))
     end || Name <- Names].

%% A process whose call has timed out must not take what another one asks for.
a_plain_call_that_is_given_up_collects_no_result(Config) ->
    Server = server(Config),
    collects_nothing(Server, fun (Request) ->
        ?assertExit({timeout, _}, gen_server:call(proplists:get_value(mailbox, Config), Request, 100))
    end),
    %% Nor must one that has died.
    collects_nothing(Server, fun (Request) ->
        Mailbox = proplists:get_value(mailbox, Config),
        Self = self(),
        {Pid, Ref} = spawn_monitor(fun () ->
            Session = session(Server),
            _ = gen_server:send_request(Mailbox, Request),
            %% Requests of one process are handled in their order.
            pong = llama_node:ping(Server),
            Self ! {waits, Session},
            receive never -> ok end
        end),
        Session = receive {waits, Id} -> Id end,
        exit(Pid, kill),
        receive {'DOWN', Ref, process, Pid, killed} -> ok end,
        await_no_session(Server, Session)
    end).

%% The node has heard of its owner's end.
await_no_session(Server, Session) ->
    case llama_node:get_session_info(Server, Session) of
        {ok, _} -> await_no_session(Server, Session);
        {error, {session_not_found, _}} -> ok
    end.

a_call_that_is_given_up_collects_no_result(Config) ->
    Server = server(Config),
    {ok, Target} = llama_node_request:target(Server, ?TIMEOUT),
    collects_nothing(Server, fun (Request) ->
        ?assertMatch({error, {timeout, _}}, llama_node_transport:call(Target, Request, 100))
    end).

collects_nothing(Server, GiveUp) ->
    Task = llama_node_ct:task(Server, session(Server), endless()),
    GiveUp({get_result, Task, infinity}),
    ok = llama_node:cancel_task(Server, Task),
    ?assertMatch({error, {cancelled, _}}, llama_node:get_result(Server, Task, 0)).

%% Its deadline is far, and so is the end of its text: it is cancelled.
a_stream_of_a_call_that_is_given_up_ends(Config) ->
    Server = server(Config),
    Session = session(Server),
    {ok, Target} = llama_node_request:target(Server, ?TIMEOUT),
    OsPid = llama_node_ct:os_pid(Server),
    ok = llama_node_ct:kill("STOP", OsPid),
    ?assertMatch({error, {timeout, _}},
                 llama_node_stream:start(Target, Session, completion, (endless())#{timeout => 3600000}, 100)),
    %% The word that it was given up comes right behind the call, and may come before or behind the answer.
    ok = llama_node_ct:kill("CONT", OsPid),
    ok = nothing_runs(Server),
    ?assertEqual([], llama_node_ct:flush()).

nothing_runs(Server) ->
    case llama_node:get_status(Server) of
        {ok, #{tasks_running := 0, tasks_waiting := 0}} -> ok;
        {ok, _} -> nothing_runs(Server)
    end.
