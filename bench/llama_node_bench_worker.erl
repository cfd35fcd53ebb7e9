%% @doc The variants that are Java programs: io.llamanode.bench.Worker behind a port.
-module(llama_node_bench_worker).

-export([open/3, run/3, close/1, samplers/0]).

%% Of one run. Loaded machines are slow, but not as slow as this.
-define(TIMEOUT, 300000).

%% @doc Starts a worker and waits until its model is loaded.
-spec open(raw | engine | jni, llama_node_bench:settings(), pos_integer()) -> port().
open(Kind, #{model := Model, n_ctx := NCtx, n_batch := NBatch, threads := Threads}, Streams) ->
    Log = filename:join(os:getenv("BENCH_WORK"), atom_to_list(Kind) ++ ".log"),
    Worker = java(Log, ["io.llamanode.bench.Worker", atom_to_list(Kind), Model |
                        [integer_to_list(I) || I <- [Streams, NCtx, NBatch, Threads]]]),
    ready = answer(Worker, <<>>),
    Worker.

%% @doc Times of sampling one token: size of the vocabulary, setting, shape of the distribution, microseconds of the
%% node and of llama.cpp's own chain.
-spec samplers() -> [{pos_integer(), string(), peaked | flat, float(), float()}].
samplers() ->
    io:format(standard_error, "samplers~n", []),
    Worker = java("/dev/null", ["io.llamanode.bench.SamplerSpeed"]),
    Times = answer(Worker, <<>>),
    receive {Worker, {exit_status, 0}} -> Times end.

%% With the flags of the node.
java(Log, Arguments) ->
    Flags = string:lexemes(os:getenv("BENCH_JAVA_FLAGS"), " \n"),
    open_port({spawn_executable, "/bin/sh"},
              [{args, ["-c", "exec \"$@\" 2>\"$0\"", Log, os:getenv("BENCH_JAVA")] ++ Flags
                      ++ ["-cp", os:getenv("BENCH_CLASSPATH") | Arguments]},
               {line, 1 bsl 20}, binary, exit_status]).

%% @doc Runs all streams at once.
-spec run(port(), [string()], pos_integer()) -> [llama_node_bench:timeline()].
run(Worker, Prompts, Tokens) ->
    true = port_command(Worker, [lists:join($\t, [integer_to_list(Tokens) | Prompts]), $\n]),
    answer(Worker, <<>>).

%% @doc Ends a worker and waits until it has ended, so that its memory is free for the next one. The engine tells
%% where the time of its steps went, as shares: schedule, decode, sample, output.
-spec close(port()) -> ok | {steps, {float(), float(), float(), float()}}.
close(Worker) ->
    true = port_command(Worker, "\n"),
    ended(Worker, ok).

ended(Worker, Result) ->
    receive
        {Worker, {data, {eol, <<"bench: ", Term/binary>>}}} -> ended(Worker, {steps, term(Term)});
        {Worker, {data, _}} -> ended(Worker, Result);
        {Worker, {exit_status, 0}} -> Result;
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
