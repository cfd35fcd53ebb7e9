%% @doc The process that owns a node: it launches it, connects to it, and ends it.
%%
%% Callers ask it for the node's address, which it gives as soon as the node is ready, and it never
%% waits for anything in between. Their requests do not pass through it, unless the transport is the port:
%% see {@link llama_node_stdio}. It stops when the node has gone, so that its supervisor starts a new one.
%% @end
-module(llama_node_server).
-behaviour(gen_server).

-export([start_link/1, start/1, start_owned/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2, format_status/1]).
%% Entry point of the process that connects.
-export([connect/3]).

-include_lib("kernel/include/logger.hrl").

%% How long a lost connection waits for the exit status that explains it.
-define(EXIT_STATUS_TIMEOUT, 2000).
%% How long nothing else is done while a launch is prepared.
-define(PREPARE_TIMEOUT, 5000).
%% How long an ended process may take to have its last words read, and one that runs those that it has said.
-define(WORDS_TIMEOUT, 1000).
-define(WORDS_SO_FAR_TIMEOUT, 100).

-record(state, {
    phase = preparing :: preparing | launching | connecting | ready | lost,
    starter :: pid() | undefined,          % waits for the start to succeed
    owner :: {reference(), until_answered | for_life} | undefined, % the starter, while the server ends with it
    options :: map(),
    preparer :: {pid(), reference()} | undefined,
    preparing = "" :: string(),            % what the preparer is doing
    early = [] :: [{'$gen_call', gen_server:from(), term()} | {'$gen_cast', term()}], % the last one first
    port :: port() | undefined,
    os_pid :: non_neg_integer() | undefined,
    stderr = none :: llama_node_stderr:reader(),
    transport :: module(),
    handle :: llama_node_transport:handle() | undefined,
    node = nonode@nohost :: node(),        % its name, for the log
    connector :: reference() | undefined,
    target :: llama_node_transport:target() | undefined,
    monitor :: reference() | undefined,
    hangs = false :: boolean(),
    timer :: reference() | undefined,
    waiting = [] :: [gen_server:from()],   % for the target
    warning = <<>> :: binary(),            % the last one of the node before it was ready
    failure :: llama_node:error() | undefined, % of the start, for the starter
    quarters = #{} :: #{binary() => 0..4}  % progress already logged
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
    case register_name(Name) of
        true ->
            process_flag(trap_exit, true),
            logger:update_process_metadata(metadata(nonode@nohost)),
            Transport = llama_node_transport:module(maps:get(transport, Server)),
            Owner = {erlang:monitor(process, Starter), Ownership},
            Preparer = llama_node_launch:start(Options, Transport, metadata(nonode@nohost)),
            State = started(#state{starter = Starter, owner = Owner, options = Options, transport = Transport,
                                   preparer = Preparer, timer = start_timer(Options)}),
            case prepared(State) of
                {noreply, Next} when is_pid(Name) ->
                    gen_server:enter_loop(?MODULE, [], Next);
                {noreply, Next} ->
                    gen_server:enter_loop(?MODULE, [], Next, Name);
                {stop, Reason, Failed} ->
                    ok = terminate(Reason, Failed),
                    exit(Reason)
            end;
        {false, Pid} ->
            not_started(Starter, {error, {already_started, Pid}});
        {refused, Reason} ->
            Refusal = llama_node_error:make(invalid_argument, "name: ~0tP cannot be registered: ~0tP",
                                            [Name, 8, Reason, 8]),
            not_started(Starter, Refusal)
    end.

%% What all records about a node can be told by: they have no domain, for the default handler of OTP shows those of
%% OTP itself and those without one.
metadata(Node) ->
    #{llama_node => Node}.

%% No exit signal follows the answer.
-spec not_started(pid(), {error, term()}) -> no_return().
not_started(Starter, Error) ->
    ok = proc_lib:init_ack(Starter, Error),
    true = unlink(Starter),
    exit(normal).

register_name(Self) when is_pid(Self) ->
    true;
register_name({local, Name}) ->
    try register(Name, self()) of
        true -> true
    catch
        error:badarg -> {false, whereis(Name)}
    end;
register_name({global, Name}) ->
    registered(global:register_name(Name, self()), {global, Name});
register_name({via, Module, Name} = Via) ->
    try
        registered(Module:register_name(Name, self()), Via)
    catch
        _:Reason -> {refused, Reason}
    end.

registered(yes, _Name) -> true;
registered(no, Name) -> {false, gen_server_where(Name)};
registered(Other, _Name) -> {refused, Other}.

unregister_name({local, Name}) -> unregister(Name);
unregister_name({global, Name}) -> global:unregister_name(Name);
unregister_name({via, Module, Name}) -> Module:unregister_name(Name);
unregister_name(undefined) -> ok.

gen_server_where({global, Name}) -> global:whereis_name(Name);
gen_server_where({via, Module, Name}) -> Module:whereis_name(Name).

%% A launch is prepared in a moment, unless something hangs. Until then everything else waits, so that whoever ends
%% the server ends a process rather than the intention to launch one.
prepared(#state{preparer = {_, Ref}, options = #{server := #{start_timeout := Timeout}}} = State) ->
    receive
        {'DOWN', Ref, process, _, Outcome} -> launch(Outcome, State#state{preparer = undefined})
    after min(Timeout, ?PREPARE_TIMEOUT) ->
        {noreply, State}
    end.

%% Without `wait', the starter has its answer before the launch.
started(#state{options = #{server := #{wait := false}}} = State) -> acknowledge(State);
started(State) -> State.

start_timer(#{server := #{start_timeout := infinity}}) -> undefined;
start_timer(#{server := #{start_timeout := Timeout}}) -> erlang:start_timer(Timeout, self(), start_timeout).

%% @private
-spec handle_call(term(), gen_server:from(), #state{}) ->
    {reply, term(), #state{}} | {noreply, #state{}}.
handle_call(owner, _From, State) ->
    {reply, {ok, self()}, State};
handle_call(target, _From, #state{phase = ready, target = Target} = State) ->
    {reply, {ok, Target}, State};
handle_call(target, _From, #state{phase = lost} = State) ->
    {reply, llama_node_error:node_down(noconnection), State};
handle_call(target, From, #state{waiting = Waiting} = State) ->
    {noreply, State#state{waiting = [From | Waiting]}};
handle_call(Request, From, #state{phase = preparing, early = Early} = State) ->
    {noreply, State#state{early = [{'$gen_call', From, Request} | Early]}};
handle_call(Request, From, State) ->
    ok = request({'$gen_call', From, Request}, State),
    {noreply, State}.

%% @private
-spec handle_cast(term(), #state{}) -> {noreply, #state{}}.
handle_cast(Request, #state{phase = preparing, early = Early} = State) ->
    {noreply, State#state{early = [{'$gen_cast', Request} | Early]}};
handle_cast(Request, State) ->
    ok = request({'$gen_cast', Request}, State),
    {noreply, State}.

request(Request, #state{transport = Transport, handle = Handle}) ->
    case {Transport:request(Handle, Request), Request} of
        {refused, {'$gen_call', From, _}} ->
            gen_server:reply(From, llama_node_error:make(invalid_argument,
                "this process owns the node and takes no requests for it: use the functions of llama_node"));
        _ ->
            ok
    end.

%% @private
-spec handle_info(term(), #state{}) -> {noreply, #state{}} | {stop, term(), #state{}}.
handle_info({Port, {data, Data}}, #state{port = Port, transport = Transport, handle = Handle} = State) ->
    ok = Transport:handled(Handle, Data),
    handle_data(Data, State);
handle_info({preparing, Pid, What}, #state{preparer = {Pid, _}} = State) ->
    {noreply, State#state{preparing = What}};
handle_info({'DOWN', Ref, process, _, Outcome}, #state{preparer = {_, Ref}} = State) ->
    launch(Outcome, State#state{preparer = undefined});
handle_info({'DOWN', Ref, process, _, _}, #state{owner = {Ref, _}} = State) ->
    {stop, shutdown, State#state{starter = undefined}};
handle_info({Port, {exit_status, Status}}, #state{port = Port, phase = Phase, stderr = Stderr} = State)
  when Phase =:= launching; Phase =:= connecting ->
    Library = library(State),
    Error = llama_node_port:start_error(Status, Library, llama_node_stderr:last_words(Stderr, ?WORDS_TIMEOUT)),
    fail({exit_status, Status}, Error, State#state{port = undefined});
handle_info({Port, {exit_status, Status}}, #state{port = Port} = State) ->
    down({exit_status, Status}, "the node ended: ~ts", [llama_node_port:exit_status(Status)],
         State#state{port = undefined});
handle_info({'EXIT', Port, Reason}, #state{port = Port} = State) ->
    down({port, Reason}, "the node's standard streams are closed: ~0tp", [Reason],
         State#state{port = undefined});
handle_info({'DOWN', Ref, process, _, Outcome}, #state{connector = Ref} = State) ->
    case Outcome of
        {connected, {ok, Address}} ->
            {noreply, ready(Address, State#state{connector = undefined})};
        {connected, {error, Error}} ->
            cancel(State#state.timer),
            explained(State#state{connector = undefined, failure = Error});
        Crash ->
            down(not_connected, "connecting failed: ~0tP", [Crash, 12], State)
    end;
handle_info({'DOWN', Ref, process, _, silent}, #state{monitor = Ref, node = Node} = State) ->
    ?LOG_WARNING("~ts does not answer any more and is given up", [Node]),
    %% It would not hear that it is to stop.
    down(silent, "the node does not answer", [], State#state{hangs = true});
handle_info({'DOWN', Ref, process, _, _}, #state{monitor = Ref} = State) ->
    %% The exit status of a node that died is on its way and tells more than this.
    Timer = erlang:start_timer(?EXIT_STATUS_TIMEOUT, self(), connection_lost),
    {noreply, State#state{phase = lost, timer = Timer}};
handle_info({timeout, Timer, start_timeout}, #state{timer = Timer, options = Options} = State) ->
    #{server := #{start_timeout := Timeout}} = Options,
    {error, Error} = llama_node_error:make(timeout, "the node was not ready within ~b ms", [Timeout]),
    fail(start_timeout, llama_node_error:with_words(Error, so_far(State)), State);
handle_info({timeout, Timer, not_connected}, #state{timer = Timer, failure = Error} = State) ->
    fail(not_connected, Error, State);
handle_info({timeout, Timer, connection_lost}, #state{timer = Timer} = State) ->
    down(connection_lost, "the connection to the node is lost", [], State);
handle_info(_Other, State) ->
    {noreply, State}.

%% The llama.cpp that was asked for by name: one that is broken may end the process that loads it.
library(#state{options = #{config := #{llama_lib := Library}}}) -> {"llama_lib", Library};
library(_State) -> {"LLAMA_NODE_LIB", os:getenv("LLAMA_NODE_LIB", "")}.

%% What a start that takes too long is at.
so_far(#state{phase = preparing, preparing = What}) -> unicode:characters_to_binary(What);
so_far(#state{stderr = Stderr}) -> llama_node_stderr:last_words(Stderr, ?WORDS_SO_FAR_TIMEOUT).

launch({prepared, {ok, {Options, Part, Handle, Stderr}}}, #state{transport = Transport, early = Early} = State) ->
    #{server := #{stop_timeout := StopTimeout}} = Options,
    Node = maps:get(node_name, Part, nonode@nohost),
    ok = logger:update_process_metadata(metadata(Node)),
    case llama_node_port:open(Options, llama_node_stderr:path(Stderr)) of
        {ok, Port, OsPid} ->
            ok = llama_node_stderr:launched(Stderr, {OsPid, StopTimeout}, metadata(Node)),
            %% A node that is dead already says so by its exit status.
            _ = llama_node_port:send(Port, {config, 1, llama_node_options:node_config(Options, Part)}),
            Launched = State#state{phase = launching, port = Port, os_pid = OsPid, stderr = Stderr, node = Node,
                                   handle = Transport:opened(Handle, Port), early = [],
                                   options = llama_node_options:redact(Options)},
            lists:foreach(fun (Request) -> ok = request(Request, Launched) end, lists:reverse(Early)),
            {noreply, Launched};
        {error, Error} ->
            fail(launch, Error, State#state{stderr = Stderr})
    end;
launch({prepared, {error, Error}}, State) ->
    fail(launch, Error, State);
launch(Crash, State) ->
    down(launch, "the start failed: ~0tP", [Crash, 12], State).

handle_data(Data, State) ->
    case llama_node_port:decode(Data) of
        {ok, Frame} ->
            handle_frame(Frame, State);
        {unknown, Term} ->
            ?LOG_WARNING("frame of an unknown kind: ~0tP", [Term, 8]),
            {noreply, State};
        {error, Reason} ->
            down({bad_frame, Reason}, "the launched program does not speak the protocol: ~ts frame",
                 [Reason], State)
    end.

handle_frame({log, Level, Logger, Message}, #state{node = Node, phase = Phase} = State) ->
    logger:log(Level, "~ts", [Message], #{llama_node => Node, llama_node_logger => Logger}),
    case Phase of
        connecting when Level =:= warning; Level =:= error -> explained(State#state{warning = Message});
        _ -> {noreply, State}
    end;
handle_frame({progress, Path, Fraction}, State) ->
    {noreply, progress(Path, Fraction, State)};
handle_frame({ready, Ready}, #state{phase = launching, transport = Transport, handle = Handle} = State) ->
    {_, Ref} = spawn_monitor(?MODULE, connect, [Transport, Handle, Ready]),
    {noreply, State#state{phase = connecting, connector = Ref}};
handle_frame({ready, _}, State) ->
    {noreply, State};
handle_frame({failed, Error}, State) ->
    fail(failed, Error, State).

%% Connecting can take long, and the server must stay responsive meanwhile.
%% @private
-spec connect(module(), llama_node_transport:handle(), map()) -> no_return().
connect(Transport, Handle, Ready) ->
    exit({connected, Transport:connect(Handle, Ready)}).

ready(Address, #state{transport = Transport, waiting = Waiting} = State) ->
    Target = {Transport, Address},
    answer({ok, Target}, Waiting),
    cancel(State#state.timer),
    #state{options = #{server := Server}} = Acknowledged = acknowledge(State),
    Monitor = Transport:watch(Address, llama_node_pulse:settings(Server)),
    Acknowledged#state{phase = ready, target = Target, monitor = Monitor, timer = undefined, waiting = [],
                       quarters = #{}}.

progress(Path, Fraction, #state{options = #{server := Server}, quarters = Quarters} = State) ->
    report(maps:get(progress, Server, none), Path, Fraction),
    case max(0, min(4, trunc(Fraction * 4))) of
        Quarter when is_map_key(Path, Quarters), Quarter =< map_get(Path, Quarters) ->
            State;
        Quarter ->
            ?LOG_DEBUG("loading ~ts: ~b%", [Path, Quarter * 25]),
            State#state{quarters = Quarters#{Path => Quarter}}
    end.

report(none, _Path, _Fraction) ->
    ok;
report(Pid, Path, Fraction) when is_pid(Pid) ->
    Pid ! {llama_node_progress, Path, Fraction},
    ok;
report(Fun, Path, Fraction) ->
    try Fun(Path, Fraction) of
        _ -> ok
    catch
        Class:Reason -> ?LOG_WARNING("the progress fun failed: ~0tp:~0tP", [Class, Reason, 12])
    end.

%% The node has gone, or is as good as gone.
down(Reason, Format, Args, #state{phase = Phase} = State) when Phase =:= preparing; Phase =:= launching ->
    {error, Error} = llama_node_error:make(start_failed, Format, Args),
    fail(Reason, llama_node_error:with_words(Error, so_far(State)), State);
down(Reason, Format, Args, State) ->
    {error, Error} = llama_node_error:make(node_down, Format, Args),
    fail(Reason, Error, State).

%% Why a node cannot be connected the node tells in a warning, which may come before or behind the failure.
explained(#state{connector = undefined, failure = Error, warning = <<>>} = State) when Error =/= undefined ->
    {noreply, State#state{timer = erlang:start_timer(?WORDS_TIMEOUT, self(), not_connected)}};
explained(#state{connector = undefined, failure = Error, warning = Warning} = State) when Error =/= undefined ->
    fail(not_connected, llama_node_error:with_words(Error, Warning), State);
explained(State) ->
    {noreply, State}.

%% A start that fails is the starter's to report: the server itself ends normally then, so that the
%% exit signal hurts nobody. Any other end is abnormal, for the supervisor to see.
fail(_Reason, Error, #state{starter = Starter} = State) when is_pid(Starter) ->
    {stop, normal, give_up(Error, State#state{failure = Error})};
fail(Reason, Error, #state{phase = Phase} = State) when Phase =:= ready; Phase =:= lost ->
    {stop, {node_down, Reason}, give_up(Error, State)};
fail(_Reason, Error, State) ->
    {stop, {start_failed, Error}, give_up(Error, State)}.

give_up(Error, #state{waiting = Waiting, early = Early} = State) ->
    answer({error, Error}, [From || {'$gen_call', From, _} <- Early] ++ Waiting),
    State#state{waiting = [], early = []}.

answer(Reply, Waiting) ->
    lists:foreach(fun (From) -> gen_server:reply(From, Reply) end, lists:reverse(Waiting)).

acknowledge(#state{starter = undefined} = State) ->
    State;
acknowledge(#state{owner = {Ref, until_answered}} = State) ->
    true = erlang:demonitor(Ref, [flush]),
    acknowledge(State#state{owner = undefined});
acknowledge(#state{starter = Starter} = State) ->
    ok = proc_lib:init_ack(Starter, {ok, self()}),
    State#state{starter = undefined}.

cancel(undefined) ->
    ok;
cancel(Timer) ->
    _ = erlang:cancel_timer(Timer),
    ok.

%% @private
-spec terminate(term(), #state{}) -> ok.
terminate(_Reason, #state{preparer = Preparer, stderr = Stderr} = State) ->
    {error, Stopped} = llama_node_error:node_down(stopped),
    Told = give_up(Stopped, State),
    ok = end_preparer(Preparer),
    ok = end_process(Told),
    ok = llama_node_stderr:close(Stderr),
    ok = llama_node_cookies:release(),
    report_failure(Told).

%% What it runs ends with it.
end_preparer(undefined) ->
    ok;
end_preparer({Pid, Ref}) ->
    true = exit(Pid, kill),
    receive {'DOWN', Ref, process, Pid, _} -> ok end.

%% The process and the name are gone by the time the starter hears of the failure and may try again.
report_failure(#state{failure = undefined}) ->
    ok;
report_failure(#state{failure = Error, starter = Starter, options = #{server := Server}}) ->
    unregister_name(maps:get(name, Server, undefined)),
    ok = proc_lib:init_ack(Starter, {error, Error}),
    true = unlink(Starter),
    ok.

end_process(#state{port = undefined}) ->
    ok;
end_process(#state{port = Port, os_pid = OsPid, hangs = true}) ->
    _ = llama_node_port:stop(Port, OsPid, 0),
    ok;
end_process(#state{port = Port, os_pid = OsPid, node = Node, options = #{server := Server}}) ->
    case llama_node_port:stop(Port, OsPid, maps:get(stop_timeout, Server)) of
        killed -> ?LOG_WARNING("~ts did not end when told to and was killed", [Node]);
        _ -> ok
    end.

%% @private
-spec format_status(gen_server:format_status()) -> gen_server:format_status().
format_status(#{state := #state{options = Options} = State} = Status) ->
    Status#{state := State#state{options = llama_node_options:redact(Options)}};
format_status(Status) ->
    Status.
