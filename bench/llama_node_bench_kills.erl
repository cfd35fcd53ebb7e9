%% @doc Kills of a server that a node owns, under streams: whether each task ends once and how soon, and whether what
%% comes next works.
-module(llama_node_bench_kills).

-export([main/0]).

-define(BAR_MS, 2000).

%% @doc Measures with the options of the command line, prints a row a kill and the bar, and ends the runtime.
-spec main() -> no_return().
main() ->
    #{kills := Kills, streams := Streams} = options(init:get_plain_arguments(), #{kills => 20, streams => 16}),
    Model = filename:join(os:getenv("BENCH_WORK"), "bench.gguf"),
    {ok, Server} = llama_node:init_server(llama_node_owned_kills:options(os:getenv("LLAMA_SERVER"), Model)),
    io:format("~b kills under ~b streams~n~n"
              "| kill | ended once, with inference_failed | longest, ms | next answer after, ms |~n"
              "|---|---|---|---|~n", [Kills, Streams]),
    Rows = [row(N, Streams, llama_node_owned_kills:kill(Server, Streams)) || N <- lists:seq(1, Kills)],
    Met = lists:all(fun (#{ended := Ended, longest := Longest, next := Next}) ->
                        Ended =:= Streams andalso Longest =< ?BAR_MS andalso Next =:= ok
                    end, Rows),
    io:format("~nEvery task ended once within ~b ms, and the next one worked: ~ts; the longest took ~.1f ms.~n",
              [?BAR_MS, word(Met), lists:max([Longest || #{longest := Longest} <- Rows])]),
    ok = llama_node:destroy_server(Server),
    halt(case Met of true -> 0; false -> 1 end).

word(true) -> "yes";
word(false) -> "NO".

row(N, Streams, #{ended := Ended, longest := Longest, next := Next, back := Back} = Row) ->
    io:format("| ~b | ~b of ~b | ~.1f | ~ts |~n",
              [N, Ended, Streams, Longest, case Next of ok -> io_lib:format("~.1f", [Back]); _ -> "none" end]),
    Row.

options(["--kills", Value | Rest], Options) -> options(Rest, Options#{kills := list_to_integer(Value)});
options(["--streams", Value | Rest], Options) -> options(Rest, Options#{streams := list_to_integer(Value)});
options([], Options) -> Options;
options([Other | _], _) ->
    io:format(standard_error, "bench: unknown option ~ts~n", [Other]),
    halt(2).
