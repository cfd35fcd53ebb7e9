%% The benchmark's reckoning, and its client of llama-server against a program that behaves like it, or does not.
-module(llama_node_bench_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [generation_counts_what_all_streams_share, generation_counts_no_step_by_half, the_whole_run_counts_all,
     a_variant_may_miss_in_a_row, streams_that_never_generate_together_have_no_rate, bars_of_llama_server,
     the_price_of_a_node,
     events_of_any_pieces, the_command_line, the_version, no_version, streams, ends_with_the_program,
     ends_with_its_owner,
     back_ends_side_by_side, the_command_line_of_back_ends,
     model_refused, killed_while_loading, crashes_within_an_answer, odd_answers, others_are_measured_without_it].

init_per_testcase(_, Config) ->
    Dir = filename:join(proplists:get_value(priv_dir, Config), integer_to_list(erlang:unique_integer([positive]))),
    ok = file:make_dir(Dir),
    true = os:putenv("BENCH_WORK", Dir),
    [{dir, Dir} | Config].

end_per_testcase(_, _) ->
    true = os:unsetenv("BENCH_WORK"),
    true = os:unsetenv("LLAMA_SERVER"),
    ok.

%% The median of each number, whatever one round had to suffer.
back_ends_side_by_side(_) ->
    Run = fun (Number) ->
        #{load_ms => Number * 1.0, first_ms => Number + 0.25, prompt => 100.0 * Number, generation => 10.0, mib => 90.4}
    end,
    Table = llama_node_bench_backends:table(
        [{<<"v0.5.0">>, <<"/opt/libllama.so">>, [Run(1), Run(900), Run(3)]},
         {<<"b4916">>, <<"the jar">>, [Run(2), Run(4)]},
         {unusable, <<"system">>, <<"it is cut off">>}]),
    ?assertEqual(<<"| llama.cpp | load, ms | first token, ms | prompt, tokens/s | generation, tokens/s | "
                   "memory, MiB |\n"
                   "|---|---:|---:|---:|---:|---:|\n"
                   "| v0.5.0 (libllama.so) | 3 | 3.3 | 300 | 10 | 90 |\n"
                   "| b4916 (the jar) | 3 | 3.3 | 300 | 10 | 90 |\n"
                   "\nsystem does not load: it is cut off\n">>, unicode:characters_to_binary(Table)).

the_command_line_of_back_ends(Config) ->
    Model = filename:join(proplists:get_value(dir, Config), "m.gguf"),
    ok = file:write_file(Model, ""),
    ?assertEqual({ok, #{model => Model, rounds => 2, threads => 1, record => true}},
                 llama_node_bench_backends:arguments(["--record", "--rounds", "2", "--threads", "1", Model])),
    ?assertEqual({error, "there is no file /nowhere"}, llama_node_bench_backends:arguments(["/nowhere"])),
    ?assertEqual({error, "--rounds must be a positive number, not 0"},
                 llama_node_bench_backends:arguments(["--rounds", "0", Model])),
    ?assertMatch({error, "usage: " ++ _}, llama_node_bench_backends:arguments([])).

%% Reckoning. Times are in microseconds.

generation_counts_what_all_streams_share(_) ->
    %% From 2000, when the last stream gets its first piece, to 5000, when the first ends: 1000 and 800 tokens a second.
    Timelines = [{5, 4, 5000, [1000, 3000, 4000, 5000]}, {5, 4, 6000, [2000, 3500, 4500, 6000]}],
    ?assert(abs(llama_node_bench_report:steady(Timelines) - 1800) < 1.0e-6),
    %% Twice as many tokens as pieces.
    Halves = [{5, 8, 5000, [1000, 3000, 4000, 5000]}, {5, 8, 6000, [2000, 3500, 4500, 6000]}],
    ?assert(abs(llama_node_bench_report:steady(Halves) - 3600) < 1.0e-6).

%% Steps of 100 microseconds for two streams: whether a step's pieces come before the first stream's end must not
%% matter.
generation_counts_no_step_by_half(_) ->
    Early = [{5, 4, 401, [100, 200, 300, 400]}, {5, 4, 401, [101, 201, 301, 401]}],
    Late = [{5, 4, 400, [100, 200, 300, 400]}, {5, 4, 401, [101, 201, 301, 401]}],
    [?assert(abs(llama_node_bench_report:steady(Timelines) - 20000) < 1.0e-6) || Timelines <- [Early, Late]].

%% Of each round its own ratio, and of these the one in the middle; CPU over the tokens of all streams.
the_price_of_a_node(_) ->
    Round = fun (Direct, Node) ->
        #{raw := D, engine := N} = measured(#{raw => Direct, engine => Node}),
        #{direct => {D, #{beam => 400.0, node => 0.0, server => 1.0}},
          node => {N, #{beam => 200.0, node => 800.0, server => 1.0}}}
    end,
    Rows = [{1, [Round(2, 2), Round(1, 4), Round(4, 1)]}, {4, [Round(2, 1)]}, {5, [Round(1, 1)]}],
    Lines = binary:split(iolist_to_binary(llama_node_bench_remote:table(Rows)), <<"\n">>, [global]),
    ?assertEqual(<<"| 1 | 1500.0 | 1500.0 | 1.000 | 1.000 | 200.0 | 50.0 | 100.0 |">>, lists:nth(3, Lines)),
    ?assertEqual([<<"| through the node / directly at 1 streams | at least 0.93 | 1.000 | yes |">>,
                  <<"| through the node / directly at 4 streams | at least 0.97 | 0.500 | **no** |">>],
                 lists:sublist(binary:split(iolist_to_binary(llama_node_bench_remote:bars(Rows)), <<"\n">>, [global]),
                               3, 2)).

the_whole_run_counts_all(_) ->
    ?assert(abs(llama_node_bench_report:whole([{5, 4, 5000, [1000]}, {5, 4, 8000, [2000]}]) - 8 / 0.008) < 1.0e-6).

%% Rates of 1000 tokens a second for each 1 of Speed.
measured(Speeds) ->
    maps:map(fun(_, Speed) -> [{5, 4, round(4000 / Speed), [0 | [round(N * 1000 / Speed) || N <- [1, 2, 4]]]}] end,
             Speeds).

rows(Rounds) ->
    [{N, [measured(Speeds) || Speeds <- SpeedsOfRounds], []} || {N, SpeedsOfRounds} <- Rounds].

a_variant_may_miss_in_a_row(_) ->
    Rows = rows([{4, [#{raw => 2, beam => 2}]},
                 {8, [#{raw => 4, beam => 2, server => 1}, #{raw => 4, beam => 2, server => 2},
                      #{raw => 4, beam => 4, server => 2}]}]),
    Table = unicode:characters_to_binary(llama_node_bench_report:table(fun llama_node_bench_report:whole/1, Rows)),
    ?assertEqual(<<"| streams | a: raw loop | c: BEAM, distribution | f: llama-server | c/a | c/f |\n"
                   "|---:|---:|---:|---:|---:|---:|\n"
                   "| 4 | 2000.0 | 2000.0 | - | 1.000 | - |\n"
                   "| 8 | 4000.0 | 2000.0 | 2000.0 | 0.500 | 2.000 |\n">>, Table).

streams_that_never_generate_together_have_no_rate(_) ->
    Apart = [{5, 4, 2000, [0, 1000, 2000]}, {5, 4, 9000, [7000, 8000, 9000]}],
    Rows = [{4, [#{raw => maps:get(raw, measured(#{raw => 1})), beam => Apart}], []}],
    ?assertEqual(<<"| streams | a: raw loop | c: BEAM, distribution | c/a |\n"
                   "|---:|---:|---:|---:|\n"
                   "| 4 | 750.0 | - | - |\n">>,
                 unicode:characters_to_binary(
                     llama_node_bench_report:table(fun llama_node_bench_report:steady/1, Rows))),
    Bars = unicode:characters_to_binary(
        llama_node_bench_report:speed_bars(true, #{library => #{version => <<"v0.5.0">>}}, Rows)),
    ?assertMatch({match, _}, re:run(Bars, <<"c/a at 4 streams \\| at least 0.95 \\| not measured \\| \\*\\*no">>)).

bars_of_llama_server(_) ->
    Both = #{raw => 4, beam => 4, jni => 1, server => 2},
    Rows = rows([{1, [Both]}, {4, [Both]}, {8, [Both#{server := 4}]}, {16, [maps:remove(server, Both)]}]),
    Bars = fun(Given, Version) ->
               Text = unicode:characters_to_binary(
                   llama_node_bench_report:speed_bars(Given, #{library => #{version => Version}}, Rows)),
               [Bar || <<"| c/f", Bar/binary>> <- binary:split(Text, <<"\n">>, [global])]
           end,
    ?assertEqual([<<" at 4 streams, generation | over 1: ahead of llama-server | 2.000 | yes |">>,
                  <<" at 4 streams, the whole run | over 1: ahead of llama-server | 2.000 | yes |">>,
                  <<" at 8 streams, generation | over 1: ahead of llama-server | 1.000 | **no** |">>,
                  <<" at 8 streams, the whole run | over 1: ahead of llama-server | 1.000 | **no** |">>,
                  <<" at 16 streams, generation | over 1: ahead of llama-server | not measured | **no** |">>,
                  <<" at 16 streams, the whole run | over 1: ahead of llama-server | not measured | **no** |">>],
                 Bars(true, <<"v0.5.0">>)),
    ?assertEqual([], Bars(false, <<"v0.5.0">>)),
    ?assertEqual([], Bars(true, <<"b4916">>)).

%% The parser.

events_of_any_pieces(_) ->
    Body = <<"9\r\ndata: 1\n\n\r\n18\r\ndata: 2\n\ndata: \"\r\n\"\n\ndat\r\n7\r\na: 34\n\n\r\n0\r\n\r\n">>,
    Events = [<<"data: 1">>, <<"data: 2">>, <<"data: \"\r\n\"">>, <<"data: 34">>],
    [?assertEqual(Events, parsed(Body, Size)) || Size <- lists:seq(1, byte_size(Body))].

parsed(Body, Size) ->
    {Events, _} = lists:foldl(fun(Piece, {Seen, Parser}) ->
                                  {New, Next} = llama_node_bench_http:events(Piece, Parser),
                                  {Seen ++ New, Next}
                              end, {[], llama_node_bench_http:new()}, pieces(Body, Size)),
    Events.

pieces(Body, Size) when byte_size(Body) =< Size -> [Body];
pieces(Body, Size) ->
    <<Piece:Size/binary, Rest/binary>> = Body,
    [Piece | pieces(Rest, Size)].

%% The program.

the_command_line(_) ->
    ?assertEqual(["-m", "/m.gguf", "-c", "4096", "-np", "8", "-b", "256", "-ub", "256", "-t", "2", "-tb", "2",
                  "--cache-ram", "0",
                  "--host", "127.0.0.1", "--port", "0"], llama_node_bench_server:arguments(settings(), 8)).

settings() ->
    #{model => "/m.gguf", n_ctx => 512, n_batch => 256, threads => 2}.

the_version(Config) ->
    ?assertEqual(<<"0.0.0 (fake)">>, llama_node_bench_server:version(fake(normal, Config))).

no_version(Config) ->
    Version = fun llama_node_bench_server:version/1,
    ?assertEqual(<<"/nowhere/llama-server cannot be run: no such file or directory">>,
                 refused(fun() -> Version("/nowhere/llama-server") end)),
    Silent = script("exit 0", Config),
    ?assertEqual(iolist_to_binary([Silent, " --version names no version"]), refused(fun() -> Version(Silent) end)),
    Dies = script("echo libggml.so: not found >&2; exit 127", Config),
    ?assertEqual(iolist_to_binary([Dies, " --version ended with status 127: libggml.so: not found"]),
                 refused(fun() -> Version(Dies) end)).

streams(Config) ->
    Server = open(normal, Config, 3),
    Timelines = llama_node_bench_http:run(Server, ["a", "b", "c"], 4),
    ?assertEqual(3, length(Timelines)),
    %% The second token makes no text.
    [begin
         ?assertMatch({5, 4, _, [_, _, _]}, Timeline),
         ?assertEqual(Pieces, lists:sort(Pieces)),
         ?assert(hd(Pieces) >= 0 andalso lists:last(Pieces) =< Done)
     end || {_, _, Done, Pieces} = Timeline <- Timelines],
    ?assertMatch([_], llama_node_bench_http:run(Server, ["again"], 2)),
    ?assertEqual(ok, llama_node_bench_http:close(Server)),
    {ok, Log} = file:read_file(filename:join(proplists:get_value(dir, Config), "server.log")),
    ?assertMatch({_, _}, binary:match(Log, <<"model loaded">>)).

ends_with_the_program(Config) ->
    {_, Port} = Server = open(normal, Config, 1),
    {ok, Socket} = gen_tcp:connect("127.0.0.1", Port, [{active, true}]),
    ok = llama_node_bench_http:close(Server),
    receive {tcp_closed, Socket} -> ok; {tcp_error, Socket, econnreset} -> ok end,
    ?assertEqual({error, econnrefused}, gen_tcp:connect("127.0.0.1", Port, [])).

ends_with_its_owner(Config) ->
    Test = self(),
    {Pid, Monitor} = spawn_monitor(fun() -> Test ! open(normal, Config, 1), receive die -> ok end end),
    {_, Port} = receive {_, _} = Server -> Server end,
    {ok, Socket} = gen_tcp:connect("127.0.0.1", Port, [{active, true}]),
    Pid ! die,
    receive {'DOWN', Monitor, process, Pid, normal} -> ok end,
    receive {tcp_closed, Socket} -> ok; {tcp_error, Socket, econnreset} -> ok end.

model_refused(Config) ->
    Program = script("echo loading; echo '' ; echo error: cannot open the file >&2; exit 1", Config),
    true = os:putenv("LLAMA_SERVER", Program),
    ?assertEqual(<<"it ended with status 1 before it served: loading / error: cannot open the file">>,
                 refused(fun() -> llama_node_bench_http:open(settings(), 1) end)).

killed_while_loading(Config) ->
    true = os:putenv("LLAMA_SERVER", script("kill -ABRT $$", Config)),
    ?assertMatch(<<"it ended with status 134 before it served", _/binary>>,
                 refused(fun() -> llama_node_bench_http:open(settings(), 1) end)).

crashes_within_an_answer(Config) ->
    Server = open(crashes, Config, 2),
    How = refused(fun() -> llama_node_bench_http:run(Server, ["a", "b"], 4) end),
    ?assertMatch(<<"it ended with status 3: ", _/binary>>, How),
    ?assertMatch({_, _}, binary:match(How, <<"E ggml: failed">>)),
    ?assertEqual(How, refused(fun() -> llama_node_bench_http:run(Server, ["a"], 4) end)),
    ?assertEqual(ok, llama_node_bench_http:close(Server)).

odd_answers(Config) ->
    [begin
         Server = open(Behaviour, Config, 1),
         ?assertEqual(Message, refused(fun() -> llama_node_bench_http:run(Server, ["a"], 4) end)),
         ?assertEqual(ok, llama_node_bench_http:close(Server))
     end || {Behaviour, Message} <-
         [{refuses, <<"it answered a request with status 503: <<\"model is away\">>">>},
          {no_chunks, <<"it answered a request with status 200: <<\"{}\">>">>},
          {no_http, <<"its answer is no HTTP: {http_error,<<\"hello\\r\\n\">>}">>},
          {hangs_up, <<"it ended a connection: closed">>},
          {too_few, <<"it generated 1 tokens of 4 after a prompt of 5">>},
          {says_error, <<"it sent data: {\"error\":{\"code\":500,\"message\":\"no memory\"}}">>}]].

others_are_measured_without_it(_) ->
    Measure = fun(Kinds) ->
                  lists:member(server, Kinds) andalso throw({unusable, server, <<"as the test wants">>}),
                  {measured, Kinds}
              end,
    ?assertEqual({measured, [raw, beam]}, llama_node_bench:without_unusable(Measure, [raw, beam, server])).

open(Behaviour, Config, Streams) ->
    true = os:putenv("LLAMA_SERVER", fake(Behaviour, Config)),
    llama_node_bench_http:open(settings(), Streams).

fake(Behaviour, Config) ->
    llama_node_fake_llama_server:program(proplists:get_value(dir, Config), Behaviour).

script(Text, Config) ->
    llama_node_fake_llama_server:script(proplists:get_value(dir, Config), Text).

refused(Fun) ->
    try Fun() of
        Value -> ct:fail({not_refused, Value})
    catch
        throw:{unusable, server, Message} -> Message
    end.
