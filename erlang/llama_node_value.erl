%% @doc A term, or a value of a JSON document, with its place in a request. What it means depends on what is expected:
%% `[104, 105]' is text, a list of integers or neither, so nothing is decided before a function of a type asks.
%%
%% These are the rules of section 2 of docs/protocol.md, as the node has them. What breaks one is thrown, as
%% `{bad, Code, Message}' with the place in the message.
%% @end
-module(llama_node_value).

-compile({no_auto_import, [is_list/1, is_number/1, is_boolean/1, is_tuple/1]}).

-export([root/2, object/2, field/3, wrapped/2, path/1, is_root/1, raw/1]).
-export([is_absent/1, is_text/1, is_list/1, is_integers/1, is_printable/1, is_number/1, is_boolean/1, is_tuple/1,
         is_json/1]).
-export([text/1, text/2, flag/1, integer/3, integer/4, number/4, items/1, entries/1, pair/1, tokens/1]).
-export([bad/2, bad/3, must_be/2, shown/1, line/2, one_of/1, plain/1]).
-export_type([value/0]).

-opaque value() :: {Place :: {root | inner, binary()}, term | json, term()}.

-define(MAX_TOKEN, 16#7fffffff).
-define(SHORT, 40).
%% Within single precision, and beyond every bound.
-define(LARGE, 1.0e38).
%% Larger integers would take long to print.
-define(MAX_BITS, 3000).

%% Places

%% @doc The value of an argument, called `Name' in messages.
-spec root(binary(), term()) -> value().
root(Name, Term) -> {{root, Name}, term, Term}.

%% @doc The value of an argument that has fields: a map, a proplist, or a binary with a JSON object. What means "not
%% given" has none.
-spec object(binary(), term()) -> value().
object(Name, Term) ->
    Value = given(Name, Term),
    case is_absent(Value) of
        true -> root(Name, #{});
        false -> Value
    end.

given(Name, Json) when is_binary(Json) ->
    case re:run(Json, "^\\s*([[{]|$)") of
        {match, _} -> decoded({{root, Name}, term, Json});
        nomatch ->
            try decoded({{root, Name}, term, Json})
            catch throw:{bad, _, _} -> plain_text(Name)
            end
    end;
given(Name, [_ | _] = Term) ->
    Value = root(Name, Term),
    case is_printable(Value) of
        true -> plain_text(Name);
        false -> Value
    end;
given(Name, Term) -> root(Name, Term).

%% Text where fields are expected is somebody's prompt rather than faulty JSON.
-spec plain_text(binary()) -> no_return().
plain_text(Name) ->
    bad("~ts must be a map, a proplist or a JSON object, not plain text: text is given by its key, as content, prompt "
        "or system_prompt", [Name]).

%% A text that holds JSON, as what it holds.
decoded({Place, _, _} = Value) ->
    case llama_node_json:decode(text(Value)) of
        {ok, Tree} -> {Place, json, Tree};
        {error, Why, {Line, Column}} ->
            bad("~ts is not valid JSON: ~ts (line ~b, column ~b)", [path(Value), Why, Line, Column])
    end.

%% @doc A field of a value.
-spec field(value(), binary(), term()) -> value().
field({{root, _}, Mode, _}, Key, Raw) -> {{inner, Key}, Mode, Raw};
field({{inner, Path}, Mode, _}, Key, Raw) -> {{inner, <<Path/binary, $., Key/binary>>}, Mode, Raw}.

element_of({{_, Path}, Mode, _}, Index, Raw) ->
    {{inner, <<Path/binary, $[, (integer_to_binary(Index))/binary, $]>>}, Mode, Raw}.

%% @doc What stands at the place of a value that was wrapped around it, or, with `json', what its text holds.
-spec wrapped(value(), {term, term()} | json) -> value().
wrapped({Place, Mode, _}, {term, Raw}) -> {Place, Mode, Raw};
wrapped(Value, json) -> decoded(Value).

%% @doc The place, like `messages[2].role'.
-spec path(value()) -> binary().
path({{_, Path}, _, _}) -> Path.

%% @doc Whether the value is an argument, whose keys are named without a place.
-spec is_root(value()) -> boolean().
is_root({{Kind, _}, _, _}) -> Kind =:= root.

%% @doc The term or JSON value itself.
-spec raw(value()) -> term().
raw({_, _, Raw}) -> Raw.

%% Types

%% @doc Whether this says in so many words that nothing is given.
-spec is_absent(value()) -> boolean().
is_absent({_, term, Raw}) -> Raw =:= undefined orelse Raw =:= nil orelse Raw =:= null;
is_absent({_, json, Raw}) -> Raw =:= null.

%% @doc Whether this is text in a type of its own, which need not be valid UTF-8, or a string that a shell would print.
-spec is_text(value()) -> boolean().
is_text({_, json, Raw}) -> is_binary(Raw);
is_text({_, term, Raw} = Value) ->
    is_binary(Raw) orelse is_atom(Raw) andalso not erlang:is_boolean(Raw) andalso not is_absent(Value)
        orelse is_printable(Value).

%% @doc Whether this is a proper list or an array.
-spec is_list(value()) -> boolean().
is_list({_, json, Raw}) -> element_or_none(Raw) =:= array;
is_list({_, term, Raw}) -> is_proper(Raw).

element_or_none(Raw) when erlang:is_tuple(Raw) -> element(1, Raw);
element_or_none(_Raw) -> none.

is_proper([_ | Rest]) -> is_proper(Rest);
is_proper(Rest) -> Rest =:= [].

%% @doc Whether this is a term that is a list of nothing but integers.
-spec is_integers(value()) -> boolean().
is_integers({_, json, _}) -> false;
is_integers({_, term, Raw}) -> is_proper(Raw) andalso lists:all(fun erlang:is_integer/1, Raw).

%% @doc Whether this is a term that is a string that a shell would print.
-spec is_printable(value()) -> boolean().
is_printable({_, term, Raw}) -> is_proper(Raw) andalso lists:all(fun is_printable_character/1, Raw);
is_printable({_, json, _}) -> false.

%% As io_lib:printable_unicode_list/1 does, for all of Unicode.
is_printable_character(C) when is_integer(C) ->
    C >= 16#20 andalso C =< 16#7e orelse C >= 16#a0 andalso C < 16#d800
        orelse C > 16#dfff andalso C =< 16#10ffff andalso C =/= 16#fffe andalso C =/= 16#ffff
        orelse C >= 8 andalso C =< 13 orelse C =:= 27;
is_printable_character(_) -> false.

%% @doc Whether this is an integer or a float.
-spec is_number(value()) -> boolean().
is_number({_, _, Raw}) -> erlang:is_number(Raw).

%% @doc Whether this is `true' or `false'.
-spec is_boolean(value()) -> boolean().
is_boolean({_, _, Raw}) -> erlang:is_boolean(Raw).

%% @doc Whether this is a term that is a tuple.
-spec is_tuple(value()) -> boolean().
is_tuple({_, Mode, Raw}) -> Mode =:= term andalso erlang:is_tuple(Raw).

%% @doc Whether this stands in a JSON document.
-spec is_json(value()) -> boolean().
is_json({_, Mode, _}) -> Mode =:= json.

%% @doc The text that this is: an atom that is no boolean, UTF-8, or code points.
-spec text(value()) -> binary().
text({_, json, Raw}) when is_binary(Raw) -> Raw;
text({_, term, Raw} = Value) when is_binary(Raw) ->
    case unicode:characters_to_binary(Raw) of
        Raw -> Raw;
        _ -> bad("~ts is not valid UTF-8", [path(Value)])
    end;
text({_, term, Raw} = Value) when is_atom(Raw) ->
    case is_text(Value) of
        true -> atom_to_binary(Raw);
        false -> must_be(Value, "text")
    end;
text({_, term, Raw} = Value) when erlang:is_list(Raw) ->
    case is_proper(Raw) andalso lists:all(fun erlang:is_integer/1, Raw) of
        true ->
            try unicode:characters_to_binary(Raw) of
                Text when is_binary(Text) -> Text;
                _ -> must_be(Value, "text")
            catch
                error:badarg -> must_be(Value, "text")
            end;
        false -> must_be(Value, "text")
    end;
text(Value) -> must_be(Value, "text").

%% @doc A text of at least so many characters, 0 or 1.
-spec text(value(), 0 | 1) -> binary().
text(Value, Min) ->
    case text(Value) of
        <<>> when Min > 0 -> bad("~ts must not be empty", [path(Value)]);
        Text -> Text
    end.

%% @doc The boolean that this is.
-spec flag(value()) -> boolean().
flag({_, _, Raw}) when erlang:is_boolean(Raw) -> Raw;
flag(Value) -> must_be(Value, "true or false").

%% @doc An integer within bounds. A float is none, even a whole one.
-spec integer(value(), integer(), integer()) -> integer().
integer(Value, Min, Max) -> integer(Value, Min, Max, "").

%% @doc The same; `Or' says what is allowed beside it.
-spec integer(value(), integer(), integer(), string()) -> integer().
integer({_, _, Raw}, Min, Max, _Or) when is_integer(Raw), Raw >= Min, Raw =< Max -> Raw;
integer(Value, Min, Max, Or) -> must_be(Value, io_lib:format("~tsan integer from ~b to ~b", [Or, Min, Max])).

%% @doc An integer or a float within bounds, the lower one excluded if it is `open'. Rounded to single precision, as
%% the node computes, so that a tiny number is not taken for more than zero.
-spec number(value(), number(), number(), open | closed) -> float().
number({_, _, Raw} = Value, Min, Max, Bound) when erlang:is_number(Raw), Raw =< Max, Raw > -?LARGE ->
    <<Single:32/float>> = <<Raw:32/float>>,
    case Single > Min orelse Single == Min andalso Bound =:= closed of
        true -> Single;
        false -> out_of_range(Value, Min, Max, Bound)
    end;
number(Value, Min, Max, Bound) -> out_of_range(Value, Min, Max, Bound).

-spec out_of_range(value(), number(), number(), open | closed) -> no_return().
out_of_range(Value, Min, Max, open) -> must_be(Value, io_lib:format("a number over ~w up to ~w", [Min, Max]));
out_of_range(Value, Min, Max, closed) -> must_be(Value, io_lib:format("a number from ~w to ~w", [Min, Max])).

%% @doc The elements of a proper list or array.
-spec items(value()) -> [value()].
items({_, Mode, Raw} = Value) ->
    case is_list(Value) of
        true ->
            Items = case Mode of json -> element(2, Raw); term -> Raw end,
            [element_of(Value, Index, Item) || {Index, Item} <- lists:zip(lists:seq(0, length(Items) - 1), Items)];
        false -> must_be(Value, "a list")
    end.

%% @doc The entries of a map, a proplist or a JSON object, in their order.
-spec entries(value()) -> [{binary(), value()}].
entries({_, json, {object, Members}} = Value) ->
    [{Key, field(Value, Key, Member)} || {Key, Member} <- Members];
entries({_, term, Map} = Value) when is_map(Map) ->
    distinct(Value, fun ({Key, Member}) -> {key(Value, Key), Member} end, maps:to_list(Map));
entries({_, term, List} = Value) when erlang:is_list(List) ->
    case is_proper(List) andalso not is_string(List) of
        true -> distinct(Value, fun (Item) -> entry(Value, Item) end, items(Value));
        false -> not_fields(Value)
    end;
entries(Value) -> not_fields(Value).

-spec not_fields(value()) -> no_return().
not_fields(Value) -> must_be(Value, "a map or a list of {Key, Value}").

entry(_Whole, {_, _, Key}) when is_atom(Key) -> {atom_to_binary(Key), true};
entry(Whole, {_, _, {Key, Member}}) -> {key(Whole, Key), Member};
%% Not shown: it may be a secret whose key was forgotten.
entry(_Whole, Item) -> bad("~ts must be {Key, Value} or an atom", [path(Item)]).

key(_Whole, Key) when is_atom(Key) -> atom_to_binary(Key);
key(_Whole, Key) when is_integer(Key) -> integer_to_binary(Key);
key(Whole, Key) -> text(root(<<"a key of ", (path(Whole))/binary>>, Key)).

%% One after the other, so that the first fault is told.
distinct(Whole, Entry, Items) ->
    {Fields, _} = lists:mapfoldl(
        fun (Item, Seen) ->
            {Key, Raw} = Entry(Item),
            Field = field(Whole, Key, Raw),
            _ = is_map_key(Key, Seen) andalso bad("~ts is given twice", [path(Field)]),
            {{Key, Field}, Seen#{Key => true}}
        end, #{}, Items),
    Fields.

%% @doc The two elements of a tuple or a list of two.
-spec pair(value()) -> {value(), value()} | none.
pair({_, term, {First, Second}} = Value) -> {element_of(Value, 0, First), element_of(Value, 1, Second)};
pair(Value) ->
    case is_list(Value) andalso items(Value) of
        [First, Second] -> {First, Second};
        _ -> none
    end.

%% @doc A list of token ids.
-spec tokens(value()) -> [non_neg_integer()].
tokens(Value) ->
    _ = is_list(Value) orelse must_be(Value, "a list of token ids"),
    [case raw(Item) of
         Id when is_integer(Id), Id >= 0, Id =< ?MAX_TOKEN -> Id;
         _ -> must_be(Item, io_lib:format("a token id, an integer from 0 to ~b", [?MAX_TOKEN]))
     end || Item <- items(Value)].

%% @doc Checks a value of no particular type, such as a variable of a template.
-spec plain(value()) -> ok.
plain({_, json, _}) -> ok;
plain({_, term, Raw}) when is_atom(Raw) -> ok;
plain({_, term, Raw} = Value) when is_binary(Raw) -> _ = text(Value), ok;
plain({_, term, Raw}) when is_float(Raw) -> ok;
plain({_, term, Raw} = Value) when is_integer(Raw) ->
    case bits(Raw) =< ?MAX_BITS of
        true -> ok;
        false -> not_plain(Value)
    end;
plain({_, term, Raw} = Value) when is_map(Raw) -> plain_fields(Value);
plain({_, term, Raw} = Value) when erlang:is_list(Raw) ->
    case is_proper(Raw) of
        true when Raw =/= [] ->
            case lists:all(fun (Item) -> erlang:is_tuple(Item) andalso tuple_size(Item) =:= 2 end, Raw) of
                true -> plain_fields(Value);
                false -> lists:foreach(fun plain/1, items(Value))
            end;
        true -> ok;
        false -> not_plain(Value)
    end;
plain(Value) -> not_plain(Value).

plain_fields(Value) -> lists:foreach(fun ({_, Field}) -> plain(Field) end, entries(Value)).

-spec not_plain(value()) -> no_return().
not_plain(Value) -> must_be(Value, "a map, list, text, number, boolean or null").

bits(Integer) -> bit_size(binary:encode_unsigned(abs(Integer))).

%% Messages

%% @doc Refuses an input with `invalid_argument'.
-spec bad(io:format(), [term()]) -> no_return().
bad(Format, Args) -> bad(invalid_argument, Format, Args).

%% @doc Refuses an input.
-spec bad(llama_node_error:code(), io:format(), [term()]) -> no_return().
bad(Code, Format, Args) -> throw({bad, Code, unicode:characters_to_binary(io_lib:format(Format, Args))}).

%% @doc Refuses a value, telling what it has to be.
-spec must_be(value(), iodata()) -> no_return().
must_be(Value, What) -> bad("~ts must be ~ts, not ~ts", [path(Value), What, shown(Value)]).

%% @doc A few words that tell what a value is: scalars shortened, containers by their kind.
-spec shown(value()) -> iodata().
shown({_, json, Raw}) when is_binary(Raw) -> quoted(Raw);
shown({_, json, {object, _}}) -> "an object";
shown({_, json, {array, _}}) -> "an array";
shown({_, _, Raw}) when is_atom(Raw) -> line(atom_to_binary(Raw), ?SHORT);
shown({_, _, Raw}) when is_integer(Raw) ->
    case bits(Raw) > 256 of
        true -> "a very large integer";
        false -> line(integer_to_binary(Raw), ?SHORT)
    end;
shown({_, _, Raw}) when is_float(Raw) -> string:uppercase(float_to_binary(Raw, [short]));
shown({_, term, Raw}) when is_binary(Raw) ->
    case unicode:characters_to_binary(Raw) of
        Raw -> quoted(Raw);
        _ -> io_lib:format("a binary of ~b bytes", [byte_size(Raw)])
    end;
shown({_, term, []}) -> "[]";
shown({_, term, Raw}) when erlang:is_list(Raw) ->
    case is_string(Raw) of
        true -> io_lib:format("a list of ~b integers", [length(Raw)]);
        false -> "a list"
    end;
shown({_, term, Raw}) when is_map(Raw) -> "a map";
shown({_, term, Raw}) when erlang:is_tuple(Raw) -> io_lib:format("a tuple of ~b", [tuple_size(Raw)]);
shown({_, term, Raw}) when is_pid(Raw) -> "a pid";
shown(_) -> "a term of another type".

%% What the external format has a form of its own for.
is_string(List) ->
    List =/= [] andalso is_proper(List) andalso length(List) =< 65535 andalso lists:all(fun is_byte/1, List).

is_byte(Item) -> is_integer(Item) andalso Item >= 0 andalso Item =< 255.

quoted(Text) -> [$", line(Text, ?SHORT), $"].

%% @doc A text on one line, cut behind so many characters.
-spec line(binary(), pos_integer()) -> string().
line(Text, Limit) ->
    Characters = [case C < 32 orelse C >= 127 andalso C < 160 of true -> $\s; false -> C end
                  || C <- unicode:characters_to_list(Text)],
    case length(Characters) > Limit of
        true -> lists:sublist(Characters, Limit) ++ "...";
        false -> Characters
    end.

%% @doc `a, b or c'.
-spec one_of([binary()]) -> iodata().
one_of([Only]) -> Only;
one_of(Names) -> [lists:join(", ", lists:droplast(Names)), " or ", lists:last(Names)].
