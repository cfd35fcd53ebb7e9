%% @doc The variants that are Java programs: io.llamanode.bench.Worker behind a port.
-module(llama_node_bench_worker).

-export([open/3, run/3, close/1]).

%% Of one run. Loaded machines are slow, but not as slow as this.
-define(TIMEOUT, 120000).

%% @doc Starts a worker and waits until its model is loaded.
-spec open(raw | engine | jni, llama_node_bench:settings(), pos_integer()) -> port().
open(Kind, #{model := Model, n_ctx := NCtx, n_batch := NBatch, threads := Threads}, Streams) ->
    Log = filename:join(os:getenv("BENCH_WORK"), atom_to_list(Kind) ++ ".log"),
    %% The flags of priv/bin/llama-node.
    Java = [os:getenv("BENCH_JAVA"), "-XX:+UseSerialGC", "-Xmx512m", "-XX:-UsePerfData",
            "--enable-native-access=ALL-UNNAMED", "-cp", os:getenv("BENCH_CLASSPATH"),
            "io.llamanode.bench.Worker", atom_to_list(Kind), Model |
            [integer_to_list(I) || I <- [Streams, NCtx, NBatch, Threads]]],
    Worker = open_port({spawn_executable, "/bin/sh"},
                       [{args, ["-c", "exec \"$@\" 2>\"$0\"", Log | Java]}, {line, 1 bsl 20}, binary, exit_status]),
    ready = answer(Worker, <<>>),
    Worker.

%% @doc Runs all streams at once.
-spec run(port(), [string()], pos_integer()) -> [llama_node_bench:timeline()].
run(Worker, Prompts, Tokens) ->
    true = port_command(Worker, [lists:join($\t, [integer_to_list(Tokens) | Prompts]), $\n]),
    answer(Worker, <<>>).

%% @doc Ends a worker and waits until it has ended, so that its memory is free for the next one.
-spec close(port()) -> ok.
close(Worker) ->
    true = port_command(Worker, "\n"),
    receive
        {Worker, {exit_status, 0}} -> ok;
        {Worker, {exit_status, Status}} -> error({worker_ended, Status})
    after ?TIMEOUT ->
        error(worker_timeout)
    end.

answer(Worker, Line) ->
    receive
        {Worker, {data, {noeol, Part}}} ->
            answer(Worker, <<Line/binary, Part/binary>>);
        {Worker, {data, {eol, Part}}} ->
            case <<Line/binary, Part/binary>> of
                <<"bench: ", Term/binary>> -> term(Term);
                _ -> answer(Worker, <<>>)
            end;
        {Worker, {exit_status, Status}} ->
            error({worker_ended, Status})
    after ?TIMEOUT ->
        error(worker_timeout)
    end.

term(Text) ->
    {ok, Tokens, _} = erl_scan:string(binary_to_list(Text)),
    {ok, Term} = erl_parse:parse_term(Tokens),
    Term.
