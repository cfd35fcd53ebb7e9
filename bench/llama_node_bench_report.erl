%% @doc What the numbers amount to: rates, ratios, bars, and the text that README.md keeps.
-module(llama_node_bench_report).

-export([show/2, sampling/0]).
%% For the shell and tests.
-export([steady/1, whole/1, table/2, speed_bars/3]).

-type row() :: {Streams :: pos_integer(), Rounds :: [#{llama_node_bench:variant() => [llama_node_bench:timeline()]}],
                Steps :: [{llama_node_bench:variant(), tuple()}]}.

-define(FROM, "<!-- results: written by bench/run --record -->\n").
-define(TO, "<!-- end of results -->\n").

%% @doc Prints the report; with `record', README.md gets it as well.
-spec show(llama_node_bench:settings(), map()) -> ok.
show(#{record := Record} = Settings, Results) ->
    Report = unicode:characters_to_binary(
        [machine(Settings, Results), [[$\n, speeds(Settings, Model)] || Model <- maps:get(speeds, Results)],
         $\n, steps(Results), $\n, bars(Settings, Results), others(Results)]),
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

machine(Settings, #{status := #{version := Version, library := Library}}) ->
    {{Year, Month, Day}, {Hour, Minute, _}} = calendar:universal_time(),
    [item("Date", "~b-~2..0b-~2..0b ~2..0b:~2..0b UTC", [Year, Month, Day, Hour, Minute]),
     item("Machine", "~ts, ~b cores, ~ts; load average before the run ~ts",
          [cpu(), erlang:system_info(logical_processors_available), string:trim(os:cmd("uname -sr")),
           maps:get(load, Settings)]),
     item("Versions", "llama_node ~ts, ~ts ~ts, Java ~ts, Erlang/OTP ~ts",
          [Version, maps:get(name, Library), maps:get(version, Library), java(), erlang:system_info(otp_release)]),
     [item("llama-server", "~ts", [Server]) || #{server := Server} <- [Settings]],
     item("Settings", "~b threads, GOMP_SPINCOUNT=~ts", [maps:get(threads, Settings), os:getenv("GOMP_SPINCOUNT")])].

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

described("bench") ->
    ["8 layers of 512, Q8_0, vocabulary ",
     case os:getenv("BENCH_VOCABULARY") of "" -> "generated, 32,000 pieces"; Name -> Name end];
described("qwen-q8_0") -> "the shape of Qwen2.5-0.5B, Q8_0, 151,936 generated pieces";
described("qwen-q4_0") -> "the shape of Qwen2.5-0.5B, Q4_0, 151,936 generated pieces";
described(Other) -> Other.

speeds(_, {Name, Rows}) ->
    [{_, [Round | _], _} | _] = Rows,
    [{Prompt, _, _, _} | _] = maps:get(raw, Round),
    Tokens = [io_lib:format("~b of ~b", [T, N]) || {N, [R | _], _} <- Rows, [{_, T, _, _} | _] <- [maps:get(raw, R)]],
    [io_lib:format("### ~ts~n~nPrompts of ~b tokens; generated on each stream: ~ts; ~b rounds. "
                   "Tokens/s of all streams together "
                   "(medians; ratios are medians of the rounds' ratios).~n~nGeneration:~n~n",
                   [described(Name), Prompt, lists:join(", ", Tokens), length(element(2, hd(Rows)))]),
     table(fun steady/1, Rows),
     io_lib:format("~nThe whole run, from the first request to the last end, prompts included:~n~n", []),
     table(fun whole/1, Rows)].

%% A variant may be missing in some rows.
columns(Rows) ->
    [Column || {Kind, _} = Column <- [{raw, "a: raw loop"}, {engine, "b: engine"}, {beam, "c: BEAM, distribution"},
                                      {port, "e: BEAM, port"}, {jni, "d: java-llama.cpp"}, {server, "f: llama-server"}],
               measured([Kind], Rows)].

ratios(Rows) ->
    [Ratio || {Above, Below, _} = Ratio <- [{engine, raw, "b/a"}, {beam, raw, "c/a"}, {port, raw, "e/a"},
                                            {beam, jni, "c/d"}, {beam, server, "c/f"}],
              measured([Above, Below], Rows)].

measured(Kinds, Rows) ->
    lists:any(fun({_, [Round | _], _}) -> lists:all(fun(Kind) -> is_map_key(Kind, Round) end, Kinds) end, Rows).

%% @doc A row for each number of streams, of what the function makes of a run.
-spec table(fun(([llama_node_bench:timeline()]) -> float()), [row()]) -> iolist().
table(Rate, Rows) ->
    Columns = columns(Rows),
    Ratios = ratios(Rows),
    ["| streams | ", lists:join(" | ", [Title || {_, Title} <- Columns] ++ [Title || {_, _, Title} <- Ratios]),
     " |\n|---:|",
     ["---:|" || _ <- Columns ++ Ratios], $\n,
     [["| ", integer_to_list(N), " | ",
       lists:join(" | ", [rate_cell(Rate, Row, Kind) || {Kind, _} <- Columns]
                         ++ [ratio_cell(Rate, Row, K, L) || {K, L, _} <- Ratios]),
       " |\n"] || {N, _, _} = Row <- Rows]].

rate_cell(Rate, Row, Kind) ->
    case rates(Rate, Row, Kind) of
        [] -> "-";
        Rates -> io_lib:format("~.1f", [median(Rates)])
    end.

ratio_cell(Rate, {_, Rounds, _} = Row, Above, Below) ->
    case comparable(Rate, Row, [Above, Below]) of
        true -> io_lib:format("~.3f", [ratio(Rate, Rounds, Above, Below)]);
        false -> "-"
    end.

comparable(Rate, Row, Kinds) ->
    lists:all(fun(Kind) -> rates(Rate, Row, Kind) =/= [] end, Kinds).

%% None where a variant is missing, or has a round without a rate, as when no two of its streams generated together.
rates(Rate, {_, Rounds, _} = Row, Kind) ->
    Rates = [Rate(maps:get(Kind, Round)) || measured([Kind], [Row]), Round <- Rounds],
    case lists:all(fun(R) -> R > 0 end, Rates) of
        true -> Rates;
        false -> []
    end.

%% Where the time of a step goes, of the runs on the first model.
steps(#{speeds := [{Name, Rows} | _]}) ->
    ["Where the loop thread's time went (", described(Name), "):\n\n"
     "| streams | | schedule | decode | sample | output | all but decode |\n|---:|---|---:|---:|---:|---:|---:|\n",
     [io_lib:format("| ~b | ~ts | ~.2f% | ~.2f% | ~.2f% | ~.2f% | ~.2f% |~n",
                    [N, proplists:get_value(Kind, columns(Rows)), 100 * Schedule, 100 * Decode, 100 * Sample,
                     100 * Output,
                     100 * (1 - Decode)])
      || {N, _, Steps} <- Rows, {Kind, {Schedule, Decode, Sample, Output}} <- Steps]].

%% @doc Measures sampling alone, and prints its table; then the runtime ends. `bench/sampling' calls it.
-spec sampling() -> no_return().
sampling() ->
    io:setopts([{encoding, unicode}]),
    io:put_chars(unicode:characters_to_binary(samplers(#{samplers => llama_node_bench_worker:samplers()}))),
    halt(0).

samplers(#{samplers := Times}) ->
    Shapes = [{Size, Shape} || Size <- lists:usort([S || {S, _, _, _, _} <- Times]), Shape <- [peaked, flat]],
    Names = lists:foldl(fun({_, Name, _, _, _}, Seen) -> [Name | lists:delete(Name, Seen)] end, [],
                        lists:reverse(Times)),
    ["Sampling a token, with the copy of its logits, µs (peaked as a trained model's distribution, "
     "or flat as one of random weights);\n"
     "in brackets the ratio to `llama_sampler_sample` of b4916 with a chain of the same settings, "
     "on the same logits:\n\n"
     "| |", [io_lib:format(" ~b ~s |", [Size, Shape]) || {Size, Shape} <- Shapes], "\n|---|", ["---:|" || _ <- Shapes],
     $\n,
     [["| ", Name, " |", [io_lib:format(" ~.1f (~.3f) |", [Own, Own / Native])
                         || {Size, Shape} <- Shapes, {S, N, H, Own, Native} <- Times,
                            S =:= Size, N =:= Name, H =:= Shape], $\n] || Name <- Names]].

ratio(Rate, Rounds, Above, Below) ->
    median([Rate(maps:get(Above, Round)) / Rate(maps:get(Below, Round)) || Round <- Rounds]).

%% @doc Tokens per second while every stream generates: from the first piece of the last stream to
%% get one, to the end of the first stream to end. Each stream's rate is that between its own first and last piece
%% within: pieces of one step come one after the other, and counting all of them to a common end would drop those of the
%% last step for one variant and not for another. A piece counts for as many tokens as it stands
%% for on average, which is one unless a token's bytes end within a code point.
-spec steady([llama_node_bench:timeline()]) -> float().
steady(Timelines) ->
    From = lists:max([hd(Pieces) || {_, _, _, Pieces} <- Timelines]),
    To = lists:min([Done || {_, _, Done, _} <- Timelines]),
    AllPieces = lists:sum([length(Pieces) || {_, _, _, Pieces} <- Timelines]),
    tokens(Timelines) / AllPieces * lists:sum([rate([P || P <- Pieces, P >= From, P =< To])
                                               || {_, _, _, Pieces} <- Timelines]).

rate([First | _] = Pieces) when length(Pieces) > 1 ->
    (length(Pieces) - 1) * 1.0e6 / max(1, lists:last(Pieces) - First);
rate(_) ->
    0.0.

%% @doc Generated tokens per second of the whole run.
-spec whole([llama_node_bench:timeline()]) -> float().
whole(Timelines) ->
    tokens(Timelines) * 1.0e6 / lists:max([Done || {_, _, Done, _} <- Timelines]).

tokens(Timelines) ->
    lists:sum([Tokens || {_, Tokens, _, _} <- Timelines]).

bars(Settings, #{speeds := [{_, Rows} | _], status := Status} = Results) ->
    ["| bar | wanted | measured | met |\n|---|---|---|---|\n",
     speed_bars(is_map_key(server, Settings), Status, Rows),
     [bar(io_lib:format("all but decode at ~b streams, engine", [N]), "under 3%", "~.2f%", [100 * (1 - Decode)],
          Decode > 0.97)
      || {8 = N, _, Steps} <- Rows, {engine, {_, Decode, _, _}} <- Steps],
     other_bars(Results)].

other_bars(#{first_token := First, gaps := Gaps, starts := Starts,
             node := #{warm := {Turn1, Turn2}, idle := Idle}}) ->
    Done = fun([{_, _, Time, _}]) -> Time end,
    [FirstA, FirstB, FirstC, FirstD] =
        [median([Done(maps:get(Kind, R)) / 1000 || R <- First]) || Kind <- [raw, engine, beam, jni]],
    Late = ratio(Done, First, beam, raw),
    [{PromptTokens, _, _, _}] = maps:get(raw, hd(First)),
    #{prompt_tokens := P1, completion_tokens := C1} = Turn1,
    #{prompt_tokens := P2, cached_tokens := Cached} = Turn2,
    #{before := Before, during := During, beside_ms := Beside, alone_ms := Alone} = Gaps,
    {Ready, Chunk, Resident} = {median([R || {R, _, _} <- Starts]), median([F || {_, F, _} <- Starts]),
                                median([M || {_, _, M} <- Starts])},
    [bar("first token of a lone request / its prefill", "at most 1.2",
         "~.3f (~b tokens: a ~.1f, b ~.1f, c ~.1f, d ~.1f ms)",
         [Late, PromptTokens, FirstA, FirstB, FirstC, FirstD], Late =< 1.2),
     bar("gap between tokens beside a prompt of 4,000", "median within 3 times that without",
         "before: median ~.1f, 99% within ~.1f ms; beside it: median ~.1f, 99% within ~.1f, longest ~.1f ms "
         "(the prompt: ~.1f s, alone ~.1f s)",
         [median(Before), percentile(99, Before), median(During), percentile(99, During), lists:max(During),
          Beside / 1000, Alone / 1000],
         median(During) =< 3 * median(Before)),
     %% The last sampled token of the first turn was never evaluated, because nothing followed it.
     bar("second turn of a session: tokens evaluated", "only new ones",
         "~b of ~b; ~b were cached of ~b of the first turn",
         [P2 - Cached, P2, Cached, P1 + C1], Cached =:= P1 + C1 - 1),
     bar("first chunk of the shipped model from a cold start", "under 700 ms", "~b ms (ready after ~b ms)",
         [round(Chunk), round(Ready)],
         Chunk < 700),
     bar("resident size then, with a model of 2 MB", "under 150 MB", "~b MB", [round(Resident / 1048576)],
         Resident < 150 * 1048576),
     bar("CPU of an idle node", "under 1%", "~.2f% of a core", [Idle * 100], Idle < 0.01)];
other_bars(_) ->
    [].

%% What has no bar.
others(#{forks := Forks, vectors := Vectors, node := #{calls := Calls, events := Events}} = Results) ->
    {StatusTime, Echo, Ping} = {median([S || {S, _, _} <- Calls]), median([E || {_, E, _} <- Calls]),
                                median([P || {_, _, P} <- Calls])},
    ["\n",
     item("Round trip BEAM to node (`get_status`)", "~.1f µs; the same term from a process of a second BEAM ~.1f µs; "
          "ratio ~.2f; `ping` ~.1f µs", [StatusTime, Echo, median([S / E || {S, E, _} <- Calls]), Ping]),
     item("First token of a forked session / of the same prompt evaluated anew",
          "~.3f (~.1f and ~.1f ms; ~b tokens, of which the fork finds ~b)",
          [median([With / Without || {_, _, With, Without} <- Forks]), median([With || {_, _, With, _} <- Forks]),
           median([Without || {_, _, _, Without} <- Forks]), element(1, hd(Forks)), element(2, hd(Forks))]),
     vectors(Vectors),
     item("Events to one process", "~.1f chunks/s from a 2-layer model of 64 on one thread, 8 streams",
          [median(Events)]),
     "\n", samplers(Results)];
others(_) ->
    [].

vectors(#{embed := Embed, rerank := Rerank}) ->
    [[item(io_lib:format("Embeddings, calls of ~b texts as ~ts", [Count, Format]), "~.1f texts/s", [median(Rates)])
      || {Count, Format, Rates} <- Embed],
     [item("Documents scored against a query, 64 in a call", "~.1f documents/s", [median(Rerank)]) || Rerank =/= []]].

%% @doc The bars of the ratios, as rows of a table. What is asked of the generations of llama.cpp differs; what was
%% asked of llama-server, where it was given, is not met by its absence.
-spec speed_bars(ServerGiven :: boolean(), Status :: map(), [row()]) -> iolist().
speed_bars(ServerGiven, Status, Rows) ->
    [speed_bar(Bar, Row) || {_, _, _, N, _} = Bar <- least(Status), {Streams, _, _} = Row <- Rows, Streams =:= N]
        ++ [ahead(Name, Rate, Row) || ServerGiven, newer(Status), {N, _, _} = Row <- Rows, lists:member(N, [4, 8, 16]),
                                      {Name, Rate} <- [{"generation", fun steady/1}, {"the whole run", fun whole/1}]].

newer(#{library := #{version := <<"b", _/binary>>}}) -> false;
newer(_) -> true.

least(Status) ->
    case newer(Status) of
        false -> [{beam, raw, "c/a", N, 0.92} || N <- [4, 8]] ++ [{beam, jni, "c/d", N, 2.0} || N <- [4, 8]];
        true -> [{beam, raw, "c/a", N, 0.95} || N <- [4, 8, 16]] ++ [{beam, jni, "c/d", 8, 3.0}]
    end.

speed_bar({Above, Below, Name, N, Least}, Row) ->
    ratio_bar([Name, streams(N)], io_lib:format("at least ~.2f", [Least]), fun steady/1, Row, Above, Below,
              fun(Ratio) -> Ratio >= Least end).

ahead(Name, Rate, {N, _, _} = Row) ->
    ratio_bar(["c/f", streams(N), ", ", Name], "over 1: ahead of llama-server", Rate, Row, beam, server,
              fun(Ratio) -> Ratio > 1 end).

ratio_bar(Title, Wanted, Rate, {_, Rounds, _} = Row, Above, Below, IsMet) ->
    case comparable(Rate, Row, [Above, Below]) of
        true ->
            Ratio = ratio(Rate, Rounds, Above, Below),
            bar(Title, Wanted, "~.3f", [Ratio], IsMet(Ratio));
        false ->
            bar(Title, Wanted, "not measured", [], false)
    end.

streams(N) ->
    io_lib:format(" at ~b streams", [N]).

percentile(Percent, Values) ->
    lists:nth(max(1, ceil(length(Values) * Percent / 100)), lists:sort(Values)).

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
