%% @doc Whether a server with these start options would have what it needs, found out by a process of the node that
%% starts nothing and ends.
%% @end
-module(llama_node_preflight).

-export([run/1]).
-export_type([check/0]).

-type check() :: #{check := binary(), status := ok | failed, detail := binary()}.
%% What was looked at, whether it is as it should be, and what was found or is wrong, which may be empty.

%% @doc As `llama_node:preflight/1' gives them.
-spec run(llama_node:start_options()) -> {ok, [check()]} | {error, [check()]}.
run(Given) ->
    case llama_node_options:new(Given) of
        {ok, #{server := #{transport := fake}} = Options} -> outcome([options(llama_node_fake:check(Options))]);
        {ok, Options} -> outcome([options(ok) | launched(Options)]);
        {error, _} = Error -> outcome([options(Error)])
    end.

outcome(Checks) ->
    case [Failed || #{status := failed} = Failed <- Checks] of
        [] -> {ok, Checks};
        _ -> {error, Checks}
    end.

options(Outcome) -> check(<<"options">>, Outcome).

check(What, ok) -> #{check => What, status => ok, detail => <<>>};
check(What, {error, {Code, Message}}) ->
    #{check => What, status => failed, detail => <<(atom_to_binary(Code))/binary, ": ", Message/binary>>}.

launched(#{server := #{start_timeout := Timeout}} = Options) ->
    case llama_node_aside:run(fun () -> launch(Options) end, Timeout) of
        {error, _} = Error -> [check(<<"node">>, Error)];
        Checks -> Checks
    end.

launch(Options) ->
    case llama_node_port:check_java(Options) of
        ok -> open(Options);
        {error, _} = Error -> [check(<<"java">>, Error)]
    end.

%% What the node prints is for nobody.
open(Given) ->
    {Options, _} = llama_node_options:default_model(Given, llama_node_options:priv_dir()),
    case llama_node_port:open(Options, "/dev/null") of
        {ok, Port, _} ->
            _ = llama_node_port:send(Port, {check, 1, llama_node_options:node_config(Options, #{transport => port})}),
            await(Port);
        {error, _} = Error ->
            [check(<<"node">>, Error)]
    end.

await(Port) ->
    receive
        {Port, {data, Frame}} ->
            case llama_node_port:decode(Frame) of
                {ok, {checked, Checks}} -> Checks;
                {ok, {failed, Error}} -> [check(<<"node">>, {error, Error})];
                _ -> await(Port)
            end;
        {Port, {exit_status, Status}} ->
            [check(<<"node">>, {error, llama_node_port:start_error(Status, {"", ""}, <<>>)})]
    end.
