%% @doc The processes that hear what becomes of a node, and what each of them calls the server.
%%
%% For the process that keeps them: it gets the monitors' messages.
%% @end
-module(llama_node_listeners).

-export([new/0, add/3, remove/2, down/2, tell/2]).
-export_type([listeners/0]).

-opaque listeners() :: #{pid() => {reference(), llama_node:server()}}.

%% @doc Nobody listens.
-spec new() -> listeners().
new() ->
    #{}.

%% @doc A process listens from now on, once, whether it did before or not.
-spec add(pid(), llama_node:server(), listeners()) -> listeners().
add(Pid, Server, Listeners) ->
    Others = remove(Pid, Listeners),
    Others#{Pid => {erlang:monitor(process, Pid), Server}}.

%% @doc A process listens no more.
-spec remove(pid(), listeners()) -> listeners().
remove(Pid, Listeners) ->
    case maps:take(Pid, Listeners) of
        {{Ref, _}, Others} ->
            true = erlang:demonitor(Ref, [flush]),
            Others;
        error ->
            Listeners
    end.

%% @doc A process has ended that a monitor `Ref' is for; it may be another one.
-spec down({reference(), pid()}, listeners()) -> listeners().
down({Ref, Pid}, Listeners) ->
    case Listeners of
        #{Pid := {Ref, _}} -> maps:remove(Pid, Listeners);
        _ -> Listeners
    end.

%% @doc Sends all of them an event, as `{llama_node, Server, Event}'.
-spec tell(llama_node:node_event(), listeners()) -> ok.
tell(Event, Listeners) ->
    maps:foreach(fun (Pid, {_, Server}) -> Pid ! {llama_node, Server, Event} end, Listeners).
