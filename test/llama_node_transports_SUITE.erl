%% What each way to the node has by itself: the distribution with its names and its ticks, the port with its order, its
%% bounds and its own look for silence. With the Java node and with a fake one.
-module(llama_node_transports_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [peer/2, session/1, endless/0, terminal/1]).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}].

groups() ->
    OfDistribution = [stopped_node_is_given_up, hung_node_is_given_up_whatever_waits, stopped_consumer_delays_nobody,
                      not_distributed, long_names, epmd_is_gone],
    OfPort = [runtime_becomes_distributed, silent_node_is_given_up, stopped_node_is_killed_by_its_server,
              callers_on_another_node],
    [{distribution, [], [{fake, [], OfDistribution}, {java, [], OfDistribution ++ [stopped_runtime_is_given_up]}]},
     {port, [], [{fake, [], OfPort ++ [requests_keep_their_order]},
                 {java, [], OfPort ++ [nothing_but_a_port, slow_owner]}]}].

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    Config.

end_per_suite(_) ->
    ok.

init_per_group(Group, Config) ->
    llama_node_ct:of_group(Group, Config).

end_per_group(_, _) ->
    ok.

%% The tick time is what this one waits for.
init_per_testcase(stopped_node_is_given_up, Config) ->
    process_flag(trap_exit, true),
    Seconds = net_kernel:get_net_ticktime(),
    _ = net_kernel:set_net_ticktime(8, 0),
    [{ticktime, Seconds} | Config];
init_per_testcase(_, Config) ->
    process_flag(trap_exit, true),
    Config.

end_per_testcase(stopped_node_is_given_up, Config) ->
    _ = net_kernel:set_net_ticktime(proplists:get_value(ticktime, Config), 0),
    ok;
end_per_testcase(_, _) ->
    ok.

%% Over the distribution

