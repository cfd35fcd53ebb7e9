%% @doc Notices that a node hangs, whatever waits on the way to it.
%%
%% The runtime gives up a connection that is silent, but not where its own connection process hangs: a tick that it has
%% to force through to a hidden node waits for what is queued before it. So the owner of a node has a process that asks
%% the node something every quarter of the tick time, without ever waiting on the way, and that ends when there was no
%% answer for the tick time.
%% @end
-module(llama_node_pulse).

-export([watch/2]).
-export([init/4]).
-export_type([way/0]).

%% The tag of a call with an alias is one, in OTP's own protocol.
-dialyzer({no_improper_lists, beat/1}).

-type way() :: #{
    ask := fun((Request :: {'$gen_call', gen_server:from(), ping}) -> term()),
    monitor := fun(() -> reference()) | none,
    give_up := fun(() -> term())
}.
%% How a node is asked, which must not wait; how it is monitored, if it is a process of this runtime's; and what is done
%% once it has been silent for too long.

%% @doc The calling process, on which the watch depends, gets `{'DOWN', Ref, process, _, _}' when the node is out of
%% reach or silent for the tick time (milliseconds).
-spec watch(way(), TickTime :: pos_integer()) -> reference().
watch(Way, TickTime) ->
    {_, Ref} = spawn_monitor(?MODULE, init, [self(), Way, TickTime, logger:get_process_metadata()]),
    Ref.

%% @private
-spec init(pid(), way(), pos_integer(), logger:metadata() | undefined) -> no_return().
init(Owner, #{monitor := Monitor} = Way, TickTime, Metadata) ->
    _ = [logger:set_process_metadata(Metadata) || Metadata =/= undefined],
    Node = case Monitor of none -> none; _ -> Monitor() end,
    beat(#{owner => erlang:monitor(process, Owner), node => Node, way => Way, tick => TickTime,
           alias => erlang:alias(), answered => erlang:monotonic_time(millisecond)}).

beat(#{tick := TickTime, answered := Answered, way := #{ask := Ask, give_up := GiveUp}, alias := Alias} = State) ->
    case erlang:monotonic_time(millisecond) - Answered of
        Silent when Silent >= TickTime ->
            _ = GiveUp(),
            exit(silent);
        _ ->
            _ = Ask({'$gen_call', {self(), [alias | Alias]}, ping}),
            listen(erlang:start_timer(max(1, TickTime div 4), self(), beat), State)
    end.

listen(Timer, #{owner := Owner, node := Node, alias := Alias} = State) ->
    receive
        {[alias | Alias], _} -> listen(Timer, State#{answered := erlang:monotonic_time(millisecond)});
        {timeout, Timer, beat} -> beat(State);
        {'DOWN', Owner, process, _, _} -> exit(normal);
        {'DOWN', Node, process, _, Reason} -> exit(Reason)
    end.
