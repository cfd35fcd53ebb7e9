%% @doc What all inputs have in common: how a key may be spelled, what counts as not given, what is text, and which
%% name a mistyped one was meant to be. The rules are those of section 2 of docs/protocol.md.
%% @end
-module(llama_node_input).

-export([held/1, streams/1, fields/1, key/1, is_absent/1, text/1, near/2, did_you_mean/2]).
-export_type([fault/0]).

-type fault() :: not_fields | {not_a_pair, term()} | {not_a_key, term()} | {twice, binary()}.
%% Why a term is no map or proplist with keys that are texts.

%% Longer names are not compared.
-define(LONGEST, 40).

%% @doc The entries of a map or a proplist, in its order, each key as a binary. An atom stands for `{Atom, true}'. The
%% first of several entries with the same key in a proplist wins, as in any proplist; one key under two spellings is a
%% fault.
%% ```
%% {ok, [{<<"wait">>, true}, {<<"n_ctx">>, 512}]} = llama_node_input:fields([wait, {"n_ctx", 512}]).
%% '''
-spec fields(term()) -> {ok, [{binary(), term()}]} | {error, fault()}.
fields(Map) when is_map(Map) ->
    fields(maps:to_list(Map), [], #{});
fields(List) when is_list(List) ->
    fields(List, [], #{});
fields(_Other) ->
    {error, not_fields}.

fields([], Fields, _Spelled) ->
    {ok, lists:reverse(Fields)};
fields([{Given, Value} | Rest], Fields, Spelled) ->
    case key(Given) of
        error -> {error, {not_a_key, Given}};
        {ok, Key} when not is_map_key(Key, Spelled) -> fields(Rest, [{Key, Value} | Fields], Spelled#{Key => Given});
        {ok, Key} when map_get(Key, Spelled) =:= Given -> fields(Rest, Fields, Spelled);
        {ok, Key} -> {error, {twice, Key}}
    end;
fields([Given | Rest], Fields, Spelled) when is_atom(Given) ->
    fields([{Given, true} | Rest], Fields, Spelled);
fields([Entry | _], _Fields, _Spelled) ->
    {error, {not_a_pair, Entry}};
fields(_Improper, _Fields, _Spelled) ->
    {error, not_fields}.

%% @doc The input of a stream that is to send nothing at first, and what it should send then, which is to be asked for;
%% or the input as it is, and `false', where that cannot be said of it.
%% ```
%% {#{prompt := <<"Hi">>, active := false}, once} = llama_node_input:held(#{prompt => <<"Hi">>, "active" => once}),
%% {<<"{\"active\":false,\"prompt\":\"Hi\"}">>, true} = llama_node_input:held(<<"{\"prompt\":\"Hi\"}">>).
%% '''
-spec held(term()) -> {term(), llama_node:active()}.
held(Json) when is_binary(Json) ->
    case llama_node_json:decode(Json) of
        {ok, {object, [_ | _] = Members}} ->
            case {lists:keymember(<<"active">>, 1, Members), string:trim(Json, leading)} of
                {false, <<"{", Rest/binary>>} -> {<<"{\"active\":false,", Rest/binary>>, true};
                _ -> {Json, false}
            end;
        _ ->
            {Json, false}
    end;
held(Input) ->
    case fields(Input) of
        {ok, Fields} -> held(Input, given(proplists:get_value(<<"active">>, Fields)));
        {error, _} -> {Input, false}
    end.

given(Absent) when Absent =:= undefined; Absent =:= nil; Absent =:= null -> true;
given(Active) when Active =:= true; is_integer(Active), Active > 0 -> Active;
given(Active) ->
    case text(Active) of
        {ok, <<"once">>} -> once;
        %% The node has its own word on what is none.
        _ -> false
    end.

held(Input, false) ->
    {Input, false};
