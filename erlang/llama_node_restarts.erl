%% @doc When a node that has ended is started again, and when that has been tried often enough.
%%
%% The first start follows soon, and each one after a start that failed waits twice as long as the one before, within
%% bounds. A part of each wait is random, so that nodes that ended together are not started together. No processes and
%% no clock: the caller says what time it is.
%% @end
-module(llama_node_restarts).

-export([new/1, next/2, started/1]).
-export_type([restarts/0, bound/0]).

%% Milliseconds of the shortest and the longest wait, of which the random part is at most a half.
-define(SHORTEST, 100).
-define(LONGEST, 3000).

-type bound() :: {Count :: non_neg_integer(), Seconds :: pos_integer()}.
%% How many starts there may be, and within how many seconds. So many that fail one after the other are too many in any
%% time.

-opaque restarts() :: #{bound := bound(), recent := [integer()], failed := non_neg_integer()}.
%% The times of the last starts, the last one first, and how many have failed one after the other.

%% @doc Nothing has ended yet.
-spec new(bound()) -> restarts().
new(Bound) ->
    #{bound => Bound, recent => [], failed => 0}.

%% @doc The node has ended, or its start has failed: after how many milliseconds it is started again.
%% ```
%% exhausted = llama_node_restarts:next(0, llama_node_restarts:new({0, 60})).
%% '''
-spec next(NowMs :: integer(), restarts()) -> {wait, pos_integer(), restarts()} | exhausted.
next(Now, #{bound := {Count, Seconds}, recent := Recent, failed := Failed} = Restarts) ->
    case [Time || Time <- Recent, Now - Time < Seconds * 1000] of
        %% A start that fails each time is given up as well, however long it takes to fail.
        Within when length(Within) >= Count; Failed >= Count -> exhausted;
        Within -> {wait, jitter(delay(Failed)), Restarts#{recent := [Now | Within], failed := Failed + 1}}
    end.

delay(Failed) ->
    min(?LONGEST, ?SHORTEST bsl min(Failed, 8)).

jitter(Delay) ->
    Delay - rand:uniform(Delay div 2 + 1) + 1.

%% @doc The node is ready.
-spec started(restarts()) -> restarts().
started(Restarts) ->
    Restarts#{failed := 0}.
