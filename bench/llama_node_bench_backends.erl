%% @doc The libraries of llama.cpp that are installed, side by side on one model: how long a load takes, and a first
%% token, how fast prompts are read and answers written, and how much memory the node has then.
-module(llama_node_bench_backends).

-export([main/0]).
%% For tests.
-export([arguments/1, measure/3, table/1]).
-export_type([settings/0, run/0, row/0]).

-type settings() :: #{model := file:filename(), rounds := pos_integer(), record := boolean(), threads => pos_integer()}.
-type run() :: #{load_ms := float(), first_ms := float(), prompt := float(), generation := float(), mib := float()}.
-type row() :: {Version :: binary(), Place :: binary(), [run()]} | {unusable, Name :: binary(), Reason :: binary()}.

-define(FROM, "<!-- back ends: written by bench/backends --record -->\n").
-define(TO, "<!-- end of back ends -->\n").
-define(TOKENS, 128).
%% Words of the prompt whose reading is measured; a word is a token or two.
-define(WORDS, 300).

%% @doc Measures what the command line says, prints a table, and ends the runtime.
-spec main() -> no_return().
main() ->
    llama_node_bench_program:run(fun () ->
        case arguments(init:get_plain_arguments()) of
            {ok, Settings} -> show(Settings);
            {error, Text} -> usage(Text)
        end
    end).

-spec usage(string()) -> no_return().
usage(Text) ->
    io:format(standard_error, "bench/backends: ~ts~n", [Text]),
    halt(64).

