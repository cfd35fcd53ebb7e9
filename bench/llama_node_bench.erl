%% @doc The benchmark of README.md: its options, and the order in which things are measured.
-module(llama_node_bench).

-export([main/0]).
-export([prompt/2]).
%% For tests.
-export([without_unusable/2]).

%% One stream's timeline, in microseconds from the start of all streams of a run.
-export_type([timeline/0, settings/0, variant/0]).
-type timeline() :: {PromptTokens :: pos_integer(), CompletionTokens :: pos_integer(),
                     Done :: integer(), Pieces :: [integer()]}.
-type variant() :: raw | engine | beam | port | jni | server.
-type settings() :: #{model := file:filename(), tiny := file:filename(), n_ctx := pos_integer(),
                      n_batch := pos_integer(), threads := pos_integer(), tokens := pos_integer(),
                      prompt := pos_integer(), rounds := pos_integer(), warm_up_ms := non_neg_integer(),
                      streams := [pos_integer()], models := [string()], record := boolean(), only_speeds := boolean(),
                      load => binary(),
                      server => Version :: binary(),
                      given := #{atom() => term()}}.

%% A prompt long enough for the prefill to outweigh everything else.
-define(LONG_PROMPT, 256).
-define(LONG_ROUNDS, 9).
%% Of all streams of a run together: enough to measure, and no more of a model's time.
-define(MOST_TOKENS, 1024).

