%% What happens when processes die or stop, with the Java node, its own engine and servers in place of that, and,
%% for what is the client's work alone, with a fake node as well.
-module(llama_node_failure_SUITE).
-behaviour(supervisor).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [peer/2, session/1, endless/0, terminal/1]).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() -> llama_node_engine_ct:all([scripted, real_port]).

groups() ->
    Client = [killed_under_50_callers, restarts_again_and_again, restarts_are_bounded, ends_with_its_node,
              calls_wait_for_the_next_one, does_not_come_back, listeners,
              plain_calls_hear_of_the_end, server_is_killed, beam_is_killed, stopped_node_resumes,
              first_call_fails],
    Slots = [owner_death_frees_the_slot, sink_death_frees_the_slot, queued_owner_dies, identifiers_are_not_used_again],
    Java = [default_model_is_taken, jar_is_lost, native_code_hangs, addresses_run_out],
    Groups = llama_node_engine_ct:groups([{fake, [], Client}, {java, [], Client ++ Slots ++ Java}],
                                         [killed_under_50_callers, server_is_killed | Slots]),
    %% The end of a node itself is the same whoever answers behind it.
    lists:keyreplace(real_port, 1, Groups, {real_port, [], [server_is_killed, owner_death_frees_the_slot,
                                                            sink_death_frees_the_slot, queued_owner_dies]}).

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    Config.

end_per_suite(_) ->
    ok.

init_per_group(Group, Config) ->
    llama_node_ct:of_group(Group, Config).

end_per_group(Group, Config) ->
    case lists:member(Group, llama_node_engine_ct:servers()) of
        true -> llama_node_engine_ct:stop(Config);
        false -> ok
    end.

init_per_testcase(_, Config) ->
    process_flag(trap_exit, true),
    Config.

end_per_testcase(_, _) ->
    ok.

