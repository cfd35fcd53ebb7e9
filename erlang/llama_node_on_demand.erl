%% @doc Servers under their module's name that live as long as they hold something: whoever calls one starts it.
%% @end
-module(llama_node_on_demand).

-export([call/2]).

%% @doc Calls the server, which is started if there is none.
-spec call(module(), term()) -> term().
call(Module, Request) ->
    _ = gen_server:start({local, Module}, Module, [], []),
    try
        gen_server:call(Module, Request, infinity)
    catch
        %% It may end in between, because nothing is held any more.
        exit:{Gone, _} when Gone =:= normal; Gone =:= noproc -> call(Module, Request)
    end.
