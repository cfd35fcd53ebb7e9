%% @doc Cookies that this runtime has for single nodes, each as long as somebody needs it.
%%
%% `erlang:set_cookie/2' is for the whole runtime: a wrong cookie that stays makes every later connection to that node
%% fail, whoever makes it. So this process sets cookies and takes them back. A server holds the cookie of its node until
%% it ends, a connection that {@link llama_node:connect/2} made until it is lost, and an attempt to connect while it is
%% made. Of several holders of one node the last one counts, and when none is left, the node has the cookie that
%% it had before. A cookie that somebody else has set meanwhile stays.
%%
%% The process is started when it is needed, and ends when nothing is held.
%% @end
-module(llama_node_cookies).
-behaviour(gen_server).

-export([hold/2, release/0, connecting/3]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-record(node, {
    before :: default | node_cookie(),
    set :: node_cookie(),
    holders = [] :: [{pid() | connection, reference() | none, node_cookie()}], % the last one first
    turn = none :: none | {pid(), reference()},                                % who connects
    waiting = [] :: [{gen_server:from(), reference(), none | node_cookie()}]   % in their order
}).

-type node_cookie() :: fun(() -> atom()).

%% @doc Sets the cookie of a node for as long as the calling process lives, or until it calls {@link release/0}.
-spec hold(node(), Cookie :: binary()) -> ok.
hold(Node, Cookie) ->
    llama_node_on_demand:call(?MODULE, {hold, Node, secret(Cookie)}).

%% @doc Takes back what the calling process holds.
-spec release() -> ok.
release() ->
    case whereis(?MODULE) of
        undefined -> ok;
        _ -> llama_node_on_demand:call(?MODULE, release)
    end.

%% @doc Makes a connection with the cookie, if one is given. Attempts at one node are made one after the other, for they
%% would share the handshake of the first one and so its cookie.
-spec connecting(node(), none | binary(), fun(() -> {ok, Result} | {error, Error})) -> {ok, Result} | {error, Error}.
connecting(Node, _Cookie, Connect) when Node =:= node() ->
    Connect();
connecting(Node, Cookie, Connect) ->
    ok = llama_node_on_demand:call(?MODULE, {connecting, Node, secret(Cookie)}),
    try Connect() of
        {ok, _} = Connected ->
            ok = llama_node_on_demand:call(?MODULE, {connected, Node}),
            Connected;
        {error, _} = Error ->
            Error
    after
        release()
    end.

secret(none) -> none;
secret(Cookie) -> llama_node_secret:wrap(binary_to_atom(Cookie)).

%% @private
-spec init([]) -> {ok, #{node() => #node{}}}.
init([]) ->
    ok = net_kernel:monitor_nodes(true, [{node_type, all}]),
    {ok, #{}}.

%% @private
-spec handle_call(term(), gen_server:from(), #{node() => #node{}}) ->
    {reply, ok, map()} | {noreply, map()} | {stop, normal, ok, map()}.
handle_call({hold, Node, Cookie}, {Pid, _}, Nodes) ->
    Ref = erlang:monitor(process, Pid),
    {reply, ok, Nodes#{Node => held({Pid, Ref, Cookie}, Node, known(Node, Nodes))}};
handle_call({connecting, Node, Cookie}, {Pid, _} = From, Nodes) ->
    Waiting = {From, erlang:monitor(process, Pid), Cookie},
    #node{waiting = Others} = Known = known(Node, Nodes),
    {noreply, Nodes#{Node => next(Node, Known#node{waiting = Others ++ [Waiting]})}};
handle_call({connected, Node}, {Pid, _}, Nodes) ->
    {reply, ok, maps:map(fun (N, Known) when N =:= Node -> connected(N, Pid, Known); (_, Known) -> Known end, Nodes)};
handle_call(release, {Pid, _}, Nodes) ->
    case dropped(Pid, Nodes) of
        Left when Left =:= #{} -> {stop, normal, ok, Left};
        Left -> {reply, ok, Left}
    end.

%% @private
-spec handle_cast(term(), map()) -> {noreply, map()}.
handle_cast(_Request, Nodes) ->
    {noreply, Nodes}.

%% @private
-spec handle_info(term(), #{node() => #node{}}) -> {noreply, map()} | {stop, normal, map()}.
handle_info({'DOWN', _, process, Pid, _}, Nodes) ->
    end_or_go_on(dropped(Pid, Nodes));
handle_info({nodedown, Node, _}, Nodes) when is_map_key(Node, Nodes) ->
    end_or_go_on(dropped(connection, Nodes, [Node]));
handle_info(_Other, Nodes) ->
    {noreply, Nodes}.

end_or_go_on(Nodes) when Nodes =:= #{} -> {stop, normal, Nodes};
end_or_go_on(Nodes) -> {noreply, Nodes}.

known(Node, Nodes) ->
    case Nodes of
        #{Node := Known} -> Known;
        _ ->
            Cookie = erlang:get_cookie(Node),
            Before = case erlang:get_cookie() of
                Cookie -> default;
                _ -> llama_node_secret:wrap(Cookie)
            end,
            #node{before = Before, set = llama_node_secret:wrap(Cookie)}
    end.

held(Holder, Node, #node{holders = Holders} = Known) ->
    set(Node, Known#node{holders = [Holder | Holders]}).

%% The next attempt begins. A connection that is there already needs no cookie.
next(Node, #node{turn = none, waiting = [{{Pid, _} = From, Ref, Cookie} | Rest]} = Known) ->
    Begun = case Cookie =/= none andalso not is_connected(Node) of
        true -> held({Pid, none, Cookie}, Node, Known);
        false -> Known
    end,
    gen_server:reply(From, ok),
    Begun#node{turn = {Pid, Ref}, waiting = Rest};
next(_Node, Known) ->
    Known.

is_connected(Node) ->
    lists:member(Node, nodes(connected)).

%% What the attempt has held is the connection's from now on.
connected(Node, Pid, #node{holders = Holders} = Known) ->
    case is_connected(Node) of
        true -> Known#node{holders = [case Holder of {Pid, none, Cookie} -> {connection, none, Cookie}; _ -> Holder end
                                      || Holder <- Holders]};
        false -> Known
    end.

dropped(Who, Nodes) ->
    dropped(Who, Nodes, maps:keys(Nodes)).

dropped(Who, Nodes, Of) ->
    maps:filter(fun (_, Known) -> is_needed(Known) end,
                maps:map(fun (Node, Known) -> case lists:member(Node, Of) of
                                                  true -> next(Node, drop(Who, Node, Known));
                                                  false -> Known
                                              end
                         end, Nodes)).

is_needed(#node{holders = Holders, turn = Turn, waiting = Waiting}) ->
    {Holders, Turn, Waiting} =/= {[], none, []}.

drop(Who, Node, #node{holders = Holders, turn = Turn, waiting = Waiting} = Known) ->
    {Its, Others} = lists:partition(fun ({Holder, _, _}) -> Holder =:= Who end, Holders),
    {Gone, Left} = lists:partition(fun ({{Pid, _}, _, _}) -> Pid =:= Who end, Waiting),
    Over = case Turn of {Who, _} -> [Turn]; _ -> [] end,
    Refs = [Ref || {_, Ref, _} <- Its ++ Gone, Ref =/= none] ++ [Ref || {_, Ref} <- Over],
    _ = [erlang:demonitor(Ref, [flush]) || Ref <- Refs],
    Dropped = Known#node{holders = Others, waiting = Left, turn = case Over of [] -> Turn; _ -> none end},
    case Its of
        [] -> Dropped;
        _ -> set(Node, Dropped)
    end.

%% The cookie of the last holder. Without a holder it is the one from before, unless somebody else has changed it.
set(Node, #node{holders = [{_, _, Cookie} | _]} = Known) ->
    ok = put_cookie(Node, Cookie()),
    Known#node{set = Cookie};
set(Node, #node{holders = [], before = Before, set = Set} = Known) ->
    Former = case Before of
        default -> erlang:get_cookie();
        _ -> Before()
    end,
    _ = [put_cookie(Node, Former) || erlang:get_cookie(Node) =:= Set()],
    Known#node{set = llama_node_secret:wrap(Former)}.

%% An entry for a node stays for good, so there is none for a cookie that the runtime has for it anyway.
put_cookie(Node, Cookie) ->
    case erlang:get_cookie(Node) of
        Cookie -> ok;
        _ ->
            try
                true = erlang:set_cookie(Node, Cookie),
                ok
            catch
                %% The distribution has been stopped in this moment, and its cookies with it.
                _:_ -> ok
            end
    end.