%% @doc Runs the benchmark with the options of the command line and ends the runtime.
-spec main() -> no_return().
main() ->
    try
        {ok, [Load | _]} = load(),
        Settings = with_server((options(init:get_plain_arguments(), defaults()))#{load => Load}),
        Results = measure(Settings),
        ok = file:write_file(filename:join(os:getenv("BENCH_WORK"), "results.term"), io_lib:format("~p.~n", [Results])),
        llama_node_bench_report:show(Settings, Results),
        halt(0)
    catch
        throw:{usage, Message} ->
            io:format(standard_error, "bench: ~ts~n", [Message]),
            halt(2);
        throw:{unusable, server, Message} ->
            io:format(standard_error, "bench: LLAMA_SERVER: ~ts~n", [Message]),
            halt(2);
        Class:Reason:Stacktrace ->
            llama_node_bench_program:failed(Class, Reason, Stacktrace)
    end.

%% Half an hour of measuring should not end with the news that its path is wrong.
with_server(Settings) ->
    case llama_node_bench_server:given() of
        {ok, Program} -> Settings#{server => llama_node_bench_server:version(Program)};
        none -> Settings
    end.

%% Before the run itself adds to it.
load() ->
    {ok, Text} = file:read_file("/proc/loadavg"),
    {ok, string:lexemes(Text, " ")}.

defaults() ->
    #{tiny => model("tiny"), models => ["bench", "qwen-q8_0", "qwen-q4_0"], n_ctx => 512, n_batch => 512,
      threads => erlang:system_info(logical_processors_available), record => false, only_speeds => false,
      given => #{}}.

model(Name) ->
    filename:join(os:getenv("BENCH_WORK"), Name ++ ".gguf").

options(["--record" | Rest], Settings) ->
    options(Rest, Settings#{record := true});
options(["--only-speeds" | Rest], Settings) ->
    options(Rest, Settings#{only_speeds := true});
options([Option, Value | Rest], #{given := Given} = Settings) ->
    Give = fun(Key, V) -> options(Rest, Settings#{given := Given#{Key => V}}) end,
    case Option of
        "--models" -> options(Rest, Settings#{models := [known_model(V) || V <- string:lexemes(Value, ",")]});
        "--streams" -> Give(streams, [number("--streams", V) || V <- string:lexemes(Value, ",")]);
        "--rounds" -> Give(rounds, number(Option, Value));
        "--tokens" -> Give(tokens, number(Option, Value));
        "--prompt" -> Give(prompt, number(Option, Value));
        "--threads" -> options(Rest, Settings#{threads := number(Option, Value)});
        _ -> throw({usage, ["unknown option ", Option]})
    end;
options([], #{record := true, only_speeds := true}) ->
    throw({usage, "--record wants the whole report, --only-speeds a part of it"});
options([], Settings) ->
    _ = [for_model(Name, Settings) || Name <- maps:get(models, Settings)],
    Settings;
options([Option], _) ->
    throw({usage, ["unknown option, or one without its value: ", Option]}).

known_model(Name) ->
    case filelib:is_regular(model(Name)) of
        true -> Name;
        false -> throw({usage, ["there is no model ", Name]})
    end.

number(Option, Value) ->
    try list_to_integer(Value) of
        Number when Number > 0 -> Number;
        _ -> throw({usage, [Option, " must be positive"]})
    catch
        error:badarg -> throw({usage, [Option, " is no number: ", Value]})
    end.

%% A model of half a billion parameters takes its time.
for_model(Name, #{given := Given, n_ctx := NCtx} = Settings) ->
    Size = case Name of
               "bench" ->
                   #{streams => [1, 4, 8, 16, 32], tokens => 128, prompt => 64, rounds => 5, warm_up_ms => 10000};
               _ -> #{streams => [1, 4, 8, 16], tokens => 16, prompt => 8, rounds => 3, warm_up_ms => 0}
           end,
    #{prompt := Prompt, tokens := Tokens} = Chosen = maps:merge(Size, Given),
    Prompt + Tokens > NCtx andalso throw({usage, io_lib:format("--prompt and --tokens together are over ~b", [NCtx])}),
    (maps:merge(Settings, Chosen))#{model => model(Name)}.

measure(#{models := [First | _] = Models, only_speeds := OnlySpeeds} = Settings) ->
    Main = for_model(First, Settings),
    %% What is quick comes first: a mistake in it should not cost the rest.
    Others = case OnlySpeeds of true -> #{}; false -> others(Main) end,
    Others#{status => llama_node_bench_node:status(Main),
            speeds => [{Name, speeds(Name, for_model(Name, Settings))} || Name <- Models]}.

others(Main) ->
    #{first_token => first_token(Main),
      gaps => llama_node_bench_latency:gaps(Main),
      starts => llama_node_bench_latency:starts(),
      forks => llama_node_bench_fork:measure(Main),
      vectors => llama_node_bench_vectors:measure(Main),
      samplers => llama_node_bench_worker:samplers(),
      node => llama_node_bench_node:measure(Main)}.

variants(Settings) ->
    %% What may turn out to be of no use is opened first.
    [server || is_map_key(server, Settings)] ++ [raw, engine, beam, port, jni].

%% Every round runs each variant once, in an order that turns from round to round, so that what
%% else the machine does hits all of them alike.
speeds(Name, #{streams := Streams} = Settings) ->
    [without_unusable(fun(Kinds) ->
         {Rounds, Steps} = with_variants(Settings, N, Kinds, fun(Variants) -> rounds(Name, Settings, N, Variants) end),
         {N, Rounds, Steps}
     end, variants(Settings)) || N <- Streams].

%% @doc What `Measure' returns of these variants. One that turns out to be of no use does not take the others along:
%% they are measured again without it, since rounds compare what ran side by side.
-spec without_unusable(fun(([variant()]) -> Result), [variant()]) -> Result.
without_unusable(Measure, Kinds) ->
    try
        Measure(Kinds)
    catch
        throw:{unusable, Kind, Message} ->
            io:format(standard_error, "bench: goes on without ~s: ~ts~n", [Kind, Message]),
            without_unusable(Measure, lists:delete(Kind, Kinds))
    end.

rounds(Name, #{rounds := Rounds, warm_up_ms := WarmUp, tokens := Most, prompt := Length}, N, Variants) ->
    Tokens = max(8, min(Most, ?MOST_TOKENS div N)),
    io:format(standard_error, "~ts: ~b streams, warming up~n", [Name, N]),
    _ = [warm_up(Variant, N, Length, Tokens, erlang:monotonic_time(millisecond) + WarmUp, -1) || Variant <- Variants],
    [begin
         io:format(standard_error, "~ts: ~b streams, round ~b of ~b~n", [Name, N, Round, Rounds]),
         round(Variants, N, Round, Length, Tokens)
     end || Round <- lists:seq(1, Rounds)].

%% Runs that are not counted, one at least. They are given time rather than a number: the Java compiler needs hundreds
%% of steps, and takes the cores from whatever runs beside it.
warm_up({Kind, Variant} = This, N, Length, Tokens, End, Number) ->
    _ = run(Kind, Variant, [prompt(Length, {N, Number, Stream}) || Stream <- lists:seq(1, N)], Tokens),
    case erlang:monotonic_time(millisecond) < End of
        true -> warm_up(This, N, Length, Tokens, End, Number - 1);
        false -> ok
    end.

%% One request, one token: it ends when the first token is known.
first_token(Settings) ->
    {Rounds, _} = with_variants(Settings, 1, [raw, engine, beam, jni], fun(Variants) ->
        _ = [round(Variants, 1, Round, ?LONG_PROMPT, 1) || Round <- lists:seq(1, 10)],
        io:format(standard_error, "time to first token~n", []),
        [round(Variants, 1, 10 + Round, ?LONG_PROMPT, 1) || Round <- lists:seq(1, ?LONG_ROUNDS)]
    end),
    Rounds.

%% The result of the function, and where each variant says that the time of its steps went.
with_variants(Settings, N, Kinds, Fun) ->
    Variants = open_all(Kinds, Settings, N, []),
    Result = try
                 {ok, Fun(Variants)}
             catch
                 Class:Reason:Stacktrace -> {Class, Reason, Stacktrace}
             end,
    Steps = [{Kind, Shares} || {Kind, Variant} <- Variants, {steps, Shares} <- [close(Kind, Variant)]],
    case Result of
        {ok, Value} -> {Value, Steps};
        {C, R, S} -> erlang:raise(C, R, S)
    end.

open_all([], _, _, Opened) ->
    lists:reverse(Opened);
open_all([Kind | Kinds], Settings, N, Opened) ->
    try open(Kind, Settings, N) of
        Variant -> open_all(Kinds, Settings, N, [{Kind, Variant} | Opened])
    catch
        throw:Reason ->
            _ = [close(K, V) || {K, V} <- Opened],
            throw(Reason)
    end.

round(Variants, N, Round, Length, Tokens) ->
    Prompts = [prompt(Length, {N, Round, Stream}) || Stream <- lists:seq(1, N)],
    {Front, Back} = lists:split(Round rem length(Variants), Variants),
    maps:from_list([{Kind, run(Kind, Variant, Prompts, Tokens)} || {Kind, Variant} <- Back ++ Front]).

open(beam, Settings, N) -> llama_node_bench_node:open(Settings, N, distribution);
open(port, Settings, N) -> llama_node_bench_node:open(Settings, N, port);
open(server, Settings, N) -> llama_node_bench_http:open(Settings, N);
open(Kind, Settings, N) -> llama_node_bench_worker:open(Kind, Settings, N).

close(Kind, Node) when Kind =:= beam; Kind =:= port -> llama_node_bench_node:close(Node);
close(server, Server) -> llama_node_bench_http:close(Server);
close(_, Worker) -> llama_node_bench_worker:close(Worker).

run(Kind, Node, Prompts, Tokens) when Kind =:= beam; Kind =:= port -> llama_node_bench_node:run(Node, Prompts, Tokens);
run(server, Server, Prompts, Tokens) -> llama_node_bench_http:run(Server, Prompts, Tokens);
run(_, Worker, Prompts, Tokens) -> llama_node_bench_worker:run(Worker, Prompts, Tokens).

%% @doc Words that are one token each in the vocabulary of llama, behind the token that begins a text.
%% No two prompts agree, so no cache helps anybody.
-spec prompt(pos_integer(), {integer(), integer(), integer()}) -> string().
prompt(Length, Seed) ->
    Words = {"the", "of", "and", "to", "in", "that", "is", "was", "for", "on", "with", "as", "it",
             "at", "by", "from", "this", "be", "are", "not", "have", "his", "but", "they", "one",
             "all", "there", "when", "which", "you", "were", "her"},
    {Chosen, _} = lists:mapfoldl(
        fun(_, State) ->
            {Index, Next} = rand:uniform_s(tuple_size(Words), State),
            {element(Index, Words), Next}
        end, rand:seed_s(exsss, Seed), lists:seq(2, Length)),
    lists:flatten(lists:join($\s, Chosen)).
