%% @doc The nodes that this runtime uses over the distribution, and the way to each of them.
%%
%% For each there is a {@link llama_node_pulse}, which ends when the node is out of reach or hangs, and a
%% {@link llama_node_writer}. Callers watch the pulse rather than the node: a monitor of another node's process is a
%% signal to that node, and whoever sends one over a busy connection is suspended. A table tells callers the way without
%% asking anybody; this process keeps it. It is started when it is needed, and ends when there is no node left.
%%
%% A node that {@link llama_node:connect/2} was called for stays in the table when it is lost: it is connected again,
%% and callers are told meanwhile that it is down.
%% @end
-module(llama_node_lines).
-behaviour(gen_server).

-include_lib("kernel/include/logger.hrl").

-export([find/1, get/2, open/2, keep/3, drop/1, listen/2]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).
%% Entry point of the process that connects again.
-export([connect/2]).
-export_type([line/0]).

-type address() :: llama_node_dist:address().
-type line() :: #{pulse := pid(), writer := llama_node_writer:writer(), async := boolean()}.
%% `async': whether a process of this runtime may have asked never to be suspended, and to queue without a limit.

-record(kept, {
    settings :: llama_node_pulse:settings(),
    cookie :: none | llama_node_secret:secret(binary()),
    delay :: pos_integer(),
    since = 0 :: integer(),                % when it was lost
    listeners = llama_node_listeners:new() :: llama_node_listeners:listeners(),
    retry = none :: none | {timer, reference()} | {connecting, pid(), reference()}
}).
-record(state, {
    pulses = #{} :: #{reference() => address()},
    kept = #{} :: #{address() => #kept{}}
}).

%% Milliseconds from the loss of a connection to the first attempt, and at most from one attempt to the next.
-define(FIRST_DELAY, 200).
-define(LONGEST_DELAY, 5000).

%% @doc The way to a node; or that it is down, if it is one that is connected again when it can be.
-spec find(address()) -> {ok, line()} | {error, llama_node:error()} | none.
find(Address) ->
    try ets:lookup(?MODULE, Address) of
        [{_, Found}] -> Found;
        [] -> none
    catch
        error:badarg -> none
    end.

%% @doc The way to a node, which is connected if need be; the connection may take as long as `Timeout'.
-spec get(address(), timeout()) -> {ok, line()} | {error, llama_node:error()}.
get({_, Node} = Address, Timeout) ->
    case find(Address) of
        none ->
            llama_node_aside:run(fun () ->
                case net_kernel:hidden_connect_node(Node) of
                    true -> {ok, open(Address, llama_node_pulse:settings(#{}))};
                    _ -> llama_node_error:node_down(noconnection)
                end
            end, Timeout);
        Found ->
            Found
    end.

%% @doc Opens the way to a node that is connected. Where there is one, its pulse is set anew.
-spec open(address(), llama_node_pulse:settings()) -> line().
open(Address, Settings) ->
    llama_node_on_demand:call(?MODULE, {open, Address, Settings}).

%% @doc Opens the way to a node that is connected, and connects it again whenever it is lost.
-spec keep(address(), llama_node_pulse:settings(), none | binary()) -> ok.
keep(Address, Settings, Cookie) ->
    Secret = case Cookie of none -> none; _ -> llama_node_secret:wrap(Cookie) end,
    llama_node_on_demand:call(?MODULE, {keep, Address, Settings, Secret}).

%% @doc Connects a node no more. The connection stays, as long as it does. `none' if the node is not kept.
-spec drop(address()) -> ok | none.
drop(Address) ->
    case whereis(?MODULE) of
        undefined -> none;
        _ -> llama_node_on_demand:call(?MODULE, {drop, Address})
    end.

%% @doc The calling process hears of the connection to a kept node, or does no more.
-spec listen(address(), {subscribe, llama_node:server()} | unsubscribe) -> ok | {error, llama_node:error()}.
listen(Address, Request) ->
    llama_node_on_demand:call(?MODULE, {listen, Address, Request}).

%% @private
-spec init([]) -> {ok, #state{}}.
init([]) ->
    ?MODULE = ets:new(?MODULE, [named_table, {read_concurrency, true}]),
    {ok, #state{}}.

%% @private
-spec handle_call(term(), gen_server:from(), #state{}) ->
    {reply, line() | ok | none | {error, llama_node:error()}, #state{}} | {stop, normal, term(), #state{}}.
handle_call({open, Address, Settings}, _From, State) ->
    {Line, Next} = opened(Address, Settings, State),
    {reply, Line, Next};
handle_call({keep, Address, Settings, Cookie}, _From, #state{kept = Kept} = State) ->
    ok = end_retry(Address, State),
    {_, Next} = opened(Address, Settings, State),
    #kept{listeners = Listeners} = maps:get(Address, Kept, #kept{settings = Settings, cookie = Cookie,
                                                                 delay = ?FIRST_DELAY}),
    Its = #kept{settings = Settings, cookie = Cookie, delay = ?FIRST_DELAY, listeners = Listeners},
    {reply, ok, Next#state{kept = Kept#{Address => Its}}};
handle_call({listen, Address, Request}, {Pid, _}, #state{kept = Kept} = State) ->
    case Kept of
        #{Address := #kept{listeners = Listeners} = Its} ->
            Next = case Request of
                {subscribe, Server} -> llama_node_listeners:add(Pid, Server, Listeners);
                unsubscribe -> llama_node_listeners:remove(Pid, Listeners)
            end,
            {reply, ok, State#state{kept = Kept#{Address := Its#kept{listeners = Next}}}};
        _ ->
            end_or_go_on(llama_node_error:make(unsupported, "nobody watches ~0tP: llama_node:connect/2 does",
                                               [Address, 8]), State)
    end;
handle_call({drop, Address}, _From, #state{kept = Kept} = State) when is_map_key(Address, Kept) ->
    ok = end_retry(Address, State),
    Next = State#state{kept = maps:remove(Address, Kept)},
    case find(Address) of
        {ok, _} -> {reply, ok, Next};
        {error, _} ->
            true = ets:delete(?MODULE, Address),
            end_or_go_on(ok, Next)
    end;
handle_call({drop, _}, _From, State) ->
    end_or_go_on(none, State).

%% @private
-spec handle_cast(term(), #state{}) -> {noreply, #state{}}.
handle_cast(_Request, State) ->
    {noreply, State}.

%% @private
-spec handle_info(term(), #state{}) -> {noreply, #state{}} | {stop, normal, #state{}}.
handle_info({'DOWN', Ref, process, _, Reason}, #state{pulses = Pulses} = State) when is_map_key(Ref, Pulses) ->
    {Address, Left} = maps:take(Ref, Pulses),
    lost(Address, Reason, State#state{pulses = Left});
handle_info({'DOWN', Ref, process, Pid, Outcome}, #state{kept = Kept} = State) ->
    case [Address || {Address, #kept{retry = {connecting, Connecting, R}}} <- maps:to_list(Kept),
                     {Connecting, R} =:= {Pid, Ref}] of
        [Address] -> {noreply, tried(Address, Outcome, State)};
        [] ->
            Listened = maps:map(fun (_, #kept{listeners = Listeners} = Its) ->
                Its#kept{listeners = llama_node_listeners:down({Ref, Pid}, Listeners)}
            end, Kept),
            {noreply, State#state{kept = Listened}}
    end;
handle_info({timeout, Timer, {connect, Address}}, #state{kept = Kept} = State) ->
    case Kept of
        #{Address := #kept{retry = {timer, Timer}, cookie = Cookie} = Its} ->
            {Pid, Ref} = spawn_monitor(?MODULE, connect, [Address, Cookie]),
            {noreply, State#state{kept = Kept#{Address := Its#kept{retry = {connecting, Pid, Ref}}}}};
        _ ->
            {noreply, State}
    end;
handle_info(_Other, State) ->
    {noreply, State}.

%% @private
-spec connect(address(), none | llama_node_secret:secret(binary())) -> no_return().
connect({Name, Node}, Cookie) ->
    Options = case Cookie of none -> #{}; _ -> #{cookie => llama_node_secret:reveal(Cookie)} end,
    exit({connected, llama_node_dist:connected(Node, Options#{name => Name})}).

opened(Address, Settings, #state{pulses = Pulses} = State) ->
    case find(Address) of
        {ok, #{pulse := Pulse} = Line} ->
            case is_process_alive(Pulse) of
                true ->
                    Pulse ! {settings, Settings},
                    {Line, State};
                %% The next message says so.
                false ->
                    new(Address, Settings, State#state{pulses = maps:filter(fun (_, A) -> A =/= Address end, Pulses)})
            end;
        _ ->
            new(Address, Settings, State)
    end.

%% The pulse and the writer know of each other, so the writer is the first and ends with this process or with the pulse.
new({_, Node} = Address, Settings, #state{pulses = Pulses} = State) ->
    Writer = llama_node_writer:start(self(), fun (Message) -> llama_node_dist:write(Address, Message) end),
    {Pulse, Ref} = llama_node_pulse:watch(#{
        ask => fun (Ping) -> llama_node_dist:send(Address, Writer, always, Ping) end,
        written => fun () -> llama_node_writer:written(Writer) end,
        node => Node,
        give_up => fun () -> erlang:disconnect_node(Node) end
    }, Settings),
    ok = llama_node_writer:depend(Writer, Pulse),
    Line = #{pulse => Pulse, writer => Writer, async => llama_node_dist:has_async()},
    true = ets:insert(?MODULE, {Address, {ok, Line}}),
    {Line, State#state{pulses = Pulses#{Ref => Address}}}.

lost({_, Node} = Address, Reason, #state{kept = Kept} = State) ->
    case Kept of
        #{Address := Its} ->
            Down = llama_node_error:make(node_down, "the connection to ~ts is lost (~ts), and tried again",
                                         [Node, why(Reason)]),
            true = ets:insert(?MODULE, {Address, Down}),
            ?LOG_WARNING("the connection to ~ts is lost (~ts); it is tried again", [Node, why(Reason)],
                         #{llama_node => Node}),
            {error, Error} = Down,
            ok = llama_node_listeners:tell({node, down, #{reason => Error, restart_in_ms => ?FIRST_DELAY}},
                                           Its#kept.listeners),
            Lost = Its#kept{delay = ?FIRST_DELAY, since = erlang:monotonic_time(millisecond)},
            {noreply, State#state{kept = Kept#{Address := later(Address, Lost)}}};
        _ ->
            true = ets:delete(?MODULE, Address),
            end_or_go_on(State)
    end.

why(silent) -> "it does not answer";
why(Reason) -> io_lib:format("~0tP", [Reason, 8]).

%% Many runtimes may have lost the same node.
later(Address, #kept{delay = Delay} = Its) ->
    Timer = erlang:start_timer(Delay + rand:uniform(Delay div 4), self(), {connect, Address}),
    Its#kept{retry = {timer, Timer}}.

tried({_, Node} = Address, Outcome, #state{kept = Kept} = State) ->
    #{Address := #kept{settings = Settings, delay = Delay} = Its} = Kept,
    case Outcome of
        {connected, {ok, _}} ->
            {_, Next} = opened(Address, Settings, State),
            ?LOG_NOTICE("~ts is connected again", [Node], #{llama_node => Node}),
            After = erlang:monotonic_time(millisecond) - Its#kept.since,
            ok = llama_node_listeners:tell({node, up, #{after_ms => After}}, Its#kept.listeners),
            Next#state{kept = Kept#{Address := Its#kept{retry = none, delay = ?FIRST_DELAY}}};
        _ ->
            ?LOG_DEBUG("~ts cannot be connected: ~0tP", [Node, Outcome, 12], #{llama_node => Node}),
            State#state{kept = Kept#{Address := later(Address, Its#kept{delay = min(2 * Delay, ?LONGEST_DELAY)})}}
    end.

end_retry(Address, #state{kept = Kept}) ->
    case Kept of
        #{Address := #kept{retry = {timer, Timer}}} ->
            _ = erlang:cancel_timer(Timer),
            ok;
        #{Address := #kept{retry = {connecting, Pid, Ref}}} ->
            true = erlang:demonitor(Ref, [flush]),
            true = exit(Pid, kill),
            ok;
        _ ->
            ok
    end.

end_or_go_on(#state{pulses = Pulses, kept = Kept} = State) when Pulses =:= #{}, Kept =:= #{} -> {stop, normal, State};
end_or_go_on(State) -> {noreply, State}.

end_or_go_on(Reply, #state{pulses = Pulses, kept = Kept} = State) when Pulses =:= #{}, Kept =:= #{} ->
    {stop, normal, Reply, State};
end_or_go_on(Reply, State) ->
    {reply, Reply, State}.