stopped_node_is_given_up(Config) ->
    {Options, Witness} = llama_node_ct:witnessed((llama_node_ct:options(Config))#{stop_timeout => 50}, Config),
    {ok, Server} = llama_node:init_server(Options),
    Ref = erlang:monitor(process, Server),
    {ok, Task} = llama_node:stream(Server, session(Server), completion, endless()),
    ok = llama_node_ct:kill("STOP", llama_node_ct:os_pid(Server)),
    %% The distribution notices that the node is silent, within the tick time, and so does the pulse.
    ?assertMatch({error, {node_down, _}}, terminal(Task)),
    receive
        {'DOWN', Ref, process, _, {node_down, Why}} -> ?assert(lists:member(Why, [silent, connection_lost]))
    end,
    ok = llama_node_ct:await_end(Witness).

%% Nor does it help a node that the runtime's own connection process waits behind what others have to say to it.
hung_node_is_given_up_whatever_waits(Config) ->
    Given = (llama_node_ct:options(Config))#{stop_timeout => 50, pulse_timeout => 2000},
    {Options, Witness} = llama_node_ct:witnessed(Given, Config),
    {ok, Server} = llama_node:init_server(Options),
    Ref = erlang:monitor(process, Server),
    ok = llama_node_ct:kill("STOP", llama_node_ct:os_pid(Server)),
    Large = #{system_prompt => binary:copy(<<"x">>, 1 bsl 20)},
    Callers = [spawn_monitor(fun () -> exit(llama_node:create_session(Server, Large)) end) || _ <- lists:seq(1, 8)],
    receive {'DOWN', Ref, process, _, Reason} -> ?assertEqual({node_down, silent}, Reason) end,
    [receive {'DOWN', Caller, process, _, Got} -> ?assertMatch({error, {node_down, _}}, Got) end
     || {_, Caller} <- Callers],
    ?assertMatch({error, {node_down, _}}, llama_node:ping(Server)),
    ok = llama_node_ct:await_end(Witness).

stopped_consumer_delays_nobody(Config) ->
    {ok, Server} = llama_node:init_server(llama_node_ct:options(Config)),
    {ok, #{node := Node}} = llama_node:get_status(Server),
    {Peer, _} = peer(#{name => peer:random_name()}, []),
    OsPid = list_to_integer(peer:call(Peer, os, getpid, [])),
    true = peer:call(Peer, erlang, set_cookie, [Node, erlang:get_cookie()]),
    pong = peer:call(Peer, llama_node, ping, [{llama_node, Node}]),
    ok = peer:cast(Peer, llama_node_ct, consume, [{llama_node, Node}, none]),
    ok = llama_node_ct:kill("STOP", OsPid),
    [?assertEqual(pong, llama_node:ping(Server)) || _ <- lists:seq(1, 100)],
    ?assertMatch({ok, _}, llama_node:create_session(Server, #{})),
    ok = llama_node_ct:kill("CONT", OsPid),
    ok = peer:stop(Peer),
    ?assertEqual(pong, llama_node:ping(Server)),
    ok = llama_node:destroy_server(Server).

%% It asks for much and takes nothing: it is disconnected, what its processes owned is gone, and it can come back.
stopped_runtime_is_given_up(Config) ->
    {ok, Server} = llama_node:init_server((llama_node_ct:options(Config))#{timeout_write => 1}),
    {ok, #{node := Node}} = llama_node:get_status(Server),
    {Peer, _} = peer(#{name => peer:random_name()}, []),
    OsPid = list_to_integer(peer:call(Peer, os, getpid, [])),
    true = peer:call(Peer, erlang, set_cookie, [Node, erlang:get_cookie()]),
    ok = peer:call(Peer, llama_node_ct, ask_much, [{llama_node, Node}, 60]),
    {ok, #{sessions := 1}} = llama_node:get_status(Server),
    ok = llama_node_ct:kill("STOP", OsPid),
    ok = await_sessions(Server, 0),
    ok = llama_node_ct:kill("CONT", OsPid),
    ok = await_pong(Peer, {llama_node, Node}),
    ok = peer:stop(Peer),
    ok = llama_node:destroy_server(Server).

%% It may have to notice first that its connection is gone.
await_pong(Peer, Mailbox) ->
    case peer:call(Peer, llama_node, ping, [Mailbox]) of
        pong -> ok;
        {error, {node_down, _}} -> await_pong(Peer, Mailbox)
    end.

await_sessions(Server, Wanted) ->
    case llama_node:get_status(Server) of
        {ok, #{sessions := Wanted}} -> ok;
        {ok, _} -> receive never -> ok after 100 -> await_sessions(Server, Wanted) end
    end.

not_distributed(Config) ->
    {Peer, nonode@nohost} = peer(#{}, []),
    {error, {unsupported, Message}} = peer:call(Peer, llama_node, init_server, [llama_node_ct:options(Config)]),
    ?assertNotEqual(nomatch, string:find(Message, "-sname")),
    ok = peer:stop(Peer).

long_names(Config) ->
    {Peer, _} = peer(#{name => peer:random_name(), host => "127.0.0.1", longnames => true}, []),
    true = peer:call(Peer, net_kernel, longnames, []),
    {ok, Server} = peer:call(Peer, llama_node, init_server, [llama_node_ct:options(Config)], infinity),
    {ok, #{node := Node}} = peer:call(Peer, llama_node, get_status, [Server]),
    ?assertMatch([_, "127.0.0.1"], string:split(atom_to_list(Node), "@")),
    ok = peer:call(Peer, llama_node, destroy_server, [Server], infinity),
    ok = peer:stop(Peer).

epmd_is_gone(Config) ->
    EpmdPort = integer_to_list(llama_node_ct:free_port()),
    Epmd = os:find_executable("epmd"),
    Private = open_port({spawn_executable, Epmd}, [{args, ["-port", EpmdPort]}, exit_status]),
    {os_pid, OsPid} = erlang:port_info(Private, os_pid),
    {Peer, _} = peer(#{name => peer:random_name()}, [{"ERL_EPMD_PORT", EpmdPort}]),
    ok = llama_node_ct:kill("KILL", OsPid),
    receive {Private, {exit_status, _}} -> ok end,
    {error, address} = peer:call(Peer, net_adm, names, []),
    {ok, Server} = peer:call(Peer, llama_node, init_server, [llama_node_ct:options(Config)], infinity),
    pong = peer:call(Peer, llama_node, ping, [Server]),
    ok = peer:call(Peer, llama_node, destroy_server, [Server], infinity),
    ok = peer:stop(Peer),
    _ = os:cmd(Epmd ++ " -port " ++ EpmdPort ++ " -kill").

%% Over the port

%% What was encoded under the old name still finds its processes, and theirs are still told of.
runtime_becomes_distributed(Config) ->
    {Peer, nonode@nohost} = peer(#{}, []),
    Options = maps:remove(transport, llama_node_ct:options(Config)),
    ok = peer:call(Peer, ?MODULE, become_distributed, [Options], 60000),
    ok = peer:stop(Peer).

become_distributed(Options) ->
    {ok, Server} = llama_node:init_server(Options),
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Task} = llama_node:stream(Server, Session, completion, endless()),
    {Waiting, Ref} = spawn_monitor(fun () -> exit(llama_node:get_result(Server, Task, infinity)) end),
    receive {llama_node, Task, {chunk, _}} -> ok end,
    Name = list_to_atom("llama_node_late_" ++ os:getpid()),
    {ok, _} = net_kernel:start([Name, shortnames]),
    pong = llama_node:ping(Server),
    Self = self(),
    {ok, New} = llama_node:create_session(Server, #{}),
    {ok, #{owner := Self}} = llama_node:get_session_info(Server, New),
    ok = llama_node:cancel_task(Server, Task),
    {error, {cancelled, _}} = terminal(Task),
    exit(Waiting, kill),
    receive {'DOWN', Ref, process, Waiting, _} -> ok end,
    ok = llama_node:destroy_server(Server).

%% The server waits for nothing that the node does not do, even when more is said to it than a pipe holds.
stopped_node_is_killed_by_its_server(Config) ->
    {Options, Witness} = llama_node_ct:witnessed((llama_node_ct:options(Config))#{stop_timeout => 50}, Config),
    {ok, Server} = llama_node:init_server(Options),
    ok = llama_node_ct:kill("STOP", llama_node_ct:os_pid(Server)),
    Large = #{prompt => binary:copy(<<"x">>, 1 bsl 20)},
    Callers = [spawn_monitor(fun () -> exit(llama_node:create_session(Server, Large)) end) || _ <- lists:seq(1, 5)],
    ?assertMatch({error, {timeout, _}}, llama_node_request:call(Server, {tokenize, Large}, 100)),
    ?assertMatch({error, {timeout, _}}, llama_node_request:call(Server, ping, 100)),
    ok = llama_node:destroy_server(Server),
    [receive {'DOWN', Ref, process, _, Got} -> ?assertMatch({error, {node_down, _}}, Got) end || {_, Ref} <- Callers],
    ok = llama_node_ct:await_end(Witness).

%% What a process says arrives in the order in which it was said, casts and calls alike. The node is stopped until
%% more waits than the port takes; then the port has room again before the process that writes the rest has gone on.
requests_keep_their_order(Config) ->
    {ok, Server} = llama_node:init_server(llama_node_ct:options(Config)),
    {ok, {_, Address} = Target} = llama_node_request:target(Server, 5000),
    {_, Port, {Writer, _}} = Address,
    OsPid = llama_node_ct:os_pid(Server),
    Note = fun (Number, Size) ->
        llama_node_transport:cast(Target, {note, Number, binary:copy(<<"x">>, Size)})
    end,
    ok = llama_node_ct:kill("STOP", OsPid),
    true = erlang:suspend_process(Writer),
    [ok = Note(Number, 20000) || Number <- lists:seq(1, 50)],
    {message_queue_len, Waiting} = process_info(Writer, message_queue_len),
    ?assert(Waiting > 0),
    ok = llama_node_ct:kill("CONT", OsPid),
    %% Returns once the port is no longer busy.
    true = erlang:port_command(Port, term_to_binary({'$gen_cast', nothing})),
    [ok = Note(Number, 10) || Number <- lists:seq(51, 100)],
    Self = self(),
    Calling = spawn_link(fun () ->
        {ok, Notes} = llama_node_transport:call(Target, notes, infinity),
        Self ! {self(), Notes}
    end),
    true = erlang:resume_process(Writer),
    ok = llama_node_transport:call(Target, {note, 101, <<>>}, infinity),
    ok = Note(102, 10),
    {ok, All} = llama_node_transport:call(Target, notes, infinity),
    ?assertEqual(lists:seq(1, 102), All),
    receive {Calling, Some} -> ?assertEqual(lists:seq(1, length(Some)), Some) end,
    ok = llama_node:destroy_server(Server).

%% As over the distribution, within the tick time.
silent_node_is_given_up(Config) ->
    {Options, Witness} = llama_node_ct:witnessed((llama_node_ct:options(Config))#{stop_timeout => 50}, Config),
    {Peer, nonode@nohost} = peer(#{args => ["-kernel", "net_ticktime", "2"]}, []),
    {Terminal, Reason} = peer:call(Peer, ?MODULE, stop_node, [Options], 60000),
    ?assertMatch({error, {node_down, _}}, Terminal),
    ?assertEqual({node_down, silent}, Reason),
    ok = llama_node_ct:await_end(Witness),
    ok = peer:stop(Peer).

stop_node(Options) ->
    {ok, Server} = llama_node:init_server(Options),
    Ref = erlang:monitor(process, Server),
    {ok, Task} = llama_node:stream(Server, session(Server), completion, endless()),
    ok = llama_node_ct:kill("STOP", llama_node_ct:os_pid(Server)),
    Terminal = terminal(Task),
    receive {'DOWN', Ref, process, _, Reason} -> {Terminal, Reason} end.

callers_on_another_node(Config) ->
    {ok, Server} = llama_node:init_server(llama_node_ct:options(Config)),
    {Peer, _} = peer(#{name => peer:random_name()}, []),
    true = peer:call(Peer, erlang, set_cookie, [node(), erlang:get_cookie()]),
    pong = peer:call(Peer, llama_node, ping, [Server]),
    {ok, Result} = peer:call(Peer, ?MODULE, stream_from_afar, [Server], 60000),
    ?assertMatch(#{usage := #{completion_tokens := 3}}, Result),
    %% Their sessions end with them.
    {ok, Session} = peer:call(Peer, ?MODULE, session_of_a_process, [Server]),
    ok = peer:stop(Peer),
    ok = await_gone(Server, Session, 10000),
    ok = llama_node:destroy_server(Server).

stream_from_afar(Server) ->
    {ok, Result, _} = llama_node:stream_fold(fun (_, Acc) -> Acc end, none, Server, session(Server), completion,
                                             #{prompt => <<"Once">>, n_predict => 3, ignore_eos => true}),
    {ok, Task} = llama_node:stream(Server, session(Server), completion, endless()),
    ok = llama_node:cancel_task(Server, Task),
    {error, {cancelled, _}} = terminal(Task),
    {ok, Result}.

session_of_a_process(Server) ->
    Self = self(),
    _ = spawn(fun () -> Self ! {session, llama_node:create_session(Server, #{})}, receive never -> ok end end),
    receive {session, Session} -> Session end.

%% The fake node says who owned its last session, whatever has become of it.
await_gone(Server, Session, Retries) ->
    case llama_node:get_session_info(Server, Session) of
        {error, {session_not_found, _}} -> ok;
        {ok, #{id := _, model := _}} when Retries > 0 -> await_gone(Server, Session, Retries - 1);
        {ok, Info} when not is_map_key(model, Info) -> ok
    end.

%% No epmd, no cookie, no listening socket: a runtime that is not distributed, and nowhere to find an epmd.
nothing_but_a_port(Config) ->
    {Peer, nonode@nohost} = peer(#{}, [{"ERL_EPMD_PORT", integer_to_list(llama_node_ct:free_port())}]),
    Options = maps:remove(transport, llama_node_ct:options(Config)),
    {ok, Server} = peer:call(Peer, llama_node, init_server, [Options], infinity),
    {ok, #{node := nonode@nohost}} = peer:call(Peer, llama_node, get_status, [Server]),
    {ok, OsPid} = peer:call(Peer, ?MODULE, os_pid_of, [Server]),
    ?assertEqual([], sockets(OsPid)),
    {ok, _} = peer:call(Peer, llama_node, complete, [Server, <<"Once">>, #{n_predict => 1}]),
    ok = peer:call(Peer, llama_node, destroy_server, [Server], infinity),
    ok = peer:stop(Peer).

os_pid_of(Server) ->
    {ok, llama_node_ct:os_pid(Server)}.

%% The node sends no more than the window while the owner of the port handles nothing; the task goes on, and
%% nothing of its text is lost.
slow_owner(Config) ->
    {ok, Server} = llama_node:init_server(llama_node_ct:options(Config)),
    {ok, Task} = llama_node:stream(Server, session(Server), completion, (endless())#{n_predict => 6000}),
    receive {llama_node, Task, {chunk, #{index := 0}}} -> ok end,
    Owner = llama_node_ct:port_owner(Server),
    true = erlang:suspend_process(Owner),
    {messages, Waiting} = await_full(Owner, 0),
    Bytes = lists:sum([byte_size(Data) || {_Port, {data, Data}} <- Waiting]),
    ?assertMatch(B when B =< 262144 + 4096, Bytes),
    true = erlang:resume_process(Owner),
    {Chunks, {done, #{content := Content, usage := #{completion_tokens := 6000}}}} = llama_node_ct:events(Task),
    ?assertEqual(lists:seq(1, length(Chunks)), [Index || #{index := Index} <- Chunks]),
    Rest = iolist_to_binary([Text || #{content := Text} <- Chunks]),
    ?assertEqual(Rest, binary:part(Content, byte_size(Content), -byte_size(Rest))),
    pong = llama_node:ping(Server),
    ok = llama_node:destroy_server(Server).

%% Until nothing came for a while after much had come.
await_full(Owner, Before) ->
    case process_info(Owner, message_queue_len) of
        {message_queue_len, Before} when Before > 500 -> process_info(Owner, messages);
        {message_queue_len, Now} -> receive never -> ok after 300 -> await_full(Owner, Now) end
    end.

sockets(OsPid) ->
    Descriptors = filelib:wildcard("/proc/" ++ integer_to_list(OsPid) ++ "/fd/*"),
    [Link || Descriptor <- Descriptors, {ok, "socket:" ++ _ = Link} <- [file:read_link(Descriptor)]].
