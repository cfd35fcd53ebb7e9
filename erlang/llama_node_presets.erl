%% @doc Known models, as data: where they are offered, and the options that suit them.
%%
%% ```
%% {ok, #{file := File, model := Model, session := Session}} = llama_node_presets:find('qwen3-0.6b'),
%% ok = llama_node:load_model(Server, filename:join("/models", File), Model#{id => qwen}),
%% {ok, Id} = llama_node:create_session(Server, Session#{model => qwen}).
%% '''
%% The list is `priv/models/presets.eterm'. Nothing is downloaded.
%% @end
-module(llama_node_presets).

-export([all/0, find/1]).
-export_type([preset/0]).

-type preset() :: #{
    id := binary(),
    file := binary(),
    source := binary(),
    capabilities := [llama_node:capability()],
    model := #{atom() => term()},
    session => #{atom() => term()},
    embed => #{atom() => term()}
}.
%% `model', `session' and `embed' are options of `load_model/3', `create_session/2' and `embed/3'.

%% @doc Every known model.
-spec all() -> [preset()].
all() ->
    {ok, Presets} = file:consult(filename:join([llama_node_options:priv_dir(), "models", "presets.eterm"])),
    Presets.

%% @doc The known model with this id.
-spec find(llama_node:text()) -> {ok, preset()} | {error, llama_node:error()}.
find(Id) when is_atom(Id) ->
    find(atom_to_binary(Id));
find(Id) when is_list(Id) ->
    find(unicode:characters_to_binary(Id));
find(Id) ->
    case [Preset || #{id := Known} = Preset <- all(), Known =:= Id] of
        [Preset] -> {ok, Preset};
        [] -> llama_node_error:make(invalid_argument, "there is no preset ~0tp", [Id])
    end.
