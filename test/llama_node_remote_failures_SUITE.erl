%% Models of servers as a user sees them when servers go, lie or tell secrets, and when requests would say where to
%% connect.
-module(llama_node_remote_failures_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_scripted_server, [events/2, status/3, json/2]).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, port}, {group, distribution}, a_server_that_goes_and_comes_back, secrets_are_told_by_nobody,
     the_environments_proxy_is_ignored, a_line_of_the_bridge_may_not_say_where_to_connect].

groups() ->
    [{Transport, [], [a_request_may_not_say_where_to_connect]} || Transport <- [port, distribution]].

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    case llama_node_ct:real_node() of
        {ok, _} -> Config;
        {skip, _} = Skip -> Skip
    end.

end_per_suite(_) -> ok.

init_per_group(Transport, Config) -> [{transport, Transport} | Config].

end_per_group(_, _) -> ok.

init_per_testcase(a_line_of_the_bridge_may_not_say_where_to_connect = Case, Config) ->
    llama_node_service_ct:init_per_testcase(Case, Config);
init_per_testcase(_, Config) -> Config.

end_per_testcase(a_line_of_the_bridge_may_not_say_where_to_connect = Case, Config) ->
    llama_node_service_ct:end_per_testcase(Case, Config);
end_per_testcase(_, _) -> ok.

default(_, _, _) -> default.

answers(<<"/v1/chat/completions">>, _, Socket) ->
    events(Socket, ["{\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}", "[DONE]"]);
answers(_, _, _) ->
    default.

start(Scripted, Options) ->
    llama_node:init_server(maps:merge(#{transport => port, engine => llama_server, log_level => warning,
                                        url => llama_node_scripted_server:url(Scripted)}, Options)).

port_of(Url) ->
    [_, Port] = string:split(Url, ":", trailing),
    binary_to_integer(Port).

