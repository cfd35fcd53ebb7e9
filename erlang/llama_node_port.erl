%% @doc The operating-system process of the node: launching it, the frames on its standard streams
%% (section 7 of docs/protocol.md) and ending it.
%% @end
-module(llama_node_port).

-export([check_java/1, open/1, send/2, stop/3]).
-export([encode/1, decode/1, exit_status/1]).
-export_type([frame/0, level/0]).

-type level() :: debug | info | warning | error.

-type frame() ::
    {log, level(), Logger :: binary(), Message :: binary()}
    | {progress, Path :: binary(), Fraction :: float()}
    | {ready, #{node := node(), os_pid := integer(), version := binary(), models := [binary()]}}
    | {failed, llama_node:error()}.
%% What the node says.

-type command() :: {config, 1, map()} | stop.

%% Nothing the node says on its standard output is anywhere near this long.
-define(MAX_FRAME, 64 bsl 20).
%% How long a process may take to vanish after SIGKILL.
-define(KILL_TIMEOUT, 5000).

%% @doc Checks that `java_home' is the home of a Java that is new enough, with the program that the
%% launcher finds it by.
-spec check_java(llama_node_options:options()) -> ok | {error, llama_node:error()}.
check_java(#{java_home := Home}) ->
    Program = filename:join([llama_node_options:priv_dir(), "bin", "find-java"]),
    Env = [{"LLAMA_NODE_JAVA_HOME", unicode:characters_to_list(Home)}],
    try open_port({spawn_executable, Program}, [{env, Env}, binary, exit_status, stderr_to_stdout, hide]) of
        Port -> java_found(Port, <<>>)
    catch
        error:Reason ->
            llama_node_error:make(invalid_argument, "java_home: cannot run ~ts: ~0tp", [Program, Reason])
    end;
check_java(_Options) ->
    ok.

java_found(Port, Said) ->
    receive
        {Port, {data, Data}} -> java_found(Port, <<Said/binary, Data/binary>>);
        {Port, {exit_status, 0}} -> ok;
        {Port, {exit_status, _}} -> llama_node_error:make(invalid_argument, "java_home: ~ts", [reason(Said)])
    end.

%% What the program says of its variable goes for the option. A path that is not UTF-8 is not shown.
reason(Said) ->
    case unicode:characters_to_list(string:trim(Said)) of
        "LLAMA_NODE_JAVA_HOME: " ++ Reason -> Reason;
        Text when is_list(Text) -> Text;
        _ -> "does not fit"
    end.

%% @doc Launches the node. The calling process owns the port and is linked to it.
-spec open(llama_node_options:options()) ->
    {ok, port(), OsPid :: non_neg_integer() | undefined} | {error, llama_node:error()}.
open(#{launcher := Launcher, env := Env}) ->
    try open_port({spawn_executable, Launcher},
                  [{args, ["--port"]}, {env, Env}, {packet, 4}, binary, exit_status, use_stdio, hide])
    of
        Port -> {ok, Port, os_pid(Port)}
    catch
        error:Reason ->
            llama_node_error:make(invalid_argument, "launcher: cannot run ~ts: ~0tp",
                                  [Launcher, Reason])
    end.

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
check({failed, {Code, Message}} = Frame, Codes) when is_binary(Message) ->
    known(lists:member(Code, Codes), Frame);
check(Term, _Codes) ->
    {unknown, Term}.

known(true, Frame) -> {ok, Frame};
known(false, Frame) -> {unknown, Frame}.

%% @doc What an exit status means, in words.
-spec exit_status(non_neg_integer()) -> io_lib:chars().
exit_status(78) ->
    "exit status 78: no Java that is new enough, or no jar (its standard error tells)";
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
    _ = os:cmd("kill -KILL " ++ integer_to_list(OsPid)),
    ok.

close(Port) ->
    try port_close(Port) of
        true -> ok
    catch
        error:badarg -> ok
    end.
