%% @doc What was done to nodes to end them or to hold up their users, done again beside a bystander: the frame, which
%% starts nodes, runs the rows, and tells which bars were missed. See "Bounded" in bench/README.md.
-module(llama_node_bench_bounded).

-export([main/0, rows/0]).
-export_type([row/0, target/0]).

-type target() :: #{server := llama_node:server(), mailbox := pid() | {atom(), node()}, node := node(),
                    transport := llama_node_transport:name(), os_pid := pos_integer(), scale := pos_integer()}.
%% The node that is attacked: `server' for calls of the API, `mailbox' for messages as they are. Its heap has 512 MB
%% divided by `scale', and counts are divided likewise.

-type row() :: #{name := atom(), what := string(), attack := fun((target()) -> llama_node_bench_callers:answers()),
                 transports => [llama_node_transport:name()], options => map(), replaced => boolean()}.
%% `replaced': the attack hangs the node, which must be replaced in the time of its `pulse_timeout' (or
%% `native_timeout') and a start. `transports': both unless it says otherwise. `options': of the start.

-define(WARM_UP_MS, 2000).
-define(BEFORE_MS, 3000).
%% An attack that is over sooner begins again: the bystander needs time to notice.
-define(BESIDE_MS, 3000).
%% Until nothing of an attack is left.
-define(LEFT_MS, 30000).
%% What a node that is replaced may take longer than pulse and start: the bystander looks every 100 ms.
-define(SLACK_MS, 1000).

%% @doc Runs the rows that the command line names, all without one; status 1 if a bar was missed.
-spec main() -> no_return().
main() ->
    llama_node_bench_program:run(fun () ->
        process_flag(trap_exit, true),
        %% Of every node that is lost there would be reports.
        ok = logger:set_primary_config(level, none),
        case options(init:get_plain_arguments(), #{rows => all, times => 10, transports => [distribution, port],
                                                   attackers => same}) of
            list -> list();
            Options -> run(Options)
        end
    end).

