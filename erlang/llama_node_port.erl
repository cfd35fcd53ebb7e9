%% @doc The operating-system process of the node: launching it, the frames on its standard streams
%% (section 7 of docs/protocol.md) and ending it.
%% @end
-module(llama_node_port).

-export([check_java/1, open/2, send/2, stop/3]).
-export([encode/1, decode/1, exit_status/1, start_error/3]).
-export_type([frame/0, level/0]).

-include_lib("kernel/include/file.hrl").

-type level() :: debug | info | warning | error.

-type frame() ::
    {log, level(), Logger :: binary(), Message :: binary()}
    | {progress, Path :: binary(), Fraction :: float()}
    | {ready, #{node := node(), os_pid := integer(), version := binary(), models := [binary()]}}
    | {checked, [#{check := binary(), status := ok | failed, detail := binary()}]}
    | {failed, llama_node:error()}.
%% What the node says.

-type command() :: {config | check, 1, map()} | stop.

%% Nothing the node says on its standard output is anywhere near this long.
-define(MAX_FRAME, 64 bsl 20).
%% The launcher's exit status when it has found no Java that is new enough.
-define(NO_JAVA, 78).
%% The node's exit status when its native code hangs.
-define(HUNG, 75).
%% The same, and that of the virtual machine itself.
-define(HEAP, 3).
%% How long a process may take to vanish after SIGKILL.
-define(KILL_TIMEOUT, 5000).

%% @doc Checks that `java_home' is the home of a Java that is new enough, with the program that the
%% launcher finds it by.
-spec check_java(llama_node_options:options()) -> ok | {error, llama_node:error()}.
check_java(#{java_home := Home}) ->
    Program = filename:join([llama_node_options:priv_dir(), "bin", "find-java"]),
    case llama_node_program:run(Program, [], [{"LLAMA_NODE_JAVA_HOME", unicode:characters_to_list(Home)}]) of
        {ok, 0, _} ->
            ok;
        {ok, _, Said} ->
            llama_node_error:make(invalid_argument, "java_home: ~ts", [reason(Said)]);
        {error, Reason} ->
            llama_node_error:make(invalid_argument, "java_home: cannot run ~ts: ~0tp", [Program, Reason])
    end;
check_java(_Options) ->
    ok.

%% What the program says of its variable goes for the option. A path that is not UTF-8 is not shown.
reason(Said) ->
    case unicode:characters_to_list(string:trim(Said)) of
        "LLAMA_NODE_JAVA_HOME: " ++ Reason -> Reason;
        Text when is_list(Text) -> Text;
        _ -> "does not fit"
    end.

%% @doc Launches the node, which prints to the named pipe `Stderr' if there is one. The calling process owns the
%% port and is linked to it.
-spec open(llama_node_options:options(), Stderr :: file:filename() | none) ->
    {ok, port(), OsPid :: non_neg_integer() | undefined} | {error, llama_node:error()}.
open(#{launcher := Launcher, env := Env}, Stderr) ->
    {Program, Args} = command(Launcher, Stderr),
    try
        ok = check_program(Launcher),
        open_port({spawn_executable, Program},
                  [{args, Args}, {env, variables(Env)}, {packet, 4}, binary, exit_status, use_stdio, hide])
    of
        Port -> {ok, Port, os_pid(Port)}
    catch
        error:Reason ->
            llama_node_error:make(invalid_argument, "launcher: cannot run ~ts: ~0tp",
                                  [Launcher, Reason])
    end.

command(Launcher, none) ->
    {Launcher, ["--port"]};
command(Launcher, Stderr) ->
    %% Where the pipe is gone, so is the server, and the terminal need not hear of it.
    {"/bin/sh", ["-c", "exec 2>/dev/null; exec 2>\"$1\"; exec \"$2\" --port", "sh", Stderr, Launcher]}.

%% Where a shell stands in between, this is the only one who tells of it by a reason.
check_program(Launcher) ->
    case file:read_file_info(Launcher) of
        {ok, #file_info{type = regular, mode = Mode}} when Mode band 8#111 =/= 0 -> ok;
        {ok, _} -> error(eacces);
        {error, Reason} -> error(Reason)
    end.

variables(Env) ->
    [{Name, llama_node_secret:reveal(Value)} || {Name, Value} <- Env].

os_pid(Port) ->
    case erlang:port_info(Port, os_pid) of
        {os_pid, OsPid} -> OsPid;
        undefined -> undefined
    end.

%% @doc Sends a command, unless the port is closed or the node does not read its input.
-spec send(port(), command()) -> ok | {error, closed | busy}.
send(Port, Command) ->
    try erlang:port_command(Port, encode(Command), [nosuspend]) of
        true -> ok;
        false -> {error, busy}
    catch
        error:badarg -> {error, closed}
    end.

%% @doc The external term of a command.
-spec encode(command()) -> iodata().
encode(Command) ->
    term_to_iovec(Command).

%% @doc Reads one frame. Atoms that this runtime does not know make it malformed; those of the
%% protocol are known, whatever has been loaded before.
%% ```
%% {ok, {failed, {timeout, <<"x">>}}} =
%%     llama_node_port:decode(term_to_binary({failed, {timeout, <<"x">>}})).
%% '''
-spec decode(binary()) -> {ok, frame()} | {unknown, term()} | {error, malformed | too_large}.
decode(Frame) when byte_size(Frame) > ?MAX_FRAME ->
    {error, too_large};
decode(<<131, 80, _/binary>>) ->
    {error, malformed};
decode(Frame) ->
    %% In interactive mode a module's atoms are unknown until its first call, so this must come
    %% before the decoding. All other atoms of the protocol stand in this module.
    Codes = llama_node_error:codes(),
    try binary_to_term(Frame, [safe, used]) of
        {Term, Used} when Used =:= byte_size(Frame) -> check(Term, Codes);
        _ -> {error, malformed}
    catch
        error:badarg -> {error, malformed}
    end.

check({log, Level, Logger, Message} = Frame, _Codes) when is_binary(Logger), is_binary(Message) ->
    known(lists:member(Level, [debug, info, warning, error]), Frame);
check({progress, Path, Fraction} = Frame, _Codes) when is_binary(Path), is_float(Fraction) ->
    {ok, Frame};
check({ready, #{node := Node, os_pid := OsPid, version := Version, models := Models}} = Frame, _Codes)
  when is_atom(Node), is_integer(OsPid), is_binary(Version), is_list(Models) ->
    {ok, Frame};
check({checked, Checks} = Frame, _Codes) when is_list(Checks) ->
    known(lists:all(fun (#{check := Check, status := Status, detail := Detail}) ->
                            is_binary(Check) andalso is_binary(Detail) andalso lists:member(Status, [ok, failed]);
                        (_) -> false
                    end, Checks), Frame);
check({failed, {Code, Message}} = Frame, Codes) when is_binary(Message) ->
    known(lists:member(Code, Codes), Frame);
check(Term, _Codes) ->
    {unknown, Term}.

known(true, Frame) -> {ok, Frame};
known(false, Frame) -> {unknown, Frame}.

%% @doc The error of a start whose process ended with this status. `By' asked for the llama.cpp of `Library', if that is
%% not empty; `Words' are the last that the process printed.
-spec start_error(non_neg_integer(), {By :: string(), Library :: unicode:chardata()}, Words :: binary()) ->
    llama_node:error().
start_error(?NO_JAVA, _Library, Words) -> start_error(java_not_found, ?NO_JAVA, "", Words);
start_error(Status, {By, Library}, Words) when Status > 128, Library =/= "", Library =/= <<"auto">> ->
    start_error(start_failed, Status,
                io_lib:format(" (~ts is ~ts: llama_node:list_backends() tells whether that loads)", [By, Library]),
                Words);
start_error(Status, _Library, Words) -> start_error(start_failed, Status, "", Words).

start_error(Code, Status, Note, Words) ->
    {error, Error} = llama_node_error:make(Code, "the node ended: ~ts~ts", [exit_status(Status), Note]),
    llama_node_error:with_words(Error, Words).

%% @doc What an exit status means, in words.
-spec exit_status(non_neg_integer()) -> io_lib:chars().
exit_status(?NO_JAVA) ->
    "exit status 78: no Java that is new enough";
exit_status(?HUNG) ->
    "exit status 75: native code made no progress (native_timeout)";
exit_status(?HEAP) ->
    "exit status 3: its Java heap was exhausted";
exit_status(Status) when Status > 128 ->
    io_lib:format("killed by signal ~b", [Status - 128]);
exit_status(Status) ->
    io_lib:format("exit status ~b", [Status]).

%% @doc Ends the process: asks it to stop, and kills it when it has not ended `Timeout'
%% milliseconds later. Called by the port's owner, as the last thing it does with the port.
-spec stop(port(), non_neg_integer() | undefined, non_neg_integer()) ->
    {exit_status, non_neg_integer()} | killed | closed.
stop(Port, OsPid, Timeout) ->
    case send(Port, stop) of
        {error, closed} -> closed;
        _ -> stopped(await_exit(Port, Timeout), Port, OsPid)
    end.

stopped(overdue, Port, OsPid) ->
    ok = kill(OsPid),
    _ = await_exit(Port, ?KILL_TIMEOUT),
    close(Port),
    killed;
stopped(Ended, Port, _OsPid) ->
    close(Port),
    Ended.

await_exit(Port, Timeout) ->
    Timer = erlang:start_timer(Timeout, self(), stop),
    Ended = receive
        {Port, {exit_status, Status}} -> {exit_status, Status};
        {'EXIT', Port, _} -> closed;
        {timeout, Timer, stop} -> overdue
    end,
    _ = erlang:cancel_timer(Timer),
    Ended.

kill(undefined) ->
    ok;
kill(OsPid) ->
    llama_node_program:kill(OsPid).

close(Port) ->
    try port_close(Port) of
        true -> ok
    catch
        error:badarg -> ok
    end.
