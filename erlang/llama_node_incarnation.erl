%% @doc One incarnation of a node: the process that launches it, connects to it, and ends with it.
%%
%% It belongs to a {@link llama_node_server}, which starts the next one. The server is sent `{Pid, {ready, Target}}'
%% when the node can be called, `{Pid, gone}' as soon as it can not any more, and then an exit signal with the reason
%% `{shutdown, {ended, Reason, Error}}'. It never waits for anything in between.
%% @end
-module(llama_node_incarnation).
-behaviour(gen_server).

-export([start/3, stop/1]).
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
    server :: pid(),
    options :: llama_node_options:options(),
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
    monitor :: reference() | undefined,
    hangs = false :: boolean(),
    timer :: reference() | undefined,
    warning = <<>> :: binary(),            % the last one of the node before it was ready
    failure :: llama_node:error() | undefined, % to connect
    quarters = #{} :: #{binary() => 0..4}  % progress already logged
}).

%% @doc Launches a node for the calling server, which is linked to it.
-spec start(llama_node_options:options(), module(), logger:metadata()) -> pid().
start(Options, Transport, Metadata) ->
    proc_lib:spawn_link(?MODULE, init, [{self(), Options, Transport, Metadata}]).

%% @doc Ends the node, and returns when it has ended. For the server that it belongs to.
-spec stop(pid()) -> ok.
stop(Pid) ->
    Ref = erlang:monitor(process, Pid),
    true = exit(Pid, shutdown),
    receive {'DOWN', Ref, process, Pid, _} -> ok end.

%% Entered by proc_lib, so that nobody waits for the launch.
%% @private
-spec init({pid(), llama_node_options:options(), module(), logger:metadata()}) -> no_return().
init({Server, Options, Transport, Metadata}) ->
    process_flag(trap_exit, true),
    logger:update_process_metadata(Metadata),
    State = #state{server = Server, options = Options, transport = Transport,
                   preparer = llama_node_launch:start(Options, Transport, Metadata), timer = start_timer(Options)},
    case prepared(State) of
        {noreply, Next} ->
            gen_server:enter_loop(?MODULE, [], Next);
        {stop, Reason, Failed} ->
            ok = terminate(Reason, Failed),
            exit(Reason)
    end.

%% A launch is prepared in a moment, unless something hangs. Until then everything else waits, so that whoever ends
%% the server ends a process rather than the intention to launch one.
prepared(#state{preparer = {_, Ref}, options = #{server := #{start_timeout := Timeout}}} = State) ->
    receive
        {'DOWN', Ref, process, _, Outcome} -> launch(Outcome, State#state{preparer = undefined})
    after min(Timeout, ?PREPARE_TIMEOUT) ->
        {noreply, State}
    end.

start_timer(#{server := #{start_timeout := infinity}}) -> undefined;
start_timer(#{server := #{start_timeout := Timeout}}) -> erlang:start_timer(Timeout, self(), start_timeout).

%% @private
-spec handle_call(term(), gen_server:from(), #state{}) -> {noreply, #state{}}.
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
handle_info({Port, {exit_status, Status}}, #state{port = Port, phase = Phase, stderr = Stderr} = State)
  when Phase =:= launching; Phase =:= connecting ->
    Library = library(State),
    Error = llama_node_port:start_error(Status, Library, llama_node_stderr:last_words(Stderr, ?WORDS_TIMEOUT)),
    ended({exit_status, Status}, Error, State#state{port = undefined});
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
    ok = tell(gone, State),
    %% The exit status of a node that died is on its way and tells more than this.
    Timer = erlang:start_timer(?EXIT_STATUS_TIMEOUT, self(), connection_lost),
    {noreply, State#state{phase = lost, timer = Timer}};
handle_info({timeout, Timer, start_timeout}, #state{timer = Timer, options = Options} = State) ->
    #{server := #{start_timeout := Timeout}} = Options,
    {error, Error} = llama_node_error:make(timeout, "the node was not ready within ~b ms", [Timeout]),
    ended(start_timeout, llama_node_error:with_words(Error, so_far(State)), State);
handle_info({timeout, Timer, not_connected}, #state{timer = Timer, failure = Error} = State) ->
    ended(not_connected, Error, State);
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
    ok = logger:update_process_metadata(#{llama_node => Node}),
    case llama_node_port:open(Options, llama_node_stderr:path(Stderr)) of
        {ok, Port, OsPid} ->
            ok = llama_node_stderr:launched(Stderr, {OsPid, StopTimeout}, #{llama_node => Node}),
            %% A node that is dead already says so by its exit status.
            _ = llama_node_port:send(Port, {config, 1, llama_node_options:node_config(Options, Part)}),
            Launched = State#state{phase = launching, port = Port, os_pid = OsPid, stderr = Stderr, node = Node,
                                   handle = Transport:opened(Handle, Port), early = [],
                                   options = llama_node_options:redact(Options)},
            lists:foreach(fun (Request) -> ok = request(Request, Launched) end, lists:reverse(Early)),
            {noreply, Launched};
        {error, Error} ->
            ended(launch, Error, State#state{stderr = Stderr})
    end;
launch({prepared, {error, Error}}, State) ->
    ended(launch, Error, State);
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
    ended(failed, Error, State).

%% Connecting can take long, and the server must stay responsive meanwhile.
%% @private
-spec connect(module(), llama_node_transport:handle(), map()) -> no_return().
connect(Transport, Handle, Ready) ->
    exit({connected, Transport:connect(Handle, Ready)}).

ready(Address, #state{transport = Transport, options = #{server := Server}} = State) ->
    ok = cancel(State#state.timer),
    %% Whoever calls the node sees to it that it is watched, but not by these settings.
    Monitor = Transport:watch(Address, llama_node_pulse:settings(Server)),
    ok = tell({ready, {Transport, Address}}, State),
    State#state{phase = ready, monitor = Monitor, timer = undefined, quarters = #{}}.

tell(What, #state{server = Server}) ->
    Server ! {self(), What},
    ok.

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
    ended(Reason, llama_node_error:with_words(Error, so_far(State)), State);
down(Reason, Format, Args, #state{phase = connecting} = State) ->
    {error, Error} = llama_node_error:make(node_down, Format, Args),
    ended(Reason, Error, State);
down(Reason, Format, Args, #state{stderr = Stderr} = State) ->
    ok = tell(gone, State),
    {error, Error} = llama_node_error:make(node_down, Format, Args),
    Wait = case State#state.port of undefined -> ?WORDS_TIMEOUT; _ -> ?WORDS_SO_FAR_TIMEOUT end,
    ended(Reason, llama_node_error:with_words(Error, llama_node_stderr:last_words(Stderr, Wait)), State).

ended(Reason, Error, #state{early = Early} = State) ->
    %% Whoever has called this process itself waits for no other one.
    _ = [gen_server:reply(From, {error, Error}) || {'$gen_call', From, _} <- Early],
    {stop, {shutdown, {ended, Reason, Error}}, State}.

%% Why a node cannot be connected the node tells in a warning, which may come before or behind the failure.
explained(#state{connector = undefined, failure = Error, warning = <<>>} = State) when Error =/= undefined ->
    {noreply, State#state{timer = erlang:start_timer(?WORDS_TIMEOUT, self(), not_connected)}};
explained(#state{connector = undefined, failure = Error, warning = Warning} = State) when Error =/= undefined ->
    ended(not_connected, llama_node_error:with_words(Error, Warning), State);
explained(State) ->
    {noreply, State}.

cancel(undefined) ->
    ok;
cancel(Timer) ->
    _ = erlang:cancel_timer(Timer),
    ok.

%% @private
-spec terminate(term(), #state{}) -> ok.
terminate(_Reason, #state{preparer = Preparer, stderr = Stderr} = State) ->
    ok = end_preparer(Preparer),
    ok = end_process(State),
    ok = llama_node_stderr:close(Stderr),
    llama_node_cookies:release().

%% What it runs ends with it.
end_preparer(undefined) ->
    ok;
end_preparer({Pid, Ref}) ->
    true = exit(Pid, kill),
    receive {'DOWN', Ref, process, Pid, _} -> ok end.

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
