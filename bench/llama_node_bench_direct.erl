%% @doc Streams of a llama-server on plain sockets of this runtime, at the endpoint of OpenAI's that a node uses: what
%% the way through the node is compared with. As many connections as streams, each in a process of its own, which keeps
%% it from one answer to the next, as the node keeps its own.
-module(llama_node_bench_direct).

-export([open/2, run/3, close/1]).
-export_type([clients/0]).

-opaque clients() :: [pid()].

%% Of one answer; loaded machines are slow, but not as slow as this.
-define(TIMEOUT, 300000).
-define(LOCALHOST, {127, 0, 0, 1}).
%% Milliseconds; the server closes a connection after five seconds.
-define(IDLE, 2000).
-define(MOMENT, 50).

%% @doc As many clients as streams. Each connects when it is first used.
-spec open(inet:port_number(), pos_integer()) -> clients().
open(Port, Streams) ->
    [spawn(fun () -> client(Port, none, 0) end) || _ <- lists:seq(1, Streams)].

%% @doc Closes the connections.
-spec close(clients()) -> ok.
close(Clients) ->
    lists:foreach(fun (Client) ->
        Monitor = monitor(process, Client),
        Client ! close,
        receive {'DOWN', Monitor, process, Client, _} -> ok end
    end, Clients).

%% @doc Runs all streams at once. Connections that the server closes about now are made anew before the clock starts.
-spec run(clients(), [string()], pos_integer()) -> [llama_node_bench:timeline()].
run(Clients, Prompts, Tokens) ->
    Pairs = lists:zip(Clients, Prompts),
    _ = [Client ! {prepare, self(), request(Prompt, Tokens)} || {Client, Prompt} <- Pairs],
    _ = [ready = next(Client) || Client <- Clients],
    Start = erlang:monotonic_time(microsecond),
    _ = [Client ! {go, Start} || Client <- Clients],
    Timelines = [next(Client) || Client <- Clients],
    _ = [Tokens = Completed || {_, Completed, _, _} <- Timelines],
    Timelines.

next(Client) ->
    Monitor = monitor(process, Client),
    receive
        {Client, Said} ->
            true = demonitor(Monitor, [flush]),
            Said;
        {'DOWN', Monitor, process, Client, Reason} ->
            error(Reason)
    end.

%% What the node says too, so that the server samples alike: the best token, whatever ends a text.
request(Prompt, Tokens) ->
    Body = io_lib:format("{\"model\":\"bench\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
                         "\"prompt\":\"~s\",\"max_tokens\":~b,\"cache_prompt\":false,\"ignore_eos\":true,"
                         "\"samplers\":[\"top_k\"],\"top_k\":1,\"temperature\":0}", [Prompt, Tokens]),
    ["POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ",
     integer_to_list(iolist_size(Body)), "\r\n\r\n", Body].

connect(Port) ->
    {ok, Socket} = gen_tcp:connect(?LOCALHOST, Port, [binary, {active, false}, {nodelay, true}], ?TIMEOUT),
    Socket.

client(Port, Socket, Used) ->
    receive
        {prepare, Parent, Request} ->
            Open = reopened(Port, Socket, Used),
            Parent ! {self(), ready},
            receive {go, Start} ->
                ok = gen_tcp:send(Open, Request),
                ok = header(Open),
                ok = inet:setopts(Open, [{packet, raw}, {active, true}]),
                Parent ! {self(), answer(Open, llama_node_bench_http:new(), Start, none, [])},
                %% Or the server has closed it, which shows when it is used again.
                _ = inet:setopts(Open, [{active, false}]),
                client(Port, Open, erlang:monotonic_time(millisecond))
            end;
        close ->
            closed(Socket)
    end.

%% A server closes connections that were idle for some seconds, perhaps just when the next request is under way. That of
%% llama.cpp closes one behind a stream too, a moment after its end.
reopened(Port, Socket, Used) ->
    case Socket =/= none andalso erlang:monotonic_time(millisecond) - Used < ?IDLE of
        true ->
            case gen_tcp:recv(Socket, 0, ?MOMENT) of
                {error, timeout} -> Socket;
                {error, _} -> connect(Port)
            end;
        false ->
            closed(Socket),
            connect(Port)
    end.

closed(none) -> ok;
closed(Socket) -> gen_tcp:close(Socket).

header(Socket) ->
    ok = inet:setopts(Socket, [{packet, http_bin}]),
    {ok, {http_response, _, 200, _}} = gen_tcp:recv(Socket, 0, ?TIMEOUT),
    fields(Socket).

fields(Socket) ->
    case gen_tcp:recv(Socket, 0, ?TIMEOUT) of
        {ok, {http_header, _, _, _, _}} -> fields(Socket);
        {ok, http_eoh} -> ok
    end.

answer(Socket, Parser, Start, Usage, Pieces) ->
    receive
        {tcp, Socket, Bytes} ->
            Now = erlang:monotonic_time(microsecond) - Start,
            {Events, Next} = llama_node_bench_http:events(Bytes, Parser),
            case pieces(Events, Now, Usage, Pieces) of
                {more, Known, More} -> answer(Socket, Next, Start, Known, More);
                {done, {Prompt, Completion}, More} ->
                    ok = rest(Socket, Bytes),
                    {Prompt, Completion, Now, lists:reverse(More)}
            end
    after ?TIMEOUT -> error(silence)
    end.

%% The end of the last chunk, behind which the connection is free again.
rest(Socket, Bytes) ->
    case binary:longest_common_suffix([Bytes, <<"0\r\n\r\n">>]) of
        5 -> ok;
        _ -> receive {tcp, Socket, More} -> rest(Socket, <<Bytes/binary, More/binary>>) end
    end.

pieces([], _, Usage, Pieces) ->
    {more, Usage, Pieces};
pieces([<<"data: [DONE]">> | _], _, Usage, Pieces) ->
    {done, Usage, Pieces};
pieces([Event | Events], Now, Usage, Pieces) ->
    %% Quotes within a text are escaped, so a text cannot look like a key.
    case {binary:match(Event, <<"\"completion_tokens\":">>), binary:match(Event, <<"\"text\":\"\"">>)} of
        {nomatch, nomatch} ->
            {_, _} = binary:match(Event, <<"\"text\":">>),
            pieces(Events, Now, Usage, [Now | Pieces]);
        {nomatch, _} ->
            pieces(Events, Now, Usage, Pieces);
        _ ->
            pieces(Events, Now, {number(Event, "prompt_tokens"), number(Event, "completion_tokens")}, Pieces)
    end.

number(Event, Key) ->
    {match, [Number]} = re:run(Event, ["\"", Key, "\":([0-9]+)"], [{capture, [1], list}]),
    list_to_integer(Number).
