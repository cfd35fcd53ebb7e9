%% `probe => true': a process of its own loads a file first. Here that is the real one, or a program in its place that
%% ends as a file could make it end; whichever it is, the node must not notice.
-module(llama_node_probe_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").
-include("llama_node_ct.hrl").

-import(llama_node_ct, [server/1]).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}].

groups() ->
    Cases = [a_sound_model_is_probed_once, a_file_that_kills_is_refused, a_process_that_cannot_start,
             an_adapter_is_probed, a_caller_that_gives_up, the_end_of_the_node, the_death_of_the_node,
             a_model_of_the_start_options, a_start_with_a_file_that_kills],
    [{distribution, [], Cases}, {port, [], Cases}].

init_per_suite(Config) ->
    Config.

end_per_suite(_) ->
    ok.

init_per_group(Transport, Config) ->
    Dir = filename:join(proplists:get_value(priv_dir, Config), Transport),
    ok = filelib:ensure_dir(filename:join(Dir, "x")),
    Prober = llama_node_ct:script(filename:join(Dir, "prober"), prober(Dir)),
    Model = filename:join([llama_node_options:priv_dir(), "models", "tiny-chat.gguf"]),
    %% The node starts what its launcher names; the launcher's own word comes first, and so does not count.
    More = #{java_opts => "-Dllamanode.launcher=" ++ Prober, model => Model},
    llama_node_ct:start_over(Transport, More, [{dir, Dir} | Config]).

end_per_group(Transport, Config) ->
    llama_node_ct:stop_over(Transport, Config).

init_per_testcase(_, Config) ->
    probes_are(real, Config),
    _ = file:delete(filename:join(dir(Config), "started")),
    Config.

end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

%% Counts its starts, and does what the file `how' says. The pipe is open as long as it lives.
prober(Dir) ->
    Real = filename:join([llama_node_options:priv_dir(), "bin", "llama-node"]),
    ["cd '", Dir, "'\necho x >> started\ncase $(cat how) in\n"
     "abort) printf L; echo 'GGML_ASSERT(x > 0) failed' >&2; kill -ABRT $$;;\n"
     "broken) echo 'no such thing' >&2; exit 72;;\n"
     "hang) exec 9> pipe; printf L; echo begun >&9; exec cat > /dev/null;;\n"
     "esac\nexec '", Real, "' \"$@\""].

%% Cases

