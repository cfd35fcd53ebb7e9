%% @doc What names are called elsewhere: from `priv/names.json', which the node reads as well.
%% @end
-module(llama_node_names).

-export([plain/1, meant/2]).

%% @doc A name without the marks of a flag, in lower case with underscores.
%% ```
%% <<"max_tokens">> = llama_node_names:plain(<<"maxTokens">>),
%% <<"ctx_size">> = llama_node_names:plain(<<"--ctx-size">>).
%% '''
-spec plain(binary()) -> binary().
plain(Name) ->
    NoDashes = re:replace(Name, "^-+", ""),
    Apart = re:replace(NoDashes, "(?<=[a-z0-9])(?=[A-Z])", "_", [global]),
    Plain = unicode:characters_to_binary(string:lowercase(unicode:characters_to_binary(Apart))),
    binary:replace(Plain, <<"-">>, <<"_">>, [global]).

%% @doc The known name that another system calls so.
%% ```
%% {ok, <<"n_ctx">>} = llama_node_names:meant(<<"maxContextLen">>, [<<"n_ctx">>, <<"seed">>]).
%% '''
-spec meant(binary(), [binary()]) -> {ok, binary()} | none.
meant(Name, Known) ->
    Plain = plain(Name),
    Names = maps:get(<<"names">>, table(), #{}),
    case [Meant || Meant <- [Plain | maps:get(Plain, Names, [])], lists:member(Meant, Known)] of
        [Meant | _] -> {ok, Meant};
        [] -> none
    end.

%% Read for each name that is unknown, which is seldom.
table() ->
    case file:read_file(filename:join([llama_node_options:priv_dir(), "names.json"])) of
        {ok, Text} ->
            {ok, Tree} = llama_node_json:decode(Text),
            llama_node_json:plain(Tree);
        {error, _} ->
            #{}
    end.
