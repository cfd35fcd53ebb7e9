%% @doc Finds nodes at ports that are known beforehand, for clusters where no epmd runs, or none is asked
%% about them.
%%
%% A runtime takes it with flags:
%% ```
%% erl -sname app -pa .../llama_node/ebin -epmd_module llama_node_epmd -start_epmd false \
%%     -llama_node_port llama@localhost 25672 -llama_node_port llama2@gpu1 25672
%% '''
%% The nodes named by `-llama_node_port' are at the ports given there; they are started with
%% `port' and with `epmd' off (docs/operations.md). All other names are asked of epmd, as ever. With
%% `-start_epmd false' the runtime itself also starts where no epmd runs; others then cannot find it,
%% but it finds them.
%%
%% The functions are the callbacks of `-epmd_module', see `erl_epmd' of the kernel application; checked
%% against OTP 25 and 29.
%% @end
-module(llama_node_epmd).

-export([start_link/0, register_node/2, register_node/3, address_please/3, port_please/2, port_please/3,
         listen_port_please/2, names/1]).

%% The handshake since OTP 23.
-define(DIST_VERSION, 6).

%% @private
-spec start_link() -> term().
start_link() ->
    erl_epmd:start_link().

%% @private
-spec register_node(term(), inet:port_number()) -> {ok, non_neg_integer()} | {error, term()}.
register_node(Name, Port) ->
    register_node(Name, Port, inet).

%% @private
-spec register_node(term(), inet:port_number(), atom()) -> {ok, non_neg_integer()} | {error, term()}.
register_node(Name, Port, Family) ->
    case {erl_epmd:register_node(Name, Port, Family), init:get_argument(start_epmd)} of
        {{error, duplicate_name} = Error, _} -> Error;
        %% What epmd would have given: a number unlike that of an earlier runtime of this name.
        {{error, _}, {ok, [["false"] | _]}} -> {ok, 3 + rand:uniform(16#ffffffff - 3)};
        {Answer, _} -> Answer
    end.

%% @private
-spec address_please(term(), term(), inet | inet6) ->
    {ok, inet:ip_address()} | {ok, inet:ip_address(), inet:port_number(), pos_integer()} | {error, term()}.
address_please(Name, Host, Family) ->
    case {erl_epmd:address_please(Name, Host, Family), known(Name, Host)} of
        {{ok, Address}, {ok, Port}} -> {ok, Address, Port, ?DIST_VERSION};
        {Answer, _} -> Answer
    end.

%% @private
-spec port_please(term(), term()) -> {port, inet:port_number(), pos_integer()} | noport | {error, term()}.
port_please(Name, Host) ->
    port_please(Name, Host, infinity).

%% @private
-spec port_please(term(), term(), timeout()) -> {port, inet:port_number(), pos_integer()} | noport | {error, term()}.
port_please(Name, Host, Timeout) ->
    case known(Name, Host) of
        {ok, Port} -> {port, Port, ?DIST_VERSION};
        error -> erl_epmd:port_please(Name, Host, Timeout)
    end.

%% @private
-spec listen_port_please(term(), term()) -> {ok, inet:port_number()}.
listen_port_please(Name, Host) ->
    erl_epmd:listen_port_please(Name, Host).

%% @private
-spec names(term()) -> {ok, [{string(), inet:port_number()}]} | {error, address}.
names(Host) ->
    erl_epmd:names(Host).

known(Name, Host) ->
    try
        Node = lists:flatten(io_lib:format("~ts@~ts", [Name, Host])),
        [Port | _] = [Port || {llama_node_port, [Known, Port]} <- init:get_arguments(), Known =:= Node],
        {ok, list_to_integer(Port)}
    catch
        %% An address instead of a host's name, a node that is not named, or a port that is no number.
        error:_ -> error
    end.
