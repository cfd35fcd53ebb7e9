%% @doc JSON, read and written, as far as the Erlang side needs it: inputs that are JSON, the results of tools, and the
%% table of all inputs.
%% @end
-module(llama_node_json).

-export([decode/1, plain/1, ordered/1, encode/2]).
-export_type([tree/0]).

-type tree() :: {object, [{binary(), tree()}]} | {array, [tree()]} | binary() | number() | boolean() | null.
%% Objects keep their order.

%% Containers within containers, as the node allows.
-define(MAX_DEPTH, 64).

%% @doc Reads one JSON value. `Where' tells the line and the column of a fault, both counted from 1.
%% ```
%% {ok, {object, [{<<"n">>, 1}]}} = llama_node_json:decode(<<"{\"n\": 1}">>),
%% {error, "it is empty", {1, 1}} = llama_node_json:decode(<<>>).
%% '''
-spec decode(binary()) -> {ok, tree()} | {error, Why :: iodata(), Where :: {pos_integer(), pos_integer()}}.
decode(Text) ->
    try
        case skip(Text) of
            <<>> -> bad("it is empty", <<>>);
            First ->
                {Tree, Rest} = value(First, 0),
                case skip(Rest) of
                    <<>> -> {ok, Tree};
                    More -> bad("something follows the value", More)
                end
        end
    catch
        throw:{bad_json, Why, Left} -> {error, Why, place(Text, byte_size(Text) - byte_size(Left))}
    end.

place(Text, Offset) ->
    Before = binary:part(Text, 0, Offset),
    Lines = binary:split(Before, <<"\n">>, [global]),
    {length(Lines), byte_size(lists:last(Lines)) + 1}.

-spec bad(iodata(), binary()) -> no_return().
bad(Why, Left) -> throw({bad_json, Why, Left}).

skip(<<C, Rest/binary>>) when C =:= $\s; C =:= $\n; C =:= $\t; C =:= $\r -> skip(Rest);
skip(Rest) -> Rest.

value(<<C, _/binary>> = Left, ?MAX_DEPTH) when C =:= ${; C =:= $[ ->
    bad(io_lib:format("it is nested more than ~b deep", [?MAX_DEPTH]), Left);
value(<<"{", Rest/binary>>, Depth) -> object(skip(Rest), Depth + 1);
value(<<"[", Rest/binary>>, Depth) -> array(skip(Rest), Depth + 1);
value(<<"\"", Rest/binary>>, _Depth) -> string(Rest, <<>>);
value(<<"true", Rest/binary>> = Left, _Depth) -> word(true, Rest, Left);
value(<<"false", Rest/binary>> = Left, _Depth) -> word(false, Rest, Left);
value(<<"null", Rest/binary>> = Left, _Depth) -> word(null, Rest, Left);
value(<<C, _/binary>> = Left, _Depth) when C =:= $-; C >= $0, C =< $9 -> number(Left);
value(<<>>, _Depth) -> bad("unexpected end of the text", <<>>);
value(Left, _Depth) -> bad("this is no value", Left).

word(Atom, Rest, Left) ->
    case Rest of
        <<C, _/binary>> when C >= $a, C =< $z; C >= $A, C =< $Z; C >= $0, C =< $9; C =:= $_ ->
            bad("this is no value", Left);
        _ -> {Atom, Rest}
    end.

object(<<"}", Rest/binary>>, _Depth) -> {{object, []}, Rest};
object(Left, Depth) -> members(Left, Depth, [], #{}).

members(<<"\"", Start/binary>>, Depth, Members, Seen) ->
    {Key, AfterKey} = string(Start, <<>>),
    _ = is_map_key(Key, Seen) andalso bad(["the key \"", Key, "\" is given twice"], AfterKey),
    {Value, Left} = case skip(AfterKey) of
        <<":", Rest/binary>> -> value(skip(Rest), Depth);
        Other -> bad("a colon is missing behind a key", Other)
    end,
    case skip(Left) of
        <<",", More/binary>> -> members(skip(More), Depth, [{Key, Value} | Members], Seen#{Key => true});
        <<"}", Rest1/binary>> -> {{object, lists:reverse(Members, [{Key, Value}])}, Rest1};
        Other1 -> bad("a comma or the end of an object is missing", Other1)
    end;
members(Left, _Depth, _Members, _Seen) ->
    bad("a key in double quotes is missing", Left).

array(<<"]", Rest/binary>>, _Depth) -> {{array, []}, Rest};
array(Left, Depth) -> items(Left, Depth, []).

items(Left, Depth, Items) ->
    {Value, Rest} = value(Left, Depth),
    case skip(Rest) of
        <<",", More/binary>> -> items(skip(More), Depth, [Value | Items]);
        <<"]", After/binary>> -> {{array, lists:reverse(Items, [Value])}, After};
        Other -> bad("a comma or the end of an array is missing", Other)
    end.

string(<<"\"", Rest/binary>>, Text) -> {Text, Rest};
string(<<"\\u", Hex:4/binary, Rest/binary>> = Left, Text) ->
    {Character, After} = escape(hex(Hex, Left), Rest, Left),
    string(After, <<Text/binary, Character/utf8>>);
string(<<"\\", C, Rest/binary>> = Left, Text) ->
    case C of
        $n -> string(Rest, <<Text/binary, $\n>>);
        $t -> string(Rest, <<Text/binary, $\t>>);
        $r -> string(Rest, <<Text/binary, $\r>>);
        $b -> string(Rest, <<Text/binary, $\b>>);
        $f -> string(Rest, <<Text/binary, $\f>>);
        _ when C =:= $"; C =:= $\\; C =:= $/ -> string(Rest, <<Text/binary, C>>);
        _ -> bad("there is no such escape", Left)
    end;
string(<<C, _/binary>> = Left, _Text) when C < 16#20 -> bad("a control character in a string is not escaped", Left);
string(<<C/utf8, Rest/binary>>, Text) -> string(Rest, <<Text/binary, C/utf8>>);
string(<<>>, _Text) -> bad("a string has no end", <<>>);
string(Left, _Text) -> bad("a string is not valid UTF-8", Left).

%% The second half of a pair follows in an escape of its own.
escape(High, <<"\\u", Hex:4/binary, Rest/binary>>, Left) when High >= 16#d800, High =< 16#dbff ->
    case hex(Hex, Left) of
        Low when Low >= 16#dc00, Low =< 16#dfff ->
            {16#10000 + ((High - 16#d800) bsl 10) + Low - 16#dc00, Rest};
        _ -> bad("a string holds half a surrogate pair", Left)
    end;
escape(Half, _Rest, Left) when Half >= 16#d800, Half =< 16#dfff -> bad("a string holds half a surrogate pair", Left);
escape(Character, Rest, _Left) -> {Character, Rest}.

hex(Digits, Left) ->
    try
        binary_to_integer(Digits, 16)
    catch
        error:badarg -> bad("an escape needs four hexadecimal digits", Left)
    end.

number(Left) ->
    case re:run(Left, "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?(?![0-9a-zA-Z.])", [{capture, all, binary}]) of
        {match, [Digits, _]} -> {binary_to_integer(Digits), rest(Digits, Left)};
        {match, [Digits, Whole | Parts]} -> {real(Digits, Whole, Parts, Left), rest(Digits, Left)};
        nomatch -> bad("this is no number", Left)
    end.

rest(Digits, Left) -> binary:part(Left, byte_size(Digits), byte_size(Left) - byte_size(Digits)).

real(Digits, _Whole, [Fraction | _], Left) when Fraction =/= <<>> -> real(Digits, Left);
real(Digits, Whole, _Parts, Left) ->
    %% Erlang wants a fraction in front of the exponent.
    Sign = case Digits of <<"-", _/binary>> -> <<"-">>; _ -> <<>> end,
    Exponent = rest(<<Sign/binary, Whole/binary>>, Digits),
    real(<<Sign/binary, Whole/binary, ".0", Exponent/binary>>, Left).

real(Digits, Left) ->
    try
        binary_to_float(Digits)
    catch
        error:badarg -> bad("a number is too large", Left)
    end.

%% @doc The tree as plain terms: objects are maps with binary keys, arrays are lists.
%% ```
%% #{<<"a">> := [1]} = llama_node_json:plain({object, [{<<"a">>, {array, [1]}}]}).
%% '''
-spec plain(tree()) -> term().
plain({object, Members}) -> maps:from_list([{Key, plain(Value)} || {Key, Value} <- Members]);
plain({array, Items}) -> [plain(Item) || Item <- Items];
plain(Value) -> Value.

