%% @doc The transport over Erlang's distribution: the node is a hidden node of the BEAM's cluster
%% and its mailbox is called like a `gen_server'.
%% @end
-module(llama_node_dist).
-behaviour(llama_node_transport).

-export([prepare/1, connect/2, monitor/1, call/3]).
-export([node_name/4]).
-export_type([address/0]).

-type address() :: {Mailbox :: atom(), Node :: node()}.

-define(MAILBOX, llama_node).
-define(PING_TIMEOUT, 10000).

%% @doc Chooses the node's name and tells it the cookie.
-spec prepare(llama_node_options:options()) ->
    {ok, map(), node()} | {error, llama_node:error()}.
prepare(Options) ->
    case is_alive() of
        false ->
            llama_node_error:make(unsupported,
                "this runtime is not distributed: start it with -name or -sname, "
                "or call net_kernel:start/2 first");
        true ->
            ok = ensure_epmd(),
            {Host, Bind} = host(Options),
            Node = node_name(maps:get(node_name, Options, undefined), Host,
                             os:getpid(), erlang:system_time()),
            Config = #{node_name => Node, cookie => cookie(Node, Options)},
            {ok, maps:merge(maps:merge(Config, Bind), net_ticktime()), Node}
    end.

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
    {binary_to_list(Host), bind(Options)};
host(#{node_name := Name} = Options) ->
    case string:split(Name, "@") of
        [_, Host] -> {binary_to_list(Host), bind(Options)};
        [_] -> host(maps:remove(node_name, Options))
    end;
host(#{config := #{bind := _}}) ->
    {own_host(), #{}};
host(_Options) ->
    Host = own_host(),
    case {inet:getaddr(Host, inet), net_kernel:longnames()} of
        {{ok, {127, _, _, _} = Address}, _} -> {Host, #{bind => address(Address)}};
        {_, true} -> {"127.0.0.1", #{bind => <<"127.0.0.1">>}};
        {_, _} -> {"localhost", #{bind => <<"127.0.0.1">>}}
    end.

bind(#{config := #{bind := _}}) -> #{};
bind(_) -> #{bind => <<"127.0.0.1">>}.

address(Address) ->
    list_to_binary(inet:ntoa(Address)).

own_host() ->
    [_, Host] = string:split(atom_to_list(node()), "@"),
    Host.

cookie(Node, #{cookie := Cookie}) ->
    true = erlang:set_cookie(Node, binary_to_atom(Cookie)),
    Cookie;
cookie(_Node, _Options) ->
    atom_to_binary(erlang:get_cookie()).

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
                Epmd -> run(Epmd, ["-daemon"])
            end;
        _ ->
            ok
    end.

epmd_path() ->
    Erts = filename:join([code:root_dir(), "erts-" ++ erlang:system_info(version), "bin"]),
    Erts ++ ":" ++ filename:join(code:root_dir(), "bin") ++ ":" ++ os:getenv("PATH", "").

%% The daemon detaches itself, so the program ends as soon as it listens.
run(Program, Args) ->
    Port = open_port({spawn_executable, Program}, [{args, Args}, exit_status]),
    receive {Port, {exit_status, _}} -> ok end.

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

%% @doc Monitors the node's mailbox.
-spec monitor(address()) -> reference().
monitor(Address) ->
    erlang:monitor(process, Address).

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
