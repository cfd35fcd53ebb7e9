%% @doc llama-server of llama.cpp as a program that the benchmark starts and ends: `LLAMA_SERVER' is its path. What goes
%% wrong with it is thrown as `{unusable, server, Sentence}', so that the other variants can be measured without it.
-module(llama_node_bench_server).

-export([given/0, version/1]).
-export([start/2, ended/1, stop/1, arguments/2]).

-export_type([server/0]).
-opaque server() :: pid().

%% Of a program that says nothing more, neither good nor bad.
-define(SILENCE_MS, 120000).
%% From a connection that is lost to the end of the program that was at its other end.
-define(END_MS, 5000).
-define(LONGEST_LINE, 8192).
-define(LAST_LINES, 3).

%% The shell ends with the program, and the program when the shell's standard input says or ends, which it does with
%% this runtime. What a shell runs in the background has no standard input but one that it is given.
-define(SCRIPT, "exec 3<&0\n"
                "\"$@\" </dev/null 3<&- & program=$!\n"
                "{ read -r _; kill -KILL $program; } <&3 >/dev/null 2>&1 & watch=$!\n"
                "wait $program; status=$?\n"
                "kill -KILL $watch 2>/dev/null\n"
                "exit $status").

%% @doc The program that the environment asks for.
-spec given() -> {ok, file:filename()} | none.
given() ->
    case os:getenv("LLAMA_SERVER", "") of
        "" -> none;
        Program -> {ok, Program}
    end.

%% @doc What the program calls its version. Whatever cannot say so is no llama-server.
-spec version(file:filename()) -> binary().
version(Program) ->
    Port = try
               open_port({spawn_executable, Program},
                         [{args, ["--version"]}, {line, ?LONGEST_LINE}, exit_status, stderr_to_stdout, binary])
           catch
               error:Reason -> unusable("~ts cannot be run: ~ts", [Program, file:format_error(Reason)])
           end,
    version(Program, Port, []).

version(Program, Port, Lines) ->
    receive
        {Port, {data, {_, Line}}} ->
            version(Program, Port, [Line | Lines]);
        {Port, {exit_status, 0}} ->
            case [Version || <<"version: ", Version/binary>> <- Lines] of
                [Version | _] -> Version;
                [] -> unusable("~ts --version names no version~ts", [Program, last(Lines)])
            end;
        {Port, {exit_status, Status}} ->
            unusable("~ts --version ended with status ~b~ts", [Program, Status, last(Lines)])
    after ?SILENCE_MS ->
        unusable("~ts --version does not answer", [Program])
    end.

%% @doc Starts the program and waits until it says where it serves, which it does once the model is loaded.
-spec start(file:filename(), [string()]) -> {server(), inet:port_number()}.
start(Program, Arguments) ->
    Parent = self(),
    {Owner, Monitor} = spawn_monitor(fun() -> own(Parent, Program, Arguments) end),
    receive
        {Owner, {serves, Port}} ->
            true = demonitor(Monitor, [flush]),
            {Owner, Port};
        {'DOWN', Monitor, process, Owner, {ended, Sentence}} ->
            unusable("~ts", [Sentence]);
        {'DOWN', Monitor, process, Owner, Reason} ->
            error(Reason)
    end.

%% @doc Whether the program has ended by itself, and how: for somebody who has just lost a connection to it.
-spec ended(server()) -> {true, binary()} | false.
ended(Owner) ->
    Owner ! {self(), how},
    receive {Owner, {ended, How}} -> {true, unicode:characters_to_binary(How)}
    after ?END_MS -> false
    end.

%% @doc Ends the program and waits until it has ended, so that its memory and cores are free. Does nothing if it has
%% ended.
-spec stop(server()) -> ok.
stop(Owner) ->
    Monitor = monitor(process, Owner),
    Owner ! {self(), stop},
    receive {'DOWN', Monitor, process, Owner, _} -> ok end.

