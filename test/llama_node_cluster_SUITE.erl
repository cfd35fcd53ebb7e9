%% Runtimes that connect in other ways than the plain one: without epmd, and over TLS.
-module(llama_node_cluster_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").
-include_lib("public_key/include/public_key.hrl").

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [a_fixed_port_without_epmd, a_fixed_port_by_module, other_nodes_still_come_from_epmd, peers_that_may_not_connect,
     {group, rsa}, {group, ec}, {group, pkcs8},
     a_start_that_does_not_fit_the_distribution, certificates_that_cannot_be_used].

groups() ->
    Tls = [tls_to_a_service, tls_of_another_authority, tls_without_a_certificate, plain_to_tls,
           silence_before_tls, tls_of_an_own_node, own_node_of_another_authority],
    [{rsa, [], Tls}, {ec, [], [tls_to_a_service, tls_of_an_own_node]}, {pkcs8, [], [tls_to_a_service]}].

init_per_suite(Config) ->
    case llama_node_ct:real_node() of
        {ok, #{model := Model}} ->
            {ok, _} = application:ensure_all_started(public_key),
            [{model, Model} | Config];
        Skip ->
            Skip
    end.

end_per_suite(Config) -> Config.

init_per_group(Group, Config) ->
    Dir = filename:join(proplists:get_value(priv_dir, Config), atom_to_list(Group)),
    Own = certificates(Group, filename:join(Dir, "own")),
    Foreign = certificates(Group, filename:join(Dir, "foreign")),
    [{own, Own}, {foreign, Foreign} | Config].

end_per_group(_Group, Config) -> Config.

init_per_testcase(Case, Config) -> llama_node_service_ct:init_per_testcase(Case, Config).

end_per_testcase(Case, Config) -> llama_node_service_ct:end_per_testcase(Case, Config).

%% Without epmd

a_fixed_port_without_epmd(Config) ->
    Port = llama_node_ct:free_port(),
    {0, _} = service(Config, ["--port", integer_to_list(Port), "--epmd", "false"], [{"ERL_EPMD_PORT", "1"}]),
    ?assertEqual(false, registered(Config)),
    Peer = runtime(["-start_epmd", "false", "-dist_listen", "false", "-erl_epmd_port", integer_to_list(Port)],
                   [{"ERL_EPMD_PORT", "1"}]),
    pong = ask(Peer, Config),
    peer:stop(Peer).

a_fixed_port_by_module(Config) ->
    Port = llama_node_ct:free_port(),
    {0, _} = service(Config, ["--port", integer_to_list(Port), "--epmd", "false"], [{"ERL_EPMD_PORT", "1"}]),
    Peer = runtime(by_module(Config, Port) ++ ["-start_epmd", "false"], [{"ERL_EPMD_PORT", "1"}]),
    pong = ask(Peer, Config),
    %% It is found from the second runtime's side as well as before, so a restart is no other name's node.
    {0, _} = llama_node_service_ct:command(Config, ["stop"]),
    {0, _} = service(Config, ["--port", integer_to_list(Port), "--epmd", "false"], [{"ERL_EPMD_PORT", "1"}]),
    pong = ask(Peer, Config),
    peer:stop(Peer).

other_nodes_still_come_from_epmd(Config) ->
    {0, _} = service(Config, [], []),
    ?assertEqual(true, registered(Config)),
    Peer = runtime(["-epmd_module", "llama_node_epmd", "-llama_node_port", "other@localhost", "1"], []),
    pong = ask(Peer, Config),
    pong = peer:call(Peer, net_adm, ping, [node()]),
    peer:stop(Peer).

peers_that_may_not_connect(Config) ->
    {0, _} = service(Config, ["--allow", "app*@localhost,admin@*"], []),
    Stranger = runtime([], []),
    nodedown = ask(Stranger, Config),
    peer:stop(Stranger),
    Name = list_to_atom("app" ++ os:getpid()),
    {Friend, _} = llama_node_ct:peer(#{name => Name, host => "localhost", args => args([])}, []),
    pong = ask(Friend, Config),
    peer:stop(Friend).

%% Over TLS

tls_to_a_service(Config) ->
    {0, _} = service(Config, tls_flags(Config), []),
    Peer = tls_runtime(Config, own),
    pong = ask(Peer, Config),
    %% More than a TLS record, both ways.
    Text = binary:copy(<<"Once upon a time. ">>, 20000),
    {ok, Tokens} = peer:call(Peer, gen_server, call, [address(Config), {tokenize, #{content => Text}}, 30000], 60000),
    {ok, Text} = peer:call(Peer, gen_server, call, [address(Config), {detokenize, Tokens}, 30000], 60000),
    peer:stop(Peer),
    %% The files can be in the file of the configuration, too.
    {0, _} = llama_node_service_ct:command(Config, ["stop"]),
    #{certfile := Cert, keyfile := Key, cacertfile := Ca} = maps:get(server, proplists:get_value(own, Config)),
    File = llama_node_service_ct:config_file(Config),
    ok = file:write_file(File, ["{\"tls\": {\"certfile\": \"", Cert, "\", \"keyfile\": \"", Key,
                                "\", \"cacertfile\": \"", Ca, "\"}}"]),
    {0, _} = service(Config, ["--config", File], []),
    Again = tls_runtime(Config, own),
    pong = ask(Again, Config),
    peer:stop(Again).

tls_of_another_authority(Config) ->
    {0, _} = service(Config, tls_flags(Config), []),
    Good = tls_runtime(Config, own),
    pong = ask(Good, Config),
    Stranger = tls_runtime(Config, foreign),
    nodedown = ask(Stranger, Config),
    peer:stop(Stranger),
    pong = ask(Good, Config),
    peer:stop(Good).

tls_without_a_certificate(Config) ->
    {0, _} = service(Config, tls_flags(Config), []),
    File = filename:join(proplists:get_value(priv_dir, Config), "anonymous.config"),
    ok = file:write_file(File, "[{server, []}, {client, [{verify, verify_none}]}].\n"),
    Stranger = runtime(["-proto_dist", "inet_tls", "-ssl_dist_optfile", File, "-dist_listen", "false"], []),
    nodedown = ask(Stranger, Config),
    peer:stop(Stranger).

plain_to_tls(Config) ->
    {0, _} = service(Config, tls_flags(Config), []),
    Plain = runtime([], []),
    nodedown = ask(Plain, Config),
    peer:stop(Plain).

%% Each is given up by the deadline of the handshake, and none delays who has a certificate.
silence_before_tls(Config) ->
    Port = llama_node_ct:free_port(),
    {0, _} = service(Config, ["--port", integer_to_list(Port) | tls_flags(Config)], []),
    Silent =
        [Socket || _ <- lists:seq(1, 200), {ok, Socket} <- [gen_tcp:connect("localhost", Port, [{active, false}])]],
    ?assertEqual(200, length(Silent)),
    Peer = tls_runtime(Config, own),
    pong = ask(Peer, Config),
    [{error, closed} = gen_tcp:recv(Socket, 0) || Socket <- Silent],
    pong = ask(Peer, Config),
    peer:stop(Peer).

tls_of_an_own_node(Config) ->
    Peer = tls_runtime(Config, own),
    Options = #{tls => maps:get(server, proplists:get_value(own, Config)), model => proplists:get_value(model, Config),
                n_ctx => 64, transport => distribution},
    {ok, Server} = peer:call(Peer, llama_node, init_server, [Options], 120000),
    {ok, #{content := _}} = peer:call(Peer, llama_node, complete, [Server, <<"Hi">>, #{max_tokens => 3}], 60000),
    ok = peer:call(Peer, llama_node, destroy_server, [Server], 60000),
    peer:stop(Peer).

%% The runtime does not trust the node. The node heard why.
own_node_of_another_authority(Config) ->
    Peer = tls_runtime(Config, own),
    Options = #{tls => maps:get(server, proplists:get_value(foreign, Config)), models => [], transport => distribution},
    {error, {node_down, Message}} = peer:call(Peer, llama_node, init_server, [Options], 120000),
    contains(Message, "is ready but cannot be connected: connection from "),
    ?assertMatch({match, _}, re:run(Message, "refused: .*unknown_ca"), Message),
    peer:stop(Peer).

a_start_that_does_not_fit_the_distribution(Config) ->
    Files = #{certfile => "/c", keyfile => "/k", cacertfile => "/ca"},
    {error, {invalid_argument, <<"tls: ", _/binary>>}} =
        llama_node:init_server(#{tls => Files, models => [], transport => distribution}),
    Own = certificates(rsa, filename:join(proplists:get_value(priv_dir, Config), "misfit")),
    Peer = tls_runtime([{own, Own} | Config], own),
    {error, {invalid_argument, <<"tls: ", _/binary>>}} =
        peer:call(Peer, llama_node, init_server, [#{models => [], transport => distribution}], 60000),
    peer:stop(Peer).

certificates_that_cannot_be_used(Config) ->
    Dir = filename:join(proplists:get_value(priv_dir, Config), "unusable"),
    #{server := #{certfile := Cert, keyfile := Key, cacertfile := Ca}} = certificates(rsa, filename:join(Dir, "a")),
    #{server := #{keyfile := Foreign}} = certificates(rsa, filename:join(Dir, "b")),
    Check = fun(C, K, A) ->
        {78, Said} = llama_node_service_ct:command(
            Config, ["foreground", "--check", "--tls-certfile", C, "--tls-keyfile", K, "--tls-cacertfile", A]),
        Said
    end,
    contains(Check(Cert, Foreign, Ca), "not that of the certificate"),
    contains(Check(Cert, Cert, Ca), "tls.keyfile"),
    contains(Check(Key, Key, Ca), "tls.certfile"),
    contains(Check(Cert, Key, "/nowhere"), "tls.cacertfile: there is no file /nowhere").

contains(Text, Part) ->
    ?assertMatch({_, true}, {Text, string:find(Text, Part) =/= nomatch}).

%% Nodes and runtimes

service(Config, Args, Env) ->
    llama_node_service_ct:command(Config, ["start", "--model", proplists:get_value(model, Config) | Args],
                                     Env ++ llama_node_service_ct:env()).

%% Whether epmd knows the node.
registered(Config) ->
    [Alive, _] = string:split(llama_node_service_ct:name(Config), "@"),
    {ok, Names} = net_adm:names("localhost"),
    lists:keymember(Alive, 1, Names).

runtime(Args, Env) ->
    Name = list_to_atom("cluster" ++ integer_to_list(erlang:unique_integer([positive])) ++ "_" ++ os:getpid()),
    {Peer, _} = llama_node_ct:peer(#{name => Name, host => "localhost", args => args(Args)}, Env),
    Peer.

args(Args) ->
    ["-setcookie", atom_to_list(erlang:get_cookie()), "-kernel", "logger_level", "critical" | Args].

by_module(Config, Port) ->
    ["-epmd_module", "llama_node_epmd",
     "-llama_node_port", llama_node_service_ct:name(Config), integer_to_list(Port)].

tls_flags(Config) ->
    #{certfile := Cert, keyfile := Key, cacertfile := Ca} = maps:get(server, proplists:get_value(own, Config)),
    ["--tls-certfile", Cert, "--tls-keyfile", Key, "--tls-cacertfile", Ca].

tls_runtime(Config, Whose) ->
    File = maps:get(optfile, proplists:get_value(Whose, Config)),
    runtime(["-proto_dist", "inet_tls", "-ssl_dist_optfile", File], []).

address(Config) ->
    {llama_node, llama_node_service_ct:node_name(Config)}.

ask(Peer, Config) ->
    try
        peer:call(Peer, gen_server, call, [address(Config), ping, 30000], 60000)
    catch
        exit:{{nodedown, _}, _} -> nodedown
    end.

%% Certificates for `localhost': of a node, and of a runtime with its file of options.
certificates(Kind, Dir) ->
    ok = filelib:ensure_dir(filename:join(Dir, "x")),
    Key = case Kind of
        ec -> {namedCurve, secp256r1};
        _ -> {rsa, 2048, 65537}
    end,
    Host = #'Extension'{extnID = ?'id-ce-subjectAltName', extnValue = [{dNSName, "localhost"}], critical = false},
    Common = [{key, Key}, {digest, sha256}],
    Chain = #{root => Common, intermediates => [Common], peer => [{extensions, [Host]} | Common]},
    #{server_config := Server, client_config := Client} =
        public_key:pkix_test_data(#{server_chain => Chain, client_chain => Chain}),
    Runtime = write(Kind, filename:join(Dir, "runtime"), Client),
    Options = [{verify, verify_peer} | maps:to_list(Runtime)],
    File = filename:join(Dir, "ssl_dist.config"),
    Both = [{server, [{fail_if_no_peer_cert, true} | Options]}, {client, Options}],
    ok = file:write_file(File, io_lib:format("~p.~n", [Both])),
    #{server => write(Kind, filename:join(Dir, "node"), Server), optfile => File}.

%% The intermediate certificate stands behind the own one, as TLS wants it sent.
write(Kind, Base, Config) ->
    Cert = proplists:get_value(cert, Config),
    {Type, Der} = proplists:get_value(key, Config),
    Authorities = proplists:get_value(cacerts, Config),
    Chain = [Cert | [Ca || Ca <- Authorities, public_key:pkix_is_issuer(Cert, Ca)]],
    Key = case Kind of
        pkcs8 -> public_key:pem_entry_encode('PrivateKeyInfo', public_key:der_decode(Type, Der));
        _ -> {Type, Der, not_encrypted}
    end,
    #{certfile => pem(Base ++ ".pem", [{'Certificate', One, not_encrypted} || One <- Chain]),
      keyfile => pem(Base ++ ".key", [Key]),
      cacertfile => pem(Base ++ ".ca", [{'Certificate', Ca, not_encrypted} || Ca <- Authorities])}.

pem(File, Entries) ->
    ok = file:write_file(File, public_key:pem_encode(Entries)),
    File.
