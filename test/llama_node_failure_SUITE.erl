%% What happens when processes and connections die or stop, with the Java node and, for what is the
%% client's work alone, with a fake node as well.
-module(llama_node_failure_SUITE).
-behaviour(supervisor).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}].

groups() ->
    Client = [killed_under_50_callers, restarts_again_and_again, server_is_killed, beam_is_killed, stopped_node_resumes,
              first_call_fails],
    OfDistribution = [stopped_node_is_given_up, stopped_consumer_delays_nobody, not_distributed, long_names, epmd_is_gone],
    OfPort = [runtime_becomes_distributed, silent_node_is_given_up, stopped_node_is_killed_by_its_server, callers_on_another_node],
    OfFakePort = [requests_keep_their_order],
    Java = [owner_death_frees_the_slot, sink_death_frees_the_slot, queued_owner_dies, identifiers_are_not_used_again,
            default_model_is_taken, jar_is_lost],
    [{distribution, [], [{fake, [], Client ++ OfDistribution}, {java, [], Client ++ OfDistribution ++ Java}]},
     {port, [], [{fake, [], Client ++ OfPort ++ OfFakePort}, {java, [], Client ++ OfPort ++ Java ++ [nothing_but_a_port, slow_owner]}]}].

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    Config.

end_per_suite(_) ->
    ok.

init_per_group(Transport, Config) when Transport =:= distribution; Transport =:= port ->
    [{transport, Transport} | Config];
init_per_group(fake, Config) ->
    [{server_options, over(llama_node_ct:fake(normal, Config), Config)} | Config];
init_per_group(java, Config) ->
    case llama_node_ct:real_node() of
        {ok, Options} -> [{server_options, over(Options, Config)} | Config];
        {skip, _} = Skip -> Skip
    end.

end_per_group(_, _) ->
    ok.

init_per_testcase(_, Config) ->
    process_flag(trap_exit, true),
    Config.

end_per_testcase(_, _) ->
    ok.

over(Options, Config) ->
    Options#{transport => proplists:get_value(transport, Config)}.