%% @doc The command line that gives llama-server what the other variants have. Left at their defaults, which are the
%% node's values: flash attention where the model allows it, a cache of 16-bit floats with cells of its own for each
%% slot, weights mapped from the file. The copies that it keeps of prompts in memory are of no use to a load in which no
%% two agree, and would only cost it time. Port 0 is one that is free.
-spec arguments(llama_node_bench:settings(), pos_integer()) -> [string()].
arguments(#{model := Model, n_ctx := NCtx, n_batch := NBatch, threads := Threads}, Streams) ->
    [text(Argument)
     || Argument <- ["-m", Model, "-c", NCtx * Streams, "-np", Streams, "-b", NBatch, "-ub", NBatch, "-t", Threads,
                     "-tb", Threads,
                     "--cache-ram", 0, "--host", "127.0.0.1", "--port", 0]].

text(Number) when is_integer(Number) -> integer_to_list(Number);
text(Text) -> Text.

%% A process of its own reads what the program says, for its whole life.
own(Parent, Program, Arguments) ->
    {ok, Log} = file:open(filename:join(os:getenv("BENCH_WORK"), "server.log"), [write, raw, delayed_write]),
    Port = open_port({spawn_executable, "/bin/sh"},
                     [{args, ["-c", ?SCRIPT, "sh", Program | Arguments]}, {line, ?LONGEST_LINE}, exit_status,
                      stderr_to_stdout, binary]),
    loading(Parent, monitor(process, Parent), Port, Log, []).

loading(Parent, Monitor, Port, Log, Lines) ->
    receive
        {Port, {data, {_, Line}}} ->
            ok = file:write(Log, [Line, $\n]),
            case re:run(Line, "listening on http://[^:]+:([0-9]+)", [{capture, [1], list}]) of
                {match, [Number]} ->
                    Parent ! {self(), {serves, list_to_integer(Number)}},
                    serving(Parent, Monitor, Port, Log, [Line]);
                nomatch ->
                    loading(Parent, Monitor, Port, Log, kept(Line, Lines))
            end;
        {Port, {exit_status, Status}} ->
            give_up(Log, "it ended with status ~b before it served~ts", [Status, last(Lines)]);
        {'DOWN', Monitor, process, Parent, _} ->
            kill(Port)
    after ?SILENCE_MS ->
        kill(Port),
        give_up(Log, "it neither serves nor ends~ts", [last(Lines)])
    end.

serving(Parent, Monitor, Port, Log, Lines) ->
    receive
        {Port, {data, {_, Line}}} ->
            ok = file:write(Log, [Line, $\n]),
            serving(Parent, Monitor, Port, Log, kept(Line, Lines));
        {Port, {exit_status, Status}} ->
            ok = file:close(Log),
            gone(Parent, Monitor, io_lib:format("it ended with status ~b~ts", [Status, last(Lines)]));
        {'DOWN', Monitor, process, Parent, _} ->
            kill(Port);
        {Parent, stop} ->
            kill(Port),
            ok = file:close(Log)
    end.

gone(Parent, Monitor, How) ->
    receive
        {Parent, how} ->
            Parent ! {self(), {ended, How}},
            gone(Parent, Monitor, How);
        {Parent, stop} ->
            ok;
        {'DOWN', Monitor, process, Parent, _} ->
            ok
    end.

kill(Port) ->
    try
        true = port_command(Port, "\n")
    catch
        error:badarg -> ok %% It is closed: the program has just ended.
    end,
    receive {Port, {exit_status, _}} -> ok end.

-spec give_up(file:fd(), io:format(), [term()]) -> no_return().
give_up(Log, Format, Arguments) ->
    ok = file:close(Log),
    exit({ended, io_lib:format(Format, Arguments)}).

kept(Line, Lines) ->
    lists:sublist([Line | Lines], ?LAST_LINES).

%% The last words, for somebody who has no log at hand.
last(Lines) ->
    case [Line || Line <- lists:reverse(lists:sublist(Lines, ?LAST_LINES)), Line =/= <<>>] of
        [] -> "";
        Said -> [": ", lists:join(" / ", Said)]
    end.

-spec unusable(io:format(), [term()]) -> no_return().
unusable(Format, Arguments) ->
    throw({unusable, server, unicode:characters_to_binary(io_lib:format(Format, Arguments))}).