options([], Options) -> Options;
options(["--list" | _], _Options) -> list;
options(["--rows", Names | Rest], Options) -> options(Rest, Options#{rows => names(Names)});
options(["--times", N | Rest], Options) -> options(Rest, Options#{times => list_to_integer(N)});
options(["--transport", Names | Rest], Options) -> options(Rest, Options#{transports => names(Names)});
options(["--attackers", Whose | Rest], Options) when Whose =:= "same"; Whose =:= "other" ->
    options(Rest, Options#{attackers => list_to_atom(Whose)});
options([Other | _], _Options) -> error({unknown_option, Other}).

names(Text) -> [list_to_atom(Name) || Name <- string:lexemes(Text, ",")].

%% @doc All rows.
-spec rows() -> [row()].
rows() ->
    llama_node_bench_rows_memory:rows() ++ llama_node_bench_rows_wire:rows() ++ llama_node_bench_rows_work:rows()
    ++ llama_node_bench_rows_hung:rows() ++ llama_node_bench_rows_files:rows().

list() ->
    lists:foreach(fun (#{name := Name, what := What}) -> io:format("~-16s ~ts~n", [Name, What]) end, rows()).

chosen(all) ->
    rows();
chosen(Names) ->
    All = rows(),
    [] = Names -- [Name || #{name := Name} <- All],
    [Row || #{name := Name} = Row <- All, lists:member(Name, Names)].

run(#{rows := Names, times := Times, transports := Transports} = Options) ->
    Whose = case maps:get(attackers, Options) of
        same -> "the bystander's BEAM";
        other -> "a BEAM of their own"
    end,
    llama_node_bench_program:heading("each row ~b times, attackers in ~s", [Times, Whose]),
    io:format("| row | transport | runs | node lived | chats failed | median wait | longest wait | callers late | |~n"
              "|---|---|---:|---|---|---|---|---|---|~n"),
    Results = [run(Row, Transport, Options)
               || Row <- chosen(Names),
                  Transport <- Transports, lists:member(Transport, maps:get(transports, Row, [distribution, port]))],
    io:format("~n~b of ~b are within their bars.~n", [length([ok || ok <- Results]), length(Results)]),
    case lists:usort(Results) -- [ok, skipped] of
        [] -> ok;
        [missed] -> halt(1)
    end.

%% One row over one transport

run(#{name := Name} = Row, Transport, #{times := Times} = Options) ->
    {Runs, Node} = lists:mapfoldl(fun (N, Node) ->
        {Run, Next} = run_once(Row, Transport, Options, Node),
        io:format(standard_error, "~s, ~s, run ~b: ~0tp~n", [Name, Transport, N, maps:map(fun shown/2, Run)]),
        {Run, Next}
    end, none, lists:seq(1, Times)),
    stop(Node),
    Verdict = verdict(Runs),
    tell(Row, Transport, Runs, Verdict),
    Verdict.

%% What a run was like, for whoever wants to know more than the table says.
shown(_, #{waits := Waits, failed := Failed, gap := Gap}) ->
    #{chats => length(Waits), median => median(Waits), longest => longest(Waits), gap => Gap, failed => length(Failed),
      failures => lists:sublist(lists:usort(Failed), 3)};
shown(_, Other) ->
    Other.

run_once(#{replaced := true} = Row, Transport, Options, _Node) ->
    {replaced(Row, Transport, Options), none};
run_once(Row, Transport, Options, Node) ->
    #{server := Server, os_pid := OsPid} = Started = ensure(Node, Row, Transport),
    Bystander = llama_node_bench_bystander:start(Server),
    pause(?WARM_UP_MS),
    ok = llama_node_bench_bystander:phase(Bystander, before),
    pause(?BEFORE_MS),
    ok = llama_node_bench_bystander:phase(Bystander, beside),
    Answers = attack(Row, Started, Options),
    #{before := Before, beside := Beside} = llama_node_bench_bystander:stop(Bystander),
    Lives = lives(Server, OsPid),
    Left = Lives andalso left(Server, erlang:monotonic_time(millisecond) + ?LEFT_MS),
    {#{lived => Lives, before => Before, beside => Beside, answers => Answers, left => Left},
     case Lives of true -> Started; false -> stop(Started), none end}.

pause(Milliseconds) -> receive after Milliseconds -> ok end.

ensure(none, Row, Transport) ->
    {ok, Server} = llama_node:init_server(start_options(Row, Transport)),
    target(Server, Transport);
ensure(Started, _Row, _Transport) ->
    Started.

start_options(Row, Transport) ->
    maps:merge(#{transport => Transport, log_level => none, stop_timeout => 2000, restarts => {0, 1}},
               maps:get(options, Row, #{})).

target(Server, Transport) ->
    {ok, #{node := Node}} = llama_node:get_status(Server),
    {ok, Owner} = gen_server:call(Server, owner),
    #{server => Server, node => Node, transport => Transport, scale => 1,
      os_pid => llama_node_bench_program:os_pid(Owner),
      mailbox => case Transport of distribution -> {llama_node, Node}; port -> Server end}.

stop(none) -> ok;
stop(#{server := Server}) -> _ = llama_node:destroy_server(Server), ok.

lives(Server, OsPid) ->
    is_process_alive(Server) andalso llama_node:ping(Server) =:= pong
        andalso llama_node_bench_program:os_pid(Server) =:= OsPid.

%% What a node that is at rest still holds.
left(Server, Until) ->
    case llama_node:get_status(Server) of
        {ok, #{sessions := 0, tasks_running := 0, tasks_waiting := 0, account := #{held_bytes := 0}}} ->
            nothing;
        {ok, #{sessions := Sessions, tasks_running := Running, tasks_waiting := Waiting, results_kept := Kept,
               account := #{held := Held}}} ->
            %% Results are kept for a while, whoever made them.
            case erlang:monotonic_time(millisecond) > Until of
                true when Sessions + Running + Waiting =:= 0, map_get(result, Held) > 0, Kept > 0 -> nothing;
                true -> {Sessions, Running, Waiting, Held};
                false -> pause(100), left(Server, Until)
            end;
        {error, Error} ->
            Error
    end.

%% The attack in a process of its own, whose end gives everything back; again until the bystander has had time to
%% notice.
attack(#{attack := Attack}, Target, Options) ->
    {Node, From, Stop} = attackers(Target, Options),
    Until = erlang:monotonic_time(millisecond) + ?BESIDE_MS,
    {_, Ref} = spawn_monitor(Node, fun () -> exit({answers, again(Attack, From, Until, [])}) end),
    Answers = receive
        {'DOWN', Ref, process, _, {answers, Counted}} -> Counted;
        {'DOWN', Ref, process, _, Reason} -> #{{in_time, {odd, Reason}} => 1}
    end,
    ok = Stop(),
    Answers.

again(Attack, Target, Until, Before) ->
    Answers = [Attack(Target) | Before],
    case erlang:monotonic_time(millisecond) < Until andalso not odd(hd(Answers)) of
        true -> again(Attack, Target, Until, Answers);
        false -> llama_node_bench_callers:merge(Answers)
    end.

odd(Answers) ->
    lists:any(fun ({_, Code}) -> llama_node_bench_callers:is_odd(Code) end, maps:keys(Answers)).

attackers(Target, #{attackers := same}) ->
    {node(), Target, fun () -> ok end};
attackers(#{mailbox := Mailbox} = Target, #{attackers := other}) ->
    {ok, Peer, Node} = peer:start(#{name => peer:random_name(), args => ["+P", "2000000", "-pa" | code:get_path()]}),
    {Node, Target#{server => Mailbox}, fun () -> peer:stop(Peer) end}.

%% A node that hangs: under a supervisor, until the bystander's chats are answered again.
replaced(#{attack := Attack} = Row, Transport, _Options) ->
    Options = (start_options(Row, Transport))#{name => llama_node_bench_hung},
    Begun = erlang:monotonic_time(millisecond),
    {ok, Supervisor} = supervisor:start_link(llama_node_bench_rows_hung, llama_node:child_spec(Options)),
    #{os_pid := OsPid} = Target = target(llama_node_bench_hung, Transport),
    Start = erlang:monotonic_time(millisecond) - Begun,
    Bystander = llama_node_bench_bystander:start(llama_node_bench_hung),
    pause(?WARM_UP_MS),
    ok = llama_node_bench_bystander:phase(Bystander, beside),
    Hung = erlang:monotonic_time(millisecond),
    Answers = Attack(Target),
    Limit = given_up_after(Options) + Start + ?SLACK_MS,
    After = again_there(OsPid, Hung, Hung + 2 * Limit),
    #{beside := Beside} = llama_node_bench_bystander:stop(Bystander),
    true = unlink(Supervisor),
    Ref = erlang:monitor(process, Supervisor),
    true = exit(Supervisor, shutdown),
    receive {'DOWN', Ref, process, _, _} -> ok end,
    #{replaced_after => After, limit => Limit, beside => Beside, answers => Answers}.

%% A pulse looks four times within its time-out, and may have seen the node just before it hung.
given_up_after(#{pulse_timeout := Timeout}) -> Timeout + Timeout div 4;
given_up_after(#{native_timeout := Timeout}) -> Timeout.

again_there(OsPid, Hung, Until) ->
    Now = erlang:monotonic_time(millisecond),
    case is_another(OsPid) of
        true -> Now - Hung;
        false when Now > Until -> never;
        false -> pause(20), again_there(OsPid, Hung, Until)
    end.

is_another(OsPid) ->
    try
        {ok, _} = llama_node:complete(llama_node_bench_hung, <<"Once">>, #{n_predict => 1, timeout => 1000}),
        {ok, Owner} = gen_server:call(llama_node_bench_hung, owner),
        llama_node_bench_program:os_pid(Owner) =/= OsPid
    catch
        _:_ -> false
    end.

%% Bars

verdict([#{skipped := _} | _]) -> skipped;
verdict(Runs) ->
    case lists:all(fun is_within/1, Runs) of
        true -> ok;
        false -> missed
    end.

is_within(#{answers := Answers} = Run) ->
    late(Answers) =:= 0 andalso not odd_beside(Run) andalso is_within_of(Run).

%% Who hangs with a node is told that it is down.
odd_beside(#{replaced_after := _, answers := Answers}) -> odd(maps:remove({in_time, node_down}, Answers));
odd_beside(#{answers := Answers}) -> odd(Answers).

is_within_of(#{replaced_after := After, limit := Limit}) ->
    After =< Limit;
is_within_of(#{lived := Lived, left := Left, before := #{waits := Before},
               beside := #{waits := Beside, failed := Failed}}) ->
    Longest = longest(Before),
    Lived andalso Left =:= nothing andalso Failed =:= [] andalso median(Beside) =< 3 * Longest
        andalso longest(Beside) =< 10 * Longest + 1000.

late(Answers) ->
    lists:sum([Count || {{When, _}, Count} <- maps:to_list(Answers), When =/= in_time]).

longest([]) -> 0;
longest(Waits) -> lists:max(Waits).

median([]) -> 0;
median(Waits) -> lists:nth((length(Waits) + 1) div 2, lists:sort(Waits)).

%% The table

tell(#{name := Name}, Transport, [#{skipped := Why} | _], skipped) ->
    io:format("| ~s | ~s | 0 | | | | | | skipped: ~ts |~n", [Name, Transport, Why]);
tell(#{name := Name}, Transport, [#{replaced_after := _} | _] = Runs, Verdict) ->
    {Late, Callers} = callers(Runs),
    {After, Limit} = lists:max([{After, Limit} || #{replaced_after := After, limit := Limit} <- Runs]),
    io:format("| ~s | ~s | ~b | replaced after ~p of ~b ms | | | | ~b of ~b | ~s |~n",
              [Name, Transport, length(Runs), After, Limit, Late, Callers, Verdict]);
tell(#{name := Name}, Transport, Runs, Verdict) ->
    {Late, Callers} = callers(Runs),
    Chats = [{length(Failed), length(Failed) + length(Waits)}
             || #{beside := #{waits := Waits, failed := Failed}} <- Runs],
    %% The worst run of each.
    {Ratio, Median} = lists:max([{median(Beside) / max(1, longest(Before)), median(Beside)}
                                 || #{before := #{waits := Before}, beside := #{waits := Beside}} <- Runs]),
    {_, Longest, Limit} = lists:max([{longest(Beside) / (10 * longest(Before) + 1000), longest(Beside),
                                      10 * longest(Before) + 1000}
                                     || #{before := #{waits := Before}, beside := #{waits := Beside}} <- Runs]),
    io:format("| ~s | ~s | ~b | ~b | ~b of ~b | ~b ms (~.2f) | ~b of ~b ms | ~b of ~b | ~s~ts |~n",
              [Name, Transport, length(Runs), length([lived || #{lived := true} <- Runs]),
               lists:sum([Failed || {Failed, _} <- Chats]), lists:sum([All || {_, All} <- Chats]), Median, Ratio,
               Longest, Limit, Late, Callers, Verdict, remark(Runs)]).

callers(Runs) ->
    Answers = llama_node_bench_callers:merge([Answers || #{answers := Answers} <- Runs]),
    {late(Answers), lists:sum(maps:values(Answers))}.

remark(Runs) ->
    case [Left || #{left := Left} <- Runs, Left =/= nothing, Left =/= false] ++
         [Code || #{answers := Answers} <- Runs, {_, Code} <- maps:keys(Answers),
                  llama_node_bench_callers:is_odd(Code)] of
        [] -> "";
        [First | _] -> io_lib:format(": ~0tP", [First, 12])
    end.
