%% A server of models on a socket of this runtime that answers as llama-server does, or not: each request goes to a fun.
-module(llama_node_scripted_server).

-export([start/1, start/2, start/3, stop/1, url/1, requests/1, clear/1]).
-export([json/2, events/2, begin_events/1, event/2, end_events/1, await_close/1, status/3]).
-export_type([server/0, handler/0]).

-type handler() :: fun((Path :: binary(), Body :: map() | none, Socket :: gen_tcp:socket()) -> term()).
%% Answers a request, or gives `default' for what a llama-server answers to the questions of a start.

-opaque server() :: {pid(), inet:port_number()}.

%% Starts one on a free port of the loopback.
-spec start(handler()) -> server().
start(Handler) -> start(Handler, keeps).

%% One that keeps what it was asked, or forgets it.
-spec start(handler(), keeps | forgets) -> server().
start(Handler, Memory) -> start(Handler, Memory, 0).

%% One on a port that somebody else has chosen.
-spec start(handler(), keeps | forgets, inet:port_number()) -> server().
start(Handler, Memory, At) ->
    Self = self(),
    Pid = spawn(fun () ->
        {ok, Listen} = gen_tcp:listen(At, [binary, {active, false}, {ip, {127, 0, 0, 1}}, {nodelay, true},
                                          {reuseaddr, true}, {backlog, 64}]),
        {ok, Port} = inet:port(Listen),
        Owner = self(),
        _ = spawn_link(fun () -> accept(Owner, Handler, Listen) end),
        Self ! {self(), Port},
        loop(Memory, [])
    end),
    receive {Pid, Port} -> {Pid, Port} end.

-spec stop(server()) -> ok.
stop({Pid, _}) ->
    Monitor = monitor(process, Pid),
    exit(Pid, kill),
    receive {'DOWN', Monitor, process, Pid, _} -> ok end.

-spec url(server()) -> binary().
url({_, Port}) -> iolist_to_binary(io_lib:format("http://127.0.0.1:~b", [Port])).

%% The requests that came, oldest first: path, headers, body.
-spec requests(server()) -> [{binary(), #{binary() => binary()}, map() | none}].
requests({Pid, _}) -> ask(Pid, requests).

-spec clear(server()) -> ok.
clear({Pid, _}) -> ask(Pid, clear).

ask(Pid, What) ->
    Ref = make_ref(),
    Pid ! {What, self(), Ref},
    receive {Ref, Answer} -> Answer end.

loop(Memory, Requests) ->
    receive
        {came, _} when Memory =:= forgets -> loop(Memory, []);
        {came, Request} -> loop(Memory, [Request | Requests]);
        {requests, From, Ref} -> From ! {Ref, lists:reverse(Requests)}, loop(Memory, Requests);
        {clear, From, Ref} -> From ! {Ref, ok}, loop(Memory, [])
    end.

accept(Owner, Handler, Listen) ->
    case gen_tcp:accept(Listen) of
        {ok, Socket} ->
            Pid = spawn_link(fun () -> receive go -> serve(Owner, Handler, Socket) end end),
            ok = gen_tcp:controlling_process(Socket, Pid),
            Pid ! go,
            accept(Owner, Handler, Listen);
        {error, _} ->
            ok
    end.

serve(Owner, Handler, Socket) ->
    %% The handler may have left it closed.
    _ = inet:setopts(Socket, [{packet, http_bin}]),
    case gen_tcp:recv(Socket, 0) of
        {ok, {http_request, _, {abs_path, Path}, _}} ->
            Headers = headers(Socket, #{}),
            ok = inet:setopts(Socket, [{packet, raw}]),
            Body = body(Socket, binary_to_integer(maps:get(<<"content-length">>, Headers, <<"0">>))),
            Owner ! {came, {Path, Headers, Body}},
            _ = case Handler(Path, Body, Socket) of
                default -> default(Path, Socket);
                _ -> ok
            end,
            serve(Owner, Handler, Socket);
        _ ->
            gen_tcp:close(Socket)
    end.

headers(Socket, Headers) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, {http_header, _, Name, _, Value}} when is_atom(Name) ->
            headers(Socket, Headers#{string:lowercase(atom_to_binary(Name)) => Value});
        {ok, {http_header, _, Name, _, Value}} ->
            headers(Socket, Headers#{string:lowercase(Name) => Value});
        _ ->
            Headers
    end.

body(_Socket, 0) -> none;
body(Socket, Length) ->
    case gen_tcp:recv(Socket, Length) of
        {ok, Body} ->
            {ok, Object} = llama_node_json:decode(Body),
            llama_node_json:plain(Object);
        {error, _} ->
            %% Given up meanwhile.
            exit(normal)
    end.

default(<<"/health">>, Socket) -> json(Socket, "{\"status\":\"ok\"}");
default(<<"/v1/models">>, Socket) ->
    json(Socket, "{\"object\":\"list\",\"data\":[{\"id\":\"tiny\",\"meta\":{\"n_vocab\":300}}]}");
default(<<"/props">>, Socket) ->
    json(Socket, "{\"default_generation_settings\":{\"n_ctx\":512},\"total_slots\":2,\"build_info\":\"b1\"}");
default(<<"/lora-adapters">>, Socket) -> json(Socket, "[]");
default(<<"/tokenize">>, Socket) -> json(Socket, "{\"tokens\":[1,2,3]}");
default(_, Socket) -> status(Socket, 404, "{\"error\":{\"message\":\"File Not Found\"}}").

-spec json(gen_tcp:socket(), iodata()) -> ok | {error, term()}.
json(Socket, Body) -> status(Socket, 200, Body).

-spec status(gen_tcp:socket(), pos_integer(), iodata()) -> ok | {error, term()}.
status(Socket, Status, Body) ->
    gen_tcp:send(Socket, [io_lib:format("HTTP/1.1 ~b X\r\nContent-Type: application/json\r\nContent-Length: ~b\r\n\r\n",
                                        [Status, iolist_size(Body)]), Body]).

%% A whole answer of server-sent events.
-spec events(gen_tcp:socket(), [iodata()]) -> ok | {error, term()}.
events(Socket, Events) ->
    _ = begin_events(Socket),
    _ = [event(Socket, Event) || Event <- Events],
    end_events(Socket).

-spec begin_events(gen_tcp:socket()) -> ok | {error, term()}.
begin_events(Socket) ->
    gen_tcp:send(Socket, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n").

-spec event(gen_tcp:socket(), iodata()) -> ok | {error, term()}.
event(Socket, Event) ->
    Text = ["data: ", Event, "\n\n"],
    gen_tcp:send(Socket, [integer_to_list(iolist_size(Text), 16), "\r\n", Text, "\r\n"]).

-spec end_events(gen_tcp:socket()) -> ok | {error, term()}.
end_events(Socket) ->
    gen_tcp:send(Socket, "0\r\n\r\n").

%% Waits until the client closes the connection.
-spec await_close(gen_tcp:socket()) -> closed.
await_close(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, _} -> await_close(Socket);
        {error, _} -> closed
    end.
