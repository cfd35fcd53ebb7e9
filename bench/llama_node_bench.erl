%% @doc The benchmark of README.md: its options, and the order in which things are measured.
-module(llama_node_bench).

-export([main/0]).

%% One stream's timeline, in microseconds from the start of all streams of a run.
-export_type([timeline/0, settings/0]).
-type timeline() :: {PromptTokens :: pos_integer(), CompletionTokens :: pos_integer(),
                     Done :: integer(), Pieces :: [integer()]}.
-type settings() :: #{model := file:filename(), tiny := file:filename(), n_ctx := pos_integer(),
                      n_batch := pos_integer(), threads := pos_integer(), tokens := pos_integer(),
                      prompt := pos_integer(), rounds := pos_integer(), streams := [pos_integer()],
                      record := boolean(), load => binary()}.

-define(VARIANTS, [raw, engine, beam, jni]).
%% A prompt long enough for the prefill to outweigh everything else.
-define(LONG_PROMPT, 256).
-define(LONG_ROUNDS, 9).
%% Runs that are not counted: the Java compiler works during them.
-define(WARM_UPS, 2).

%% @doc Runs the benchmark with the options of the command line and ends the runtime.
-spec main() -> no_return().
main() ->
    try
        {ok, [Load | _]} = load(),
        Settings = (options(init:get_plain_arguments(), defaults()))#{load => Load},
        Results = measure(Settings),
        ok = file:write_file(filename:join(os:getenv("BENCH_WORK"), "results.term"), io_lib:format("~p.~n", [Results])),
        llama_node_bench_report:show(Settings, Results),
        halt(0)
    catch
        throw:{usage, Message} ->
            io:format(standard_error, "bench: ~ts~n", [Message]),
            halt(2);
        Class:Reason:Stacktrace ->
            io:format(standard_error, "bench: ~p: ~p~n~p~n", [Class, Reason, Stacktrace]),
            halt(1)
    end.

%% Before the run itself adds to it.
load() ->
    {ok, Text} = file:read_file("/proc/loadavg"),
    {ok, string:lexemes(Text, " ")}.

defaults() ->
    Work = os:getenv("BENCH_WORK"),
    #{model => filename:join(Work, "bench.gguf"), tiny => filename:join(Work, "tiny.gguf"),
      n_ctx => 512, n_batch => 512, threads => erlang:system_info(logical_processors_available),
      tokens => 128, prompt => 64, rounds => 5, streams => [1, 4, 8, 16], record => false}.

options(["--record" | Rest], Settings) ->
    options(Rest, Settings#{record := true});
options(["--streams", Value | Rest], Settings) ->
    options(Rest, Settings#{streams := [number("--streams", V) || V <- string:lexemes(Value, ",")]});
options([Option, Value | Rest], Settings) ->
    case Option of
        "--rounds" -> options(Rest, Settings#{rounds := number(Option, Value)});
        "--tokens" -> options(Rest, Settings#{tokens := number(Option, Value)});
        "--prompt" -> options(Rest, Settings#{prompt := number(Option, Value)});
        "--threads" -> options(Rest, Settings#{threads := number(Option, Value)});
        _ -> throw({usage, ["unknown option ", Option]})
    end;
options([], #{prompt := Prompt, tokens := Tokens, n_ctx := NCtx}) when Prompt + Tokens > NCtx ->
    throw({usage, io_lib:format("--prompt and --tokens together are over ~b", [NCtx])});
options([], Settings) ->
    Settings;
options([Option], _) ->
    throw({usage, ["unknown option, or one without its value: ", Option]}).

number(Option, Value) ->
    try list_to_integer(Value) of
        Number when Number > 0 -> Number;
        _ -> throw({usage, [Option, " must be positive"]})
    catch
        error:badarg -> throw({usage, [Option, " is no number: ", Value]})
    end.

measure(Settings) ->
    Rows = [speeds(Settings, N) || N <- maps:get(streams, Settings)],
    #{speeds => Rows,
      first_token => first_token(Settings),
      node => llama_node_bench_node:measure(Settings)}.

%% Every round runs each variant once, in an order that turns from round to round, so that what
%% else the machine does hits all of them alike.
speeds(#{rounds := Rounds, tokens := Tokens, prompt := Length} = Settings, N) ->
    with_variants(Settings, N, fun(Variants) ->
        _ = [round(Variants, N, Round, Length, Tokens) || Round <- lists:seq(1, ?WARM_UPS)],
        {N, [begin
                 io:format(standard_error, "~b streams, round ~b of ~b~n", [N, Round, Rounds]),
                 round(Variants, N, ?WARM_UPS + Round, Length, Tokens)
             end || Round <- lists:seq(1, Rounds)]}
    end).

%% One request, one token: it ends when the first token is known.
first_token(Settings) ->
    with_variants(Settings, 1, fun(Variants) ->
        _ = [round(Variants, 1, Round, ?LONG_PROMPT, 1) || Round <- lists:seq(1, 5 * ?WARM_UPS)],
        io:format(standard_error, "time to first token~n", []),
        [round(Variants, 1, 5 * ?WARM_UPS + Round, ?LONG_PROMPT, 1) || Round <- lists:seq(1, ?LONG_ROUNDS)]
    end).

with_variants(Settings, N, Fun) ->
    Variants = [{Kind, open(Kind, Settings, N)} || Kind <- ?VARIANTS],
    try
        Fun(Variants)
    after
        [close(Kind, Variant) || {Kind, Variant} <- Variants]
    end.

round(Variants, N, Round, Length, Tokens) ->
    Prompts = [prompt(Length, {N, Round, Stream}) || Stream <- lists:seq(1, N)],
    {Front, Back} = lists:split(Round rem length(Variants), Variants),
    maps:from_list([{Kind, run(Kind, Variant, Prompts, Tokens)} || {Kind, Variant} <- Back ++ Front]).

open(beam, Settings, N) -> llama_node_bench_node:open(Settings, N);
open(Kind, Settings, N) -> llama_node_bench_worker:open(Kind, Settings, N).

close(beam, Node) -> llama_node_bench_node:close(Node);
close(_, Worker) -> llama_node_bench_worker:close(Worker).

run(beam, Node, Prompts, Tokens) -> llama_node_bench_node:run(Node, Prompts, Tokens);
run(_, Worker, Prompts, Tokens) -> llama_node_bench_worker:run(Worker, Prompts, Tokens).

%% Words that are one token each in the vocabulary of llama, behind the token that begins a text.
%% No two prompts agree, so no cache helps anybody.
prompt(Length, {N, Round, Stream}) ->
    Words = {"the", "of", "and", "to", "in", "that", "is", "was", "for", "on", "with", "as", "it",
             "at", "by", "from", "this", "be", "are", "not", "have", "his", "but", "they", "one",
             "all", "there", "when", "which", "you", "were", "her"},
    {Chosen, _} = lists:mapfoldl(
        fun(_, State) ->
            {Index, Next} = rand:uniform_s(tuple_size(Words), State),
            {element(Index, Words), Next}
        end, rand:seed_s(exsss, {N, Round, Stream}), lists:seq(2, Length)),
    lists:flatten(lists:join($\s, Chosen)).
