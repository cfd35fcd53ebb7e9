%% @doc Names of processes, in the forms that `gen_server' takes.
%% @end
-module(llama_node_registry).

-export([register/1, unregister/1]).
-export_type([name/0]).

-type name() :: {local, atom()} | {global, term()} | {via, module(), term()}.

%% @doc Gives the calling process a name; its own pid is no name, and always free.
-spec register(name() | pid()) -> true | {false, pid() | undefined} | {refused, Reason :: term()}.
register(Self) when is_pid(Self) ->
    true;
register({local, Name}) ->
    try erlang:register(Name, self()) of
        true -> true
    catch
        error:badarg -> {false, whereis(Name)}
    end;
register({global, Name}) ->
    registered(global:register_name(Name, self()), {global, Name});
register({via, Module, Name} = Via) ->
    try
        registered(Module:register_name(Name, self()), Via)
    catch
        _:Reason -> {refused, Reason}
    end.

registered(yes, _Name) -> true;
registered(no, Name) -> {false, where(Name)};
registered(Other, _Name) -> {refused, Other}.

where({global, Name}) -> global:whereis_name(Name);
where({via, Module, Name}) -> Module:whereis_name(Name).

%% @doc Gives a name back, if there is one.
-spec unregister(name() | undefined) -> ok.
unregister({local, Name}) -> true = erlang:unregister(Name), ok;
unregister({global, Name}) -> _ = global:unregister_name(Name), ok;
unregister({via, Module, Name}) -> _ = Module:unregister_name(Name), ok;
unregister(undefined) -> ok.