held(Input, Active) when is_map(Input) ->
    {(maps:filter(fun (Key, _) -> key(Key) =/= {ok, <<"active">>} end, Input))#{active => false}, Active};
held(Input, Active) ->
    {[{active, false} | lists:filter(fun is_other/1, Input)], Active}.

is_other({Key, _}) -> key(Key) =/= {ok, <<"active">>};
is_other(Key) -> Key =/= active.

%% @doc Whether the input of a task asks for events.
%% ```
%% true = llama_node_input:streams(<<"{\"prompt\": \"Hi\", \"stream\": true}">>),
%% false = llama_node_input:streams(#{prompt => <<"Hi">>}).
%% '''
-spec streams(term()) -> boolean().
streams(Json) when is_binary(Json) ->
    case binary:match(Json, <<"stream">>) of
        nomatch -> false;
        _ ->
            case llama_node_json:decode(Json) of
                {ok, {object, Members}} -> lists:member({<<"stream">>, true}, Members);
                _ -> false
            end
    end;
streams(Input) ->
    case fields(Input) of
        {ok, Fields} -> lists:member({<<"stream">>, true}, Fields);
        {error, _} -> false
    end.

%% @doc A key as a binary, if it is an atom, a binary or a string.
-spec key(term()) -> {ok, binary()} | error.
key(Key) when is_atom(Key) -> {ok, atom_to_binary(Key)};
key(Key) -> text(Key).

%% @doc Whether a value means "not given".
-spec is_absent(term()) -> boolean().
is_absent(Value) -> Value =:= undefined orelse Value =:= nil orelse Value =:= null.

%% @doc An atom, a binary or a string as UTF-8. Booleans are no texts, nor is what means "not given".
-spec text(term()) -> {ok, binary()} | error.
text(Value) when is_atom(Value) ->
    case is_boolean(Value) orelse is_absent(Value) of
        true -> error;
        false -> {ok, atom_to_binary(Value)}
    end;
text(Value) when is_binary(Value); is_list(Value) ->
    try unicode:characters_to_binary(Value) of
        Text when is_binary(Text) -> {ok, Text};
        _ -> error
    catch
        error:badarg -> error
    end;
text(_Value) ->
    error.

%% @doc Words for an error message: the near name in parentheses, or nothing.
%% ```
%% " (did you mean 'n_ctx'?)" = lists:flatten(llama_node_input:did_you_mean(<<"n_ctxt">>, [<<"n_ctx">>])).
%% '''
-spec did_you_mean(binary(), [binary()]) -> iolist().
did_you_mean(Name, Known) ->
    case near(Name, Known) of
        {ok, Near} -> [" (did you mean '", Near, "'?)"];
        none -> []
    end.

%% @doc The known name that another system calls so, or the nearest to a mistyped one: within two edits, or one for a
%% name of less than five characters. The node does the same for its inputs.
-spec near(binary(), [binary()]) -> {ok, binary()} | none.
near(Name, Known) ->
    case tuple_size(characters(Name)) > ?LONGEST orelse llama_node_names:meant(Name, Known) of
        true -> none;
        {ok, _} = Meant -> Meant;
        none ->
            case nearest(Name, Known) of
                none -> nearest(llama_node_names:plain(Name), Known);
                Near -> Near
            end
    end.

nearest(Name, Known) ->
    case characters(Name) of
        Short when tuple_size(Short) < 5 -> nearest(Short, Known, 1);
        Characters -> nearest(Characters, Known, 2)
    end.

nearest(Name, Known, Most) ->
    case lists:keysort(1, [{distance(Name, characters(Candidate)), Candidate} || Candidate <- Known]) of
        [{Edits, Candidate} | _] when Edits =< Most -> {ok, Candidate};
        _ -> none
    end.

characters(Name) ->
    list_to_tuple(unicode:characters_to_list(Name)).

%% Edits between two texts, of which two swapped neighbours are one (optimal string alignment).
distance(A, B) ->
    Cells = [{I, J} || I <- lists:seq(0, tuple_size(A)), J <- lists:seq(0, tuple_size(B))],
    Known = lists:foldl(fun (Cell, Before) -> Before#{Cell => edits(Cell, A, B, Before)} end, #{}, Cells),
    map_get({tuple_size(A), tuple_size(B)}, Known).

edits({0, J}, _A, _B, _Before) ->
    J;
edits({I, 0}, _A, _B, _Before) ->
    I;
edits({I, J}, A, B, Before) ->
    Change = case element(I, A) =:= element(J, B) of true -> 0; false -> 1 end,
    Plain = lists:min([map_get({I - 1, J - 1}, Before) + Change, map_get({I - 1, J}, Before) + 1,
                       map_get({I, J - 1}, Before) + 1]),
    case I > 1 andalso J > 1 andalso element(I, A) =:= element(J - 1, B) andalso element(I - 1, A) =:= element(J, B) of
        true -> min(Plain, map_get({I - 2, J - 2}, Before) + 1);
        false -> Plain
    end.
