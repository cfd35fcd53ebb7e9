%% What a node asks of a server beside its answers: how many connections it holds and when it lets them go, and what it
%% takes in for readers that do not read.
-module(llama_node_remote_load_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_scripted_server, [events/2, begin_events/1, event/2, await_close/1]).

-define(SESSIONS, 1000).
-define(CHAT, <<"/v1/chat/completions">>).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [connections_are_kept_from_one_request_to_the_next, idle_sessions_hold_no_connection,
     servers_may_close_connections_first, a_reader_that_asks_for_nothing_loses_its_stream].

init_per_suite(Config) ->
    case llama_node_ct:real_node() of
        {ok, _} -> Config;
        {skip, _} = Skip -> Skip
    end.

end_per_suite(_) ->
    ok.

%% A node in front of a server that answers chats by the fun, and a process that knows the server's connections.
with_server(Chat, Env, Test) ->
    Connections = spawn_link(fun () -> connections(#{}) end),
    Scripted = llama_node_scripted_server:start(
        fun (Path, Body, Socket) ->
            Connections ! {used, self(), Path},
            case Path of
                ?CHAT -> Chat(Body, Socket);
                <<"/apply-template">> -> llama_node_scripted_server:json(Socket, "{\"prompt\":\"Hi\"}");
                _ -> default
            end
        end),
    {ok, Server} = llama_node:start_link(#{transport => port, engine => llama_server, log_level => warning,
                                           url => llama_node_scripted_server:url(Scripted), trust_content => true,
                                           owner_share => 100, env => Env}),
    Test(Server, Connections),
    true = unlink(Server),
    ok = llama_node:destroy_server(Server),
    llama_node_scripted_server:stop(Scripted).

%% Each connection is a process of the scripted server, which ends when the connection does: how many are open, how
%% many there were, and who waits until there is none.
connections(Open) ->
    receive
        {used, Pid, Path} ->
            _ = is_map_key(Pid, Open) orelse monitor(process, Pid),
            connections(Open#{Pid => [Path | maps:get(Pid, Open, [])]});
        {'DOWN', _, process, Pid, _} ->
            connections(maps:remove(Pid, Open));
        {ask, From} ->
            From ! {open, Open},
            connections(Open);
        {none, From} when map_size(Open) =:= 0 ->
            From ! none,
            connections(Open);
        {none, From} ->
            self() ! {none, From},
            receive {'DOWN', _, process, Closed, _} -> connections(maps:remove(Closed, Open)) end
    end.

open(Connections) ->
    Connections ! {ask, self()},
    receive {open, Open} -> Open end.

await_none(Connections) ->
    Connections ! {none, self()},
    receive none -> ok end.

hello(_, Socket) ->
    events(Socket, ["{\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}",
                    "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}", "[DONE]"]).

turn(Server, Session) ->
    {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => <<"Hi">>}),
    {ok, #{content := <<"Hello">>}} = llama_node:get_result(Server, Task, infinity),
    ok.

%% A result is told before the last byte of its answer is read: the next request may want another connection, which is
%% kept as well.
connections_are_kept_from_one_request_to_the_next(_) ->
    with_server(fun hello/2, [], fun (Server, Connections) ->
        {ok, Session} = llama_node:create_session(Server, #{}),
        _ = [ok = turn(Server, Session) || _ <- lists:seq(1, 20)],
        Used = [Paths || Paths <- maps:values(open(Connections)), lists:member(?CHAT, Paths)],
        ?assertEqual(20, length([Path || Paths <- Used, Path <- Paths, Path =:= ?CHAT])),
        ?assert(length(Used) =< 3, Used)
    end).

%% As many connections as requests at once, and none once these were idle for a while; a session is no connection.
idle_sessions_hold_no_connection(_) ->
    Env = [{"LLAMA_NODE_JAVA_OPTS", "-Djdk.httpclient.keepalive.timeout=3"}],
    with_server(fun hello/2, Env, fun (Server, Connections) ->
        Sessions = [begin
                        {ok, Session} = llama_node:create_session(Server, #{}),
                        Session
                    end || _ <- lists:seq(1, ?SESSIONS)],
        Tasks = [begin
                     {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => <<"Hi">>}),
                     Task
                 end || Session <- Sessions],
        _ = [{ok, #{content := <<"Hello">>}} = llama_node:get_result(Server, Task, infinity) || Task <- Tasks],
        {ok, #{models := [#{n_parallel := Parallel}]}} = llama_node:get_status(Server),
        Chats = [Paths || Paths <- maps:values(open(Connections)), lists:member(?CHAT, Paths)],
        %% Beside the tasks that run, those that are prepared ask the server of their tokens.
        ?assert(length(Chats) =< Parallel + 16, {length(Chats), Parallel}),
        ok = await_none(Connections),
        ?assertMatch({ok, #{sessions := ?SESSIONS}}, llama_node:get_status(Server)),
        ok = turn(Server, hd(Sessions))
    end).

%% Each answer's connection is closed behind it, without a word before: the next request must not fail of it.
servers_may_close_connections_first(_) ->
    Chat = fun (Body, Socket) ->
        _ = hello(Body, Socket),
        gen_tcp:shutdown(Socket, write)
    end,
    with_server(Chat, [], fun (Server, Connections) ->
        {ok, Session} = llama_node:create_session(Server, #{}),
        _ = [ok = turn(Server, Session) || _ <- lists:seq(1, 50)],
        ?assert(map_size(open(Connections)) =< 2)
    end).

%% The engine in the node does the same: what waits is bounded, the stream ends, and so does the work for it.
a_reader_that_asks_for_nothing_loses_its_stream(_) ->
    Test = self(),
    Text = binary:copy(<<"x">>, 8192),
    Chat = fun (_, Socket) ->
        _ = begin_events(Socket),
        Sent = endless(Socket, ["{\"choices\":[{\"delta\":{\"content\":\"", Text, "\"}}]}"], 0),
        Test ! {closed_after, Sent}
    end,
    with_server(Chat, [], fun (Server, _) ->
        {ok, Session} = llama_node:create_session(Server, #{}),
        {ok, #{account := #{held_bytes := Before}}} = llama_node:get_status(Server),
        {ok, Task} = llama_node:stream(Server, Session, chat, #{content => <<"Hi">>, active => 1}),
        receive {llama_node, Task, {chunk, _}} -> ok end,
        receive {llama_node, Task, passive} -> ok end,
        receive {llama_node, Task, {error, {server_busy, Message}}} ->
            ?assertMatch({match, _}, re:run(Message, "wait for a process that does not ask for them"))
        end,
        receive {closed_after, _} -> ok end,
        ok = llama_node:close_session(Server, Session),
        await_held(Server, Before + 4096)
    end).

%% Until no more than that is held.
await_held(Server, Most) ->
    case llama_node:get_status(Server) of
        {ok, #{account := #{held_bytes := Held}}} when Held =< Most -> ok;
        {ok, _} -> await_held(Server, Most)
    end.

endless(Socket, Event, Sent) ->
    case event(Socket, Event) of
        ok -> endless(Socket, Event, Sent + 1);
        {error, _} -> Sent
    end.
