%% @doc The variant that a user would have instead: llama-server of llama.cpp, streaming over HTTP to a process for
%% each stream. The client does no more than it must, so that the cores are the server's: a connection opened before,
%% and events taken from the chunks of the answer as they come.
-module(llama_node_bench_http).

-export([open/2, run/3, close/1]).
-export([new/0, events/2]).

%% Of one answer; loaded machines are slow, but not as slow as this.
-define(TIMEOUT, 300000).
-define(LOCALHOST, {127, 0, 0, 1}).

-type server() :: {llama_node_bench_server:server(), inet:port_number()}.
%% Bytes that make no whole chunk yet, and text that makes no whole event yet.
-opaque parser() :: {binary(), binary()}.
-export_type([parser/0]).

%% @doc Starts the program and waits until it has loaded the model.
-spec open(llama_node_bench:settings(), pos_integer()) -> server().
open(Settings, Streams) ->
    {ok, Program} = llama_node_bench_server:given(),
    llama_node_bench_server:start(Program, llama_node_bench_server:arguments(Settings, Streams)).

%% @doc Ends the program.
-spec close(server()) -> ok.
close({Server, _}) ->
    llama_node_bench_server:stop(Server).

%% @doc Runs all streams at once, each in a process and on a connection of its own.
-spec run(server(), [string()], pos_integer()) -> [llama_node_bench:timeline()].
run({Server, Port}, Prompts, Tokens) ->
    Clients = [spawn_monitor(client(Port, Prompt, Tokens)) || Prompt <- Prompts],
    _ = [receive {ready, Pid} -> ok;
                 {'DOWN', Ref, process, Pid, Reason} -> unusable(Server, Reason)
         end || {Pid, Ref} <- Clients],
    Start = erlang:monotonic_time(microsecond),
    _ = [Pid ! {go, Start} || {Pid, _} <- Clients],
    [receive {'DOWN', Ref, process, Pid, {timeline, Timeline}} -> Timeline;
             {'DOWN', Ref, process, Pid, Reason} -> unusable(Server, Reason)
     end || {Pid, Ref} <- Clients].

-spec unusable(llama_node_bench_server:server(), term()) -> no_return().
unusable(_, {answer, Sentence}) ->
    throw({unusable, server, unicode:characters_to_binary(Sentence)});
unusable(Server, {lost, Reason}) ->
    throw({unusable, server, case llama_node_bench_server:ended(Server) of
                                 {true, How} -> How;
                                 false ->
                                     unicode:characters_to_binary(io_lib:format("it ended a connection: ~p", [Reason]))
                             end});
unusable(_, Reason) ->
    error(Reason).

%% The same sampling as everybody's: the best token, whatever ends a text.
client(Port, Prompt, Tokens) ->
    Parent = self(),
    Body = io_lib:format("{\"prompt\":\"~s\",\"n_predict\":~b,\"stream\":true,\"cache_prompt\":false,"
                         "\"ignore_eos\":true,\"samplers\":[\"top_k\"],\"top_k\":1}", [Prompt, Tokens]),
    Request = ["POST /completion HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ",
               integer_to_list(iolist_size(Body)), "\r\n\r\n", Body],
    fun() ->
        Socket = case gen_tcp:connect(?LOCALHOST, Port, [binary, {active, false}, {packet, http_bin}, {nodelay, true}],
                                      ?TIMEOUT) of
                     {ok, Connected} -> Connected;
                     {error, Reason} -> lost(Reason)
                 end,
        Parent ! {ready, self()},
        Start = receive {go, Time} -> Time end,
        ok = sent(gen_tcp:send(Socket, Request)),
        ok = header(Socket),
        ok = inet:setopts(Socket, [{packet, raw}, {active, true}]),
        {Prompted, Completed, _, _} = Timeline = receive_events(Socket, new(), Start, []),
        Completed =:= Tokens orelse refuse("it generated ~b tokens of ~b after a prompt of ~b",
                                           [Completed, Tokens, Prompted]),
        exit({timeline, Timeline})
    end.

sent(ok) -> ok;
sent({error, Reason}) -> lost(Reason).

header(Socket) ->
    header(Socket, gen_tcp:recv(Socket, 0, ?TIMEOUT), 0, identity).

