%% @doc The transport over Erlang's distribution: the node is a hidden node of the BEAM's cluster
%% and its mailbox is called like a `gen_server'.
%% @end
-module(llama_node_dist).
-behaviour(llama_node_transport).

-export([preparation/0, prepare/1, opened/2, connect/2, frame/2, down/2, request/2]).
-export([monitor/1, watch/1, call/3, cast/2]).
-export([node_name/4, attach/2]).
-export_type([address/0]).

-type address() :: {Mailbox :: atom(), Node :: node()}.
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

%% @doc No frame belongs to this transport.
-spec frame(node(), binary()) -> {other, node()}.
frame(Node, _Frame) ->
    {other, Node}.

%% @doc The node itself monitors processes.
-spec down(node(), reference()) -> {other, node()}.
down(Node, _Ref) ->
    {other, Node}.

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
            case call(Address, ping, ?PING_TIMEOUT) of
                pong -> {ok, Address};
                {error, _} = Error -> Error;
                Other -> llama_node_error:make(node_down, "ping was answered with ~0tp", [Other])
            end;
        _ ->
            llama_node_error:make(node_down, "~ts is ready but cannot be connected", [Node])
    end;
connect(Node, #{node := Other}) ->
    llama_node_error:make(node_down, "the node calls itself ~ts instead of ~ts", [Other, Node]).

%% @doc Connects to a node that was started elsewhere. Like {@link connect/2} this makes it no visible node. A given
%% cookie is taken back when the attempt fails, and when the connection ends.
-spec attach(node(), #{cookie => binary(), name => atom()}) -> {ok, address()} | {error, llama_node:error()}.
attach(Node, Options) ->
    case is_alive() of
        true ->
            Address = {maps:get(name, Options, ?MAILBOX), Node},
            llama_node_cookies:connecting(Node, maps:get(cookie, Options, none), fun () ->
                attach(Node, Address, net_kernel:hidden_connect_node(Node))
            end);
        false ->
            not_distributed()
    end.

attach(Node, Address, true) ->
    case call(Address, ping, ?PING_TIMEOUT) of
        pong -> {ok, Address};
        {error, {node_down, _}} -> llama_node_error:make(node_down, "~ts is up, but it is no such node", [Node]);
        {error, _} = Error -> Error;
        Other -> llama_node_error:make(node_down, "ping was answered with ~0tp", [Other])
    end;
attach(Node, _Address, _) ->
    llama_node_error:make(node_down, "~ts cannot be connected: it is not running, or has another cookie", [Node]).

%% @doc Monitors the node's mailbox.
-spec monitor(address()) -> reference().
monitor(Address) ->
    erlang:monitor(process, Address).

%% @doc Monitors the node's mailbox, and disconnects a node that is silent for the tick time: that frees whoever waits
%% to send it something.
-spec watch(address()) -> reference().
watch({_, Node} = Address) ->
    llama_node_pulse:watch(#{
        ask => fun (Ping) -> erlang:send(Address, Ping, [nosuspend, noconnect]) end,
        monitor => fun () -> monitor(Address) end,
        give_up => fun () -> erlang:disconnect_node(Node) end
    }, tick_time()).

tick_time() ->
    maps:get(net_ticktime, net_ticktime(), 60) * 1000.

%% @doc Calls the mailbox. The call monitors it, so a node that dies ends the wait at once, and its
%% tag is an alias, so an answer that comes too late is dropped by the runtime.
-spec call(address(), term(), timeout()) -> term().
call(Address, Request, Timeout) ->
    try
        gen_server:call(Address, Request, Timeout)
    catch
        exit:{timeout, {gen_server, call, _}} -> llama_node_error:timeout(Timeout);
        exit:{Reason, {gen_server, call, _}} -> llama_node_error:node_down(Reason)
    end.

%% @doc Sends a request that is not answered.
-spec cast(address(), term()) -> ok.
cast(Address, Request) ->
    gen_server:cast(Address, Request).
