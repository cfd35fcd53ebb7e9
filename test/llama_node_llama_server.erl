%% A real llama-server as a child of this runtime, for suites that run against one: that which test/llama-server finds.
%% `make test' fetches it; without one the suites are skipped.
-module(llama_node_llama_server).

-export([find/0, libraries/0, start/2, start/3, start_loading/2, stop/1, kill/1]).
-export([url/1, os_pid/1, get/2, post/3, await_log/2]).
-export_type([server/0]).

%% Statuses of a shell whose child a signal ended.
-define(TERMINATED, 143).
-define(KILLED, 137).

-opaque server() :: #{owner := pid(), url := binary(), os_pid := pos_integer()}.

%% The path of its program, or why there is none.
-spec find() -> {ok, file:filename()} | {skip, string()}.
find() -> ask("--have").

%% Start options of a node whose embedded engine is the llama.cpp of the unpacked server. These libraries need a newer C
%% library than the system may have, so Java is run by the loader that came with them.
-spec libraries() -> {ok, #{llama_lib := string(), java_home := string()}} | {skip, string()}.
libraries() ->
    case {find(), ask("--libraries"), ask("--java")} of
        {{ok, _}, {ok, Lib}, {ok, Home}} -> {ok, #{llama_lib => Lib, java_home => Home}};
        {{ok, _}, {ok, _}, Skip} -> Skip;
        {{ok, _}, Skip, _} -> Skip;
        {Skip, _, _} -> Skip
    end.

ask(Option) ->
    Script = filename:join([llama_node_ct:root(), "test", "llama-server"]),
    Port = open_port({spawn_executable, Script}, [{args, [Option]}, {line, 4096}, exit_status, stderr_to_stdout]),
    answer(Port, "no llama-server").

answer(Port, Line) ->
    receive
        {Port, {data, {_, New}}} -> answer(Port, New);
        {Port, {exit_status, 0}} -> {ok, Line};
        {Port, {exit_status, _}} -> {skip, Line}
    end.

%% Starts it with a model on a free port, and returns when it answers; other arguments are its own, such as
%% `["-c", "1024", "-np", "2"]'. It does not end with the process that calls, but with this runtime.
-spec start(file:filename(), [string()]) -> {ok, server()} | {skip, string()}.
start(Model, Args) ->
    start(Model, Args, []).

%% With environment variables of its own, too.
-spec start(file:filename(), [string()], [{string(), string()}]) -> {ok, server()} | {skip, string()}.
start(Model, Args, Env) ->
    case find() of
        {ok, Program} ->
            Given = case lists:member("--port", Args) of
                true -> Args;
                false -> ["--port", "0" | Args]
            end,
            launch([Program, "-m", Model, "--host", "127.0.0.1", "--offline" | Given], Env);
        {skip, _} = Skip ->
            Skip
    end.

%% As start/2, but returns when it answers that it loads its model, which must take it a second or longer.
-spec start_loading(file:filename(), [string()]) -> {ok, server()} | {skip, string()}.
start_loading(Model, Args) ->
    case find() of
        {ok, Program} ->
            {ok, Listen} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}]),
            {ok, Port} = inet:port(Listen),
            ok = gen_tcp:close(Listen),
            {ok, _} = application:ensure_all_started(inets),
            {Owner, Ref} = owner([Program, "-m", Model, "--host", "127.0.0.1", "--offline",
                                  "--port", integer_to_list(Port) | Args], []),
            #{os_pid := Pid} = started(Owner, Ref),
            Server = #{owner => Owner, os_pid => Pid,
                       url => iolist_to_binary(["http://127.0.0.1:", integer_to_list(Port)])},
            ok = await_loading(Server),
            {ok, Server};
        {skip, _} = Skip ->
            Skip
    end.

