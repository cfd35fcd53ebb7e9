%% A program that a node starts as its server: a scripted one, in a runtime of its own. It connects to the test that
%% waits for it, says its process id there, and holds the connection, so that its end can be waited for.
-module(llama_node_owned_child).

-export([command/2, main/0]).

-import(llama_node_scripted_server, [events/2, begin_events/1, event/2, await_close/1, status/3]).

%% The words that start one. Modes: `serves', `dies' before it is ready, `loads' for ever, `stubborn' towards SIGTERM.
-spec command(atom(), inet:port_number()) -> [string()].
command(Mode, Life) ->
    [os:find_executable("erl"), "-noshell", "-pa", filename:dirname(code:which(?MODULE)), llama_node_ct:ebin(),
     "-s", atom_to_list(?MODULE), "main", "-extra", atom_to_list(Mode), integer_to_list(Life)].

%% Behind -extra stand mode and port of the test, then what the node adds.
-spec main() -> ok.
main() ->
    [Mode, Life | Added] = init:get_plain_arguments(),
    ["--host", "127.0.0.1", "--port", Port] = Added,
    {ok, Test} = gen_tcp:connect({127, 0, 0, 1}, list_to_integer(Life), [binary, {packet, line}, {active, false}]),
    ok = gen_tcp:send(Test, [os:getpid(), "\n"]),
    io:format("loading the model~n"),
    run(Mode, list_to_integer(Port), Test).

run("dies", _Port, _Test) ->
    io:format("no such model~n"),
    halt(3);
run("stubborn", Port, Test) ->
    ok = os:set_signal(sigterm, ignore),
    run("serves", Port, Test);
run("loads", Port, Test) ->
    serve(fun (_, _, Socket) -> status(Socket, 503, "{\"error\":{\"message\":\"Loading model\"}}") end, Port, Test);
run("serves", Port, Test) ->
    serve(fun answer/3, Port, Test).

serve(Handler, Port, Test) ->
    _ = llama_node_scripted_server:start(Handler, forgets, Port),
    {error, _} = gen_tcp:recv(Test, 0),
    halt(0).

answer(<<"/v1/chat/completions">>, #{<<"messages">> := Messages}, Socket) ->
    case lists:last(Messages) of
        #{<<"content">> := <<"endless">>} ->
            _ = begin_events(Socket),
            _ = event(Socket, "{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}"),
            await_close(Socket);
        _ ->
            events(Socket, ["{\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}", "[DONE]"])
    end;
answer(_, _, _) ->
    default.