%% A supervisor with one server.
init(Spec) ->
    {ok, {#{intensity => 10, period => 60}, [Spec]}}.

supervised(Options) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, llama_node:child_spec(Options)),
    Supervisor.

%% What users have by default.
restarting(Config) -> maps:remove(restarts, llama_node_ct:options(Config)).

%% The child in place of Old. The supervisor answers when the restart is over, but the question may
%% overtake the news that there is something to restart.
child(Supervisor, Old) ->
    case supervisor:which_children(Supervisor) of
        [{_, Pid, _, _}] when is_pid(Pid), Pid =/= Old -> Pid;
        [_] -> child(Supervisor, Old)
    end.

%% Both nodes

killed_under_50_callers(Config) ->
    Supervisor = supervised((restarting(Config))#{name => {local, a_model}}),
    Server = whereis(a_model),
    Self = self(),
    Callers = [spawn_monitor(fun () ->
        {ok, Session} = llama_node:create_session(a_model, #{}),
        {ok, Task} = llama_node:create_task(a_model, Session, completion, endless()),
        Self ! {waiting, self()},
        exit(llama_node:get_result(a_model, Task, infinity))
    end) || _ <- lists:seq(1, 50)],
    [receive {waiting, Pid} -> ok end || {Pid, _} <- Callers],
    OsPid = llama_node_ct:os_pid(Server),
    ok = llama_node:subscribe(a_model),
    ok = llama_node_ct:kill("KILL", OsPid),
    [receive {'DOWN', CallerRef, process, _, Got} -> ?assertMatch({error, {node_down, _}}, Got) end
     || {_, CallerRef} <- Callers],
    ?assertMatch({node_down, <<"the node ended: killed by signal 9", _/binary>>}, is_down(a_model)),
    %% The next one is waited for, by those who come while there is none as well.
    ?assertEqual(pong, llama_node:ping(a_model)),
    ?assertMatch({ok, _}, llama_node:create_session(a_model, #{})),
    receive {llama_node, a_model, {node, up, #{after_ms := _}}} -> ok end,
    ?assertEqual(Server, whereis(a_model)),
    ?assertNotEqual(OsPid, llama_node_ct:os_pid(Server)),
    ok = shut_down(Supervisor).

restarts_again_and_again(Config) ->
    {ok, Server} = llama_node:init_server(restarting(Config)),
    ok = llama_node:subscribe(Server),
    [begin
         ok = killed(Server),
         ?assertEqual(pong, llama_node:ping(Server))
     end || _ <- [1, 2, 3]],
    ok = llama_node:destroy_server(Server).

%% Kills the node, and returns when the server knows.
killed(Server) ->
    ok = llama_node_ct:kill("KILL", llama_node_ct:os_pid(Server)),
    _ = is_down(Server),
    ok.

is_down(Server) ->
    receive {llama_node, Server, {node, down, #{reason := Reason, restart_in_ms := _}}} -> Reason end.

%% The supervisor has its turn when the server has given up.
restarts_are_bounded(Config) ->
    Supervisor = supervised((restarting(Config))#{restarts => {1, 3600}}),
    Server = child(Supervisor, none),
    Ref = erlang:monitor(process, Server),
    ok = llama_node:subscribe(Server),
    ok = killed(Server),
    pong = llama_node:ping(Server),
    ok = llama_node_ct:kill("KILL", llama_node_ct:os_pid(Server)),
    receive {llama_node, Server, {node, down, Info}} when not is_map_key(restart_in_ms, Info) -> ok end,
    receive {'DOWN', Ref, process, _, Reason} -> ?assertEqual({node_down, {exit_status, 137}}, Reason) end,
    ?assertEqual(pong, llama_node:ping(child(Supervisor, Server))),
    ok = shut_down(Supervisor).

ends_with_its_node(Config) ->
    {ok, Server} = llama_node:init_server((restarting(Config))#{restarts => {0, 1}}),
    Ref = erlang:monitor(process, Server),
    Waiting = spawn_monitor(fun () -> exit(gen_server:call(Server, {get_result, 0, infinity}, infinity)) end),
    ok = llama_node_ct:kill("KILL", llama_node_ct:os_pid(Server)),
    receive {'DOWN', Ref, process, _, Reason} -> ?assertEqual({node_down, {exit_status, 137}}, Reason) end,
    {Pid, WaitingRef} = Waiting,
    receive {'DOWN', WaitingRef, process, Pid, _} -> ok end,
    ?assertMatch({error, {node_down, _}}, llama_node:ping(Server)).

calls_wait_for_the_next_one(Config) ->
    Options = restarting(Config),
    {ok, Server} = llama_node:init_server(Options),
    {ok, Hasty} = llama_node:init_server(Options#{restart_wait => 0}),
    [ok = llama_node:subscribe(Each) || Each <- [Server, Hasty]],
    ok = killed(Server),
    Callers = [spawn_monitor(fun () -> exit(llama_node:ping(Server)) end) || _ <- lists:seq(1, 20)],
    ?assertMatch({error, {timeout, _}}, llama_node_request:call(Server, ping, 0)),
    ok = killed(Hasty),
    ?assertMatch({error, {node_down, <<"the node ended: killed by signal 9", _/binary>>}}, llama_node:ping(Hasty)),
    [receive {'DOWN', Ref, process, Pid, Answer} -> ?assertEqual(pong, Answer) end || {Pid, Ref} <- Callers],
    receive {llama_node, Hasty, {node, up, _}} -> ok end,
    ?assertEqual(pong, llama_node:ping(Hasty)),
    [ok = llama_node:destroy_server(Each) || Each <- [Server, Hasty]].

%% One that was there, and can not be started again: who waits is told why, and it is tried until the bound.
does_not_come_back(Config) ->
    Options = restarting(Config),
    Unique = integer_to_list(erlang:unique_integer([positive])),
    Once = filename:join(proplists:get_value(priv_dir, Config), "once" ++ Unique),
    Launcher = maps:get(launcher, Options, filename:join([llama_node_options:priv_dir(), "bin", "llama-node"])),
    Script = llama_node_ct:script(Once, ["[ -e '", Once, ".started' ] && { echo no more >&2; exit 7; }; "
                                         ": >'", Once, ".started'; exec '", Launcher, "' \"$@\""]),
    {ok, Server} = llama_node:init_server(Options#{launcher => Script, restarts => {4, 3600}, restart_wait => 150}),
    Ref = erlang:monitor(process, Server),
    ok = llama_node:subscribe(Server),
    ok = killed(Server),
    {error, {node_down, Why}} = llama_node:ping(Server),
    ?assertMatch({match, _}, re:run(Why, "and it was not back within 150 ms")),
    Failed = [receive {llama_node, Server, {node, down, #{reason := Reason}}} -> Reason end || _ <- [1, 2, 3, 4]],
    [?assertMatch({start_failed, <<"the node ended: exit status 7: no more">>}, Reason) || Reason <- Failed],
    receive {'DOWN', Ref, process, _, Ended} -> ?assertMatch({node_down, {exit_status, 7}}, Ended) end.

listeners(Config) ->
    {ok, Server} = llama_node:init_server(restarting(Config)),
    ok = llama_node:subscribe(Server),
    ok = llama_node:subscribe(Server),
    Self = self(),
    {Dying, Ref} = spawn_monitor(fun () -> ok = llama_node:subscribe(Server), Self ! subscribed end),
    receive subscribed -> ok end,
    receive {'DOWN', Ref, process, Dying, normal} -> ok end,
    ok = killed(Server),
    receive {llama_node, Server, {node, up, _}} -> ok end,
    ok = llama_node:unsubscribe(Server),
    ok = llama_node_ct:kill("KILL", llama_node_ct:os_pid(Server)),
    %% The server is asked behind the end of the one and the start of the next.
    ok = restarted(Server),
    ?assertEqual([], llama_node_ct:flush()),
    ok = llama_node:destroy_server(Server),
    ?assertMatch({error, {node_down, _}}, llama_node:subscribe(Server)),
    ?assertError(badarg, llama_node:subscribe(7)).

%% Over the port the server passes them on, and is who their callers watch.
plain_calls_hear_of_the_end(Config) ->
    {ok, Server} = llama_node:init_server(restarting(Config)),
    ok = llama_node:subscribe(Server),
    {ok, Task} = llama_node:create_task(Server, session(Server), completion, endless()),
    {Pid, Ref} = spawn_monitor(fun () -> exit(gen_server:call(Server, {get_result, Task, infinity}, infinity)) end),
    case proplists:get_value(transport, Config, port) of
        distribution ->
            receive {'DOWN', Ref, process, Pid, Refused} -> ?assertMatch({error, {invalid_argument, _}}, Refused) end;
        _ ->
            %% Many that were answered before are of no account.
            [pong = gen_server:call(Server, ping) || _ <- lists:seq(1, 2500)],
            ok = killed(Server),
            receive {'DOWN', Ref, process, Pid, Told} -> ?assertMatch({error, {node_down, _}}, Told) end,
            ?assertEqual(pong, gen_server:call(Server, ping, infinity))
    end,
    ok = llama_node:destroy_server(Server),
    ?assertEqual([], [Left || Left <- llama_node_ct:flush(), element(1, Left) =/= llama_node]).

restarted(Server) ->
    case llama_node:ping(Server) of
        pong -> ok;
        %% Asked in the moment of the kill.
        {error, {node_down, _}} -> restarted(Server)
    end.

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

%% The thread that decodes stands still, and the rest of the node does not: it answers, but nobody will have a token.
native_code_hangs(Config) ->
    Supervisor = supervised((restarting(Config))#{native_timeout => 1000}),
    Server = child(Supervisor, none),
    ok = llama_node:subscribe(Server),
    {ok, Task} = llama_node:stream(Server, session(Server), completion, endless()),
    receive {llama_node, Task, {chunk, _}} -> ok end,
    case llama_node_ct:hang(llama_node_ct:os_pid(Server), "engine-") of
        {ok, Port} ->
            ?assertEqual(pong, llama_node:ping(Server)),
            ?assertMatch({node_down, <<"the node ended: exit status 75", _/binary>>}, is_down(Server)),
            ?assertMatch({error, {node_down, _}}, terminal(Task)),
            ?assertMatch({ok, _}, llama_node:complete(Server, <<"Hi">>, #{max_tokens => 2})),
            %% It has seen its thread end.
            receive {Port, {exit_status, 0}} -> ok end,
            ok = shut_down(Supervisor);
        Skip ->
            ok = shut_down(Supervisor),
            Skip
    end.

%% Memory that the system does not give is not the end of the node: what does not fit is answered, before it is tried or
%% behind it, and what fits is loaded and serves.
addresses_run_out(Config) ->
    case os:find_executable("prlimit") of
        false -> {skip, "there is no prlimit"};
        _ -> addresses_run_out(llama_node:init_server(llama_node_ct:options(Config)), 128)
    end.

addresses_run_out({ok, Server}, Reserve) ->
    OsPid = llama_node_ct:os_pid(Server),
    {ok, Model} = llama_node_ct:model(),
    Load = fun (Id, NCtx) ->
        llama_node:load_model(Server, Model, #{id => Id, n_ctx => NCtx, n_parallel => 1, n_batch => 64})
    end,
    ok = leave(OsPid, Reserve + 64),
    {error, {out_of_memory, Large}} = Load(<<"large">>, 500000),
    ?assertMatch({match, _}, re:run(Large, "most of it for the KV cache \\(n_ctx, n_parallel\\); [0-9]+ bytes of its "
                                           "address space \\(ulimit -v\\) are available")),
    ?assertMatch({error, {out_of_memory, _}}, Load(<<"middle">>, 28000)),
    ok = leave(OsPid, Reserve - 8),
    ?assertMatch({error, {out_of_memory, _}}, Load(<<"small">>, 256)),
    ?assertMatch({ok, _}, llama_node:complete(Server, <<"Hi">>, #{max_tokens => 2})),
    %% On b4916 a context takes 473 MiB of addresses, most of them for nothing.
    ok = leave(OsPid, Reserve + 640),
    ?assertEqual(ok, Load(<<"small">>, 256)),
    ?assertMatch({ok, _}, llama_node:complete(Server, <<"Hi">>, #{max_tokens => 2, model => <<"small">>})),
    {ok, #{models := Models}} = llama_node:get_status(Server),
    ?assertEqual(2, length(Models)),
    ok = llama_node:destroy_server(Server).

%% So many MiB more than it has may a process take.
leave(OsPid, Mib) ->
    {ok, Status} = file:read_file(io_lib:format("/proc/~b/status", [OsPid])),
    {match, [Kib]} = re:run(Status, "VmSize:\\s+(\\d+) kB", [{capture, all_but_first, binary}]),
    Limit = binary_to_integer(Kib) * 1024 + (Mib bsl 20),
    [] = os:cmd(io_lib:format("prlimit --pid ~b --as=~b:", [OsPid, Limit])),
    ok.

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
    with_all_slots_busy(Config, fun llama_node_ct:consume/2,
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
    with_all_slots_busy(Config, fun llama_node_ct:consume/2,
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
    {ok, Server} = llama_node:init_server(restarting(Config)),
    ok = llama_node:subscribe(Server),
    Session = session(Server),
    {ok, Task} = llama_node:create_task(Server, Session, completion, endless()),
    ok = killed(Server),
    ?assertMatch({error, {session_not_found, _}}, llama_node:get_session_info(Server, Session)),
    ?assertMatch({error, {task_not_found, _}}, llama_node:get_result(Server, Task, 0)),
    ?assertNotEqual(Session, session(Server)),
    ok = llama_node:destroy_server(Server).

default_model_is_taken(Config) ->
    Priv = llama_node_options:priv_dir(),
    case filelib:is_regular(filename:join([Priv, "models", "tiny-chat.gguf"])) of
        true ->
            {ok, Server} = llama_node:init_server(#{transport => proplists:get_value(transport, Config)}),
            ?assertMatch({ok, #{models := [#{id := <<"tiny-chat">>}]}}, llama_node:get_status(Server)),
            ok = llama_node:destroy_server(Server);
        false ->
            {ok, Server} =
                llama_node:init_server(maps:without([model, n_ctx, n_parallel], llama_node_ct:options(Config))),
            ?assertMatch({ok, #{models := []}}, llama_node:get_status(Server)),
            ?assertMatch({error, _}, llama_node:complete(Server, <<"Once">>, #{})),
            ok = llama_node:destroy_server(Server)
    end.

%% Helpers

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

shut_down(Supervisor) ->
    true = unlink(Supervisor),
    Ref = erlang:monitor(process, Supervisor),
    exit(Supervisor, shutdown),
    receive {'DOWN', Ref, process, _, shutdown} -> ok end.
