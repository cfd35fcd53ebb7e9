%% @doc A node that connects to another one byte by byte, with the cookie, and does what no runtime would: the
%% connecting side of Erlang's distribution as OTP 25 speaks it.
-module(llama_node_bench_raw_peer).

-export([port_of/1, open/1, connect/3, call/3]).
-export_type([peer/0]).

-type peer() :: {gen_tcp:socket(), Name :: string()}.

%% What a peer must offer to be let in: OTP 25's mandatory capabilities, and that it is hidden.
-define(FLAGS, (16#4 bor 16#10 bor 16#80 bor 16#100 bor 16#200 bor 16#400 bor 16#800 bor 16#10000 bor 16#20000
                bor 16#40000 bor 16#1000000 bor 16#2000000 bor (1 bsl 34))).
-define(CREATION, 42).
-define(TIMEOUT, 30000).

%% @doc Where a node of this host listens.
-spec port_of(node()) -> inet:port_number().
port_of(Node) ->
    [Name, Host] = string:split(atom_to_list(Node), "@"),
    {port, Port, _} = erl_epmd:port_please(Name, Host),
    Port.

%% @doc A connection that has said nothing yet.
-spec open(inet:port_number()) -> {ok, gen_tcp:socket()} | {error, term()}.
open(Port) ->
    gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}, {packet, raw}, {send_timeout, ?TIMEOUT}], ?TIMEOUT).

%% @doc A connection of a node of that name, once the node has taken its cookie.
-spec connect(inet:port_number(), Name :: string(), Cookie :: atom()) -> {ok, peer()} | {error, term()}.
connect(Port, Name, Cookie) ->
    maybe_connected(open(Port), Name, atom_to_list(Cookie)).

maybe_connected({ok, Socket}, Name, Cookie) ->
    try
        ok = inet:setopts(Socket, [{packet, 2}]),
        ok = gen_tcp:send(Socket, [$N, <<?FLAGS:64, ?CREATION:32, (length(Name)):16>>, Name]),
        {ok, <<"sok">>} = gen_tcp:recv(Socket, 0, ?TIMEOUT),
        {ok, <<$N, _Flags:64, Theirs:32, _/binary>>} = gen_tcp:recv(Socket, 0, ?TIMEOUT),
        ok = gen_tcp:send(Socket, [$r, <<7:32>>, digest(Cookie, Theirs)]),
        {ok, <<$a, _:16/binary>>} = gen_tcp:recv(Socket, 0, ?TIMEOUT),
        ok = inet:setopts(Socket, [{packet, raw}]),
        {ok, {Socket, Name}}
    catch
        error:{badmatch, Reason} ->
            ok = gen_tcp:close(Socket),
            {error, Reason}
    end;
maybe_connected({error, _} = Error, _Name, _Cookie) ->
    Error.

digest(Cookie, Challenge) ->
    erlang:md5([Cookie, integer_to_list(Challenge)]).

%% @doc The frame of a call to the node's mailbox, its length in front.
-spec call(peer(), Tag :: term(), Request :: term()) -> iodata().
call({_, Name}, Tag, Request) ->
    %% A pid of that node cannot be made here: NEW_PID_EXT, written out.
    Pid = <<88, 119, (length(Name)):8, (list_to_binary(Name))/binary, 9:32, 0:32, ?CREATION:32>>,
    Control = <<131, 104, 4, 97, 6, Pid/binary, 119, 0, 119, 10, "llama_node">>,
    Message = [<<131, 104, 3, 119, 9, "$gen_call", 104, 2>>, Pid, bare(Tag), bare(Request)],
    Body = [112, Control, Message],
    [<<(iolist_size(Body)):32>>, Body].

%% A term without the byte of the version.
bare(Term) ->
    <<131, Bare/binary>> = term_to_binary(Term),
    Bare.
