%% @doc The process that stands for a node, whatever becomes of that: it keeps a name and starts the node again.
%%
%% Callers ask it for the node's address, which it gives as soon as the node is ready, and it never
%% waits for anything in between. Their requests do not pass through it. Each start of the node is a
%% {@link llama_node_incarnation} of its own. When one has ended the next is started by the rule of
%% {@link llama_node_restarts}; who asks meanwhile waits for it, but no longer than `restart_wait'. The server stops
%% when the node has ended too often, so that its supervisor sees it.
%% @end
-module(llama_node_server).
-behaviour(gen_server).

-export([start_link/1, start/1, start_owned/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2, format_status/1]).

-include_lib("kernel/include/logger.hrl").

-record(state, {
    phase = starting :: starting | up | down,
    starter :: pid() | undefined,          % waits for the start to succeed
    owner :: {reference(), until_answered | for_life} | undefined, % the starter, while the server ends with it
    options :: llama_node_options:options(),
    transport :: module(),
    incarnation :: pid() | undefined,
    target :: llama_node_transport:target() | undefined,
    restarts :: llama_node_restarts:restarts(),
    timer :: reference() | undefined,      % of the next start
    was_up = false :: boolean(),           % whether it was ever ready
    since = 0 :: integer(),                % when it went down
    reason :: llama_node:error() | undefined, % why it is down
    failure :: llama_node:error() | undefined, % of the start, for the starter
    waiting = #{} :: #{reference() => {gen_server:from(), target | term()}},
    listeners = llama_node_listeners:new() :: llama_node_listeners:listeners()
}).

%% @doc Starts a server linked to the calling process.
-spec start_link(llama_node:start_options()) -> {ok, pid()} | {error, term()}.
start_link(Given) ->
    start(start_link, until_answered, Given).

%% @doc Starts a server on its own. It ends when the calling process ends before it has the answer.
-spec start(llama_node:start_options()) -> {ok, pid()} | {error, term()}.
start(Given) ->
    start(start, until_answered, Given).

%% @doc Starts a server that ends with the calling process, however that ends.
-spec start_owned(llama_node:start_options()) -> {ok, pid()} | {error, term()}.
start_owned(Given) ->
    start(start, for_life, Given).

start(How, Ownership, Given) ->
    case llama_node_options:new(Given) of
        {ok, #{server := #{transport := fake}} = Options} -> llama_node_fake:How(Options);
        {ok, Options} -> proc_lib:How(?MODULE, init, [{self(), Ownership, llama_node_options:hide(Options)}]);
        {error, _} = Error -> Error
    end.

%% Entered by proc_lib rather than gen_server: the starter is answered when the node is ready, and
%% the server runs normally until then.
%% @private
-spec init({pid(), until_answered | for_life, llama_node_options:options()}) -> no_return().
init({Starter, Ownership, #{server := Server} = Options}) ->
    Name = maps:get(name, Server, self()),
    case llama_node_registry:register(Name) of
        true ->
            process_flag(trap_exit, true),
            ok = logger:update_process_metadata(#{llama_node => nonode@nohost}),
            State = launched(started(#state{
                starter = Starter, owner = {erlang:monitor(process, Starter), Ownership}, options = Options,
                transport = llama_node_transport:module(maps:get(transport, Server)),
                restarts = llama_node_restarts:new(maps:get(restarts, Server))})),
            case Name of
                Pid when is_pid(Pid) -> gen_server:enter_loop(?MODULE, [], State);
                _ -> gen_server:enter_loop(?MODULE, [], State, Name)
            end;
        {false, Pid} ->
            not_started(Starter, {error, {already_started, Pid}});
        {refused, Reason} ->
            Refusal = llama_node_error:make(invalid_argument, "name: ~0tP cannot be registered: ~0tP",
                                            [Name, 8, Reason, 8]),
            not_started(Starter, Refusal)
    end.

%% No exit signal follows the answer.
-spec not_started(pid(), {error, term()}) -> no_return().
not_started(Starter, Error) ->
    ok = proc_lib:init_ack(Starter, Error),
    true = unlink(Starter),
    exit(normal).

%% Without `wait', the starter has its answer before the launch.
started(#state{options = #{server := #{wait := false}}} = State) -> acknowledge(State);
started(State) -> State.

launched(#state{options = Options, transport = Transport} = State) ->
    Pid = llama_node_incarnation:start(Options, Transport, #{llama_node => nonode@nohost}),
    State#state{incarnation = Pid, timer = undefined}.

acknowledge(#state{starter = undefined} = State) ->
    State;
acknowledge(#state{owner = {Ref, until_answered}} = State) ->
    true = erlang:demonitor(Ref, [flush]),
    acknowledge(State#state{owner = undefined});
acknowledge(#state{starter = Starter} = State) ->
    ok = proc_lib:init_ack(Starter, {ok, self()}),
    State#state{starter = undefined}.

%% @private
-spec handle_call(term(), gen_server:from(), #state{}) -> {reply, term(), #state{}} | {noreply, #state{}}.
handle_call(owner, _From, State) ->
    {reply, {ok, self()}, State};
handle_call({subscribe, Server}, {Pid, _}, #state{listeners = Listeners} = State) ->
    {reply, ok, State#state{listeners = llama_node_listeners:add(Pid, Server, Listeners)}};
handle_call(unsubscribe, {Pid, _}, #state{listeners = Listeners} = State) ->
    {reply, ok, State#state{listeners = llama_node_listeners:remove(Pid, Listeners)}};
handle_call(target, _From, #state{phase = up, target = Target} = State) ->
    {reply, {ok, Target}, State};
handle_call(Request, From, #state{phase = down} = State) ->
    {noreply, wait(From, Request, State)};
handle_call(target, From, State) ->
    {noreply, wait(From, target, State)};
handle_call(Request, From, State) ->
    {noreply, pass_on(From, Request, State)}.

%% A start has its own time-out, and callers have theirs.
wait(From, Request, #state{phase = starting, waiting = Waiting} = State) ->
    State#state{waiting = Waiting#{make_ref() => {From, Request}}};
wait(From, _Request, #state{options = #{server := #{restart_wait := 0}}, reason = Reason} = State) ->
    ok = gen_server:reply(From, {error, Reason}),
    State;
wait(From, Request, #state{options = #{server := #{restart_wait := Wait}}, waiting = Waiting} = State) ->
    Ref = case Wait of
        infinity -> make_ref();
        _ -> erlang:start_timer(Wait, self(), waited)
    end,
    State#state{waiting = Waiting#{Ref => {From, Request}}}.

%% Somebody took the server for the mailbox of the node. The answer does not come back here.
pass_on(From, Request, #state{incarnation = Pid} = State) ->
    Pid ! {'$gen_call', From, Request},
    State.

%% @private
-spec handle_cast(term(), #state{}) -> {noreply, #state{}}.
handle_cast(Request, #state{phase = Phase, incarnation = Pid} = State) ->
    %% As over the distribution, what is sent to a node that is not there is lost.
    _ = [Pid ! {'$gen_cast', Request} || Phase =/= down],
    {noreply, State}.

%% @private
-spec handle_info(term(), #state{}) -> {noreply, #state{}} | {stop, term(), #state{}}.
handle_info({Pid, {ready, Target}}, #state{incarnation = Pid} = State) ->
    {noreply, up(Target, State)};
handle_info({Pid, gone}, #state{incarnation = Pid, phase = up} = State) ->
    {error, Reason} = llama_node_error:node_down(noconnection),
    {noreply, gone(Reason, State)};
handle_info({'EXIT', Pid, {shutdown, {ended, Reason, Error}}}, #state{incarnation = Pid} = State) ->
    ended(Reason, Error, State#state{incarnation = undefined});
handle_info({'EXIT', Pid, Crash}, #state{incarnation = Pid} = State) ->
    {error, Error} = llama_node_error:make(node_down, "the process of the node failed: ~0tP", [Crash, 12]),
    ended(Crash, Error, State#state{incarnation = undefined});
handle_info({timeout, Timer, start}, #state{timer = Timer} = State) ->
    {noreply, launched(State)};
handle_info({timeout, Ref, waited}, #state{waiting = Waiting} = State) when is_map_key(Ref, Waiting) ->
    {{From, _}, Others} = maps:take(Ref, Waiting),
    #state{reason = {_, Why}, options = #{server := #{restart_wait := Wait}}} = State,
    Overdue = llama_node_error:make(node_down, "~ts (and it was not back within ~b ms)", [Why, Wait]),
    ok = gen_server:reply(From, Overdue),
    {noreply, State#state{waiting = Others}};
handle_info({'DOWN', Ref, process, _, _}, #state{owner = {Ref, _}} = State) ->
    {stop, shutdown, State#state{starter = undefined}};
handle_info({'DOWN', Ref, process, Pid, _}, #state{listeners = Listeners} = State) ->
    {noreply, State#state{listeners = llama_node_listeners:down({Ref, Pid}, Listeners)}};
handle_info(_Other, State) ->
    {noreply, State}.

up(Target, #state{phase = Before, since = Since, restarts = Restarts} = State) ->
    #state{waiting = Waiting} = Known = acknowledge(State#state{
        phase = up, was_up = true, target = Target, reason = undefined,
        restarts = llama_node_restarts:started(Restarts)}),
    Answered = lists:foldl(fun answer/2, Known#state{waiting = #{}}, maps:to_list(Waiting)),
    case Before of
        down ->
            After = now_ms() - Since,
            ?LOG_NOTICE("the node is up again after ~b ms", [After]),
            tell(up, #{after_ms => After}, Answered);
        starting ->
            tell(up, #{}, Answered)
    end.

answer({Ref, {From, Request}}, #state{target = Target} = State) ->
    _ = erlang:cancel_timer(Ref),
    case Request of
        target -> ok = gen_server:reply(From, {ok, Target}), State;
        _ -> pass_on(From, Request, State)
    end.

%% It can not be called any more; why, its incarnation says when it has ended.
gone(Reason, State) ->
    State#state{phase = down, target = undefined, reason = Reason, since = now_ms()}.

%% A start that fails is the starter's to report: the server itself ends normally then, so that the
%% exit signal hurts nobody. Any other end is abnormal, for the supervisor to see.
ended(_Reason, Error, #state{starter = Starter} = State) when is_pid(Starter) ->
    {stop, normal, State#state{failure = Error}};
ended(Reason, Error, #state{phase = up} = State) ->
    ended(Reason, Error, gone(Error, State));
ended(Reason, {_, Message} = Error, #state{phase = Phase, restarts = Restarts} = State) ->
    case llama_node_restarts:next(now_ms(), Restarts) of
        {wait, Wait, Next} ->
            ?LOG_WARNING("~ts; it is started again in ~b ms", [Message, Wait]),
            Timer = erlang:start_timer(Wait, self(), start),
            Told = case Phase of
                down -> State;
                %% Whoever waited for this start hears why it failed.
                starting -> gone(Error, give_up(Error, State))
            end,
            {noreply, tell(down, #{reason => Error, restart_in_ms => Wait},
                           Told#state{restarts = Next, timer = Timer, reason = Error})};
        exhausted ->
            Ended = case State#state.was_up of
                true -> {node_down, Reason};
                false -> {start_failed, Error}
            end,
            {stop, Ended, give_up(Error, tell(down, #{reason => Error}, State))}
    end.

give_up(Error, #state{waiting = Waiting} = State) ->
    _ = [gen_server:reply(From, {error, Error}) || {From, _} <- maps:values(Waiting)],
    State#state{waiting = #{}}.

tell(What, Info, #state{listeners = Listeners} = State) ->
    ok = llama_node_listeners:tell({node, What, Info}, Listeners),
    State.

now_ms() ->
    erlang:monotonic_time(millisecond).

%% @private
-spec terminate(term(), #state{}) -> ok.
terminate(_Reason, #state{incarnation = Pid} = State) ->
    {error, Stopped} = llama_node_error:node_down(stopped),
    Told = give_up(Stopped, State),
    _ = [llama_node_incarnation:stop(Pid) || is_pid(Pid)],
    report_failure(Told).

%% The process and the name are gone by the time the starter hears of the failure and may try again.
report_failure(#state{failure = undefined}) ->
    ok;
report_failure(#state{failure = Error, starter = Starter, options = #{server := Server}}) ->
    ok = llama_node_registry:unregister(maps:get(name, Server, undefined)),
    ok = proc_lib:init_ack(Starter, {error, Error}),
    true = unlink(Starter),
    ok.

%% @private
-spec format_status(gen_server:format_status()) -> gen_server:format_status().
format_status(#{state := #state{options = Options} = State} = Status) ->
    Status#{state := State#state{options = llama_node_options:redact(Options)}};
format_status(Status) ->
    Status.