a_sound_model_is_probed_once(Config) ->
    ?assertEqual(ok, load(#{id => one}, Config)),
    {ok, #{content := <<_, _/binary>>}} =
        llama_node:chat(server(Config), <<"Hello">>, #{model => one, max_tokens => 5}),
    ?assertEqual(1, started(Config)),
    ok = llama_node:unload_model(server(Config), one),
    %% The same content; what it is called does not matter, how it is loaded does.
    ?assertEqual(ok, load(#{id => two, max_queue => 3}, Config)),
    ?assertEqual(1, started(Config)),
    ?assertEqual(ok, load(#{id => three, n_ctx => 32}, Config)),
    ?assertEqual(2, started(Config)),
    [ok = llama_node:unload_model(server(Config), Id) || Id <- [two, three]],
    ?assertMatch({error, {model_load_failed, _}},
                 llama_node:load_model(server(Config), code:which(?MODULE), #{probe => true})),
    ?assertMatch({error, {invalid_argument, <<"id: ", _/binary>>}}, load(#{id => 'tiny-chat'}, Config)),
    ?assertEqual(2, started(Config)).

%% Once it is known, no process is started for it.
a_file_that_kills_is_refused(Config) ->
    probes_are(abort, Config),
    Session = llama_node_ct:own_session(Config),
    {error, {model_load_failed, Why}} = load(#{id => bad, n_ctx => 48}, Config),
    Path = list_to_binary(model()),
    Size = byte_size(Path),
    ?assertMatch({<<Path:Size/binary, _/binary>>, _, _},
                 {Why, {match, _} = re:run(Why, "signal 6 \\(SIGABRT\\)"),
                  {match, _} = re:run(Why, "GGML_ASSERT\\(x > 0\\) failed\\. The node itself did not touch the file")}),
    ?assertEqual({error, {model_load_failed, Why}}, load(#{id => bad, n_ctx => 48}, Config)),
    ?assertEqual(1, started(Config)),
    {ok, _} = llama_node:get_session_info(server(Config), Session),
    {ok, Models} = llama_node:list_models(server(Config)),
    ?assertEqual([<<"tiny-chat">>], [Id || #{id := Id} <- Models]),
    %% Without a probe it is up to the one who loads it.
    ok = llama_node:load_model(server(Config), model(), #{id => good, n_ctx => 48, probe => false}),
    ok = llama_node:unload_model(server(Config), good).

%% That says nothing of the file, and is not remembered.
a_process_that_cannot_start(Config) ->
    probes_are(broken, Config),
    Load = fun() -> load(#{id => later, n_ctx => 56}, Config) end,
    {error, {unsupported, <<"probe: ", Why/binary>>}} = Load(),
    {match, _} = re:run(Why, "exit status 72, and it said last: no such thing"),
    probes_are(real, Config),
    ?assertEqual(ok, Load()),
    ok = llama_node:unload_model(server(Config), later).

an_adapter_is_probed(Config) ->
    Adapter = filename:join([llama_node_options:priv_dir(), "models", "tiny-chat-lora.gguf"]),
    Load = fun(Id) -> llama_node:load_adapter(server(Config), Adapter, #{id => Id, probe => true}) end,
    ?assertEqual(ok, Load(one)),
    ?assertEqual(ok, Load(two)),
    ?assertEqual(1, started(Config)),
    {ok, _} = llama_node:chat(server(Config), <<"Hello">>, #{lora => [{one, 1}], max_tokens => 2}),
    [ok = llama_node:unload_adapter(server(Config), Id, #{}) || Id <- [one, two]],
    ?assertMatch({error, {model_load_failed, _}},
                 llama_node:load_adapter(server(Config), model(), #{probe => true})),
    ?assertEqual({ok, []}, llama_node:list_adapters(server(Config))).

%% Its process is killed, nothing is loaded, and the next load has its turn.
a_caller_that_gives_up(Config) ->
    Witness = hanging(Config),
    Caller = spawn(fun() -> load(#{id => wanted, n_ctx => 72}, Config) end),
    begun(Witness),
    Next = spawn_monitor(fun() ->
        exit(llama_node:load_model(server(Config), model(), #{id => next, n_ctx => 72}))
    end),
    true = exit(Caller, kill),
    llama_node_ct:await_end(Witness),
    {Pid, Ref} = Next,
    receive {'DOWN', Ref, process, Pid, Loaded} -> ?assertEqual(ok, Loaded) end,
    {ok, Models} = llama_node:list_models(server(Config)),
    ?assertEqual([<<"next">>, <<"tiny-chat">>], lists:sort([Id || #{id := Id} <- Models])),
    ok = llama_node:unload_model(server(Config), next).

the_end_of_the_node(Config) ->
    {ok, Server} = llama_node:init_server(own_options(Config)),
    Witness = hanging(Config),
    {_, Ref} = spawn_monitor(fun() -> exit(load(Server, #{id => other}, Config)) end),
    begun(Witness),
    ok = llama_node:destroy_server(Server),
    llama_node_ct:await_end(Witness),
    receive {'DOWN', Ref, process, _, Answer} -> ?assertMatch({error, {_, _}}, Answer) end.

%% Nobody is left to kill its process, which ends by itself.
the_death_of_the_node(Config) ->
    {ok, Server} = llama_node:init_server(own_options(Config)),
    Witness = hanging(Config),
    {_, Ref} = spawn_monitor(fun() -> exit(load(Server, #{id => other}, Config)) end),
    begun(Witness),
    ok = llama_node_ct:kill("KILL", llama_node_ct:os_pid(Server)),
    llama_node_ct:await_end(Witness),
    receive {'DOWN', Ref, process, _, Answer} -> ?assertMatch({error, {node_down, _}}, Answer) end.

a_model_of_the_start_options(Config) ->
    {ok, Server} = llama_node:init_server((own_options(Config))#{probe => true}),
    ?assertEqual(1, started(Config)),
    {ok, _} = llama_node:complete(Server, <<"Once">>, #{n_predict => 1}),
    ok = llama_node:destroy_server(Server).

a_start_with_a_file_that_kills(Config) ->
    probes_are(abort, Config),
    {error, {model_load_failed, Why}} = llama_node:init_server((own_options(Config))#{probe => true}),
    {match, _} = re:run(Why, "SIGABRT").

%% Internal functions

dir(Config) ->
    proplists:get_value(dir, Config).

model() ->
    filename:join([llama_node_options:priv_dir(), "models", "tiny-chat.gguf"]).

own_options(Config) ->
    (llama_node_ct:options(Config))#{model => model()}.

load(Options, Config) ->
    load(server(Config), Options, Config).

load(Server, Options, _Config) ->
    llama_node:load_model(Server, model(), maps:merge(#{n_ctx => 64, n_parallel => 1, probe => true}, Options)).

probes_are(How, Config) ->
    ok = file:write_file(filename:join(dir(Config), "how"), atom_to_binary(How)).

%% How many processes were started to probe.
started(Config) ->
    case file:read_file(filename:join(dir(Config), "started")) of
        {ok, Lines} -> length(binary:matches(Lines, <<"x">>));
        {error, enoent} -> 0
    end.

%% A port that ends with the process that probes next, which takes what it is told and says nothing.
hanging(Config) ->
    probes_are(hang, Config),
    Pipe = filename:join(dir(Config), "pipe"),
    _ = file:delete(Pipe),
    [] = os:cmd("mkfifo '" ++ Pipe ++ "'"),
    open_port({spawn_executable, "/bin/cat"}, [{args, [Pipe]}, {line, 80}, exit_status]).

begun(Witness) ->
    receive {Witness, {data, {eol, "begun"}}} -> ok end.
