%% Lines that users of another line bridge write, as they stand there, over a real socket of a real node.
-module(llama_node_calls_bridge_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_service_ct, [command/2, command/3, env/0, run/2, name/1, model/1, connect/1, file/2, contains/2]).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [the_socket_has_a_fixed_path, ping, ping_by_netcat, status, load, infer, infer_hello_world, infer_stream,
     a_stream_may_be_interrupted, free, quit, quit_may_end_the_node, a_stale_socket_is_no_hindrance,
     clients_connect_load_infer_and_disconnect, scripts_start_ask_and_try].

init_per_suite(Config) ->
    case llama_node_ct:real_node() of
        {ok, #{model := Model}} -> [{model, Model} | Config];
        Skip -> Skip
    end.

end_per_suite(Config) -> Config.

%% All but the cases that begin otherwise start a bridge without saying where.
init_per_testcase(Case, Config) ->
    Started = llama_node_service_ct:init_per_testcase(Case, Config),
    Quit = case Case of quit_may_end_the_node -> ["--bridge-quit", "node"]; _ -> [] end,
    {0, _} = command(Started, ["start", "--bridge" | Quit]),
    Started.

end_per_testcase(Case, Config) -> llama_node_service_ct:end_per_testcase(Case, Config).

socket(Config) -> filename:join(proplists:get_value(dir, Config), "bridge.sock").

send(Socket, Line) -> ok = gen_tcp:send(Socket, [Line, $\n]).

%% An answer as the programs there see it.
answer(Socket) ->
    {ok, Line} = gen_tcp:recv(Socket, 0),
    {ok, Tree} = llama_node_json:decode(Line),
    llama_node_json:plain(Tree).

ask(Socket, Line) ->
    send(Socket, Line),
    answer(Socket).

loaded(Config) ->
    Socket = connect(socket(Config)),
    #{<<"status">> := <<"ok">>} = ask(Socket, "LOAD " ++ model(Config)),
    Socket.

the_socket_has_a_fixed_path(Config) ->
    Socket = connect(socket(Config)),
    ?assertMatch(#{<<"data">> := #{<<"bridge">> := #{<<"socket">> := _}}}, ask(Socket, "STATUS")),
    ?assert(filelib:is_regular(file(Config, ".log"))).

ping(Config) ->
    Socket = connect(socket(Config)),
    send(Socket, "PING"),
    ?assertEqual({ok, <<"{\"status\":\"ok\",\"message\":\"pong\"}\n">>}, gen_tcp:recv(Socket, 0)).

ping_by_netcat(Config) ->
    case os:find_executable("nc") of
        false -> {skip, "nc is not on the PATH"};
        _ -> ?assertEqual("{\"status\":\"ok\",\"message\":\"pong\"}\n",
                          os:cmd("echo \"PING\" | nc -N -U " ++ socket(Config)))
    end.

status(Config) ->
    #{<<"status">> := <<"ok">>, <<"message">> := <<"ready">>} = ask(connect(socket(Config)), "STATUS").

%% A model that is loaded already is kept, and it is the one that answers from now on.
load(Config) ->
    Socket = connect(socket(Config)),
    Other = filename:join(proplists:get_value(dir, Config), "llama-7b.gguf"),
    ok = file:make_symlink(model(Config), Other),
    Answers = [ask(Socket, Line) || Line <- ["LOAD " ++ model(Config), "LOAD " ++ Other, "LOAD " ++ model(Config)]],
    [?assertMatch(#{<<"status">> := <<"ok">>, <<"message">> := <<"Model loaded successfully">>}, A) || A <- Answers],
    [Own, _, Own] = [Id || #{<<"data">> := #{<<"id">> := Id}} <- Answers],
    ?assertMatch(#{<<"model">> := Own}, ask(Socket, "INFER Tell me about AI")),
    _ = ask(Socket, "LOAD " ++ Other),
    ?assertMatch(#{<<"model">> := <<"llama-7b">>}, ask(Socket, "INFER Tell me about AI")).

infer(Config) ->
    #{<<"status">> := <<"ok">>, <<"message">> := <<"Inference completed">>, <<"data">> := Text} =
        ask(loaded(Config), "INFER Tell me about AI"),
    ?assert(is_binary(Text) andalso Text =/= <<>>).

infer_hello_world(Config) ->
    #{<<"status">> := <<"ok">>, <<"data">> := Text} = ask(loaded(Config), "INFER Hello, world!"),
    ?assert(is_binary(Text) andalso Text =/= <<>>).

infer_stream(Config) ->
    Socket = loaded(Config),
    #{<<"status">> := <<"ok">>} = ask(Socket, "INFER_STREAM Hello AI!"),
    {Text, #{<<"status">> := <<"ok">>, <<"data">> := Whole}} = tokens(Socket, []),
    ?assertEqual(Whole, Text),
    ?assert(Text =/= <<>>).

tokens(Socket, Texts) ->
    case answer(Socket) of
        #{<<"type">> := <<"token">>, <<"token">> := Text, <<"final">> := false} -> tokens(Socket, [Texts, Text]);
        #{<<"type">> := <<"token">>, <<"token">> := <<>>, <<"final">> := true} = Last ->
            {iolist_to_binary(Texts), Last};
        #{<<"type">> := <<"cancel">>} -> tokens(Socket, Texts)
    end.

%% By leaving, as there, or by a line.
a_stream_may_be_interrupted(Config) ->
    Endless = "INFER_STREAM {\"prompt\": \"Once\", \"n_predict\": 1000000, \"ignore_eos\": true,"
              " \"n_ctx_shift\": true}",
    Socket = loaded(Config),
    ?assertMatch(#{<<"final">> := true, <<"status">> := <<"error">>}, ask(Socket, Endless)),
    #{<<"task_id">> := Task} = ask(Socket, string:replace(Endless, "n_ctx_shift", "context_shift")),
    send(Socket, "CANCEL " ++ integer_to_list(Task)),
    {_, #{<<"status">> := <<"error">>, <<"data">> := #{<<"code">> := <<"cancelled">>}}} = tokens(Socket, []),
    Leaving = loaded(Config),
    #{<<"task_id">> := _} = ask(Leaving, string:replace(Endless, "n_ctx_shift", "context_shift")),
    #{<<"final">> := false} = answer(Leaving),
    ok = gen_tcp:close(Leaving),
    {0, _} = command(Config, ["stop"]).

free(Config) ->
    Socket = loaded(Config),
    #{<<"status">> := <<"ok">>, <<"message">> := <<"Resources freed">>} = Freed = ask(Socket, "FREE"),
    ?assertMatch(#{<<"data">> := #{<<"freed">> := [_]}}, Freed),
    ?assertMatch(#{<<"data">> := #{<<"models">> := []}}, ask(Socket, "MODELS")).

quit(Config) ->
    Socket = connect(socket(Config)),
    #{<<"status">> := <<"ok">>} = ask(Socket, "QUIT"),
    {error, closed} = gen_tcp:recv(Socket, 0),
    {0, "pong\n"} = command(Config, ["ping"]).

quit_may_end_the_node(Config) ->
    {ok, Pid} = file:read_file(file(Config, ".pid")),
    #{<<"status">> := <<"ok">>} = ask(connect(socket(Config)), "QUIT"),
    ok = llama_node_service_ct:await_no_process(string:trim(Pid)),
    {3, _} = command(Config, ["ping"]).

a_stale_socket_is_no_hindrance(Config) ->
    {ok, Pid} = file:read_file(file(Config, ".pid")),
    ok = llama_node_ct:kill("KILL", binary_to_integer(string:trim(Pid))),
    ok = llama_node_service_ct:await_no_process(string:trim(Pid)),
    {0, _} = command(Config, ["start", "--bridge"]),
    #{<<"message">> := <<"pong">>} = ask(connect(socket(Config)), "PING"),
    {0, _} = command(Config, ["stop"]),
    {error, enoent} = file:read_link_info(socket(Config)).

clients_connect_load_infer_and_disconnect(Config) ->
    Clients = [spawn_monitor(fun () ->
        Socket = loaded(Config),
        #{<<"data">> := <<_, _/binary>>} = ask(Socket, "INFER Tell me about AI"),
        #{<<"status">> := <<"ok">>} = ask(Socket, "INFER_STREAM Hello AI!"),
        {<<_, _/binary>>, _} = tokens(Socket, []),
        ok = gen_tcp:close(Socket)
    end) || _ <- lists:seq(1, 8)],
    [receive {'DOWN', Monitor, process, _, Reason} -> ?assertEqual(normal, Reason) end || {_, Monitor} <- Clients].

%% Scripts there start the bridge, ask how it is, and test it without and with a model.
scripts_start_ask_and_try(Config) ->
    {0, Status} = command(Config, ["status"]),
    contains(Status, ["is ready"]),
    {1, Without} = run(["try", "--bridge", socket(Config)], env()),
    contains(Without, ["ok      ping", "FAILED  answer", "no model is loaded"]),
    {0, With} = run(["try", "--bridge", socket(Config), model(Config)], env()),
    contains(With, ["ok      ping", "ok      load", "ok      answer", "ok      stream", "ok      free"]),
    #{<<"data">> := #{<<"models">> := []}} = ask(connect(socket(Config)), "MODELS"),
    _ = loaded(Config),
    {0, Kept} = command(Config, ["try", model(Config)]),
    contains(Kept, ["ok      answer", "ok      stream"]),
    ?assertEqual(nomatch, string:find(Kept, "free")),
    #{<<"data">> := #{<<"models">> := [_]}} = ask(connect(socket(Config)), "MODELS").
