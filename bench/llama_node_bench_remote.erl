%% @doc The price of a node in front of a llama-server: the same server with and without it, in rounds that take turns.
-module(llama_node_bench_remote).

-export([main/0]).
%% For tests.
-export([table/1, bars/1]).

-define(N_CTX, 512).
-define(PROMPT, 64).
%% Of the table of README.md, and of bars.
-define(STREAMS, [1, 4, 8, 16]).

-type settings() :: #{streams := [pos_integer()], rounds := pos_integer(), tokens := pos_integer(),
                      transport := distribution | port, warm_up_ms := non_neg_integer()}.
%% Of one way in one round: the streams, and microseconds of CPU of this runtime, the node and the server.
-type run() :: {[llama_node_bench:timeline()], #{beam := float(), node := float(), server := float()}}.
-type row() :: {Streams :: pos_integer(), [#{direct := run(), node := run()}]}.

%% @doc Measures with the options of the command line, prints the tables and ends the runtime.
-spec main() -> no_return().
main() ->
    llama_node_bench_program:run(fun () ->
        Settings = options(init:get_plain_arguments(),
                           #{streams => ?STREAMS, rounds => 5, tokens => 256, transport => distribution,
                             warm_up_ms => 60000}),
        try measure(Settings)
        catch throw:{unusable, server, Message} ->
            io:format(standard_error, "bench: LLAMA_SERVER: ~ts~n", [Message]),
            halt(2)
        end
    end).

-spec options([string()], settings()) -> settings().
options(["--streams", Value | Rest], Settings) ->
    options(Rest, Settings#{streams := [list_to_integer(N) || N <- string:lexemes(Value, ",")]});
options(["--rounds", Value | Rest], Settings) ->
    options(Rest, Settings#{rounds := list_to_integer(Value)});
options(["--tokens", Value | Rest], Settings) ->
    options(Rest, Settings#{tokens := list_to_integer(Value)});
options(["--warm-up", Value | Rest], Settings) ->
    options(Rest, Settings#{warm_up_ms := 1000 * list_to_integer(Value)});
options(["--port" | Rest], Settings) ->
    options(Rest, Settings#{transport := port});
options([], Settings) ->
    Settings;
options([Other | _], _) ->
    io:format(standard_error, "bench: unknown option ~ts~n", [Other]),
    halt(2).

measure(#{streams := Streams, rounds := Rounds, tokens := Tokens, transport := Transport} = Settings) ->
    ok = io:setopts([{encoding, unicode}]),
    {ok, Program} = llama_node_bench_server:given(),
    Version = llama_node_bench_server:version(Program),
    llama_node_bench_program:heading("llama-server ~ts, ~b rounds, ~b tokens of each stream, over ~s",
                                     [Version, Rounds, Tokens, Transport]),
    Rows = [{N, row(Program, N, Settings)} || N <- Streams],
    io:put_chars([table(Rows), $\n, bars(Rows)]).

%% One server for both ways, so that nothing of it differs.
row(Program, N, #{rounds := Rounds, tokens := Tokens, transport := Transport, warm_up_ms := WarmUp}) ->
    Model = filename:join(os:getenv("BENCH_WORK"), "bench.gguf"),
    {Server, Port} = llama_node_bench_server:start(Program, llama_node_bench_server:arguments(
        #{model => Model, n_ctx => ?N_CTX, n_batch => ?N_CTX,
          threads => erlang:system_info(logical_processors_available)}, N)),
    Clients = llama_node_bench_direct:open(Port, N),
    {ok, Node} = llama_node:start_link(#{engine => llama_server, transport => Transport, log_level => warning,
                                         url => iolist_to_binary(io_lib:format("http://127.0.0.1:~b", [Port]))}),
    Pids = #{beam => list_to_integer(os:getpid()), node => llama_node_bench_program:os_pid(Node),
             server => listener(Port)},
    Ways = [{direct, fun (Prompts) -> llama_node_bench_direct:run(Clients, Prompts, Tokens) end},
            {node, fun (Prompts) -> through(Node, Prompts, Tokens) end}],
    io:format(standard_error, "~b streams, warming up~n", [N]),
    _ = [warm_up(Way, N, erlang:monotonic_time(millisecond) + WarmUp, -1) || {_, Way} <- Ways],
    Measured = [begin
                    io:format(standard_error, "~b streams, round ~b of ~b~n", [N, Round, Rounds]),
                    {Front, Back} = lists:split(Round rem 2, Ways),
                    maps:from_list([{Name, with_cpu(Pids, fun () -> Way(prompts(N, Round)) end)}
                                    || {Name, Way} <- Back ++ Front])
                end || Round <- lists:seq(1, Rounds)],
    ok = llama_node_bench_direct:close(Clients),
    true = unlink(Node),
    ok = llama_node:destroy_server(Node),
    ok = llama_node_bench_server:stop(Server),
    Measured.

prompts(N, Round) ->
    [llama_node_bench:prompt(?PROMPT, {N, Round, Stream}) || Stream <- lists:seq(1, N)].

%% The Java compiler needs some ten thousand events, and takes the cores from the server meanwhile.
warm_up(Way, N, End, Round) ->
    _ = Way(prompts(N, Round)),
    case erlang:monotonic_time(millisecond) < End of
        true -> warm_up(Way, N, End, Round - 1);
        false -> ok
    end.

%% The process behind a port; a script may stand between it and this runtime.
listener(Port) ->
    Hex = io_lib:format("0100007F:~4.16.0B ", [Port]),
    {ok, Table} = file:read_file("/proc/net/tcp"),
    [Line] = [L || L <- binary:split(Table, <<"\n">>, [global]), binary:match(L, iolist_to_binary(Hex)) =/= nomatch,
                   binary:match(L, <<" 00000000:0000 0A ">>) =/= nomatch],
    Inode = lists:nth(10, binary:split(Line, <<" ">>, [global, trim_all])),
    Wanted = "socket:[" ++ binary_to_list(Inode) ++ "]",
    [Pid | _] = [list_to_integer(lists:nth(3, filename:split(File)))
                 || File <- filelib:wildcard("/proc/[0-9]*/fd/*"), file:read_link(File) =:= {ok, Wanted}],
    Pid.

with_cpu(Pids, Fun) ->
    Before = maps:map(fun (_, Pid) -> llama_node_bench_program:nanoseconds(Pid) end, Pids),
    Timelines = Fun(),
    {Timelines, maps:map(fun (Name, Pid) ->
        (llama_node_bench_program:nanoseconds(Pid) - maps:get(Name, Before)) / 1000
    end, Pids)}.

%% A process and a session for each stream.
through(Node, Prompts, Tokens) ->
    Clients = [spawn_monitor(client(Node, Prompt, Tokens)) || Prompt <- Prompts],
    _ = [receive {ready, Pid} -> ok end || {Pid, _} <- Clients],
    Start = erlang:monotonic_time(microsecond),
    _ = [Pid ! {go, Start} || {Pid, _} <- Clients],
    [receive {'DOWN', Ref, process, Pid, {timeline, Timeline}} -> Timeline;
             {'DOWN', Ref, process, Pid, Reason} -> error(Reason)
     end || {Pid, Ref} <- Clients].

client(Node, Prompt, Tokens) ->
    Parent = self(),
    fun () ->
        {ok, Session} = llama_node:create_session(Node, #{temperature => 0, ignore_eos => true, samplers => [top_k],
                                                          top_k => 1, cache_prompt => false}),
        Parent ! {ready, self()},
        Start = receive {go, Time} -> Time end,
        {ok, Task} = llama_node:stream(Node, Session, completion,
                                       #{prompt => list_to_binary(Prompt), max_tokens => Tokens}),
        {_, Tokens, _, _} = Timeline = events(Task, Start, []),
        ok = llama_node:close_session(Node, Session),
        exit({timeline, Timeline})
    end.

events(Task, Start, Pieces) ->
    receive
        {llama_node, Task, {chunk, _}} ->
            events(Task, Start, [erlang:monotonic_time(microsecond) - Start | Pieces]);
        {llama_node, Task, {done, #{usage := #{prompt_tokens := Prompt, completion_tokens := Completion}}}} ->
            {Prompt, Completion, erlang:monotonic_time(microsecond) - Start, lists:reverse(Pieces)};
        {llama_node, Task, {error, Error}} ->
            exit(Error)
    end.

%% @doc Rates of both ways, the ratio of each round's, and what a token costs beside the server.
-spec table([row()]) -> iolist().
table(Rows) ->
    ["| streams | directly | through the node | ratio | the whole run, ratio | node, µs a token | BEAM, µs a token | "
     "BEAM, directly |\n|---:|---:|---:|---:|---:|---:|---:|---:|\n",
     [io_lib:format("| ~b | ~.1f | ~.1f | ~.3f | ~.3f | ~.1f | ~.1f | ~.1f |~n",
                    [N, median([steady(direct, R) || R <- Rounds]), median([steady(node, R) || R <- Rounds]),
                     ratio(fun steady/2, Rounds), ratio(fun whole/2, Rounds),
                     cpu(node, node, Rounds), cpu(node, beam, Rounds), cpu(direct, beam, Rounds)])
      || {N, Rounds} <- Rows]].

%% @doc Whether the price is within its bars.
-spec bars([row()]) -> iolist().
bars(Rows) ->
    ["| bar | wanted | measured | met |\n|---|---|---|---|\n",
     [begin
          Least = case N of 1 -> 0.93; _ -> 0.97 end,
          Ratio = ratio(fun steady/2, Rounds),
          Met = case Ratio >= Least of true -> "yes"; false -> "**no**" end,
          io_lib:format("| through the node / directly at ~b streams | at least ~.2f | ~.3f | ~s |~n",
                        [N, Least, Ratio, Met])
      end || {N, Rounds} <- Rows, lists:member(N, ?STREAMS)]].

steady(Way, Round) -> llama_node_bench_report:steady(element(1, maps:get(Way, Round))).

whole(Way, Round) -> llama_node_bench_report:whole(element(1, maps:get(Way, Round))).

ratio(Rate, Rounds) -> median([Rate(node, Round) / Rate(direct, Round) || Round <- Rounds]).

cpu(Way, Of, Rounds) ->
    median([begin
                {Timelines, Cpu} = maps:get(Way, Round),
                maps:get(Of, Cpu) / lists:sum([Completed || {_, Completed, _, _} <- Timelines])
            end || Round <- Rounds]).

median(Values) ->
    lists:nth((length(Values) + 1) div 2, lists:sort(Values)) * 1.0.