await_loading(#{url := Url} = Server) ->
    case httpc:request(binary_to_list(Url) ++ "/health") of
        {ok, {{_, 503, _}, _, _}} -> ok;
        {error, _} -> receive after 20 -> await_loading(Server) end
    end.

launch(Command, Env) ->
    {ok, _} = application:ensure_all_started(inets),
    {Owner, Ref} = owner(Command, Env),
    _ = started(Owner, Ref),
    Server = (started(Owner, Ref))#{owner => Owner},
    {200, _} = get(Server, "/health"),
    {ok, Server}.

%% It tells when it has a process, and when it listens.
owner(Command, Env) ->
    Ref = make_ref(),
    Self = self(),
    {spawn(fun () -> own(Command, Env, Self, Ref) end), Ref}.

started(Owner, Ref) ->
    Monitor = monitor(process, Owner),
    receive
        {Ref, Started} ->
            demonitor(Monitor, [flush]),
            Started;
        {'DOWN', Monitor, process, Owner, Reason} ->
            error({llama_server_ended, Reason})
    end.

%% The shell tells the process of the server, and ends it when its own input ends, as it does with this runtime.
own(Command, Env, Parent, Ref) ->
    Line = "\"$@\" </dev/null 3<&- & server=$!; echo \"pid $server\"; "
           "{ cat >/dev/null; kill -KILL $server; } <&3 >/dev/null 2>&1 3<&- & cat=$!; "
           "wait $server; status=$?; kill $cat; exit $status",
    Port = open_port({spawn_executable, "/bin/sh"},
                     [{args, ["-c", "exec 3<&0; " ++ Line, "sh" | Command]}, {env, Env}, {line, 4096}, exit_status,
                      stderr_to_stdout, binary, use_stdio]),
    starting(Port, Parent, Ref, #{}, []).

%% It listens when its model is loaded, and says where.
starting(Port, Parent, Ref, Started, Log) ->
    receive
        {Port, {data, {_, <<"pid ", Pid/binary>>}}} ->
            Known = Started#{os_pid => binary_to_integer(Pid)},
            Parent ! {Ref, Known},
            starting(Port, Parent, Ref, Known, Log);
        {Port, {data, {_, Line}}} ->
            case re:run(Line, "listening on (http://[0-9.:]+)", [{capture, all_but_first, binary}]) of
                {match, [Url]} ->
                    Parent ! {Ref, Started#{url => Url}},
                    running(Port, [Line | Log], none);
                nomatch ->
                    starting(Port, Parent, Ref, Started, [Line | Log])
            end;
        {Port, {exit_status, Status}} ->
            exit({Status, last(Log)})
    end.

last(Log) -> lists:join("\n", lists:reverse(lists:sublist(Log, 20))).

%% Keeps the log, newest first, and at most one who waits for a line of it.
running(Port, Log, Waiting) ->
    receive
        {Port, {data, {_, Line}}} ->
            running(Port, [Line | Log], tell(Waiting, Line));
        {Port, {exit_status, Status}} when Status =:= 0; Status =:= ?TERMINATED; Status =:= ?KILLED ->
            ok;
        {Port, {exit_status, Status}} ->
            ct:pal("llama-server ended with status ~b~n~ts", [Status, last(Log)]),
            exit({Status, last(Log)});
        {await, Pattern, From, Ref} ->
            case [Line || Line <- Log, match =:= re:run(Line, Pattern, [{capture, none}])] of
                [Line | _] -> From ! {Ref, Line}, running(Port, Log, none);
                [] -> running(Port, Log, {Pattern, From, Ref})
            end
    end.

tell({Pattern, From, Ref} = Waiting, Line) ->
    case re:run(Line, Pattern, [{capture, none}]) of
        match -> From ! {Ref, Line}, none;
        nomatch -> Waiting
    end;
tell(none, _) ->
    none.

%% Ends it, and returns when it has ended.
-spec stop(server()) -> ok.
stop(Server) -> signal("TERM", Server).

%% Ends it as a crash would.
-spec kill(server()) -> ok.
kill(Server) -> signal("KILL", Server).

signal(Signal, #{owner := Owner, os_pid := Pid}) ->
    _ = os:cmd("kill -" ++ Signal ++ " " ++ integer_to_list(Pid)),
    _ = llama_node_ct:await_down(Owner),
    ok.

-spec url(server()) -> binary().
url(#{url := Url}) -> Url.

%% Its process of the operating system.
-spec os_pid(server()) -> pos_integer().
os_pid(#{os_pid := Pid}) -> Pid.

%% The newest line of its log that fits, waited for if there is none yet.
-spec await_log(server(), iodata()) -> binary().
await_log(#{owner := Owner}, Pattern) ->
    Ref = monitor(process, Owner),
    Owner ! {await, Pattern, self(), Ref},
    receive
        {Ref, Line} -> demonitor(Ref, [flush]), Line;
        {'DOWN', Ref, process, Owner, Reason} -> error({llama_server_ended, Reason})
    end.

%% The status and the JSON of an answer to a request that goes to it directly, past any node.
-spec get(server(), string()) -> {pos_integer(), term()}.
get(Server, Path) -> request(get, {to(Server, Path), []}).

-spec post(server(), string(), map()) -> {pos_integer(), term()}.
post(Server, Path, Body) ->
    Json = llama_node_json:encode(Body, fun (_, Term) -> error({no_json, Term}) end),
    request(post, {to(Server, Path), [], "application/json", Json}).

to(#{url := Url}, Path) -> binary_to_list(Url) ++ Path.

request(Method, Request) ->
    {ok, {{_, Status, _}, _, Body}} = httpc:request(Method, Request, [], [{body_format, binary}]),
    {ok, Json} = llama_node_json:decode(Body),
    {Status, llama_node_json:plain(Json)}.