%% Whatever is allowed below the prefix, these are elsewhere, or belong to the configuration.
refused(Prefix) ->
    [#{url => <<"http://127.0.0.1:1">>},
     #{url => <<"http://127.0.0.1:1">>, api_key => <<"x">>},
     #{url => <<"http://127.0.0.1:1">>, headers => #{<<"X">> => <<"y">>}},
     #{url => <<Prefix/binary, "1">>},
     #{url => <<Prefix/binary, "/../admin">>},
     #{url => <<Prefix/binary, "/team/../../admin">>},
     #{url => <<Prefix/binary, "/%2e%2e/admin">>},
     #{url => <<Prefix/binary, "/team%2f..%2fadmin">>},
     #{url => <<"http://[::1]:8080/team">>},
     #{url => <<Prefix/binary, "/">>, proxy => <<"http://127.0.0.1:1">>},
     #{url => <<Prefix/binary, "/">>, cacertfile => <<"/etc/passwd">>},
     #{url => <<Prefix/binary, "/">>, certfile => <<"/etc/passwd">>},
     #{url => <<Prefix/binary, "/">>, certfile => <<"/etc/passwd">>, keyfile => <<"/etc/passwd">>},
     #{command => [<<"/bin/true">>]}].

a_request_may_not_say_where_to_connect(Config) ->
    Scripted = llama_node_scripted_server:start(fun default/3),
    Prefix = <<(llama_node_scripted_server:url(Scripted))/binary, "/team">>,
    {ok, Server} = start(Scripted, #{transport => proplists:get_value(transport, Config), remote_models => [Prefix]}),
    ok = llama_node_scripted_server:clear(Scripted),
    [?assertMatch({Given, {error, {unauthorized, _}}},
                  {Given, llama_node:load_model(Server, <<>>, Given#{engine => llama_server, id => other})})
     || Given <- refused(Prefix)],
    ?assertEqual([], llama_node_scripted_server:requests(Scripted)),
    ok = llama_node:destroy_server(Server),
    llama_node_scripted_server:stop(Scripted).

a_line_of_the_bridge_may_not_say_where_to_connect(Config) ->
    Scripted = llama_node_scripted_server:start(fun default/3),
    Url = binary_to_list(llama_node_scripted_server:url(Scripted)),
    {0, _} = llama_node_service_ct:command(Config, ["start", "--bridge", "--url", Url]),
    Socket = llama_node_service_ct:connect(filename:join(proplists:get_value(dir, Config), "bridge.sock")),
    [llama_node_service_ct:contains(
         llama_node_service_ct:line(Socket, ["LOAD {\"path\":\"\",\"engine\":\"llama_server\",", Rest, "}"]),
         ["unauthorized"])
     || Rest <- [["\"url\":\"", Url, "\""], "\"url\":\"http://127.0.0.1:1\",\"api_key\":\"x\"",
                 ["\"url\":\"", Url, "\",\"cacertfile\":\"/etc/passwd\""], "\"command\":[\"/bin/true\"]"]],
    llama_node_scripted_server:stop(Scripted).

%% Told at once while it is away; used again, as what it is then.
a_server_that_goes_and_comes_back(_) ->
    First = llama_node_scripted_server:start(fun answers/3),
    Url = llama_node_scripted_server:url(First),
    {ok, Server} = start(First, #{}),
    {ok, #{content := <<"Hello">>}} = llama_node:chat(Server, <<"Hi">>, #{}),
    ok = llama_node_scripted_server:stop(First),
    [?assertMatch({error, {inference_failed, <<Url:(byte_size(Url))/binary, _/binary>>}},
                  llama_node:chat(Server, <<"Hi">>, #{})) || _ <- lists:seq(1, 5)],
    {ok, #{models := [#{server_down := _}]}} = llama_node:get_status(Server),
    Second = llama_node_scripted_server:start(
        fun (<<"/props">>, _, Socket) ->
                json(Socket, "{\"default_generation_settings\":{\"n_ctx\":64},\"total_slots\":3,"
                             "\"build_info\":\"b2\"}");
            (Path, Body, Socket) -> answers(Path, Body, Socket)
        end, keeps, port_of(Url)),
    Model = back(Server),
    ?assertMatch(#{n_ctx := 64, n_parallel := 3, server_build := <<"b2">>}, Model),
    {ok, #{content := <<"Hello">>}} = llama_node:chat(Server, <<"Hi">>, #{}),
    ok = llama_node:destroy_server(Server),
    llama_node_scripted_server:stop(Second).

back(Server) ->
    case llama_node:get_status(Server) of
        {ok, #{models := [#{server_down := _}]}} -> receive after 50 -> back(Server) end;
        {ok, #{models := [Model]}} -> Model
    end.

%% The server says the key in its name, in an error, in a page and in an event.
secrets_are_told_by_nobody(_) ->
    Key = "sesame-open-7f",
    Said = atomics:new(1, []),
    Scripted = llama_node_scripted_server:start(
        fun (<<"/v1/models">>, _, Socket) -> json(Socket, ["{\"data\":[{\"id\":\"model-", Key, "\"}]}"]);
            (<<"/v1/chat/completions">>, _, Socket) ->
                case atomics:add_get(Said, 1, 1) of
                    1 -> status(Socket, 400, ["{\"error\":{\"message\":\"wrong key ", Key, "\"}}"]);
                    2 -> status(Socket, 401, ["wrong key ", Key]);
                    3 -> json(Socket, ["<html>", Key]);
                    _ -> events(Socket, [["{\"error\":{\"message\":\"", lists:duplicate(990, $x), Key, "\"}}"]])
                end;
            (_, _, _) -> default
        end),
    {ok, Server} = start(Scripted, #{api_key => list_to_binary(Key), headers => #{<<"X-Team">> => <<"blue-7f">>}}),
    Errors = [Error || {error, Error} <- [llama_node:chat(Server, <<"Hi">>, #{}) || _ <- lists:seq(1, 4)]],
    ?assertEqual([inference_failed, unauthorized, inference_failed, inference_failed], [Code || {Code, _} <- Errors]),
    Pid = integer_to_list(llama_node_ct:os_pid(Server)),
    {ok, Arguments} = file:read_file("/proc/" ++ Pid ++ "/cmdline"),
    Shown = [Errors, llama_node:get_status(Server), llama_node:list_models(Server), sys:get_status(Server), Arguments],
    [?assertEqual({nomatch, Each}, {re:run(io_lib:format("~p~n~s", [Each, if is_binary(Each) -> Each; true -> "" end]),
                                           "sesame-o|blue-7f"), Each}) || Each <- Shown],
    ok = llama_node:destroy_server(Server),
    llama_node_scripted_server:stop(Scripted).

the_environments_proxy_is_ignored(_) ->
    Names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"],
    Before = [{Name, os:getenv(Name)} || Name <- Names],
    [os:putenv(Name, "http://127.0.0.1:1") || Name <- Names],
    Scripted = llama_node_scripted_server:start(fun answers/3),
    try
        {ok, Server} = start(Scripted, #{}),
        {ok, #{content := <<"Hello">>}} = llama_node:chat(Server, <<"Hi">>, #{}),
        ok = llama_node:destroy_server(Server)
    after
        [case Value of false -> os:unsetenv(Name); _ -> os:putenv(Name, Value) end || {Name, Value} <- Before],
        llama_node_scripted_server:stop(Scripted)
    end.
