%% @doc What a message costs between BEAM and node, over either transport and against a second BEAM in the same run.
%%
%% The node has a model that costs nothing, so what is measured is scheduler, delivery, encoding and
%% the way between the processes.
-module(llama_node_bench_wire).

-export([main/0]).
%% Run by the process of the second BEAM.
-export([answer/2]).

-define(CALLS, 2000).
-define(ROUNDS, 7).
-define(STREAMS, 8).
-define(CHUNKS, 20000).
%% Chunks a second of the paced stream, and how long it runs.
-define(PACE, 100).
-define(PACED_MS, 10000).

%% @doc Measures, prints and ends the runtime.
-spec main() -> no_return().
main() ->
    try
        {ok, Load} = file:read_file("/proc/loadavg"),
        io:format("load average before: ~ts", [Load]),
        ok = measure(),
        halt(0)
    catch
        Class:Reason:Stacktrace ->
            io:format(standard_error, "bench: ~p: ~p~n~p~n", [Class, Reason, Stacktrace]),
            halt(1)
    end.

measure() ->
    Servers = [{Transport, server(Transport, [])} || Transport <- [distribution, port]],
    {ok, Status} = llama_node:get_status(proplists:get_value(distribution, Servers)),
    {ok, Peer, Node} = peer:start_link(#{name => peer:random_name(), args => ["-pa" | code:get_path()]}),
    Other = erlang:spawn(Node, ?MODULE, answer, [self(), {ok, Status}]),
    receive {Other, ready} -> ok end,
    ok = calls(Servers, Other),
    ok = events(Servers, Other),
    ok = peer:stop(Peer),
    lists:foreach(fun ({_, Server}) -> stop(Server) end, Servers),
    paced().

server(Transport, Env) ->
    {ok, Server} = llama_node:start_link(#{transport => Transport, launcher => os:getenv("BENCH_LAUNCHER"),
                                           model => "/dev/null", log_level => warning, env => Env}),
    Server.

stop(Server) ->
    true = unlink(Server),
    ok = llama_node:destroy_server(Server).

%% Round trips of get_status, and of the same term from a process of the second BEAM.
calls(Servers, Other) ->
    Calls = [{beam, fun () -> {ok, _} = gen_server:call(Other, get_status) end}
             | [{Transport, fun () -> {ok, _} = llama_node:get_status(Server) end} || {Transport, Server} <- Servers]],
    _ = [time(Fun, 5000) || {_, Fun} <- Calls],
    Rounds = [[{Kind, median([time(Fun, 1) || _ <- lists:seq(1, ?CALLS)])} || {Kind, Fun} <- Calls]
              || _ <- lists:seq(1, ?ROUNDS)],
    show("round trip of get_status, us", Rounds, 1).

%% Chunks to one process, from as many streams as there are slots.
events(Servers, Other) ->
    Ways = [{beam, fun () -> Other ! {chunks, self(), ?CHUNKS}, ended(1, 0) end}
            | [{Transport, fun () -> stream(Server) end} || {Transport, Server} <- Servers]],
    _ = [Fun() || _ <- lists:seq(1, 3), {_, Fun} <- Ways],
    Rounds = [[{Kind, rate(Fun)} || {Kind, Fun} <- Ways] || _ <- lists:seq(1, ?ROUNDS)],
    show("chunk events a second to one process", Rounds, -1).

rate(Fun) ->
    Start = erlang:monotonic_time(microsecond),
    Count = Fun(),
    Count * 1000000 / (erlang:monotonic_time(microsecond) - Start).

