%% @doc The transport over Erlang's distribution: the node is a hidden node of the BEAM's cluster
%% and its mailbox is called like a `gen_server'.
%% @end
-module(llama_node_dist).
-behaviour(llama_node_transport).

-export([preparation/0, prepare/1, opened/2, connect/2, handled/2, request/2]).
-export([monitor/1, watch/2, call/3, cast/2]).
-export([node_name/4, attach/2, connected/2]).
%% For llama_node_lines.
-export([send/4, write/2, has_async/0]).
-export_type([address/0]).

-type address() :: {Mailbox :: atom(), Node :: node()} | pid().
%% A process is the mailbox of a server whose answers come from a script.
-type prepared() :: {node(), Cookie :: none | llama_node_secret:secret(binary())}.

-define(MAILBOX, llama_node).
-define(PING_TIMEOUT, 10000).
%% Characters of an atom.
-define(MAX_NAME, 255).

%% @doc The names of hosts and epmd are asked.
-spec preparation() -> string().
preparation() ->
    "asking for the node's host, and for epmd or starting it".

%% @doc Chooses the node's name and tells it the cookie.
-spec prepare(llama_node_options:options()) ->
    {ok, map(), prepared()} | {error, llama_node:error()}.
prepare(Options) ->
    case is_alive() of
        false ->
            not_distributed();
        true ->
            {Host, Bind} = host(Options),
            case check_protocol(Options, check_name(Options, Host)) of
                ok -> prepare(Options, Host, Bind);
                {Key, Format, Args} ->
                    llama_node_error:make(invalid_argument, "~ts: " ++ Format, [Key | Args])
            end
    end.

not_distributed() ->
    llama_node_error:make(unsupported,
        "this runtime is not distributed: start it with -name or -sname, or call net_kernel:start/2 first").

prepare(Options, Host, Bind) ->
    ok = ensure_epmd(),
    Node = node_name(maps:get(node_name, Options, undefined), Host,
                     os:getpid(), erlang:system_time()),
    {Cookie, Given} = cookie(Node, Options),
    Config = #{node_name => Node, cookie => Cookie},
    {ok, maps:merge(maps:merge(Config, Bind), net_ticktime()), {Node, Given}}.

%% @doc The full name of a node. Without a given name it is unlike that of any other server, BEAM
%% or incarnation on the host, so that a restart never meets the registration of what died.
%% ```
%% 'llama@myhost' = llama_node_dist:node_name(<<"llama">>, "myhost", "1", 0).
%% '''
-spec node_name(undefined | binary(), string(), string(), integer()) -> node().
node_name(undefined, Host, OsPid, Time) ->
    Parts = ["llama", OsPid, base36(Time), base36(erlang:unique_integer([positive]))],
    list_to_atom(lists:flatten([lists:join($_, Parts), $@, Host]));
node_name(Name, Host, _OsPid, _Time) ->
    case binary:match(Name, <<"@">>) of
        nomatch -> binary_to_atom(<<Name/binary, $@, (list_to_binary(Host))/binary>>);
        _ -> binary_to_atom(Name)
    end.

base36(Integer) ->
    string:lowercase(integer_to_list(Integer, 36)).

%% The node listens on a loopback address only, unless `bind' says otherwise. Its name must then
%% resolve to that address: where the BEAM's own host name leads to the network, the loopback's
%% name stands in for it.
host(#{host := Host} = Options) ->
    {unicode:characters_to_list(Host), bind(Options)};
host(#{node_name := Name} = Options) ->
    case string:split(Name, "@") of
        [_, Host] -> {unicode:characters_to_list(Host), bind(Options)};
        [_] -> host(maps:remove(node_name, Options))
    end;
host(#{config := #{bind := _}}) ->
    {own_host(), #{}};
host(_Options) ->
    Host = own_host(),
    Long = net_kernel:longnames(),
    case {inet:getaddr(Host, inet), is_of_names(Host, Long)} of
        {{ok, {127, _, _, _} = Address}, true} -> {Host, #{bind => address(Address)}};
        {_, _} when Long -> {"127.0.0.1", #{bind => <<"127.0.0.1">>}};
        {_, _} -> {"localhost", #{bind => <<"127.0.0.1">>}}
    end.

%% What the runtime could not connect to is refused before anything is launched, with the rules that
%% net_kernel has for names.
check_name(#{node_name := Name} = Options, Host) ->
    [Alive | Given] = string:split(Name, "@"),
    case re:run(Alive, "^[0-9A-Za-z_-]+$", [dollar_endonly]) of
        nomatch ->
            {node_name, "must have ASCII letters, digits, _ and - only before the @, got ~ts", [Name]};
        _ when byte_size(Alive) + 1 + length(Host) > ?MAX_NAME ->
            {node_name, "must have at most ~b characters, the host included", [?MAX_NAME]};
        _ when Given =:= [] ->
            check_host(host, Host);
        _ when is_map_key(host, Options), [map_get(host, Options)] =/= Given ->
            {host, "is not the one in node_name", []};
        _ ->
            check_host(node_name, Host)
    end;
check_name(_Options, Host) when length(Host) > ?MAX_NAME - 64 ->
    {host, "is too long", []};
check_name(_Options, Host) ->
    check_host(host, Host).

%% A runtime and a node that speak different protocols would fail to connect without saying why.
check_protocol(#{config := Config}, ok) ->
    Tls = case init:get_argument(proto_dist) of
        {ok, [[Protocol | _] | _]} -> lists:member(Protocol, ["inet_tls", "inet6_tls"]);
        _ -> false
    end,
    case is_map_key(tls, Config) of
        Tls -> ok;
        true -> {tls, "the distribution of this runtime does not run over TLS (-proto_dist inet_tls)", []};
        false -> {tls, "the distribution of this runtime runs over TLS; the node needs certificates as well", []}
    end;
check_protocol(_Options, Wrong) ->
    Wrong.

check_host(Key, Host) ->
    Ascii = re:run(Host, "^[0-9A-Za-z_.:%-]+$", [dollar_endonly, unicode]),
    case {Ascii, is_of_names(Host, net_kernel:longnames())} of
        {nomatch, _} -> {Key, "the host must be ASCII text without blanks, got ~ts", [Host]};
        {_, false} -> {Key, "the host ~ts does not suit the names of this runtime, ~ts", [Host, node()]};
        {_, true} ->
            case [ok || Family <- [inet, inet6], {ok, _} <- [inet:getaddr(Host, Family)]] of
                [] -> {Key, "the host ~ts does not resolve", [Host]};
                [_ | _] -> ok
            end
    end.

%% A runtime with long names connects to fully qualified hosts and addresses only, one with short
%% names to neither.
is_of_names(Host, Long) ->
    case inet:parse_address(Host) of
        {ok, _} -> Long orelse not lists:member($., Host);
        {error, _} -> lists:member($., Host) =:= Long
    end.

bind(#{config := #{bind := _}}) -> #{};
bind(_) -> #{bind => <<"127.0.0.1">>}.

address(Address) ->
    list_to_binary(inet:ntoa(Address)).

own_host() ->
    [_, Host] = string:split(atom_to_list(node()), "@"),
    Host.

%% What the node is told, and what the runtime must be told because it would take another one.
cookie(_Node, #{cookie := Secret}) ->
    {Secret, Secret};
cookie(Node, _Options) ->
    {llama_node_secret:wrap(atom_to_binary(erlang:get_cookie(Node))), none}.

%% The node has to speak as often as this runtime expects it, and to be as patient.
net_ticktime() ->
    case net_kernel:get_net_ticktime() of
        {ongoing_change_to, Seconds} -> #{net_ticktime => Seconds};
        Seconds when is_integer(Seconds) -> #{net_ticktime => Seconds};
        %% The distribution has been stopped in this moment.
        ignored -> #{}
    end.

%% The node registers with epmd, which `erl' starts for itself but which may have died since.
ensure_epmd() ->
    case {init:get_argument(epmd_module), net_adm:names()} of
        {error, {error, address}} ->
            case os:find_executable("epmd", epmd_path()) of
                false -> ok;
                %% The daemon detaches itself, so the program ends as soon as it listens.
                Epmd -> _ = llama_node_program:run(Epmd, ["-daemon"], []), ok
            end;
        _ ->
            ok
    end.

epmd_path() ->
    Erts = filename:join([code:root_dir(), "erts-" ++ erlang:system_info(version), "bin"]),
    Erts ++ ":" ++ filename:join(code:root_dir(), "bin") ++ ":" ++ os:getenv("PATH", "").

%% @doc The port carries none of the requests. The runtime has a cookie that was given for as long as the owner of the
%% port, which calls this, is there or holds it.
-spec opened(prepared(), port()) -> node().
opened({Node, none}, _Port) ->
    Node;
opened({Node, Cookie}, _Port) ->
    ok = llama_node_cookies:hold(Node, llama_node_secret:reveal(Cookie)),
    Node.

%% @doc Frames are not acknowledged.
-spec handled(node(), binary()) -> ok.
handled(_Node, _Frame) ->
    ok.

%% @doc The mailbox is the node's.
-spec request(node(), term()) -> refused.
request(_Node, _Request) ->
    refused.

%% @doc Connects to a node that is ready, without becoming visible to it in `nodes()', and checks
%% that its mailbox answers.
-spec connect(node(), map()) -> {ok, address()} | {error, llama_node:error()}.
connect(Node, #{node := Node}) ->
    case net_kernel:hidden_connect_node(Node) of
        true ->
            Address = {?MAILBOX, Node},
            case probe(Address) of
                pong -> {ok, Address};
                {error, _} = Error -> Error;
                Other -> llama_node_error:make(node_down, "ping was answered with ~0tp", [Other])
            end;
        _ ->
            llama_node_error:make(node_down, "~ts is ready but cannot be connected", [Node])
    end;
connect(Node, #{node := Other}) ->
    llama_node_error:make(node_down, "the node calls itself ~ts instead of ~ts", [Other, Node]).

%% @doc Connects to a node that was started elsewhere, and again whenever the connection is lost. Like {@link connect/2}
%% this makes it no visible node. A given cookie is taken back when the attempt fails, and when the connection ends.
-spec attach(node(), llama_node_options:attach()) -> {ok, address()} | {error, llama_node:error()}.
attach(Node, Options) ->
    case connected(Node, Options) of
        {ok, Address} ->
            ok = llama_node_lines:keep(Address, llama_node_pulse:settings(Options), maps:get(cookie, Options, none)),
            {ok, Address};
        {error, _} = Error ->
            Error
    end.

%% @doc Connects to a node that was started elsewhere, and sees whether it answers.
-spec connected(node(), #{cookie => binary(), name => atom(), _ => _}) -> {ok, address()} | {error, llama_node:error()}.
connected(Node, Options) ->
    case is_alive() of
        true ->
            Address = {maps:get(name, Options, ?MAILBOX), Node},
            llama_node_cookies:connecting(Node, maps:get(cookie, Options, none), fun () ->
                connected(Node, Address, net_kernel:hidden_connect_node(Node))
            end);
        false ->
            not_distributed()
    end.

connected(Node, Address, true) ->
    case probe(Address) of
        pong -> {ok, Address};
        {error, {node_down, _}} -> llama_node_error:make(node_down, "~ts is up, but it is no such node", [Node]);
        {error, _} = Error -> Error;
        Other -> llama_node_error:make(node_down, "ping was answered with ~0tp", [Other])
    end;
connected(Node, _Address, _) ->
    llama_node_error:make(node_down, "~ts cannot be connected: it is not running, or has another cookie", [Node]).

%% This tells a node without such a mailbox from one that does not answer. A connection that was there may be busy.
probe(Address) ->
    llama_node_aside:run(fun () -> call_process(Address, ping, ?PING_TIMEOUT) end, ?PING_TIMEOUT).

%% @doc Monitors the connection to the node.
-spec monitor(address()) -> reference().
monitor(Pid) when is_pid(Pid) ->
    erlang:monitor(process, Pid);
monitor(Address) ->
    case llama_node_lines:find(Address) of
        {ok, #{pulse := Pulse}} -> erlang:monitor(process, Pulse);
        _ -> element(2, spawn_monitor(erlang, exit, [noconnection]))
    end.

%% @doc Monitors the connection to the node, and disconnects a node that does not answer: that frees whoever waits to
%% send it something.
-spec watch(address(), llama_node_pulse:settings()) -> reference().
watch(Address, Settings) ->
    #{pulse := Pulse} = llama_node_lines:open(Address, Settings),
    erlang:monitor(process, Pulse).

%% @doc Calls the mailbox. A connection that is lost ends the wait at once.
-spec call(address(), term(), timeout()) -> term().
call(Pid, Request, Timeout) when is_pid(Pid) ->
    call_process(Pid, Request, Timeout);
call(Address, Request, Timeout) ->
    case llama_node_lines:find(Address) of
        {ok, Line} ->
            call(Address, Line, Request, Timeout);
        {error, _} = Error ->
            Error;
        none ->
            Started = erlang:monotonic_time(millisecond),
            case llama_node_lines:get(Address, Timeout) of
                {ok, Line} when Timeout =:= infinity -> call(Address, Line, Request, infinity);
                {ok, Line} ->
                    Spent = erlang:monotonic_time(millisecond) - Started,
                    call(Address, Line, Request, max(0, Timeout - Spent));
                {error, _} = Error -> Error
            end
    end.

call(Address, #{pulse := Pulse} = Line, Request, Timeout) ->
    Send = fun (Sender, Message) -> send_over(Line, Address, Sender, Message) end,
    llama_node_writer:call(Pulse, Send, Request, Timeout).

%% A process of this runtime or of another one, which the runtime itself watches.
call_process(Process, Request, Timeout) ->
    try
        gen_server:call(Process, Request, Timeout)
    catch
        exit:{timeout, {gen_server, call, _}} -> llama_node_error:timeout(Timeout);
        exit:{Reason, {gen_server, call, _}} -> llama_node_error:node_down(Reason)
    end.

%% @doc Sends a request that is not answered. Nothing is sent to a node that is not connected.
-spec cast(address(), term()) -> ok.
cast(Pid, Request) when is_pid(Pid) ->
    gen_server:cast(Pid, Request);
cast(Address, Request) ->
    case llama_node_lines:find(Address) of
        {ok, Line} -> _ = send_over(Line, Address, always, {'$gen_cast', self(), Request}), ok;
        _ -> ok
    end.

send_over(#{writer := Writer, async := Async}, Address, Sender, Message) ->
    case Async andalso is_async() of
        %% The runtime would take all that this process has to say, and keep it.
        true -> llama_node_writer:send(Writer, Sender, fun () -> false end, Message, size_of(Message));
        false -> send(Address, Writer, Sender, Message)
    end.

%% @doc Sends a message without waiting: directly if the connection is not busy. Of one that is lost, the monitor tells.
-spec send(address(), llama_node_writer:writer(), {pid(), integer() | infinity} | always, term()) ->
    ok | {error, llama_node:error()}.
send(Address, Writer, Sender, Message) ->
    Direct = fun () -> erlang:send(Address, Message, [nosuspend, noconnect]) =/= nosuspend end,
    llama_node_writer:send(Writer, Sender, Direct, Message, size_of(Message)).

size_of(Message) ->
    fun () -> erlang:external_size(Message) end.

%% @doc Sends a message, and waits while the connection is busy.
-spec write(address(), term()) -> ok | closed.
write(Address, Message) ->
    case erlang:send(Address, Message, [noconnect]) of
        ok -> ok;
        noconnect -> closed
    end.

%% @doc Whether processes of this runtime can be exempt from being suspended by a busy connection (OTP 25.3 and later).
-spec has_async() -> boolean().
has_async() ->
    try is_async() of
        _ -> true
    catch
        error:badarg -> false
    end.

is_async() ->
    %% An item that the specification of an older OTP does not know.
    {_, Async} = erlang:process_info(self(), list_to_atom("async_dist")),
    Async.
