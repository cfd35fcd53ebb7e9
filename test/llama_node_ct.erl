%% What the suites share: a distributed runtime, the model, servers, and waiting for processes of
%% the operating system.
-module(llama_node_ct).

-export([start_real/2, start_over/3, stop_over/2, check_real/1, of_group/2, server/1, own_session/1, options/1]).
-export([session/1, task/3, endless/0, consume/2, events/1, terminal/1]).
-export([ask_much/2]).
-export([distribute/0, real_node/0, model/0, sizes/0, root/0, shared/0, fake/2, started/2, peer/2, ebin/0, stop/1]).
-export([script/2, java_home/3, free_port/0, os_pid/1, incarnations/1, port_owner/1, kill/2, hang/2, witnessed/2,
         await_end/1]).
-export([flush/0]).
-export([await_down/1, dot/2]).

%% Makes this runtime a distributed one, which the suites need whoever starts them.
-spec distribute() -> ok.
distribute() ->
    case is_alive() of
        true ->
            ok;
        false ->
            [] = os:cmd("epmd -daemon"),
            Name = list_to_atom("llama_node_ct_" ++ os:getpid()),
            %% A stopped node is noticed after one tick time.
            {ok, _} = net_kernel:start(Name, #{name_domain => shortnames, net_ticktime => 8}),
            ok
    end.

%% A node that ends, though no case has ended it, must not go unseen: the server ends with it.
-define(NO_RESTARTS, {0, 1}).

%% Options of a server with the real node and the tiny model, or why there can be none.
-spec real_node() -> {ok, map()} | {skip, string()}.
real_node() ->
    ok = distribute(),
    Jar = filename:join(llama_node_options:priv_dir(), "llama-node.jar"),
    case {filelib:is_regular(Jar), model()} of
        {false, _} -> {skip, Jar ++ " is not built (make jar)"};
        {true, {ok, Model}} ->
            {ok, #{model => Model, n_ctx => 256, n_parallel => 2, log_level => warning, restarts => ?NO_RESTARTS}};
        {true, {skip, _} = Skip} -> Skip
    end.

%% A Config with a server for a whole suite.
-spec start_real(map(), list()) -> list() | {skip, string()}.
start_real(More, Config) ->
    case real_node() of
        {ok, Options} ->
            {ok, Server} = llama_node:init_server(maps:merge(Options, More)),
            started_real(Server, maps:merge(Options, More), Config);
        {skip, _} = Skip ->
            Skip
    end.

started_real(Server, Options, Config) ->
    {ok, #{node := Node}} = llama_node:get_status(Server),
    [{server, Server}, {node, Node}, {mailbox, mailbox(Options, Node, Server)}, {server_options, Options} | Config].

%% The same over the transport, and with the engine, that a group is called by; the groups within it have the
%% Config as it is.
-spec start_over(atom(), map(), list()) -> list() | {skip, string()}.
start_over(Transport, More, Config) when Transport =:= distribution; Transport =:= port ->
    start_real(More#{transport => Transport}, [{transport, Transport} | Config]);
start_over(Group, More, Config) ->
    case lists:member(Group, llama_node_engine_ct:servers()) of
        true -> start_of_server(llama_node_engine_ct:start(Group, More, Config));
        false -> Config
    end.

start_of_server({ok, #{transport := Transport} = Options, Config}) ->
    {ok, Server} = llama_node:init_server(Options),
    started_real(Server, Options, [{transport, Transport} | Config]);
start_of_server({skip, _} = Skip) ->
    Skip.

-spec stop_over(atom(), list()) -> ok.
stop_over(Group, Config) ->
    case lists:member({group, Group}, llama_node_engine_ct:all()) of
        true ->
            ok = llama_node:destroy_server(server(Config)),
            llama_node_engine_ct:stop(Config);
        false ->
            ok
    end.

%% Where raw calls go.
mailbox(#{transport := port}, _Node, Server) -> Server;
mailbox(_Options, Node, _Server) -> {llama_node, Node}.

%% Whatever a case did, the node answers and has a slot free. A case that failed may have left tasks
%% running, for it is its own process that checks this: with the deadline that fails too, and the suite
%% goes on.
-spec check_real(list()) -> ok.
check_real(Config) ->
    Server = proplists:get_value(server, Config),
    pong = llama_node:ping(Server),
    {ok, #{usage := #{completion_tokens := 1}}} =
        llama_node:complete(Server, <<"Once">>, #{n_predict => 1, ignore_eos => true, timeout => 60000}),
    ok.

%% A Config for a group of one transport, of one kind of node in such a group, or of a server as the engine.
-spec of_group(atom(), list()) -> list() | {skip, string()}.
of_group(fake, Config) ->
    with_options(fake(normal, Config), Config);
of_group(java, Config) ->
    case real_node() of
        {ok, Options} -> with_options(Options, Config);
        {skip, _} = Skip -> Skip
    end;
of_group(Group, Config) ->
    case lists:member(Group, llama_node_engine_ct:servers()) of
        true ->
            case llama_node_engine_ct:start(Group, #{}, Config) of
                {ok, #{transport := Transport} = Options, More} ->
                    [{server_options, Options}, {transport, Transport} | More];
                {skip, _} = Skip ->
                    Skip
            end;
        false ->
            [{transport, Group} | Config]
    end.

with_options(Options, Config) ->
    [{server_options, Options#{transport => proplists:get_value(transport, Config)}} | Config].

%% The server of a Config.
-spec server(list()) -> llama_node:server().
server(Config) ->
    proplists:get_value(server, Config).

%% A new session at it.
-spec own_session(list()) -> llama_node:session_id().
own_session(Config) ->
    session(server(Config)).

%% Options of the real server kept in a Config.
-spec options(list()) -> map().
options(Config) ->
    proplists:get_value(server_options, Config).

-spec session(llama_node:server()) -> llama_node:session_id().
session(Server) ->
    {ok, Session} = llama_node:create_session(Server, #{}),
    Session.

-spec task(llama_node:server(), llama_node:session_id(), map()) -> llama_node:task_id().
task(Server, Session, Input) ->
    {ok, Task} = llama_node:create_task(Server, Session, completion, Input),
    Task.

%% Ends when it is cancelled.
-spec endless() -> map().
endless() ->
    #{prompt => <<"Once upon a time">>, n_predict => 1 bsl 30, ignore_eos => true}.

%% The chunks and the terminal event of a stream.
-spec events(llama_node:task_id()) -> {[map()], llama_node:terminal_event()}.
events(Task) ->
    receive
        {llama_node, Task, {chunk, Chunk}} ->
            {Chunks, Terminal} = events(Task),
            {[Chunk | Chunks], Terminal};
        {llama_node, Task, Terminal} ->
            {[], Terminal}
    end.

%% The terminal event of a stream, whatever comes before it.
-spec terminal(llama_node:task_id()) -> llama_node:terminal_event().
terminal(Task) ->
    receive
        {llama_node, Task, {Kind, _} = Terminal} when Kind =:= done; Kind =:= error -> Terminal;
        {llama_node, Task, _} -> terminal(Task)
    end.

%% Takes the events of an endless stream, and tells the observer of every 16th chunk.
-spec consume(llama_node:server(), pid() | none) -> term().
consume(Server, Observer) ->
    Fun = fun
        ({chunk, #{index := Index}}, _) when is_pid(Observer), Index rem 16 =:= 0 -> Observer ! {running, self()};
        (_, Acc) -> Acc
    end,
    llama_node:stream_fold(Fun, none, Server, session(Server), completion, endless()).

%% A process that has a session, has asked for so many answers of about a megabyte, and waits for none of them.
-spec ask_much(llama_node:server(), pos_integer()) -> ok.
ask_much(Mailbox, Count) ->
    Parent = self(),
    Pid = spawn(fun () ->
        _ = session(Mailbox),
        Text = binary:copy(<<"~^">>, 16000),
        _ = [gen_server:send_request(Mailbox, {tokenize, #{content => Text, with_pieces => true}})
             || _ <- lists:seq(1, Count)],
        Parent ! {self(), asked},
        receive never -> ok end
    end),
    receive {Pid, asked} -> ok end.

-spec model() -> {ok, file:filename()} | {skip, string()}.
model() ->
    Places = [filename:join([shared(), "models", "tiny-chat.gguf"]),
              filename:join([llama_node_options:priv_dir(), "models", "tiny-chat.gguf"])],
    case lists:filter(fun filelib:is_regular/1, Places) of
        [Model | _] -> {ok, filename:absname(Model)};
        [] -> {skip, lists:flatten(["no model at ", lists:join(" or ", Places)])}
    end.

%% Parameters of that model, and pieces of its vocabulary.
-spec sizes() -> {pos_integer(), pos_integer()}.
sizes() ->
    {ok, Model} = model(),
    case lists:prefix(filename:absname(shared()), Model) of
        true -> {968320, 900};
        false -> {1000576, 1152}
    end.

%% The directory of shared test data, beside the repository unless LLAMA_NODE_SHARED says where.
-spec shared() -> file:filename().
shared() ->
    case os:getenv("LLAMA_NODE_SHARED") of
        false -> filename:join([root(), "..", "shared"]);
        Dir -> Dir
    end.

%% The nearest directory upwards that holds the project's rebar.config; tests run below it.
-spec root() -> file:filename().
root() ->
    root(filename:absname(filename:dirname(code:which(?MODULE)))).

root("/") ->
    {ok, Cwd} = file:get_cwd(),
    Cwd;
root(Dir) ->
    case filelib:is_regular(filename:join(Dir, "rebar.config"))
         andalso filelib:is_dir(filename:join(Dir, "java-node")) of
        true -> Dir;
        false -> root(filename:dirname(Dir))
    end.

%% Options of a server with a fake node.
-spec fake(atom(), list()) -> map().
fake(Behaviour, Config) ->
    Dir = proplists:get_value(priv_dir, Config),
    #{launcher => llama_node_fake_program:launcher(Dir), env => llama_node_fake_program:env(Behaviour),
      start_timeout => 30000, models => [], restarts => ?NO_RESTARTS}.

%% A server with a fake node.
-spec started(atom(), list()) -> pid().
started(Behaviour, Config) ->
    {ok, Server} = llama_node:start_link(fake(Behaviour, Config)),
    Server.

%% A BEAM of its own with our code, controlled over its standard streams.
-spec peer(map(), [{string(), string()}]) -> {pid(), node()}.
peer(Options, Env) ->
    Paths = [ebin(), filename:dirname(code:which(?MODULE))],
    Args = maps:get(args, Options, []) ++ lists:append([["-pa", Path] || Path <- Paths]),
    Started = peer:start(Options#{connection => standard_io, env => Env, wait_boot => 30000,
                                  args => Args}),
    case Started of
        {ok, Peer, Node} -> {Peer, Node};
        {ok, Peer} -> {Peer, peer:call(Peer, erlang, node, [])}
    end.

%% Where the application's modules lie, also while they are measured for coverage: then they are loaded from nowhere.
-spec ebin() -> file:filename().
ebin() ->
    filename:dirname(code:where_is_file("llama_node.beam")).

-spec stop(pid()) -> ok.
stop(Server) ->
    unlink(Server),
    ok = llama_node:destroy_server(Server).

%% A program that is a line of shell.
-spec script(file:filename(), iodata()) -> file:filename().
script(Path, Line) ->
    ok = file:write_file(Path, ["#!/bin/sh\n", Line, "\n"]),
    ok = file:change_mode(Path, 8#755),
    Path.

%% What looks like the home of a Java runtime of that version, whose program is a line of shell.
-spec java_home(string(), iodata(), list()) -> file:filename().
java_home(Version, Line, Config) ->
    Unique = integer_to_list(erlang:unique_integer([positive])),
    Home = filename:join([proplists:get_value(priv_dir, Config), Unique, "java" ++ Version]),
    Java = filename:join([Home, "bin", "java"]),
    ok = filelib:ensure_dir(Java),
    _ = script(Java, Line),
    ok = file:write_file(filename:join(Home, "release"), ["JAVA_VERSION=\"", Version, "\"\n"]),
    Home.

%% A port that nobody listens on.
-spec free_port() -> inet:port_number().
free_port() ->
    {ok, Socket} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Socket),
    ok = gen_tcp:close(Socket),
    Port.

%% The process of the node behind a server.
-spec os_pid(pid()) -> pos_integer().
os_pid(Server) ->
    Ports = lists:append([ports(Owner) || Owner <- incarnations(Server) ++ port_owners(Server)]),
    [OsPid] = [OsPid || Port <- Ports, {os_pid, OsPid} <- [erlang:port_info(Port, os_pid)]],
    OsPid.

ports(Pid) -> [Port || Port <- links(Pid), is_port(Port)].

%% Over the port it belongs to a process of its own.
-spec port_owner(pid()) -> pid().
port_owner(Server) ->
    [Owner] = port_owners(Server),
    Owner.

port_owners(Server) ->
    lists:append([linked(Pid, {llama_node_port_owner, init, 4}) || Pid <- incarnations(Server)]).

%% The process that launched the node, and ends with it.
-spec incarnations(pid()) -> [pid()].
incarnations(Server) ->
    linked(Server, {llama_node_incarnation, init, 1}).

linked(Server, Call) ->
    [Pid || Pid <- links(Server), is_pid(Pid), node(Pid) =:= node(), proc_lib:translate_initial_call(Pid) =:= Call].

links(Pid) ->
    {links, Links} = process_info(Pid, links),
    Links.

-spec kill(string(), pos_integer()) -> ok.
kill("STOP", OsPid) ->
    [] = os:cmd("kill -STOP " ++ integer_to_list(OsPid)),
    await_stopped(OsPid);
kill(Signal, OsPid) ->
    [] = os:cmd("kill -" ++ Signal ++ " " ++ integer_to_list(OsPid)),
    ok.

%% Stops one thread of a process, whose name begins like that, while it computes in llama.cpp: what hangs there, hangs
%% like this. The others go on. It stays stopped for as long as the port is open.
-spec hang(pos_integer(), string()) -> {ok, port()} | {skip, string()}.
hang(OsPid, Name) ->
    case os:find_executable("python3") of
        false ->
            {skip, "needs python3"};
        Python ->
            Args = [helper("stop_thread.py"), integer_to_list(OsPid), Name],
            Port = open_port({spawn_executable, Python}, [{args, Args}, {line, 200}, exit_status,
                                                           stderr_to_stdout]),
            receive
                {Port, {data, {eol, "stopped"}}} -> {ok, Port};
                {Port, {data, {_, Words}}} -> {skip, Words};
                {Port, {exit_status, Status}} -> {skip, io_lib:format("stop_thread.py ended with ~b", [Status])}
            end
    end.

helper(Name) ->
    filename:join([root(), "test", Name]).

%% The signal is sent, but a thread that runs on another core takes a moment to obey.
await_stopped(OsPid) ->
    Threads = filelib:wildcard("/proc/" ++ integer_to_list(OsPid) ++ "/task/*/stat"),
    case [Thread || Thread <- Threads, {ok, Stat} <- [file:read_file(Thread)],
                    nomatch =:= re:run(Stat, "\\) [TtZX] ")] of
        [] -> ok;
        [_ | _] -> await_stopped(OsPid)
    end.

%% Options whose node holds a pipe open for as long as it lives, and the port that reads the pipe:
%% an end that can be awaited, whoever the node's parent is by then.
-spec witnessed(map(), list()) -> {map(), port()}.
witnessed(Options, Config) ->
    Unique = integer_to_list(erlang:unique_integer([positive])),
    Base = filename:join(proplists:get_value(priv_dir, Config), "witness" ++ Unique),
    Launcher = maps:get(launcher, Options,
                        filename:join([llama_node_options:priv_dir(), "bin", "llama-node"])),
    [] = os:cmd("mkfifo '" ++ Base ++ ".pipe'"),
    _ = script(Base, ["exec 9>'", Base, ".pipe'\nexec '", Launcher, "' \"$@\""]),
    Port = open_port({spawn_executable, "/bin/cat"}, [{args, [Base ++ ".pipe"]}, exit_status]),
    {Options#{launcher => Base}, Port}.

-spec await_end(port()) -> ok.
await_end(Witness) ->
    receive {Witness, {exit_status, 0}} -> ok end.

%% What is in the mailbox.
-spec flush() -> [term()].
flush() ->
    receive
        Message -> [Message | flush()]
    after 0 -> []
    end.

-spec await_down(pid()) -> term().
await_down(Pid) ->
    Ref = erlang:monitor(process, Pid),
    receive {'DOWN', Ref, process, _, Reason} -> Reason end.

%% The scalar product of two vectors.
-spec dot([number()], [number()]) -> number().
dot(A, B) ->
    lists:sum(lists:zipwith(fun (X, Y) -> X * Y end, A, B)).
