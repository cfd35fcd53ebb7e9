%% @doc Notices that a node hangs, whatever waits on the way to it.
%%
%% The runtime gives up a connection that is silent, but not where its own connection process hangs: a tick that it has
%% to force through to a hidden node waits for what is queued before it. So each node that this runtime uses has a
%% process that asks it something now and then, without ever waiting on the way, and that ends when there was no answer
%% for too long. Where much is on the way, an answer takes long; then it counts that some of it was taken.
%% @end
-module(llama_node_pulse).

-export([watch/2, settings/1, check/1, tick_time/0]).
-export([init/4]).
-export_type([way/0, settings/0]).

%% The tag of a call with an alias is one, in OTP's own protocol.
-dialyzer({no_improper_lists, beat/1}).

-type settings() :: #{interval := pos_integer(), timeout := pos_integer()}.
%% Milliseconds from one question to the next, and until a node that does not answer is given up.

-type way() :: #{
    ask := fun((Request :: {'$gen_call', gen_server:from(), ping}) -> term()),
    written := fun(() -> integer()),
    node := node() | none,
    give_up := fun(() -> term())
}.
%% How a node is asked, which must not wait; a number that grows while what waits on the way to it is taken; whose
%% connection is watched, if there is one; and what is done once it has been silent for too long.

%% @doc The calling process, on which the watch depends, gets `{'DOWN', Ref, process, Pid, Reason}' when the node is out
%% of reach, or, with `silent' as the reason, when it did not answer for too long.
-spec watch(way(), settings()) -> {pid(), reference()}.
watch(Way, Settings) ->
    spawn_monitor(?MODULE, init, [self(), Way, Settings, logger:get_process_metadata()]).

%% @doc What the options say, or what follows from the tick time of this runtime.
%% ```
%% #{interval := 250, timeout := 1000} = llama_node_pulse:settings(#{pulse_timeout => 1000}).
%% '''
-spec settings(#{pulse_interval => pos_integer(), pulse_timeout => pos_integer(), _ => _}) -> settings().
settings(Options) ->
    Timeout = maps:get(pulse_timeout, Options, tick_time()),
    Quarter = max(1, min(Timeout, tick_time()) div 4),
    #{interval => maps:get(pulse_interval, Options, Quarter), timeout => Timeout}.

%% @doc Whether the options go together: who asks less often than it gives up would give up every node.
-spec check(#{pulse_interval => pos_integer(), pulse_timeout => pos_integer(), _ => _}) ->
    ok | {Key :: binary(), Format :: string(), [term()]}.
check(Options) ->
    case settings(Options) of
        #{interval := Interval, timeout := Timeout} when Interval =< Timeout -> ok;
        #{timeout := Timeout} when is_map_key(pulse_timeout, Options) ->
            {<<"pulse_interval">>, "must not be greater than pulse_timeout, ~b", [Timeout]};
        #{timeout := Timeout} ->
            {<<"pulse_interval">>, "must not be greater than the tick time, ~b, where no pulse_timeout is given",
             [Timeout]}
    end.

%% @doc The tick time of this runtime, milliseconds; where it is not distributed, what it would be.
-spec tick_time() -> pos_integer().
tick_time() ->
    1000 * case net_kernel:get_net_ticktime() of
        {ongoing_change_to, Seconds} -> Seconds;
        Seconds when is_integer(Seconds) -> Seconds;
        ignored -> application:get_env(kernel, net_ticktime, 60)
    end.

%% @private
-spec init(pid(), way(), settings(), logger:metadata() | undefined) -> no_return().
init(Owner, #{node := Node, written := Written} = Way, Settings, Metadata) ->
    _ = [logger:set_process_metadata(Metadata) || Metadata =/= undefined],
    %% Of a node's own process it would be asked over the connection, which may be busy.
    _ = [erlang:monitor_node(Node, true) || Node =/= none],
    beat(#{owner => erlang:monitor(process, Owner), way => Way, settings => Settings, alias => erlang:alias(),
           written => Written(), answered => now_ms(), unanswered => 0}).

%% Silence is counted in questions as well: where this runtime was held up itself, the answer may only wait to be read.
beat(#{settings := #{interval := Interval, timeout := Timeout}, answered := Answered, unanswered := Unanswered,
       way := #{ask := Ask, give_up := GiveUp}, alias := Alias} = State) ->
    case now_ms() - Answered >= Timeout andalso Unanswered >= max(1, Timeout div Interval) of
        true ->
            _ = GiveUp(),
            exit(silent);
        false ->
            _ = Ask({'$gen_call', {self(), [alias | Alias]}, ping}),
            listen(erlang:start_timer(Interval, self(), beat), State#{unanswered := Unanswered + 1})
    end.

listen(Timer, #{owner := Owner, alias := Alias, way := #{node := Node, written := Written}} = State) ->
    receive
        {[alias | Alias], _} -> listen(Timer, answered(State));
        {timeout, Timer, beat} -> beat(moved(Written(), State));
        {settings, Settings} -> listen(Timer, State#{settings := Settings});
        {nodedown, Node} -> exit(noconnection);
        {'DOWN', Owner, process, _, _} -> exit(normal)
    end.

moved(Written, #{written := Written} = State) -> State;
moved(Written, State) -> answered(State#{written := Written}).

answered(State) ->
    State#{answered := now_ms(), unanswered := 0}.

now_ms() ->
    erlang:monotonic_time(millisecond).