header(Socket, {ok, {http_response, _, Status, _}}, _, Coding) ->
    header(Socket, gen_tcp:recv(Socket, 0, ?TIMEOUT), Status, Coding);
header(Socket, {ok, {http_header, _, 'Transfer-Encoding', _, <<"chunked">>}}, Status, _) ->
    header(Socket, gen_tcp:recv(Socket, 0, ?TIMEOUT), Status, chunked);
header(Socket, {ok, {http_header, _, _, _, _}}, Status, Coding) ->
    header(Socket, gen_tcp:recv(Socket, 0, ?TIMEOUT), Status, Coding);
header(_, {ok, http_eoh}, 200, chunked) ->
    ok;
header(Socket, {ok, http_eoh}, Status, _) ->
    ok = inet:setopts(Socket, [{packet, raw}]),
    {_, Said} = gen_tcp:recv(Socket, 0, ?TIMEOUT),
    refuse("it answered a request with status ~b: ~p", [Status, Said]);
header(_, {ok, Other}, _, _) ->
    refuse("its answer is no HTTP: ~p", [Other]);
header(_, {error, Reason}, _, _) ->
    lost(Reason).

receive_events(Socket, Parser, Start, Pieces) ->
    receive
        {tcp, Socket, Bytes} ->
            Now = erlang:monotonic_time(microsecond) - Start,
            {Events, Next} = events(Bytes, Parser),
            case pieces(Events, Now, Pieces) of
                {more, More} -> receive_events(Socket, Next, Start, More);
                {done, Timeline} -> Timeline
            end;
        {tcp_closed, Socket} ->
            lost(closed);
        {tcp_error, Socket, Reason} ->
            lost(Reason)
    after ?TIMEOUT ->
        refuse("it sent nothing for ~b seconds", [?TIMEOUT div 1000])
    end.

pieces([], _, Pieces) ->
    {more, Pieces};
pieces([Event | Events], Now, Pieces) ->
    %% Quotes within a text are escaped, so a text cannot look like a key.
    case {binary:match(Event, <<"\"stop\":true">>), binary:match(Event, <<"\"content\":\"\"">>)} of
        {nomatch, nomatch} ->
            binary:match(Event, <<"\"content\":">>) =/= nomatch orelse refuse("it sent ~ts", [Event]),
            pieces(Events, Now, [Now | Pieces]);
        {nomatch, _} ->
            pieces(Events, Now, Pieces);
        _ ->
            {done, {number(Event, "tokens_evaluated"), number(Event, "tokens_predicted"), Now, lists:reverse(Pieces)}}
    end.

number(Event, Key) ->
    {match, [Number]} = re:run(Event, ["\"", Key, "\":([0-9]+)"], [{capture, [1], list}]),
    list_to_integer(Number).

-spec lost(term()) -> no_return().
lost(Reason) ->
    exit({lost, Reason}).

-spec refuse(io:format(), [term()]) -> no_return().
refuse(Format, Arguments) ->
    exit({answer, io_lib:format(Format, Arguments)}).

%% @doc A parser that has seen nothing of an answer's body.
-spec new() -> parser().
new() ->
    {<<>>, <<>>}.

%% @doc The server-sent events that are complete with these bytes of a body in chunks, as their lines.
-spec events(binary(), parser()) -> {[binary()], parser()}.
events(Bytes, {Buffer, Text}) ->
    {Chunks, Rest} = chunks(<<Buffer/binary, Bytes/binary>>, []),
    [Last | Events] = lists:reverse(binary:split(iolist_to_binary([Text | Chunks]), <<"\n\n">>, [global])),
    {lists:reverse(Events), {Rest, Last}}.

chunks(Bytes, Chunks) ->
    case binary:split(Bytes, <<"\r\n">>) of
        [Size, Rest] ->
            Length = binary_to_integer(Size, 16),
            case Rest of
                <<Chunk:Length/binary, "\r\n", More/binary>> -> chunks(More, [Chunk | Chunks]);
                _ -> {lists:reverse(Chunks), Bytes}
            end;
        [_] ->
            {lists:reverse(Chunks), Bytes}
    end.
