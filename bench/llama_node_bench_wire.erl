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
-define(PACED_ROUNDS, 3).
-define(WARM_UP_MS, 20000).

%% @doc Measures, prints and ends the runtime.
-spec main() -> no_return().
main() ->
    llama_node_bench_program:run(fun () ->
        {ok, Load} = file:read_file("/proc/loadavg"),
        io:format("load average before: ~ts", [Load]),
        measure()
    end).

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
    Input = #{prompt => <<"x">>, n_predict => ?CHUNKS div ?STREAMS},
    _ = [{ok, _} = llama_node:stream(Server, Session, completion, Input)
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

%% What streaming costs the node's process at a pace that a real model could have: against the same tokens generated for
%% a result that nobody streams.
paced() ->
    lists:foreach(fun (Transport) ->
        Server = server(Transport, [{"BENCH_STEP_MS", integer_to_list(1000 div ?PACE)}]),
        Node = llama_node_bench_program:os_pid(Server),
        {ok, Session} = llama_node:create_session(Server, #{temperature => 0}),
        Ways = [{idle, fun () -> receive after ?PACED_MS -> 0 end end}
                | [{Way, fun () -> generate_for(?PACED_MS, Way, Server, Session) end} || Way <- [create_task, stream]]],
        ok = warm_up(Server, Session),
        _ = [Fun() || {_, Fun} <- Ways],
        Rounds = [[{Way, llama_node_bench_program:cpu(Node, Fun)} || {Way, Fun} <- Ways]
                  || _ <- lists:seq(1, ?PACED_ROUNDS)],
        Of = fun (Way) -> median([Cpu || Round <- Rounds, {W, {Cpu, _}} <- Round, W =:= Way]) end,
        Chunks = median([Count || Round <- Rounds, {stream, {_, Count}} <- Round]),
        Share = fun (Way, Round) -> element(1, proplists:get_value(Way, Round)) end,
        Added = median([Share(stream, Round) - Share(create_task, Round) || Round <- Rounds]),
        io:format("CPU of the node over ~s: idle ~.2f% of a core, generating ~.2f%, streaming ~.1f chunks/s ~.2f%: "
                  "~.2f% more~n",
                  [Transport, 100 * Of(idle), 100 * Of(create_task), Chunks * 1000 / ?PACED_MS, 100 * Of(stream),
                   100 * Added]),
        stop(Server)
    end, [distribution, port]).

%% The Java compiler wants thousands of chunks: at the pace of one stream it would still be at work when time is taken.
warm_up(Server, Session) ->
    Tasks = [begin
                 {ok, Task} =
                     llama_node:stream(Server, Session, completion, #{prompt => <<"x">>, n_predict => 1 bsl 30}),
                 Task
             end || _ <- lists:seq(1, ?STREAMS)],
    receive after ?WARM_UP_MS -> ok end,
    _ = [ok = llama_node:cancel_task(Server, Task) || Task <- Tasks],
    lists:foreach(fun (Task) -> cancelled(Task, 0) end, Tasks).

generate_for(Milliseconds, Way, Server, Session) ->
    {ok, Task} = llama_node:Way(Server, Session, completion, #{prompt => <<"x">>, n_predict => 1 bsl 30}),
    receive after Milliseconds -> ok end,
    ok = llama_node:cancel_task(Server, Task),
    case Way of
        stream -> cancelled(Task, 0);
        create_task -> 0
    end.

cancelled(Task, Count) ->
    receive
        {llama_node, Task, {error, {cancelled, _}}} -> Count;
        {llama_node, Task, {chunk, _}} -> cancelled(Task, Count + 1)
    end.

show(What, Rounds, Better) ->
    Of = fun (Kind) -> [proplists:get_value(Kind, Round) || Round <- Rounds] end,
    Beam = Of(beam),
    io:format("~ts: BEAM to BEAM ~.1f~n", [What, median(Beam)]),
    lists:foreach(fun (Transport) ->
        Ratios =
            [case Better of 1 -> Own / Base; -1 -> Base / Own end || {Own, Base} <- lists:zip(Of(Transport), Beam)],
        io:format("  over ~s ~.1f, ~.2f of the time of BEAM to BEAM~n",
                  [Transport, median(Of(Transport)), median(Ratios)])
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
