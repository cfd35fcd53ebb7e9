%% What the suites of the service share: a directory and a name for each case, the script `bin/llama-node' with its
%% commands, nodes in the foreground, and the line bridge.
-module(llama_node_service_ct).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

init_per_testcase(_Case, Config) ->
    %% The paths of sockets are short.
    Dir = "/tmp/lls" ++ integer_to_list(erlang:unique_integer([positive])) ++ "_" ++ os:getpid(),
    ok = file:make_dir(Dir),
    Name = "svc" ++ integer_to_list(erlang:unique_integer([positive])) ++ "_" ++ os:getpid() ++ "@localhost",
    [{dir, Dir}, {name, Name} | Config].

end_per_testcase(_Case, Config) ->
    _ = command(Config, ["stop"]),
    ok = file:del_dir_r(proplists:get_value(dir, Config)).

%% Commands

command(Config, Args) ->
    command(Config, Args, env()).

command(Config, [Command | Args], Env) ->
    run([Command, "--node-name", name(Config), "--run-dir", proplists:get_value(dir, Config) | Args], Env).

run(Args, Env) ->
    collect(open(Args, Env), []).

script() -> filename:join([llama_node_ct:root(), "bin", "llama-node"]).

open(Args, Env) -> open(script(), Args, Env).

open(Executable, Args, Env) ->
    open_port({spawn_executable, Executable},
              [{args, Args}, {env, Env}, exit_status, stderr_to_stdout, binary, {line, 4096}]).

collect(Port, Lines) ->
    receive
        {Port, {data, {_, Line}}} -> collect(Port, [Lines, Line, $\n]);
        {Port, {exit_status, Status}} -> {Status, unicode:characters_to_list(Lines)}
    end.

env() ->
    [{"LLAMA_NODE_COOKIE", atom_to_list(erlang:get_cookie())}].

%% A node in the foreground, ready.
%% A shell ignores interrupts on behalf of what it runs in the background, which may be these tests.
foreground(Config, Args) ->
    Port = open(os:find_executable("env"),
                ["--default-signal=INT", script(), "foreground", "--node-name", name(Config),
                 "--run-dir", proplists:get_value(dir, Config) | Args], env()),
    _ = await(Port, "is ready (process"),
    Port.

await(Port, Text) ->
    receive
        {Port, {data, {_, Line}}} ->
            case string:find(Line, Text) of
                nomatch -> await(Port, Text);
                _ -> Line
            end;
        {Port, {exit_status, Status}} ->
            ct:fail("ended with ~b before it said ~ts", [Status, Text])
    end.

exit_status(Port) ->
    {Status, _} = collect(Port, []),
    Status.

signal(Port, Name) ->
    {os_pid, OsPid} = erlang:port_info(Port, os_pid),
    llama_node_ct:kill(Name, OsPid).

await_no_process(Pid) ->
    case filelib:is_dir("/proc/" ++ binary_to_list(Pid)) of
        true -> await_no_process(Pid);
        false -> ok
    end.

call(Config, Request) ->
    gen_server:call({llama_node, node_name(Config)}, Request, 60000).

%% Names and files

name(Config) -> proplists:get_value(name, Config).

node_name(Config) -> list_to_atom(name(Config)).

model(Config) -> proplists:get_value(model, Config).

file(Config, Extension) -> filename:join(proplists:get_value(dir, Config), name(Config) ++ Extension).

bridge(Config) -> filename:join(proplists:get_value(dir, Config), "bridge").

config_file(Config) -> filename:join(proplists:get_value(dir, Config), "config.json").

%% The bridge

connect(Path) ->
    {ok, Socket} =
        gen_tcp:connect({local, Path}, 0, [local, binary, {packet, line}, {active, false}, {buffer, 1 bsl 20}]),
    Socket.

line(Socket, Line) ->
    ok = gen_tcp:send(Socket, [Line, $\n]),
    {ok, Answer} = gen_tcp:recv(Socket, 0),
    Answer.

ask(Path, Line) ->
    Socket = connect(Path),
    Answer = line(Socket, Line),
    ok = gen_tcp:close(Socket),
    case string:find(Answer, "\"message\":\"pong\"") of
        nomatch -> Answer;
        _ -> <<"pong">>
    end.

tokens(Socket) ->
    {ok, Line} = gen_tcp:recv(Socket, 0),
    case string:find(Line, "\"final\":true") of
        nomatch ->
            {Tokens, Last} = tokens(Socket),
            {[Line | Tokens], Last};
        _ ->
            {[], Line}
    end.

contains(Text, Parts) ->
    [?assertMatch({_, true}, {{Part, Text}, string:find(Text, Part) =/= nomatch}) || Part <- Parts],
    ok.