%% @doc Reads the command line.
-spec arguments([string()]) -> {ok, settings()} | {error, string()}.
arguments(Arguments) ->
    arguments(Arguments, #{rounds => 3, record => false}).

arguments(["--record" | Rest], Settings) ->
    arguments(Rest, Settings#{record := true});
arguments([Flag, Text | Rest], Settings) when Flag =:= "--rounds"; Flag =:= "--threads" ->
    case string:to_integer(Text) of
        {Number, ""} when Number > 0, Flag =:= "--rounds" -> arguments(Rest, Settings#{rounds := Number});
        {Number, ""} when Number > 0 -> arguments(Rest, Settings#{threads => Number});
        _ -> {error, Flag ++ " must be a positive number, not " ++ Text}
    end;
arguments([Model], Settings) ->
    case filelib:is_regular(Model) of
        true -> {ok, Settings#{model => filename:absname(Model)}};
        false -> {error, "there is no file " ++ Model}
    end;
arguments(_, _Settings) ->
    {error, "usage: bench/backends [--record] [--rounds N] [--threads N] MODEL"}.

show(#{model := Model, rounds := Rounds, record := Record} = Settings) ->
    Rows = measure(Model, Rounds, maps:with([threads], Settings)),
    Report = unicode:characters_to_binary([heading(Settings), $\n, table(Rows)]),
    io:setopts([{encoding, unicode}]),
    io:put_chars(Report),
    _ = [record(Report) || Record],
    ok.

heading(#{model := Model, rounds := Rounds} = Settings) ->
    {{Year, Month, Day}, {Hour, Minute, _}} = calendar:universal_time(),
    Threads = case Settings of
        #{threads := Number} -> io_lib:format("~b threads each", [Number]);
        _ -> "as many threads as a node takes with each by default"
    end,
    io_lib:format("~b-~2..0b-~2..0b ~2..0b:~2..0b UTC, ~ts, ~b cores, load ~ts; ~ts, medians of ~b rounds, ~ts~n",
                  [Year, Month, Day, Hour, Minute, cpu(), erlang:system_info(logical_processors_available), load(),
                   filename:basename(Model), Rounds, Threads]).

cpu() ->
    {ok, Info} = file:read_file("/proc/cpuinfo"),
    case re:run(Info, "model name\\s*: (.*)", [{capture, [1], binary}]) of
        {match, [Name]} -> Name;
        nomatch -> <<"unknown processor">>
    end.

load() ->
    {ok, Load} = file:read_file("/proc/loadavg"),
    hd(binary:split(Load, <<" ">>)).

record(Report) ->
    File = filename:join([os:getenv("BENCH_ROOT"), "bench", "README.md"]),
    {ok, Text} = file:read_file(File),
    [Front, Rest] = string:split(Text, ?FROM),
    [_, Back] = string:split(Rest, ?TO),
    ok = file:write_file(File, [Front, ?FROM, $\n, Report, $\n, ?TO, Back]).

%% @doc Runs each library so many times, in turns, in a node of its own each time.
-spec measure(file:filename(), pos_integer(), #{threads => pos_integer()}) -> [row()].
measure(Model, Rounds, Settings) ->
    {ok, Backends} = llama_node:list_backends(),
    Usable = [Backend || #{loads := true} = Backend <- Backends],
    Runs = [{Library, run(Model, Library, Settings)}
            || _ <- lists:seq(1, Rounds), #{llama_lib := Library} <- Usable],
    [{Version, maps:get(path, Backend, <<"the jar">>), [Run || {Ran, Run} <- Runs, Ran =:= Library]}
     || #{llama_lib := Library, version := Version} = Backend <- Usable]
    ++ [{unusable, Library, Reason} || #{loads := false, llama_lib := Library, reason := Reason} <- Backends].

run(Model, Library, Settings) ->
    {ok, Llama} = llama_node:start_link(#{llama_lib => Library, models => [], transport => port, log_level => error}),
    Threads = maps:get(threads, Settings, undefined),
    Config = maps:from_list([{n_threads, Threads} || Threads =/= undefined]),
    {Load, ok} = timer:tc(fun () -> llama_node:load_model(Llama, Model, Config#{n_parallel => 1, n_ctx => 1024}) end),
    %% Nobody's first request is measured: Java compiles until then.
    _ = [generated(Llama, Word) || Word <- ["zero", "one", "two"]],
    First = first_token(Llama),
    #{timings := #{prompt_per_second := Prompt}} =
        answer(Llama, #{prompt => long_prompt(), max_tokens => 1, cache_prompt => false}),
    #{timings := #{predicted_per_second := Generation}} = generated(Llama, "four"),
    {ok, #{memory := #{rss_bytes := Bytes}}} = llama_node:get_status(Llama),
    ok = llama_node:destroy_server(Llama),
    #{load_ms => Load / 1000, first_ms => First, prompt => Prompt, generation => Generation, mib => Bytes / (1 bsl 20)}.

generated(Llama, Word) ->
    answer(Llama, #{prompt => ["Count from ", Word, " to many: "], max_tokens => ?TOKENS, cache_prompt => false}).

answer(Llama, #{prompt := Prompt} = Input) ->
    Text = unicode:characters_to_binary(Prompt),
    {ok, Result} = llama_node:complete(Llama, Text, maps:remove(prompt, Input#{temperature => 0, ignore_eos => true})),
    Result.

%% From the call to the first piece of text, in milliseconds.
first_token(Llama) ->
    {ok, Session} = llama_node:create_session(Llama, #{temperature => 0, ignore_eos => true}),
    Start = erlang:monotonic_time(),
    {ok, Task} = llama_node:stream(Llama, Session, completion, #{prompt => <<"Once upon a time">>, max_tokens => 4}),
    receive {llama_node, Task, {chunk, _}} -> ok end,
    Took = erlang:monotonic_time() - Start,
    receive {llama_node, Task, {done, _}} -> ok end,
    ok = llama_node:close_session(Llama, Session),
    erlang:convert_time_unit(Took, native, microsecond) / 1000.

long_prompt() ->
    lists:join($\s, [lists:nth(1 + N rem 7, ["tall", "rain", "seven", "over", "mind", "left", "stone"])
                     || N <- lists:seq(1, ?WORDS)]).

%% @doc The table in Markdown, and a line for each library that does not load.
-spec table([row()]) -> iodata().
table(Rows) ->
    ["| llama.cpp | load, ms | first token, ms | prompt, tokens/s | generation, tokens/s | memory, MiB |\n"
     "|---|---:|---:|---:|---:|---:|\n",
     [["| ", Version, " (", place(Place), ")",
       [[" | ", shown(Key, median([map_get(Key, Run) || Run <- Runs]))]
        || Key <- [load_ms, first_ms, prompt, generation, mib]], " |\n"]
      || {Version, Place, Runs} <- Rows, is_list(Runs)],
     [["\n", Name, " does not load: ", Reason, "\n"] || {unusable, Name, Reason} <- Rows]].

shown(first_ms, Number) -> io_lib:format("~.1f", [Number]);
shown(_Key, Number) -> integer_to_list(round(Number)).

place(<<"the jar">>) -> "the jar";
place(Path) -> filename:basename(Path).

median(Numbers) ->
    Sorted = lists:sort(Numbers),
    Half = length(Sorted) div 2,
    case length(Sorted) rem 2 of
        1 -> lists:nth(Half + 1, Sorted) / 1;
        0 -> (lists:nth(Half, Sorted) + lists:nth(Half + 1, Sorted)) / 2
    end.
