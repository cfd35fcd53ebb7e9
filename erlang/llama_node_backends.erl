%% @doc Which libraries of llama.cpp are installed, asked of the launcher: it has a process of its own load each,
%% because one that is broken may end the process that loads it.
%% @end
-module(llama_node_backends).

-export([list/0]).
-export_type([backend/0]).

-type backend() :: #{
    kind := native | system | embedded | named,
    llama_lib := binary(),
    loads := boolean(),
    chosen := boolean(),
    version => binary(),
    path => binary(),
    build => binary(),
    reason => binary(),
    why => binary()
}.
%% `kind' is whose it is: `native' what `make native' installed, `system' the operating system's, `embedded' that of
%% the jar, `named' another one that the environment variable `LLAMA_NODE_LIB' names. `llama_lib' is what the start
%% option of this name asks for it by. One that loads has its `version', its `path' unless it is in the jar, and in
%% `build' what computes; one that does not has the `reason'. `chosen' is the one that a start without the option
%% would take, and `why' says why.

%% Each library has half a minute in the launcher.
-define(TIMEOUT, 180000).

%% @doc As `llama_node:list_backends/0' gives them.
-spec list() -> {ok, [backend()]} | {error, llama_node:error()}.
list() ->
    Program = filename:join([llama_node_options:priv_dir(), "bin", "llama-node"]),
    Run = fun () -> llama_node_program:run(Program, ["backends", "--json"], []) end,
    case llama_node_aside:run(Run, ?TIMEOUT) of
        {ok, Status, Said} -> backends(Status, Said);
        {error, {_Code, Message}} = Error when is_binary(Message) -> Error;
        {error, Reason} -> llama_node_error:make(start_failed, "cannot run ~ts: ~0tp", [Program, Reason])
    end.

%% Warnings may stand around the line that counts.
backends(Status, Said) ->
    case [Tree || <<"[", _/binary>> = Line <- binary:split(Said, <<"\n">>, [global]),
                  {ok, {array, Tree}} <- [llama_node_json:decode(Line)]] of
        [Found | _] ->
            {ok, [maps:from_list([{key(Key), value(Key, Value)} || {Key, Value} <- Members])
                  || {object, Members} <- Found]};
        [] ->
            {error, llama_node_port:start_error(Status, {"", ""}, string:trim(Said))}
    end.

key(<<"kind">>) -> kind;
key(<<"llama_lib">>) -> llama_lib;
key(<<"loads">>) -> loads;
key(<<"chosen">>) -> chosen;
key(<<"version">>) -> version;
key(<<"path">>) -> path;
key(<<"build">>) -> build;
key(<<"reason">>) -> reason;
key(<<"why">>) -> why.

value(<<"kind">>, <<"native">>) -> native;
value(<<"kind">>, <<"system">>) -> system;
value(<<"kind">>, <<"embedded">>) -> embedded;
value(<<"kind">>, <<"named">>) -> named;
value(_Key, Value) -> Value.
