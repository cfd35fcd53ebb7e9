%% The engine as a parameter of suites: the same groups run over the embedded engine, and over servers as their
%% engine. One server is scripted and always there; the other is a real llama-server, with the same model file,
%% where there is one.
-module(llama_node_engine_ct).

-export([all/0, all/1, groups/2, embedded/0, servers/0, servers/1]).
-export([start/3, stop/1, is_embedded/1, either/3, load/3, model_path/1]).

%% Groups of the engines, each with the transport that it is called by.
-spec all() -> [{group, atom()}].
all() -> all(servers()).

%% Those of the embedded engine, and of the given servers.
-spec all([atom()]) -> [{group, atom()}].
all(Wanted) -> [{group, Group} || Group <- transports() ++ servers(Wanted)].

%% Each library behind one of them: what they carry is the same.
transports() ->
    case os:getenv("LLAMA_NODE_LIB") of
        false -> embedded();
        _ -> [port]
    end.

-spec embedded() -> [atom()].
embedded() -> [distribution, port].

%% A library that is to be tested is no matter of theirs.
-spec servers() -> [atom()].
servers() ->
    case os:getenv("LLAMA_NODE_LIB") of
        false -> [scripted, real_distribution, real_port];
        _ -> []
    end.

%% Those of the given ones, for what another server or transport would show no more of.
-spec servers([atom()]) -> [atom()].
servers(Wanted) -> [Group || Group <- servers(), lists:member(Group, Wanted)].

%% What each of them has.
-spec groups(list(), list()) -> list().
groups(Embedded, Servers) ->
    [{Group, [], Embedded} || Group <- embedded()] ++ [{Group, [], Servers} || Group <- servers()].

%% Start options of a node for the engine of a group, with the Config that remembers its server.
-spec start(atom(), map(), list()) -> {ok, map(), list()} | {skip, string()}.
start(scripted, More, Config) ->
    case llama_node_ct:real_node() of
        {ok, _} ->
            Server = llama_node_tiny_server:start(maps:merge(sizes(More), #{delay => 1})),
            options(port, llama_node_tiny_server:url(Server), More, [{scripted, Server} | Config]);
        {skip, _} = Skip ->
            Skip
    end;
start(real_distribution, More, Config) -> start_real(distribution, More, Config);
start(real_port, More, Config) -> start_real(port, More, Config).

start_real(Transport, More, Config) ->
    #{slots := Slots, n_ctx := Context} = sizes(More),
    Args = ["-c", integer_to_list(Slots * Context), "-np", integer_to_list(Slots), "-t", "1", "--context-shift"],
    case llama_node_ct:real_node() of
        {ok, #{model := Model}} ->
            case llama_node_llama_server:start(Model, Args) of
                {ok, Real} ->
                    options(Transport, llama_node_llama_server:url(Real), More, [{real, Real} | Config]);
                {skip, _} = Skip ->
                    Skip
            end;
        {skip, _} = Skip ->
            Skip
    end.

%% What an embedded engine would be given.
sizes(More) ->
    #{slots => maps:get(n_parallel, More, 2), n_ctx => maps:get(n_ctx, More, 256)}.

options(Transport, Url, More, Config) ->
    Of = #{engine => llama_server, url => Url, id => <<"tiny-chat">>, remote_models => [Url], log_level => warning,
           transport => Transport, restarts => {0, 1}},
    {ok, maps:merge(Of, maps:without([n_ctx, n_parallel], More)), [{engine, llama_server} | Config]}.

%% Ends the server of a Config, if it has one.
-spec stop(list()) -> ok.
stop(Config) ->
    _ = [llama_node_tiny_server:stop(Server) || {scripted, Server} <- Config],
    _ = [llama_node_llama_server:stop(Server) || {real, Server} <- Config],
    ok.

-spec is_embedded(list()) -> boolean().
is_embedded(Config) -> not proplists:is_defined(engine, Config).

%% What is expected of the embedded engine, or of a server.
-spec either(A, B, list()) -> A | B.
either(Embedded, Server, Config) ->
    case is_embedded(Config) of
        true -> Embedded;
        false -> Server
    end.

%% Loads the model once more, under another id. Options of the embedded engine are left out where a server runs it.
-spec load(binary() | atom(), map(), list()) -> ok | {error, term()}.
load(Id, More, Config) ->
    Options = llama_node_ct:options(Config),
    Given = case is_embedded(Config) of
        true -> More;
        false -> maps:merge(maps:with([engine, url], Options), maps:without([n_batch, n_threads], More))
    end,
    llama_node:load_model(llama_node_ct:server(Config), model_path(Config), Given#{id => Id}).

%% Where the model of a Config is.
-spec model_path(list()) -> file:filename() | binary().
model_path(Config) ->
    maps:get(model, llama_node_ct:options(Config), <<>>).
