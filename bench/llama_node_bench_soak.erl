%% @doc Random operations of many processes on two nodes, one over each transport, while callers are killed, nodes
%% are stopped for a moment and, in the first half, killed: what is left at the end, and what has grown over the
%% second half. See "Soak" in bench/README.md. The module is the supervisor of the servers as well.
-module(llama_node_bench_soak).
-behaviour(supervisor).

-export([main/0, init/1]).

-define(TRANSPORTS, [distribution, port]).
%% The first half ends without kills of nodes for as long, so that those that are measured are warm.
-define(KILLS_UNTIL, 0.5).
-define(KILLS, 12).
%% Mean times between two kills of a caller, and between two short stops of a node.
-define(CALLER_MS, 300).
-define(STOP_EVERY_MS, 15000).
-define(STOPPED_MS, 700).
-define(GROWTH, 2.0).
%% Longer than `timeout_write', whose timer ends by itself.
-define(SETTLED_MS, 17000).
-define(SHOWN, 20).

%% @doc Runs for as long as the command line says, prints the table and ends the runtime: with status 1 if a bar was
%% missed.
-spec main() -> no_return().
main() ->
    llama_node_bench_program:run(fun () ->
        process_flag(trap_exit, true),
        %% Of every node that is killed there would be reports.
        ok = logger:set_primary_config(level, none),
        Seed = erlang:phash2({os:getpid(), erlang:system_time()}, 1 bsl 30),
        soak(options(init:get_plain_arguments(), #{minutes => 60, seed => Seed, processes => 200}))
    end).

options([], Options) -> Options;
options(["--minutes", N | Rest], Options) -> options(Rest, Options#{minutes => list_to_integer(N)});
options(["--seed", N | Rest], Options) -> options(Rest, Options#{seed => list_to_integer(N)});
options(["--processes", N | Rest], Options) -> options(Rest, Options#{processes => list_to_integer(N)});
options([Other | _], _Options) -> error({unknown_option, Other}).

%% @private
-spec init([supervisor:child_spec()]) -> {ok, {supervisor:sup_flags(), [supervisor:child_spec()]}}.
init(Children) ->
    {ok, {#{strategy => one_for_one, intensity => 1000, period => 1}, Children}}.

soak(#{minutes := Minutes, seed := Seed, processes := Processes}) ->
    Half = Minutes * 30000,
    Models = filename:join([os:getenv("BENCH_ROOT"), "priv", "models"]),
    Counts = counters:new(2, [write_concurrency]),
    llama_node_bench_program:heading("~b minutes, seed ~b, ~b processes", [Minutes, Seed, Processes]),
    _ = rand:seed(exsss, {Seed, 0, 0}),
    {ok, Supervisor} = supervisor:start_link(?MODULE, [child(Transport) || Transport <- ?TRANSPORTS]),
    Places = [#{server => name(Transport), transport => Transport, seed => Seed, models => Models, may_be_down => true,
                counts => Counts} || Transport <- ?TRANSPORTS],
    Fresh = looked_at(Places),
    First = worked(Places, Processes, Half, Supervisor, #{}),
    note("first half: ~0tp~n", [told(First)]),
    Middle = looked_at(Places),
    Second = worked([Place#{may_be_down => false} || Place <- Places], Processes, Half, none, First),
    note("second half: ~0tp~n", [told(Second)]),
    End = looked_at(Places),
    ok = report(Fresh, Middle, End, Second, Counts).

note(Format, Arguments) ->
    io:format(standard_error, Format, Arguments).

name(distribution) -> llama_node_soak_distribution;
name(port) -> llama_node_soak_port.

%% The time of the pulse is the runtime's own: no stop is as long. All of the heap is committed and in memory from the
%% start, so that the rest of the resident size is what is not heap.
child(Transport) ->
    Spec = llama_node:child_spec(#{name => name(Transport), transport => Transport, log_level => none,
                                   stop_timeout => 2000, restarts => {0, 1}, max_sessions => 2000,
                                   result_ttl_ms => 5000,
                                   java_opts => ["-Xms512m", "-XX:+AlwaysPreTouch"]}),
    Spec#{id => Transport}.

os_pid(Name) ->
    llama_node_bench_program:os_pid(whereis(Name)).

%% What there is while nobody works.
looked_at(Places) ->
    lists:foreach(fun (#{server := Server}) ->
        %% Those are the operations' own.
        _ = llama_node:unload_model(Server, second),
        _ = llama_node:unload_adapter(Server, adapter, #{})
    end, Places),
    receive after ?SETTLED_MS -> ok end,
    [begin
         OsPid = os_pid(Server),
         Rest = llama_node_bench_soak_state:at_rest(Server, OsPid),
         #{rest => Rest, size => llama_node_bench_soak_state:size(OsPid), os_pid => OsPid,
           beam => llama_node_bench_soak_state:beam(whereis(Server))}
     end || #{server := Server} <- Places].

%% One half

worked(Places, Processes, Milliseconds, Supervisor, Before) ->
    Now = erlang:monotonic_time(millisecond),
    Workers = maps:from_list([started(lists:nth(N rem length(Places) + 1, Places), N, 1)
                              || N <- lists:seq(1, Processes)]),
    Kill = round(Milliseconds * ?KILLS_UNTIL / ?KILLS),
    State = #{places => Places, supervisor => Supervisor, until => Now + Milliseconds, workers => Workers,
              kills_until => Now + round(Milliseconds * ?KILLS_UNTIL), caller => Now + ?CALLER_MS,
              stop => Now + ?STOP_EVERY_MS div 3, node => Now + Kill, every => Kill,
              unexpected => maps:get(unexpected, Before, #{}), killed => maps:get(killed, Before, 0),
              stopped => maps:get(stopped, Before, 0), nodes => maps:get(nodes, Before, 0)},
    #{workers := Left} = Ended = loop(State),
    ok = end_all(Left),
    ok = both_there(Places),
    Ended.

started(Place, Number, Incarnation) ->
    {Pid, Ref} = llama_node_bench_soak_work:start(Place, Number, Incarnation),
    {Ref, {Pid, Place, Number, Incarnation}}.

loop(#{until := Until, workers := Workers, unexpected := Unexpected} = State) ->
    Now = erlang:monotonic_time(millisecond),
    Next = lists:min([Until | [maps:get(Key, State) || Key <- [caller, stop, node]]]),
    receive
        {'DOWN', Ref, process, _, Reason} ->
            {{_, Place, Number, Incarnation}, Rest} = maps:take(Ref, Workers),
            {NewRef, New} = started(Place, Number, Incarnation + 1),
            loop(State#{workers := Rest#{NewRef => New}, unexpected := counted(Reason, Place, Unexpected)})
    after max(0, Next - Now) ->
        case erlang:monotonic_time(millisecond) of
            Later when Later >= Until -> State;
            Later -> loop(due(Later, State))
        end
    end.

counted(killed, _Place, Unexpected) ->
    Unexpected;
counted(Reason, #{transport := Transport}, Unexpected) ->
    Key = {Transport, Reason},
    map_size(Unexpected) < ?SHOWN andalso not is_map_key(Key, Unexpected)
        andalso note("unexpected over the ~s: ~0tP~n", [Transport, Reason, 40]),
    maps:update_with(case map_size(Unexpected) < 10 * ?SHOWN of true -> Key; false -> others end,
                     fun (N) -> N + 1 end, 1, Unexpected).

due(Now, #{caller := Caller, workers := Workers, killed := Killed} = State) when Now >= Caller ->
    {Pid, _, _, _} = one_of(maps:values(Workers)),
    true = exit(Pid, kill),
    State#{caller := Now + rand:uniform(2 * ?CALLER_MS), killed := Killed + 1};
due(Now, #{stop := Stop, places := Places, stopped := Stopped} = State) when Now >= Stop ->
    #{server := Server} = one_of(Places),
    stop_for_a_while(Server),
    State#{stop := Now + rand:uniform(2 * ?STOP_EVERY_MS), stopped := Stopped + 1};
due(Now, #{node := _, supervisor := Supervisor, kills_until := KillsUntil} = State)
  when Supervisor =:= none; Now >= KillsUntil ->
    State#{node := maps:get(until, State)};
due(Now, #{supervisor := Supervisor, places := Places, every := Every, nodes := Nodes} = State) ->
    #{server := Server, transport := Transport} = one_of(Places),
    case Nodes rem 3 of
        2 ->
            ok = supervisor:terminate_child(Supervisor, Transport),
            {ok, _} = supervisor:restart_child(Supervisor, Transport);
        _ ->
            %% Another one may be on its way already.
            try signal("KILL", os_pid(Server)) catch _:_ -> ok end
    end,
    State#{node := Now + Every div 2 + rand:uniform(Every), nodes := Nodes + 1}.

one_of(List) -> lists:nth(rand:uniform(length(List)), List).

stop_for_a_while(Server) ->
    try os_pid(Server) of
        OsPid ->
            ok = signal("STOP", OsPid),
            spawn(fun () -> receive after ?STOPPED_MS -> signal("CONT", OsPid) end end)
    catch
        _:_ -> ok
    end.

signal(Name, OsPid) ->
    _ = os:cmd("kill -" ++ Name ++ " " ++ integer_to_list(OsPid)),
    ok.

%% Those that are killed leave everything to the node.
end_all(Workers) ->
    _ = [exit(Pid, kill) || {Pid, _, _, _} <- maps:values(Workers)],
    lists:foreach(fun (Ref) -> receive {'DOWN', Ref, process, _, _} -> ok end end, maps:keys(Workers)).

both_there(Places) ->
    receive after 2 * ?STOPPED_MS -> ok end,
    lists:foreach(fun (#{server := Server}) -> there(Server, 120) end, Places).

there(Server, Left) when Left > 0 ->
    case catch llama_node:ping(Server) of
        pong -> ok;
        _ -> receive after 500 -> there(Server, Left - 1) end
    end.

told(State) -> maps:with([killed, stopped, nodes, unexpected], State).

%% Bars

report(Fresh, Middle, End, #{killed := Killed, stopped := Stopped, nodes := Nodes, unexpected := Unexpected}, Counts) ->
    io:format("~b operations, ~b documented errors; ~b callers killed, ~b short stops of a node, "
              "~b kills and stops of nodes (first half)~n~n",
              [counters:get(Counts, 1), counters:get(Counts, 2), Killed, Stopped, Nodes]),
    io:format("| | wanted | distribution | port | met |~n|---|---|---:|---:|---|~n"),
    Unforeseen = [lists:sum([Count || {{Of, _}, Count} <- maps:to_list(Unexpected), Of =:= Transport])
                  + maps:get(others, Unexpected, 0) || Transport <- ?TRANSPORTS],
    Ended = [case {M, E} of {#{os_pid := P}, #{os_pid := P}} -> 0; _ -> 1 end || {M, E} <- lists:zip(Middle, End)],
    Left = [{"sessions left", sessions}, {"tasks left", tasks}, {"results left", results},
            {"bytes of the account left", account_bytes}, {"monitors of the node left", monitors}],
    Met = [none("answers that no document names", Unforeseen), none("nodes that ended in the second half", Ended)]
        ++ [none(What, [maps:get(Key, Rest) || #{rest := Rest} <- End]) || {What, Key} <- Left]
        ++ [none("timers of the node, beyond those of a fresh one", more(rest, timers, Fresh, End))]
        ++ [none("of the BEAM, beyond the start: " ++ atom_to_list(Key), more(beam, Key, Fresh, End))
            || Key <- [processes, ports, monitors, monitored_by]]
        ++ [grown("used heap, second half", fun (#{used := Used}) -> Used end, Middle, End),
            grown("resident size less committed heap, second half",
                  fun (#{resident := Resident, committed := Committed}) -> Resident - Committed end, Middle, End)],
    lists:foreach(fun ({Line, _}) -> io:put_chars(Line) end, Met),
    case lists:all(fun ({_, IsMet}) -> IsMet end, Met) of
        true -> ok;
        false -> halt(1)
    end.

none(What, Values) ->
    line(What, "none", [integer_to_list(Value) || Value <- Values], lists:all(fun (Value) -> Value =< 0 end, Values)).

more(Part, Key, Fresh, End) ->
    Of = fun (Looked) -> maps:get(Key, maps:get(Part, Looked)) end,
    [Of(E) - Of(F) || {F, E} <- lists:zip(Fresh, End)].

grown(What, Of, Middle, End) ->
    Growths = [{Of(M), Of(E), 100.0 * (Of(E) - Of(M)) / Of(M)}
               || {#{size := M}, #{size := E}} <- lists:zip(Middle, End)],
    line(What, io_lib:format("under ~.1f%", [?GROWTH]),
         [io_lib:format("~.2f% (~.1f to ~.1f MiB)", [Growth, Before / 1048576, After / 1048576])
          || {Before, After, Growth} <- Growths],
         lists:all(fun ({_, _, Growth}) -> Growth < ?GROWTH end, Growths)).

line(What, Wanted, Values, IsMet) ->
    Met = case IsMet of true -> yes; false -> no end,
    {io_lib:format("| ~ts | ~ts | ~ts | ~ts | ~s |~n", [What, Wanted | Values] ++ [Met]), IsMet}.
