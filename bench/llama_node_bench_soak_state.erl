%% @doc What a node and its BEAM hold when nothing is open, and how large the node's process is: what the soak compares.
-module(llama_node_bench_soak_state).

-export([at_rest/2, size/1, beam/1]).
-export_type([rest/0, size/0, beam/0]).

-type rest() :: #{sessions := non_neg_integer(), tasks := non_neg_integer(), results := non_neg_integer(),
                  account_bytes := non_neg_integer(), monitors := non_neg_integer(), timers := non_neg_integer()}.
%% `monitors' and `timers' are the live objects of the classes that stand for them, counted in the heap.

-type size() :: #{used := pos_integer(), committed := pos_integer(), resident := pos_integer()}.
%% Bytes, after full collections: of the heap in use and committed, and of the process in memory.

-type beam() :: #{processes := pos_integer(), ports := pos_integer(), monitors := non_neg_integer(),
                  monitored_by := non_neg_integer()}.
%% `monitors' are those of the server's process; so is `monitored_by'.

%% Processes that a node watches, and what over the distribution stands for one of them at the peer.
-define(MONITORS, ["io.llamanode.service.Owners$Entry", "io.llamanode.transport.dist.Peer$MonitorEntry"]).
-define(TIMER, "java.util.concurrent.ScheduledThreadPoolExecutor$ScheduledFutureTask").
-define(REST_MS, 60000).

%% @doc What is left once it has ended, for which it has a minute.
-spec at_rest(llama_node:server(), pos_integer()) -> rest().
at_rest(Server, OsPid) ->
    at_rest(Server, OsPid, erlang:monotonic_time(millisecond) + ?REST_MS).

at_rest(Server, OsPid, Until) ->
    {ok, #{sessions := Sessions, tasks_waiting := Waiting, tasks_running := Running, results_kept := Kept,
           account := #{held_bytes := Bytes}}} = llama_node:get_status(Server),
    Status = #{sessions => Sessions, tasks => Waiting + Running, results => Kept, account_bytes => Bytes},
    Over = erlang:monotonic_time(millisecond) > Until,
    case lists:all(fun (Count) -> Count =:= 0 end, maps:values(Status)) of
        Rests when Rests; Over ->
            Objects = objects(OsPid),
            Status#{monitors => lists:sum([maps:get(Class, Objects, 0) || Class <- ?MONITORS]),
                    timers => maps:get(?TIMER, Objects, 0)};
        false ->
            receive after 200 -> at_rest(Server, OsPid, Until) end
    end.

%% Live ones only: a full collection comes before.
objects(OsPid) ->
    Lines = string:lexemes(jcmd(OsPid, "GC.class_histogram"), "\n"),
    maps:from_list([{Class, list_to_integer(Count)}
                    || Line <- Lines, [Rank, Count, _Bytes, Class | _] <- [string:lexemes(Line, " ")],
                       lists:last(Rank) =:= $:]).

%% @doc How large the process is, after full collections.
-spec size(pos_integer()) -> size().
size(OsPid) ->
    %% What the first one leaves to be cleaned goes with the second.
    _ = [jcmd(OsPid, "GC.run") || _ <- [1, 2]],
    Heap = heap(jcmd(OsPid, "GC.heap_info")),
    {ok, Status} = file:read_file("/proc/" ++ integer_to_list(OsPid) ++ "/status"),
    {match, [Resident]} = re:run(Status, "VmRSS:\\s+(\\d+) kB", [{capture, all_but_first, list}]),
    Heap#{resident => 1024 * list_to_integer(Resident)}.

%% The generations of the serial collector: used kilobytes, and from where to where each is committed.
heap(Info) ->
    {match, Generations} = re:run(Info, "total \\d+K, used (\\d+)K \\[0x([0-9a-f]+), 0x([0-9a-f]+)",
                                  [global, {capture, all_but_first, list}]),
    #{used => lists:sum([1024 * list_to_integer(Used) || [Used, _, _] <- Generations]),
      committed => lists:sum([list_to_integer(To, 16) - list_to_integer(From, 16) || [_, From, To] <- Generations])}.

jcmd(OsPid, Command) ->
    os:cmd(lists:join(" ", [os:getenv("BENCH_JCMD"), integer_to_list(OsPid), Command])).

%% @doc What this runtime holds for a server.
-spec beam(pid()) -> beam().
beam(Owner) ->
    [{monitors, Monitors}, {monitored_by, MonitoredBy}] = process_info(Owner, [monitors, monitored_by]),
    #{processes => erlang:system_info(process_count), ports => erlang:system_info(port_count),
      monitors => length(Monitors), monitored_by => length(MonitoredBy)}.