stream(Server) ->
    {ok, Session} = llama_node:create_session(Server, #{temperature => 0}),
    _ = [{ok, _} = llama_node:stream(Server, Session, completion, #{prompt => <<"x">>, n_predict => ?CHUNKS div ?STREAMS})
         || _ <- lists:seq(1, ?STREAMS)],
    Count = ended(?STREAMS, 0),
    ok = llama_node:close_session(Server, Session),
    Count.

ended(0, Count) -> Count;
ended(Left, Count) ->
    receive
        {llama_node, _, {chunk, _}} -> ended(Left, Count + 1);
        {llama_node, _, {done, _}} -> ended(Left - 1, Count)
    end.

%% What a stream costs the node's process at a pace that a real model could have, and what it costs when idle.
paced() ->
    lists:foreach(fun (Transport) ->
        Server = server(Transport, [{"BENCH_STEP_MS", integer_to_list(1000 div ?PACE)}]),
        {links, Links} = process_info(Server, links),
        [{os_pid, Node}] = [erlang:port_info(Port, os_pid) || Port <- Links, is_port(Port)],
        {ok, Session} = llama_node:create_session(Server, #{temperature => 0}),
        %% The first seconds are the Java compiler's.
        _ = [stream_for(?PACED_MS div 2, Server, Session) || _ <- [1, 2]],
        {Idle, _} = cpu(Node, fun () -> receive after ?PACED_MS -> 0 end end),
        {Busy, Chunks} = cpu(Node, fun () -> stream_for(?PACED_MS, Server, Session) end),
        io:format("CPU of the node at ~.1f chunks/s over ~s: ~.2f% of a core, idle ~.2f%~n",
                  [Chunks * 1000 / ?PACED_MS, Transport, 100 * Busy, 100 * Idle]),
        stop(Server)
    end, [distribution, port]).

stream_for(Milliseconds, Server, Session) ->
    {ok, Task} = llama_node:stream(Server, Session, completion, #{prompt => <<"x">>, n_predict => 1 bsl 30}),
    receive after Milliseconds -> ok end,
    ok = llama_node:cancel_task(Server, Task),
    cancelled(Task, 0).

cancelled(Task, Count) ->
    receive
        {llama_node, Task, {error, {cancelled, _}}} -> Count;
        {llama_node, Task, {chunk, _}} -> cancelled(Task, Count + 1)
    end.

cpu(OsPid, Fun) ->
    Before = ticks(OsPid),
    Start = erlang:monotonic_time(millisecond),
    Result = Fun(),
    Elapsed = erlang:monotonic_time(millisecond) - Start,
    PerSecond = list_to_integer(string:trim(os:cmd("getconf CLK_TCK"))),
    {(ticks(OsPid) - Before) * 1000 / PerSecond / Elapsed, Result}.

ticks(OsPid) ->
    {ok, Stat} = file:read_file(["/proc/", integer_to_list(OsPid), "/stat"]),
    [_, Fields] = string:split(Stat, ")", trailing),
    [User, System] = lists:sublist(string:lexemes(Fields, " "), 12, 2),
    binary_to_integer(User) + binary_to_integer(System).

show(What, Rounds, Better) ->
    Of = fun (Kind) -> [proplists:get_value(Kind, Round) || Round <- Rounds] end,
    Beam = Of(beam),
    io:format("~ts: BEAM to BEAM ~.1f~n", [What, median(Beam)]),
    lists:foreach(fun (Transport) ->
        Ratios = [case Better of 1 -> Own / Base; -1 -> Base / Own end || {Own, Base} <- lists:zip(Of(Transport), Beam)],
        io:format("  over ~s ~.1f, ~.2f of the time of BEAM to BEAM~n", [Transport, median(Of(Transport)), median(Ratios)])
    end, [distribution, port]).

time(Fun, Times) ->
    Start = erlang:monotonic_time(nanosecond),
    _ = [Fun() || _ <- lists:seq(1, Times)],
    (erlang:monotonic_time(nanosecond) - Start) / 1000 / Times.

median(Values) ->
    Sorted = lists:sort(Values),
    lists:nth((length(Sorted) + 1) div 2, Sorted) * 1.0.

%% @private
-spec answer(pid(), term()) -> no_return().
answer(Parent, Status) ->
    Parent ! {self(), ready},
    answer(Status).

answer(Status) ->
    receive
        {'$gen_call', From, _} ->
            gen_server:reply(From, Status);
        {chunks, To, Count} ->
            _ = [To ! {llama_node, 1, {chunk, #{content => <<"!">>, index => Index}}} || Index <- lists:seq(1, Count)],
            To ! {llama_node, 1, {done, #{}}}
    end,
    answer(Status).
