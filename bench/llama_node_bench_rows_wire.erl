%% @doc Rows of "Bounded": peers that have the cookie and do what no runtime would, and connections that have none.
-module(llama_node_bench_rows_wire).

-export([rows/0]).

-import(llama_node_bench_callers, [at_once/3, merge/1, scaled/2]).

-define(HOLD_MS, 3000).
-define(HANDSHAKES, 100).

%% @doc The rows; over the port there are no connections.
-spec rows() -> [llama_node_bench_bounded:row()].
rows() ->
    [Row#{transports => [distribution]} || Row <-
        [#{name => half_frames, what => "29 peers, each with 15 MB of an announced frame of 16 MB",
           attack => fun half_frames/1},
         #{name => unread_pings, what => "20 peers that read nothing, with pings of large tags",
           attack => fun unread_pings/1},
         #{name => many_names, what => "3,230 connections of different names", attack => fun many_names/1},
         #{name => silent, what => "3,000 connections a second that say nothing; 100 handshakes beside them",
           attack => fun silent/1},
         #{name => dripping, what => "500 connections that send a byte a second; 100 handshakes beside them",
           attack => fun dripping/1}]].

half_frames(#{node := Node} = Target) ->
    Part = binary:copy(<<"x">>, scaled(15000000, Target)),
    peers(29, Node, fun ({Socket, _}) ->
        _ = gen_tcp:send(Socket, [<<(scaled(16 bsl 20, Target)):32>>, Part]),
        pause(?HOLD_MS)
    end).

%% Each sends until the node takes no more of it.
unread_pings(#{node := Node} = Target) ->
    Tag = binary:copy(<<"t">>, scaled(1 bsl 20, Target)),
    peers(20, Node, fun ({Socket, _} = Peer) ->
        ok = inet:setopts(Socket, [{recbuf, 4096}, {send_timeout, 500}]),
        Ping = llama_node_bench_raw_peer:call(Peer, Tag, ping),
        send(Socket, Ping, 200),
        pause(?HOLD_MS)
    end).

send(_Socket, _Data, 0) -> ok;
send(Socket, Data, Left) ->
    case gen_tcp:send(Socket, Data) of
        ok -> send(Socket, Data, Left - 1);
        {error, _} -> ok
    end.

%% Peers that the node lets in are callers that were served; of those that it refuses, one is told why in its log.
peers(Count, Node, Fun) ->
    Port = llama_node_bench_raw_peer:port_of(Node),
    Cookie = erlang:get_cookie(),
    at_once(Count, infinity, fun (N) ->
        case llama_node_bench_raw_peer:connect(Port, "raw" ++ integer_to_list(N) ++ "@localhost", Cookie) of
            {ok, {Socket, _} = Peer} -> Fun(Peer), gen_tcp:close(Socket);
            {error, _} -> {error, {server_busy, <<"not let in">>}}
        end
    end).

many_names(#{node := Node} = Target) ->
    peers(scaled(3230, Target), Node, fun (_) -> pause(?HOLD_MS) end).

silent(#{node := Node}) ->
    Port = llama_node_bench_raw_peer:port_of(Node),
    beside_strangers([fun () -> connecting(Port) end || _ <- lists:seq(1, 3)], Port).

%% A thousand a second; the node closes them when others come.
connecting(Port) ->
    case llama_node_bench_raw_peer:open(Port) of
        {ok, Socket} -> erlang:send_after(2000, self(), {close, Socket});
        {error, _} -> ok
    end,
    receive {close, Old} -> gen_tcp:close(Old) after 1 -> ok end,
    connecting(Port).

dripping(#{node := Node}) ->
    Port = llama_node_bench_raw_peer:port_of(Node),
    beside_strangers([fun () -> dripping_from(Port) end || _ <- lists:seq(1, 500)], Port).

dripping_from(Port) ->
    case llama_node_bench_raw_peer:open(Port) of
        {ok, Socket} -> drip(Socket, <<0, 40, "N", 0:64, 42:32, 25:16, "dripping@localhost.......">>);
        {error, _} -> pause(100)
    end,
    dripping_from(Port).

drip(Socket, <<Byte, Rest/binary>>) ->
    case gen_tcp:send(Socket, <<Byte>>) of
        ok -> pause(1000), drip(Socket, Rest);
        {error, _} -> gen_tcp:close(Socket)
    end;
drip(Socket, <<>>) ->
    gen_tcp:close(Socket).

%% Handshakes of nodes with the cookie, one after the other: who fails at the first try was cut. One in a hundred may
%% be.
beside_strangers(Strangers, Port) ->
    Pids = [spawn_link(Stranger) || Stranger <- Strangers],
    pause(1000),
    Cookie = erlang:get_cookie(),
    Answers = merge([at_once(1, infinity, fun (_) ->
        case llama_node_bench_raw_peer:connect(Port, "rightful@localhost", Cookie) of
            {ok, {Socket, _}} -> gen_tcp:close(Socket);
            {error, _} -> {error, {cancelled, <<"cut">>}}
        end
    end) || _ <- lists:seq(1, ?HANDSHAKES)]),
    _ = [begin unlink(Pid), exit(Pid, kill) end || Pid <- Pids],
    case maps:get({in_time, cancelled}, Answers, 0) of
        Cut when Cut * 100 =< ?HANDSHAKES -> Answers;
        Cut -> Answers#{{in_time, {odd, {handshakes_cut, Cut}}} => Cut}
    end.

pause(Milliseconds) -> receive after Milliseconds -> ok end.
