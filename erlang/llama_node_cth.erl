%% @doc A hook for Common Test that starts a server once for a suite, for the tests of applications that use one.
%%
%% ```
%% suite() -> [{ct_hooks, [{llama_node_cth, #{n_ctx => 256}}]}].
%%
%% answers(Config) ->
%%     Llama = proplists:get_value(llama_node, Config),
%%     {ok, #{content := <<_, _/binary>>}} = llama_node:chat(Llama, <<"Hi">>, #{max_tokens => 20}).
%% '''
%% The options are those of {@link llama_node:start_link/1}; without a model, the one that comes with
%% llama_node is loaded. `#{transport => fake}' starts the scripted server of {@link llama_node_fake}
%% instead, which needs no Java. The server is in the configuration under `llama_node', or under the key
%% that the option `config_key' names, which a suite with several of these hooks needs. It ends with the suite.
%% When it cannot be started, the suite fails and says why.
%% @end
-module(llama_node_cth).

-export([id/1, init/2, pre_init_per_suite/3, post_init_per_suite/4, post_end_per_suite/4, terminate/1]).

-record(state, {key :: atom(), options :: map(), server :: pid() | undefined}).

%% @private
-spec id(llama_node:start_options()) -> term().
id(Options) ->
    {?MODULE, key(Options)}.

%% @private
-spec init(term(), llama_node:start_options()) -> {ok, #state{}}.
init(_Id, Options) ->
    {ok, #state{key = key(Options), options = maps:remove(config_key, as_map(Options))}}.

key(Options) ->
    maps:get(config_key, as_map(Options), llama_node).

as_map(Options) when is_map(Options) -> Options;
as_map(Options) when is_list(Options) -> proplists:to_map(Options).

%% @private
-spec pre_init_per_suite(atom(), list(), #state{}) -> {list() | {fail, term()}, #state{}}.
pre_init_per_suite(_Suite, Config, #state{key = Key, options = Options} = State) ->
    case llama_node:init_server(Options) of
        {ok, Server} -> {[{Key, Server} | Config], State#state{server = Server}};
        {error, Reason} -> {{fail, {llama_node, Reason}}, State}
    end.

%% A suite that is skipped or fails before it has begun has no end.
%% @private
-spec post_init_per_suite(atom(), list(), term(), #state{}) -> {term(), #state{}}.
post_init_per_suite(_Suite, _Config, Return, State) when is_list(Return) ->
    {Return, State};
post_init_per_suite(_Suite, _Config, Return, State) ->
    {Return, stop(State)}.

%% @private
-spec post_end_per_suite(atom(), list(), term(), #state{}) -> {term(), #state{}}.
post_end_per_suite(_Suite, _Config, Return, State) ->
    {Return, stop(State)}.

%% @private
-spec terminate(#state{}) -> ok.
terminate(State) ->
    _ = stop(State),
    ok.

stop(#state{server = undefined} = State) ->
    State;
stop(#state{server = Server} = State) ->
    ok = llama_node:destroy_server(Server),
    State#state{server = undefined}.