%% A supervisor with one server.
init(Spec) ->
    {ok, {#{intensity => 10, period => 60}, [Spec]}}.

supervised(Options) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, llama_node:child_spec(Options)),
    Supervisor.

%% The child in place of Old. The supervisor answers when the restart is over, but the question may
%% overtake the news that there is something to restart.
child(Supervisor, Old) ->
    case supervisor:which_children(Supervisor) of
        [{_, Pid, _, _}] when is_pid(Pid), Pid =/= Old -> Pid;
        [_] -> child(Supervisor, Old)
    end.

%% Both nodes

killed_under_50_callers(Config) ->
    Supervisor = supervised((llama_node_ct:options(Config))#{name => {local, a_model}}),
    Server = whereis(a_model),
    Self = self(),
    Callers = [spawn_monitor(fun () ->
        {ok, Session} = llama_node:create_session(a_model, #{}),
        {ok, Task} = llama_node:create_task(a_model, Session, completion, endless()),
        Self ! {waiting, self()},
        exit(llama_node:get_result(a_model, Task, infinity))
    end) || _ <- lists:seq(1, 50)],
    [receive {waiting, Pid} -> ok end || {Pid, _} <- Callers],
    Ref = erlang:monitor(process, Server),
    ok = llama_node_ct:kill("KILL", llama_node_ct:os_pid(Server)),
    [receive {'DOWN', CallerRef, process, _, Got} -> ?assertMatch({error, {node_down, _}}, Got) end
     || {_, CallerRef} <- Callers],
    receive {'DOWN', Ref, process, _, Reason} -> ?assertEqual({node_down, {exit_status, 137}}, Reason) end,
    New = child(Supervisor, Server),
    ?assertEqual(New, whereis(a_model)),
    ?assertEqual(pong, llama_node:ping(a_model)),
    ?assertMatch({ok, _}, llama_node:create_session(a_model, #{})),
    ok = shut_down(Supervisor).

restarts_again_and_again(Config) ->
    Supervisor = supervised(llama_node_ct:options(Config)),
    Last = lists:foldl(
        fun (_, Server) ->
            ok = llama_node_ct:kill("KILL", llama_node_ct:os_pid(Server)),
            New = child(Supervisor, Server),
            ?assertEqual(pong, llama_node:ping(New)),
            New
        end, child(Supervisor, none), [1, 2, 3]),
    ?assert(is_process_alive(Last)),
    ok = shut_down(Supervisor).

server_is_killed(Config) ->
    {Options, Witness} = llama_node_ct:witnessed(llama_node_ct:options(Config), Config),
    {ok, Server} = llama_node:init_server(Options),
    {ok, Task} = llama_node:stream(Server, session(Server), completion, endless()),
    exit(Server, kill),
    %% No cleaning up was possible, and yet the node ends and the consumer hears of it: from the node
    %% itself, if that finds the time.
    ok = llama_node_ct:await_end(Witness),
    {error, {Code, _}} = terminal(Task),
    ?assert(lists:member(Code, [node_down, cancelled])).

beam_is_killed(Config) ->
    {Options, Witness} = llama_node_ct:witnessed(llama_node_ct:options(Config), Config),
    {Peer, _} = peer(#{name => peer:random_name()}, []),
    {ok, Server} = peer:call(Peer, llama_node, init_server, [Options], infinity),
    pong = peer:call(Peer, llama_node, ping, [Server]),
    ok = llama_node_ct:kill("KILL", list_to_integer(peer:call(Peer, os, getpid, []))),
    ok = llama_node_ct:await_end(Witness).

%% The jar is written over under a running node, as a careless upgrade does: classes that were not
%% needed yet cannot be loaded any more, and still no node outlives its BEAM.
jar_is_lost(Config) ->
    Own = filename:join(proplists:get_value(priv_dir, Config), "own"),
    Files = ["bin/find-java", "bin/llama-node", "llama-node.jar"],
    [begin
        To = filename:join(Own, File),
        ok = filelib:ensure_dir(To),
        {ok, _} = file:copy(filename:join(llama_node_options:priv_dir(), File), To),
        ok = file:change_mode(To, 8#755)
     end || File <- Files],
    Launched = (llama_node_ct:options(Config))#{launcher => filename:join(Own, "bin/llama-node")},
    {Options, Witness} = llama_node_ct:witnessed(Launched, Config),
    {Peer, _} = peer(#{name => peer:random_name()}, []),
    {ok, Server} = peer:call(Peer, llama_node, init_server, [Options], infinity),
    pong = peer:call(Peer, llama_node, ping, [Server]),
    ok = file:write_file(filename:join(Own, "llama-node.jar"), <<>>),
    ok = llama_node_ct:kill("KILL", list_to_integer(peer:call(Peer, os, getpid, []))),
    ok = llama_node_ct:await_end(Witness).

stopped_node_resumes(Config) ->
    {ok, Server} = llama_node:init_server(llama_node_ct:options(Config)),
    OsPid = llama_node_ct:os_pid(Server),
    ok = llama_node_ct:kill("STOP", OsPid),
    Overdue = [spawn_monitor(fun () ->
        {error, {timeout, _}} = llama_node_request:call(Server, ping, 50),
        %% The late answers come before the answer to this.
        receive resumed -> exit({llama_node:ping(Server), llama_node_ct:flush()}) end
    end) || _ <- lists:seq(1, 10)],
    %% Whoever has no answer by now has given up.
    ?assertMatch({error, {timeout, _}}, llama_node_request:call(Server, ping, 500)),
    ok = llama_node_ct:kill("CONT", OsPid),
    [begin
         Pid ! resumed,
         receive {'DOWN', Ref, process, Pid, Reason} -> ?assertEqual({pong, []}, Reason) end
     end || {Pid, Ref} <- Overdue],
    ok = llama_node:destroy_server(Server).

stopped_node_is_given_up(Config) ->
    {Options, Witness} = llama_node_ct:witnessed((llama_node_ct:options(Config))#{stop_timeout => 50}, Config),
    {ok, Server} = llama_node:init_server(Options),
    Ref = erlang:monitor(process, Server),
    {ok, Task} = llama_node:stream(Server, session(Server), completion, endless()),
    ok = llama_node_ct:kill("STOP", llama_node_ct:os_pid(Server)),
    %% The distribution notices that the node is silent, within the tick time.
    ?assertMatch({error, {node_down, _}}, terminal(Task)),
    receive {'DOWN', Ref, process, _, Reason} -> ?assertEqual({node_down, connection_lost}, Reason) end,
    ok = llama_node_ct:await_end(Witness).

stopped_consumer_delays_nobody(Config) ->
    {ok, Server} = llama_node:init_server(llama_node_ct:options(Config)),
    {ok, #{node := Node}} = llama_node:get_status(Server),
    {Peer, _} = peer(#{name => peer:random_name()}, []),
    OsPid = list_to_integer(peer:call(Peer, os, getpid, [])),
    true = peer:call(Peer, erlang, set_cookie, [Node, erlang:get_cookie()]),
    pong = peer:call(Peer, llama_node, ping, [{llama_node, Node}]),
    ok = peer:cast(Peer, ?MODULE, consume, [{llama_node, Node}, none]),
    ok = llama_node_ct:kill("STOP", OsPid),
    [?assertEqual(pong, llama_node:ping(Server)) || _ <- lists:seq(1, 100)],
    ?assertMatch({ok, _}, llama_node:create_session(Server, #{})),
    ok = llama_node_ct:kill("CONT", OsPid),
    ok = peer:stop(Peer),
    ?assertEqual(pong, llama_node:ping(Server)),
    ok = llama_node:destroy_server(Server).

%% An endless stream, which tells the observer of every 16th chunk.
consume(Server, Observer) ->
    Fun = fun
        ({chunk, #{index := Index}}, _) when is_pid(Observer), Index rem 16 =:= 0 -> Observer ! {running, self()};
        (_, Acc) -> Acc
    end,
    llama_node:stream_fold(Fun, none, Server, session(Server), completion, endless()).

not_distributed(Config) ->
    {Peer, nonode@nohost} = peer(#{}, []),
    {error, {unsupported, Message}} = peer:call(Peer, llama_node, init_server, [llama_node_ct:options(Config)]),
    ?assertNotEqual(nomatch, string:find(Message, "-sname")),
    ok = peer:stop(Peer).

%% Over the port

%% What was encoded under the old name still finds its processes, and theirs are still told of.
runtime_becomes_distributed(Config) ->
    {Peer, nonode@nohost} = peer(#{}, []),
    {ok, Options} = {ok, maps:remove(transport, llama_node_ct:options(Config))},
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
    [Port, Writer] = [element(2, Address), element(3, Address)],
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
    ?assertEqual({node_down, connection_lost}, Reason),
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
    {Peer, nonode@nohost} = peer(#{}, [{"ERL_EPMD_PORT", integer_to_list(free_port())}]),
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
    true = erlang:suspend_process(Server),
    {messages, Waiting} = await_full(Server, 0),
    Bytes = lists:sum([byte_size(Data) || {_Port, {data, Data}} <- Waiting]),
    ?assertMatch(B when B =< 262144 + 4096, Bytes),
    true = erlang:resume_process(Server),
    {Chunks, {done, #{content := Content, usage := #{completion_tokens := 6000}}}} = llama_node_ct:events(Task),
    ?assertEqual(lists:seq(1, length(Chunks)), [Index || #{index := Index} <- Chunks]),
    Rest = iolist_to_binary([Text || #{content := Text} <- Chunks]),
    ?assertEqual(Rest, binary:part(Content, byte_size(Content), -byte_size(Rest))),
    pong = llama_node:ping(Server),
    ok = llama_node:destroy_server(Server).

%% Until nothing came for a while after much had come.
await_full(Server, Before) ->
    case process_info(Server, message_queue_len) of
        {message_queue_len, Before} when Before > 500 -> process_info(Server, messages);
        {message_queue_len, Now} -> receive never -> ok after 300 -> await_full(Server, Now) end
    end.

sockets(OsPid) ->
    Descriptors = filelib:wildcard("/proc/" ++ integer_to_list(OsPid) ++ "/fd/*"),
    [Link || Descriptor <- Descriptors, {ok, "socket:" ++ _ = Link} <- [file:read_link(Descriptor)]].

%% Over the distribution

long_names(Config) ->
    {Peer, _} = peer(#{name => peer:random_name(), host => "127.0.0.1", longnames => true}, []),
    true = peer:call(Peer, net_kernel, longnames, []),
    {ok, Server} = peer:call(Peer, llama_node, init_server, [llama_node_ct:options(Config)], infinity),
    {ok, #{node := Node}} = peer:call(Peer, llama_node, get_status, [Server]),
    ?assertMatch([_, "127.0.0.1"], string:split(atom_to_list(Node), "@")),
    ok = peer:call(Peer, llama_node, destroy_server, [Server], infinity),
    ok = peer:stop(Peer).

epmd_is_gone(Config) ->
    EpmdPort = integer_to_list(free_port()),
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

%% The answer to the very first call of a runtime, whose code is loaded as it is called.
first_call_fails(Config) ->
    Garbage = filename:join(proplists:get_value(priv_dir, Config), "garbage.gguf"),
    ok = file:write_file(Garbage, "no model at all"),
    Options = (llama_node_ct:options(Config))#{model => Garbage},
    {Peer, _} = peer(#{name => peer:random_name()}, []),
    interactive = peer:call(Peer, code, get_mode, []),
    false = peer:call(Peer, code, is_loaded, [llama_node_error]),
    ?assertMatch({error, {model_load_failed, <<_, _/binary>>}},
                 peer:call(Peer, llama_node, init_server, [failing(Options)], infinity)),
    ok = peer:stop(Peer).

%% What the fake node does not find out by itself.
failing(#{env := Env} = Options) ->
    Options#{env => [{"LLAMA_NODE_FAKE", "failed"} | proplists:delete("LLAMA_NODE_FAKE", Env)]};
failing(Options) ->
    Options.

%% The Java node only: its slots, sessions and identifiers

owner_death_frees_the_slot(Config) ->
    with_all_slots_busy(Config, fun consume/2,
                        fun (Server, Owners) -> [exit(Pid, kill) || Pid <- Owners], use(Server) end).

sink_death_frees_the_slot(Config) ->
    with_all_slots_busy(Config,
        fun (Server, Observer) ->
            %% The owner lives on; the process that gets the events does not.
            {ok, Target} = llama_node_request:target(Server, 5000),
            Sink = spawn(fun () ->
                receive {llama_node, _, {chunk, #{index := 0}}} -> Observer ! {running, self()} end,
                receive never -> ok end
            end),
            {ok, _} = llama_node_transport:call(
                Target, {stream, session(Server), completion, endless(), Sink}, infinity),
            receive never -> ok end
        end,
        fun (Server, Sinks) -> [exit(Pid, kill) || Pid <- Sinks], use(Server) end).

queued_owner_dies(Config) ->
    with_all_slots_busy(Config, fun consume/2,
        fun (Server, Owners) ->
            {Queued, Ref} = spawn_monitor(fun () ->
                {ok, _} = llama_node:create_task(Server, session(Server), completion, endless()),
                exit(queued)
            end),
            receive {'DOWN', Ref, process, Queued, queued} -> ok end,
            %% Nobody else is disturbed by that: both go on.
            [receive {running, Pid} -> ok end || Pid <- Owners],
            [exit(Pid, kill) || Pid <- Owners],
            use(Server)
        end).

identifiers_are_not_used_again(Config) ->
    Supervisor = supervised(llama_node_ct:options(Config)),
    Old = child(Supervisor, none),
    Session = session(Old),
    {ok, Task} = llama_node:create_task(Old, Session, completion, endless()),
    ok = llama_node_ct:kill("KILL", llama_node_ct:os_pid(Old)),
    New = child(Supervisor, Old),
    ?assertMatch({error, {session_not_found, _}}, llama_node:get_session_info(New, Session)),
    ?assertMatch({error, {task_not_found, _}}, llama_node:get_result(New, Task, 0)),
    ?assertNotEqual(Session, session(New)),
    ok = shut_down(Supervisor).

default_model_is_taken(Config) ->
    Priv = llama_node_options:priv_dir(),
    case filelib:is_regular(filename:join([Priv, "models", "tiny-chat.gguf"])) of
        true ->
            {ok, Server} = llama_node:init_server(over(#{}, Config)),
            ?assertMatch({ok, #{models := [#{id := <<"tiny-chat">>}]}}, llama_node:get_status(Server)),
            ok = llama_node:destroy_server(Server);
        false ->
            {ok, Server} = llama_node:init_server(maps:without([model, n_ctx, n_parallel], llama_node_ct:options(Config))),
            ?assertMatch({ok, #{models := []}}, llama_node:get_status(Server)),
            ?assertMatch({error, _}, llama_node:complete(Server, <<"Once">>, #{})),
            ok = llama_node:destroy_server(Server)
    end.

%% Helpers

peer(Options, Env) -> llama_node_ct:peer(Options, Env).
endless() -> llama_node_ct:endless().
session(Server) -> llama_node_ct:session(Server).

%% Runs Occupy in as many processes as there are slots, and Then when each of them has one.
with_all_slots_busy(Config, Occupy, Then) ->
    {ok, Server} = llama_node:init_server((llama_node_ct:options(Config))#{n_parallel => 2}),
    Self = self(),
    Owners = [spawn(fun () -> Occupy(Server, Self) end) || _ <- [1, 2]],
    Running = two_running([]),
    Then(Server, Running),
    [exit(Pid, kill) || Pid <- Owners],
    ok = llama_node:destroy_server(Server).

two_running([_, _] = Both) ->
    Both;
two_running(Some) ->
    receive {running, Pid} -> two_running(lists:usort([Pid | Some])) end.

%% Needs a slot, and ends when it has had one.
use(Server) ->
    ?assertMatch({ok, #{usage := #{completion_tokens := 1}}},
                 llama_node:complete(Server, <<"Once">>, #{n_predict => 1, ignore_eos => true})).

terminal(Task) ->
    receive
        {llama_node, Task, {chunk, _}} -> terminal(Task);
        {llama_node, Task, Event} -> Event
    end.

shut_down(Supervisor) ->
    true = unlink(Supervisor),
    Ref = erlang:monitor(process, Supervisor),
    exit(Supervisor, shutdown),
    receive {'DOWN', Ref, process, _, shutdown} -> ok end.

free_port() ->
    {ok, Socket} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Socket),
    ok = gen_tcp:close(Socket),
    Port.
