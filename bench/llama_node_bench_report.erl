%% @doc What the numbers amount to: rates, ratios, bars, and the text that README.md keeps.
-module(llama_node_bench_report).

-export([show/2]).
%% For the shell.
-export([steady/1, whole/1]).

-define(FROM, "<!-- results: written by bench/run --record -->\n").
-define(TO, "<!-- end of results -->\n").

%% @doc Prints the report; with `record', README.md gets it as well.
-spec show(llama_node_bench:settings(), map()) -> ok.
show(#{record := Record} = Settings, Results) ->
    Report = unicode:characters_to_binary([machine(Settings, Results), $\n, speeds(Results), $\n, bars(Results)]),
    io:setopts([{encoding, unicode}]),
    io:put_chars(Report),
    case Record of
        true -> record(Report);
        false -> ok
    end.

record(Report) ->
    File = filename:join([os:getenv("BENCH_ROOT"), "bench", "README.md"]),
    {ok, Text} = file:read_file(File),
    [Front, Rest] = string:split(Text, ?FROM),
    [_, Back] = string:split(Rest, ?TO),
    ok = file:write_file(File, [Front, ?FROM, Report, ?TO, Back]).

machine(Settings, #{node := #{status := #{version := Version, library := Library}}}) ->
    {{Year, Month, Day}, {Hour, Minute, _}} = calendar:universal_time(),
    [item("Date", "~b-~2..0b-~2..0b ~2..0b:~2..0b UTC", [Year, Month, Day, Hour, Minute]),
     item("Machine", "~ts, ~b cores, ~ts; load average before the run ~ts",
          [cpu(), erlang:system_info(logical_processors_available), string:trim(os:cmd("uname -sr")),
           maps:get(load, Settings)]),
     item("Versions", "llama_node ~ts, ~ts ~ts, Java ~ts, Erlang/OTP ~ts",
          [Version, maps:get(name, Library), maps:get(version, Library), java(), erlang:system_info(otp_release)]),
     item("Model", "8 layers of 512, Q8_0, random weights, vocabulary ~ts",
          [case os:getenv("BENCH_VOCABULARY") of "" -> "generated, 32,000 pieces"; Name -> Name end]),
     item("Settings", "~b prompt tokens, ~b generated, ~b threads, GOMP_SPINCOUNT=~ts, ~b rounds",
          [maps:get(prompt, Settings), maps:get(tokens, Settings), maps:get(threads, Settings),
           os:getenv("GOMP_SPINCOUNT"), maps:get(rounds, Settings)])].

item(Name, Format, Arguments) ->
    ["- ", Name, ": ", io_lib:format(Format, Arguments), $\n].

cpu() ->
    {ok, Info} = file:read_file("/proc/cpuinfo"),
    case re:run(Info, "model name\\s*: (.*)", [{capture, [1], binary}]) of
        {match, [Name]} -> Name;
        nomatch -> <<"unknown processor">>
    end.

java() ->
    Home = filename:dirname(filename:dirname(os:getenv("BENCH_JAVA"))),
    {ok, Release} = file:read_file(filename:join(Home, "release")),
    {match, [Version]} = re:run(Release, "JAVA_VERSION=\"(.*)\"", [{capture, [1], binary}]),
    Version.

speeds(#{speeds := Rows}) ->
    [io_lib:format("Generation, tokens/s of all streams together (medians; ratios are medians of the rounds' ratios):~n~n", []),
     table(fun steady/1, Rows),
     io_lib:format("~nThe whole run, from the first request to the last end, prompts included:~n~n", []),
     table(fun whole/1, Rows)].

table(Rate, Rows) ->
    ["| streams | a: raw loop | b: engine | c: BEAM | d: java-llama.cpp | b/a | c/a | c/d |\n"
     "|---:|---:|---:|---:|---:|---:|---:|---:|\n",
     [io_lib:format("| ~b | ~.1f | ~.1f | ~.1f | ~.1f | ~.3f | ~.3f | ~.2f |~n",
                    [N | [median([Rate(maps:get(Kind, Round)) || Round <- Rounds]) || Kind <- [raw, engine, beam, jni]]]
                    ++ [ratio(Rate, Rounds, K, L) || {K, L} <- [{engine, raw}, {beam, raw}, {beam, jni}]])
      || {N, Rounds} <- Rows]].

ratio(Rate, Rounds, Above, Below) ->
    median([Rate(maps:get(Above, Round)) / Rate(maps:get(Below, Round)) || Round <- Rounds]).

%% @doc Tokens per second while every stream generates: from the first piece of the last stream to
%% get one, to the end of the first stream to end. A piece counts for as many tokens as it stands
%% for on average, which is one unless a token's bytes end within a code point.
-spec steady([llama_node_bench:timeline()]) -> float().
steady(Timelines) ->
    From = lists:max([hd(Pieces) || {_, _, _, Pieces} <- Timelines]),
    To = lists:min([Done || {_, _, Done, _} <- Timelines]),
    Within = length([P || {_, _, _, Pieces} <- Timelines, P <- Pieces, P > From, P =< To]),
    Pieces = lists:sum([length(Pieces) || {_, _, _, Pieces} <- Timelines]),
    Within * (tokens(Timelines) / Pieces) * 1.0e6 / (To - From).

%% @doc Generated tokens per second of the whole run.
-spec whole([llama_node_bench:timeline()]) -> float().
whole(Timelines) ->
    tokens(Timelines) * 1.0e6 / lists:max([Done || {_, _, Done, _} <- Timelines]).

tokens(Timelines) ->
    lists:sum([Tokens || {_, Tokens, _, _} <- Timelines]).

bars(#{speeds := Rows, first_token := First, node := #{warm := {Turn1, Turn2}, calls := Calls, idle := Idle, events := Events}}) ->
    Done = fun([{_, _, Time, _}]) -> Time end,
    [FirstA, FirstB, FirstC, FirstD] =
        [median([Done(maps:get(Kind, R)) / 1000 || R <- First]) || Kind <- [raw, engine, beam, jni]],
    Late = ratio(Done, First, beam, raw),
    [{PromptTokens, _, _, _}] = maps:get(raw, hd(First)),
    #{prompt_tokens := P1, completion_tokens := C1} = Turn1,
    #{prompt_tokens := P2, cached_tokens := Cached} = Turn2,
    {Status, Echo, Ping} = {median([S || {S, _, _} <- Calls]), median([E || {_, E, _} <- Calls]),
                            median([P || {_, _, P} <- Calls])},
    ["| bar | wanted | measured | met |\n|---|---|---|---|\n",
     [bar(io_lib:format("c/a at ~b streams", [N]), "at least 0.92", "~.3f", [Ratio], Ratio >= 0.92)
      || {N, Rounds} <- Rows, N =:= 4 orelse N =:= 8, Ratio <- [ratio(fun steady/1, Rounds, beam, raw)]],
     [bar(io_lib:format("c/d at ~b streams", [N]), "at least 2.0", "~.2f", [Ratio], Ratio >= 2.0)
      || {N, Rounds} <- Rows, Ratio <- [ratio(fun steady/1, Rounds, beam, jni)]],
     bar("first token of a lone request / its prefill", "at most 1.2", "~.3f (~b tokens: a ~.1f, b ~.1f, c ~.1f, d ~.1f ms)",
         [Late, PromptTokens, FirstA, FirstB, FirstC, FirstD], Late =< 1.2),
     %% The last sampled token of the first turn was never evaluated, because nothing followed it.
     bar("second turn of a session: tokens evaluated", "only new ones", "~b of ~b; ~b were cached of ~b of the first turn",
         [P2 - Cached, P2, Cached, P1 + C1], Cached =:= P1 + C1 - 1),
     bar("CPU of an idle node", "under 1%", "~.2f% of a core", [Idle * 100], Idle < 0.01),
     "\n",
     item("Round trip BEAM to node (`get_status`)", "~.1f µs; the same term from a process of a second BEAM ~.1f µs; "
          "ratio ~.2f; `ping` ~.1f µs", [Status, Echo, median([S / E || {S, E, _} <- Calls]), Ping]),
     item("Events to one process", "~.1f chunks/s from a 2-layer model of 64 on one thread, 8 streams",
          [median(Events)])].

bar(Name, Wanted, Format, Arguments, Met) ->
    io_lib:format("| ~ts | ~ts | ~ts | ~ts |~n",
                  [Name, Wanted, io_lib:format(Format, Arguments), case Met of true -> "yes"; false -> "**no**" end]).

median(Values) ->
    Sorted = lists:sort(Values),
    Half = length(Sorted) div 2,
    case length(Sorted) rem 2 of
        1 -> lists:nth(Half + 1, Sorted);
        0 -> (lists:nth(Half, Sorted) + lists:nth(Half + 1, Sorted)) / 2
    end.
