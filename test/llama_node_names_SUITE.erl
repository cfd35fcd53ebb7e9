%% Every form of a server, from its own BEAM and from another one, over both transports.
-module(llama_node_names_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-define(INPUT, #{prompt => <<"Once upon">>, n_predict => 4, temperature => 0, ignore_eos => true}).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() -> [{group, port}, {group, distribution}, {group, fake}].

groups() ->
    [{port, [], [calls, streams, owners, relative_paths, the_end_of_the_node, servers_end, nobody,
                 distributed_later, not_ready_yet]},
     {distribution, [], [calls, streams, owners, relative_paths, the_end_of_the_node, servers_end, mailboxes]},
     {fake, [], [servers_end]}].

init_per_suite(Config) ->
    case llama_node_ct:real_node() of
        {ok, Options} -> [{server_options, Options} | Config];
        Skip -> Skip
    end.

end_per_suite(Config) -> Config.

%% A server that is known by every name there is, in another BEAM.
init_per_group(Transport, Config) ->
    Given = case Transport of
        fake -> #{transport => fake};
        _ -> maps:remove(restarts, (llama_node_ct:options(Config))#{transport => Transport})
    end,
    Args = ["-setcookie", atom_to_list(erlang:get_cookie())],
    {Peer, Node} = llama_node_ct:peer(#{name => peer:random_name(), args => Args}, []),
    true = net_kernel:connect_node(Node),
    [{peer, Peer}, {peer_node, Node}, {given, Given} | Config].

end_per_group(_Group, Config) ->
    peer:stop(proplists:get_value(peer, Config)).

init_per_testcase(_Case, Config) ->
    Node = proplists:get_value(peer_node, Config),
    Given = proplists:get_value(given, Config),
    Start = fun (Name) ->
        {ok, Pid} = peer:call(peer(Config), llama_node, init_server, [Given#{name => Name}], 120000),
        Pid
    end,
    Pid = Start({global, a_llama}),
    true = peer:call(peer(Config), erlang, register, [llama, Pid]),
    [{forms, [Pid, {llama, Node}, {global, a_llama}, {via, ?MODULE, {llama, Node}}]}, {server, Pid} | Config].

%% What a registry has to offer to callers.
whereis_name({Name, Node}) -> erpc:call(Node, erlang, whereis, [Name]).

end_per_testcase(_Case, Config) ->
    ok = llama_node:destroy_server(proplists:get_value(server, Config)).

calls(Config) ->
    [from_both(fun ?MODULE:each_call/1, Server, Config) || Server <- forms(Config)],
    ?assertEqual(ok, peer:call(peer(Config), ?MODULE, each_call, [llama], 60000)).

each_call(Server) ->
    pong = llama_node:ping(Server),
    {ok, #{state := ready}} = llama_node:get_status(Server),
    {ok, [#{id := Model, path := Path}]} = llama_node:list_models(Server),
    {ok, #{content := Text}} = llama_node:complete(Server, <<"Once upon">>, maps:remove(prompt, ?INPUT)),
    {ok, #{content := _}} = llama_node:chat(Server, <<"Hi">>, #{max_tokens => 3, timeout => 60000}),
    {ok, #{content := _}} = llama_node:chat_tools(Server, <<"Hi">>, [], #{max_tokens => 3}),
    {ok, #{embeddings := [_]}} = llama_node:embed(Server, <<"Hi">>, #{}),
    {error, {unsupported, _}} = llama_node:rerank(Server, <<"a">>, [<<"b">>], #{}),
    {ok, Tokens} = llama_node:tokenize(Server, <<"Hi">>),
    {ok, <<"Hi">>} = llama_node:detokenize(Server, Tokens),
    {ok, _} = llama_node:count_tokens(Server, <<"Hi">>),
    {ok, _} = llama_node:apply_template(Server, #{messages => [#{role => user, content => hi}]}),
    {ok, []} = llama_node:list_adapters(Server),
    {error, {invalid_argument, _}} = llama_node:unload_adapter(Server, none, #{}),
    {ok, Session} = llama_node:create_session(Server, #{model => Model}),
    Self = self(),
    {ok, #{owner := Self}} = llama_node:get_session_info(Server, Session),
    {ok, #{prompt_tokens := _}} = llama_node:estimate_task(Server, Session, completion, ?INPUT),
    {ok, Task} = llama_node:create_task(Server, Session, completion, ?INPUT),
    {ok, #{content := Text}} = llama_node:get_result(Server, Task, 60000),
    {error, {task_not_found, _}} = llama_node:cancel_task(Server, Task),
    {ok, Checkpoint} = llama_node:checkpoint_session(Server, Session),
    ok = llama_node:rewind_session(Server, Session, Checkpoint),
    {ok, Fork} = llama_node:fork_session(Server, Session),
    ok = llama_node:clear_cache(Server, Fork, all),
    ok = llama_node:close_session(Server, Fork),
    ok = llama_node:close_session(Server, Session),
    {ok, #{path := Path}} = llama_node:inspect_model(Server, Path),
    ok = llama_node:load_model(Server, Path, #{id => more, n_ctx => 64}),
    ok = llama_node:unload_model(Server, more).

streams(Config) ->
    [from_both(fun ?MODULE:each_stream/1, Server, Config) || Server <- forms(Config)],
    ?assertEqual(ok, peer:call(peer(Config), ?MODULE, each_stream, [llama], 60000)).

each_stream(Server) ->
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Task} = llama_node:stream(Server, Session, completion, ?INPUT),
    {[_ | _], {done, #{content := Text}}} = llama_node_ct:events(Task),
    {ok, #{content := Text}, Chunks} = llama_node:stream_fold(
        fun ({chunk, #{content := Chunk}}, Acc) -> [Acc, Chunk] end, [], Server, Session, completion, ?INPUT),
    Text = iolist_to_binary(Chunks),
    {ok, Slow} = llama_node:stream(Server, Session, completion, ?INPUT#{active => once}),
    receive {llama_node, Slow, {chunk, _}} -> ok end,
    ok = llama_node:active(Server, Slow, true),
    {_, {done, _}} = llama_node_ct:events(Slow),
    {ok, Stream} = llama_node:stream_open(Server, Session, completion, llama_node_ct:endless()),
    {[{chunk, _}], Next} = llama_node:stream_next(Stream),
    ok = llama_node:stream_close(Next),
    {ok, Endless} = llama_node:stream(Server, Session, completion, llama_node_ct:endless()),
    receive {llama_node, Endless, {chunk, _}} -> ok end,
    ok = llama_node:cancel_task(Server, Endless),
    {_, {error, {cancelled, _}}} = llama_node_ct:events(Endless),
    ok = llama_node:close_session(Server, Session),
    [] = llama_node_ct:flush(),
    ok.

%% The node knows of the end of a process, whichever BEAM it is of.
owners(Config) ->
    [begin
         {Owner, Ref} = spawn_monitor(fun () ->
             {ok, Session} = llama_node:create_session(Server, #{}),
             {ok, Task} = llama_node:create_task(Server, Session, completion, llama_node_ct:endless()),
             exit({owned, Task})
         end),
         Task = receive {'DOWN', Ref, process, Owner, {owned, Owned}} -> Owned end,
         {error, {Code, _}} = llama_node:get_result(Server, Task, 60000),
         ?assert(lists:member(Code, [cancelled, task_not_found]))
     end || Server <- forms(Config)].

%% The other BEAM has another working directory; the caller's counts.
relative_paths(Config) ->
    {ok, Cwd} = file:get_cwd(),
    #{model := Model} = llama_node_ct:options(Config),
    Dir = proplists:get_value(priv_dir, Config),
    {ok, _} = file:copy(Model, filename:join(Dir, "relative.gguf")),
    ok = file:set_cwd(Dir),
    try
        [?assertMatch({ok, _}, llama_node:inspect_model(Server, "relative.gguf")) || Server <- forms(Config)]
    after
        file:set_cwd(Cwd)
    end.

%% Exactly one terminal event, and no caller is left waiting.
the_end_of_the_node(Config) ->
    Pid = proplists:get_value(server, Config),
    Streams = [begin
                   {ok, Session} = llama_node:create_session(Server, #{}),
                   {ok, Task} = llama_node:stream(Server, Session, completion, llama_node_ct:endless()),
                   Task
               end || Server <- forms(Config)],
    OsPid = peer:call(peer(Config), llama_node_ct, os_pid, [Pid]),
    ok = llama_node_ct:kill("KILL", OsPid),
    [?assertMatch({_, {error, {node_down, _}}}, llama_node_ct:events(Task)) || Task <- Streams],
    %% Each form is that of the same server, which has another node then.
    [?assertEqual(pong, llama_node:ping(Server)) || Server <- forms(Config)],
    ?assertNotEqual(OsPid, peer:call(peer(Config), llama_node_ct, os_pid, [Pid])).

servers_end(Config) ->
    [_, Named | _] = forms(Config),
    pong = llama_node:ping(Named),
    ok = llama_node:destroy_server(Named),
    ?assertEqual(false, peer:call(peer(Config), erlang, is_process_alive, [proplists:get_value(server, Config)])),
    {error, {node_down, _}} = llama_node:ping(Named).

%% A name that nobody has is said, and what to do.
nobody(Config) ->
    Node = proplists:get_value(peer_node, Config),
    [begin
         {error, {node_down, Message}} = llama_node:chat(Server, <<"Hi">>, #{}),
         [?assertMatch({_, true}, {Message, string:find(Message, Part) =/= nomatch})
          || Part <- ["there is no server", lists:flatten(io_lib:format("~0p", [Shown])), "start_link/1", "name => "]],
         ?assertEqual(nomatch, string:find(Message, "noproc"))
     end || {Server, Shown} <- [{nobody, nobody}, {{nobody, Node}, nobody}, {{global, nobody}, {global, nobody}},
                                {{via, global, nobody}, {via, global, nobody}}, {{nobody, node()}, nobody}]],
    {Gone, Ref} = spawn_monitor(fun () -> ok end),
    receive {'DOWN', Ref, process, _, _} -> ok end,
    {error, {node_down, Ended}} = llama_node:ping(Gone),
    ?assertNotEqual(nomatch, string:find(Ended, "has ended")).

%% A server that was started before its BEAM had a name.
distributed_later(Config) ->
    {Peer, nonode@nohost} = llama_node_ct:peer(#{args => ["-setcookie", atom_to_list(erlang:get_cookie())]}, []),
    {ok, _} = peer:call(Peer, llama_node, init_server, [(proplists:get_value(given, Config))#{name => later}], 120000),
    Name = list_to_atom(peer:random_name()),
    {ok, _} = peer:call(Peer, net_kernel, start, [Name, #{name_domain => shortnames}]),
    true = peer:call(Peer, erlang, set_cookie, [erlang:get_cookie()]),
    Server = {later, peer:call(Peer, erlang, node, [])},
    ok = each_call(Server),
    ok = each_stream(Server),
    ok = peer:call(Peer, ?MODULE, each_stream, [later], 60000),
    ok = llama_node:destroy_server(Server),
    peer:stop(Peer).

%% Requests wait for the node, wherever they come from.
not_ready_yet(Config) ->
    Given = (proplists:get_value(given, Config))#{name => early, wait => false},
    {ok, Pid} = peer:call(peer(Config), llama_node, init_server, [Given], 120000),
    {ok, #{content := _}} = llama_node:complete({early, node(Pid)}, <<"Once">>, #{max_tokens => 3}),
    ok = llama_node:destroy_server(Pid).

mailboxes(Config) ->
    {ok, #{node := Node}} = llama_node:get_status(proplists:get_value(server, Config)),
    from_both(fun ?MODULE:each_call/1, {llama_node, Node}, Config),
    from_both(fun ?MODULE:each_stream/1, {llama_node, Node}, Config),
    ?assertMatch({error, {unsupported, _}}, llama_node:destroy_server({llama_node, Node})),
    ?assertMatch({error, {node_down, _}}, llama_node:ping({another_name, Node})).

%% Helpers

peer(Config) -> proplists:get_value(peer, Config).
forms(Config) -> proplists:get_value(forms, Config).

from_both(Fun, Server, Config) ->
    {name, Name} = erlang:fun_info(Fun, name),
    ?assertEqual(ok, Fun(Server)),
    ?assertEqual(ok, peer:call(peer(Config), ?MODULE, Name, [Server], 60000)).
