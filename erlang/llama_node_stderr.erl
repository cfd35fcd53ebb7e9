%% @doc What the node's process prints on its standard error.
%%
%% It is passed on to this runtime's own standard error as it comes, logged line by line at the level `debug',
%% and its end is kept: the last words of a process that ended before it could speak the protocol say why.
%%
%% The process prints into a named pipe, which a small program reads that outlives it. What is printed in the
%% moment of a crash therefore arrives, and nothing that runs inside the process has to work for that. When the
%% server has ended and the process has not, it is killed here.
%% @end
-module(llama_node_stderr).

-include_lib("kernel/include/logger.hrl").

-export([open/1, path/1, launched/3, last_words/2, close/1]).
%% Entry point of the process that reads.
-export([init/2]).
-export_type([reader/0]).

-type reader() :: {pid(), file:filename()} | none.
%% The reading process and its named pipe, if there are any.

%% Bytes of the end that are kept, and characters of it that are told.
-define(MAX_KEPT, 8192).
-define(MAX_WORDS, 1000).
%% A line that is longer is logged in parts.
-define(MAX_LINE, 8192).

%% `tee' passes on what comes, and goes on when nobody reads one of its two outputs any more. A program that
%% opens one end of a named pipe waits for the other end, so the pipe has no other users once this goes on, and
%% can be removed. What these programs themselves have to say, for example that the pipe was removed before, is
%% nothing that whoever looks at the terminal could use.
-define(SCRIPT,
        "exec 3>&2 2>/dev/null; trap '' PIPE; mkfifo -m 600 \"$1\" || exit 1; echo; "
        "{ rm -f \"$1\"; rmdir \"${1%/*}\"; exec tee /dev/fd/4 4>&1 >&3 3>&-; } <\"$1\"").

%% @doc Makes a place that a process can print to, for the server process `Server'. Where there can be none, for
%% example because nothing can be written into the directory for temporary files, the process prints to this
%% runtime's standard error itself, and nothing of it is kept.
-spec open(Server :: pid()) -> reader().
open(Server) ->
    Directory = filename:join(os:getenv("TMPDIR", "/tmp"),
                              "llama-node-" ++ os:getpid() ++ "-" ++ integer_to_list(rand:uniform(1 bsl 62), 36)),
    case file:make_dir(Directory) of
        ok ->
            ok = file:change_mode(Directory, 8#700),
            Path = filename:join(Directory, "stderr"),
            {Pid, Ref} = spawn_monitor(?MODULE, init, [{self(), Server}, Path]),
            receive
                {Pid, reading} ->
                    true = erlang:demonitor(Ref, [flush]),
                    {Pid, Path};
                {'DOWN', Ref, process, Pid, Reason} ->
                    remove(Path),
                    none(Reason)
            end;
        {error, Reason} ->
            none(Reason)
    end.

none(Reason) ->
    ?LOG_DEBUG("the node's standard error is not read: ~0tP", [Reason, 12]),
    none.

remove(Path) ->
    _ = file:delete(Path),
    _ = file:del_dir(filename:dirname(Path)),
    ok.

%% @doc The named pipe that the process is to print to.
-spec path(reader()) -> file:filename() | none.
path({_Pid, Path}) -> Path;
path(none) -> none.

%% @doc Tells the reader which process prints, what metadata its lines are logged with, and how many milliseconds
%% that process may go on when the server has ended.
-spec launched(reader(), {non_neg_integer() | undefined, non_neg_integer()}, logger:metadata()) -> ok.
launched({Pid, _Path}, Process, Metadata) ->
    Pid ! {launched, Process, Metadata},
    ok;
launched(none, _Process, _Metadata) ->
    ok.

%% @doc The last lines that the process printed, as one text; empty if there are none. Waits for the end of the output,
%% but no longer than `Timeout' milliseconds: a process that it left behind may hold it open.
-spec last_words(reader(), timeout()) -> binary().
last_words({Pid, _Path}, Timeout) ->
    Ref = erlang:monitor(process, Pid, [{alias, reply_demonitor}]),
    Pid ! {last_words, Ref, Timeout},
    receive
        {Ref, Words} -> Words;
        {'DOWN', Ref, process, _, _} -> <<>>
    end;
last_words(none, _Timeout) ->
    <<>>.

%% @doc Reads no more.
-spec close(reader()) -> ok.
close({Pid, Path}) ->
    %% It ends by itself once there is nothing more to read.
    Pid ! closed,
    remove(Path);
close(none) ->
    ok.

%% The reading process

-record(state, {
    port :: port(),
    os_pid :: {os_pid, non_neg_integer()} | undefined,    % of the program that passes on
    server :: reference() | undefined,
    process :: {non_neg_integer() | undefined, non_neg_integer()} | undefined,
    line = <<>> :: binary(),                              % the beginning of one
    kept = <<>> :: binary(),
    asked = [] :: [reference()]
}).

%% @private
-spec init({pid(), pid()}, file:filename()) -> ok.
init({Opener, Server}, Path) ->
    Ref = erlang:monitor(process, Server),
    Port = open_port({spawn_executable, "/bin/sh"}, [{args, ["-c", ?SCRIPT, "sh", Path]}, binary, exit_status, hide]),
    State = #state{port = Port, os_pid = erlang:port_info(Port, os_pid), server = Ref},
    receive
        {Port, {data, <<"\n", Rest/binary>>}} ->
            Opener ! {self(), reading},
            read(said(Rest, State), Path);
        {Port, {exit_status, Status}} ->
            exit({mkfifo, Status});
        {'DOWN', Ref, process, _, _} ->
            give_up(State, Path)
    end.

read(#state{port = Port, server = Server} = State, Path) ->
    receive
        {Port, {data, Data}} ->
            read(said(Data, State), Path);
        {Port, {exit_status, _}} ->
            log(State#state.line),
            ended(State);
        {launched, Process, Metadata} ->
            logger:set_process_metadata(Metadata),
            read(State#state{process = Process}, Path);
        {last_words, Ref, Timeout} ->
            _ = erlang:send_after(Timeout, self(), {no_longer, Ref}),
            read(State#state{asked = [Ref | State#state.asked]}, Path);
        {no_longer, Ref} ->
            Ref ! {Ref, words(State)},
            read(State#state{asked = lists:delete(Ref, State#state.asked)}, Path);
        closed when State#state.process =:= undefined ->
            %% Nobody has opened the pipe, and nobody will.
            give_up(State, Path);
        closed ->
            %% The process has ended; its number may soon be another one's.
            read(State#state{process = {undefined, 0}}, Path);
        {'DOWN', Server, process, _, _} when State#state.process =:= undefined ->
            give_up(State, Path);
        {'DOWN', Server, process, _, _} ->
            {_, Grace} = State#state.process,
            _ = erlang:send_after(Grace, self(), overdue),
            read(State#state{server = undefined}, Path);
        overdue ->
            ok = kill(State#state.process),
            read(State, Path);
        _ ->
            read(State, Path)
    end.

give_up(#state{os_pid = {os_pid, OsPid}}, Path) ->
    ok = llama_node_program:kill(OsPid),
    remove(Path);
give_up(_State, Path) ->
    remove(Path).

kill({OsPid, _Grace}) when is_integer(OsPid) -> llama_node_program:kill(OsPid);
kill(_Unknown) -> ok.

%% The process has ended, and so has all that it printed. The server asks about it, or ends.
ended(#state{server = undefined}) ->
    ok;
ended(#state{asked = Asked, server = Server} = State) ->
    Words = words(State),
    lists:foreach(fun (Ref) -> Ref ! {Ref, Words} end, Asked),
    receive
        {last_words, Ref, _Timeout} -> ended(State#state{asked = [Ref]});
        closed -> ok;
        {'DOWN', Server, process, _, _} -> ok
    end.

said(Data, #state{line = Line, kept = Kept} = State) ->
    Lines = binary:split(<<Line/binary, Data/binary>>, <<"\n">>, [global]),
    Rest = lists:last(Lines),
    lists:foreach(fun log/1, lists:droplast(Lines)),
    State#state{line = rest(Rest), kept = last(?MAX_KEPT, <<Kept/binary, Data/binary>>)}.

rest(Rest) when byte_size(Rest) =< ?MAX_LINE ->
    Rest;
rest(Rest) ->
    log(Rest),
    <<>>.

log(Line) ->
    case string:trim(text(Line)) of
        <<>> -> ok;
        Text -> ?LOG_DEBUG("~ts", [Text], #{llama_node_logger => <<"stderr">>})
    end.

last(Size, Bytes) when byte_size(Bytes) =< Size -> Bytes;
last(Size, Bytes) -> binary:part(Bytes, byte_size(Bytes), -Size).

%% Frames of a Java stack say nothing that the line above them does not.
words(#state{kept = Kept}) ->
    Lines = [string:trim(text(Line)) || Line <- whole(binary:split(Kept, [<<"\n">>, <<"\r">>], [global]), Kept),
                                        not is_frame(Line)],
    join(lists:reverse([Line || Line <- Lines, Line =/= <<>>]), ?MAX_WORDS, []).

%% What was cut off in front leaves the rest of a line.
whole([Rest | Lines], Kept) when byte_size(Kept) =:= ?MAX_KEPT ->
    case [Line || Line <- Lines, Line =/= <<>>] of
        [] -> [Rest];
        Whole -> Whole
    end;
whole(Lines, _Kept) ->
    Lines.

is_frame(<<"\tat ", _/binary>>) -> true;
is_frame(<<"\t... ", _/binary>>) -> true;
is_frame(_Line) -> false.

%% Whole lines, as many as there is room for, and of the last one at least its beginning.
join([], _Room, Lines) ->
    iolist_to_binary(lists:join(<<"; ">>, Lines));
join([Line | Before], Room, Lines) ->
    case string:length(Line) of
        Length when Length =< Room -> join(Before, Room - Length, [Line | Lines]);
        _ when Lines =:= [] -> join([], 0, [string:slice(Line, 0, Room)]);
        _ -> join([], 0, Lines)
    end.

%% Bytes that are no UTF-8 are those of an older terminal, or the rest of what was cut off.
text(Bytes) ->
    case unicode:characters_to_binary(Bytes) of
        Text when is_binary(Text) -> Text;
        _ -> unicode:characters_to_binary(Bytes, latin1)
    end.