%% @doc The same, with objects as lists of pairs in their order. The empty object is a map, as the empty list is none.
%% ```
%% [{<<"a">>, #{}}] = llama_node_json:ordered({object, [{<<"a">>, {object, []}}]}).
%% '''
-spec ordered(tree()) -> term().
ordered({object, []}) -> #{};
ordered({object, Members}) -> [{Key, ordered(Value)} || {Key, Value} <- Members];
ordered({array, Items}) -> [ordered(Item) || Item <- Items];
ordered(Value) -> Value.

%% @doc Writes a term as JSON: maps and non-empty lists of nothing but `{Key, Value}' as objects, with keys in their
%% order, other lists as arrays, atoms and binaries as strings, `undefined', `nil' and `null' as null, numbers and
%% booleans. `Other' is called for everything else, structs of Elixir among it, with its place. What it gives must be
%% of these: what is not is thrown, as `{no_json, Place, Term}'.
%% ```
%% <<"{\"at\":[1,2]}">> = llama_node_json:encode(#{at => {1, 2}}, fun (_Place, Tuple) -> tuple_to_list(Tuple) end).
%% '''
-spec encode(term(), fun((Place :: iodata(), term()) -> term())) -> binary().
encode(Term, Other) ->
    unicode:characters_to_binary(write(Term, "", Other)).

write(Atom, _Place, _Other) when Atom =:= true; Atom =:= false; Atom =:= null -> atom_to_binary(Atom);
write(Atom, _Place, _Other) when Atom =:= undefined; Atom =:= nil -> <<"null">>;
write(Atom, _Place, _Other) when is_atom(Atom) -> quoted(atom_to_binary(Atom));
write(Integer, _Place, _Other) when is_integer(Integer) -> integer_to_binary(Integer);
write(Float, _Place, _Other) when is_float(Float) -> float_to_binary(Float, [short]);
write(Binary, Place, Other) when is_binary(Binary) ->
    case is_utf8(Binary) of
        true -> quoted(Binary);
        false -> other(Binary, Place, Other)
    end;
write(#{'__struct__' := _} = Struct, Place, Other) -> other(Struct, Place, Other);
write(Map, Place, Other) when is_map(Map) -> pairs(Map, lists:sort(maps:to_list(Map)), Place, Other);
write([], _Place, _Other) -> <<"[]">>;
write([{_, _} | _] = List, Place, Other) ->
    case is_proper(List) andalso lists:all(fun (Item) -> is_tuple(Item) andalso tuple_size(Item) =:= 2 end, List) of
        true -> pairs(List, List, Place, Other);
        false -> elements(List, Place, Other)
    end;
write(List, Place, Other) when is_list(List) -> elements(List, Place, Other);
write(Term, Place, Other) -> other(Term, Place, Other).

%% What stands in its place is not asked about again.
other(Term, Place, none) -> throw({no_json, Place, Term});
other(Term, Place, Other) -> write(Other(Place, Term), Place, none).

pairs(Whole, Members, Place, Other) ->
    Keys = [key(Key) || {Key, _} <- Members],
    case lists:all(fun is_binary/1, Keys) of
        true ->
            Written = [[quoted(Key), $:, write(Value, [Place, $., Key], Other)]
                       || {Key, {_, Value}} <- lists:zip(Keys, Members)],
            [${, lists:join($,, Written), $}];
        false -> other(Whole, Place, Other)
    end.

elements(List, Place, Other) ->
    case is_proper(List) of
        true ->
            Numbered = lists:zip(lists:seq(0, length(List) - 1), List),
            Written = [write(Item, [Place, $[, integer_to_binary(Index), $]], Other) || {Index, Item} <- Numbered],
            [$[, lists:join($,, Written), $]];
        false -> other(List, Place, Other)
    end.

is_proper(List) -> is_list(List) andalso length_or_error(List) =/= error.

length_or_error(List) ->
    try length(List) catch error:badarg -> error end.

key(Key) when is_atom(Key) -> atom_to_binary(Key);
key(Key) when is_integer(Key) -> integer_to_binary(Key);
key(Key) when is_binary(Key) -> case is_utf8(Key) of true -> Key; false -> error end;
key(Key) when is_list(Key) ->
    try unicode:characters_to_binary(Key) of
        Text when is_binary(Text) -> Text;
        _ -> error
    catch
        error:badarg -> error
    end;
key(_Key) -> error.

is_utf8(Binary) -> is_list(unicode:characters_to_list(Binary)).

quoted(Binary) -> [$", [escaped(C) || C <- unicode:characters_to_list(Binary)], $"].

escaped($") -> "\\\"";
escaped($\\) -> "\\\\";
escaped($\n) -> "\\n";
escaped(C) when C < 16#20 -> io_lib:format("\\u~4.16.0b", [C]);
escaped(C) -> C.
