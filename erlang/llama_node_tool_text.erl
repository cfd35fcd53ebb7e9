%% @doc What a model reads of what a tool gave or raised. {@link llama_node_tools:tool_function()} has the rules.
%% @end
-module(llama_node_tool_text).

-export([result/2, raised/2, failure/1, kind/1]).
-export_type([encode/0]).

-type encode() :: none | fun((term()) -> term()).
%% Gives something that is JSON, or text, for a term that is none.

%% A message for the model, in characters.
-define(MAX_MESSAGE, 500).

%% @doc The text of a tool's result. What is no JSON is given to `Encode', and is thrown as `{no_json, Place, Term}'
%% where there is none or where it gives no JSON either.
%% ```
%% <<"{\"sky\":\"clear\"}">> = llama_node_tool_text:result({ok, #{sky => clear}}, none).
%% '''
-spec result(term(), encode()) -> binary().
result({error, Reason}, _Encode) -> failure(message(error, Reason));
result({ok, Term}, Encode) -> written(Term, Encode);
result(Term, Encode) -> written(Term, Encode).

%% @doc What is told of an exception: its message, never where in the code it was raised.
%% ```
%% <<"error: no such city">> = llama_node_tool_text:raised(error, <<"no such city">>).
%% '''
-spec raised(error | exit | throw, term()) -> binary().
raised(error, Reason) -> failure(message(error, Reason));
raised(Class, Reason) -> failure([atom_to_binary(Class), ": ", message(Class, Reason)]).

%% @doc A message that says itself that it is one of a failure.
%% ```
%% <<"error: no such city">> = llama_node_tool_text:failure("no such city").
%% '''
-spec failure(unicode:chardata()) -> binary().
failure(Message) ->
    case unicode:characters_to_binary(Message) of
        <<"error: ", _/binary>> = Failure -> Failure;
        Text -> <<"error: ", Text/binary>>
    end.

%% @doc A short name of a term that is no JSON.
%% ```
%% <<"a struct DateTime">> = llama_node_tool_text:kind(#{'__struct__' => 'Elixir.DateTime'}).
%% '''
-spec kind(term()) -> binary().
kind(#{'__struct__' := Struct}) when is_atom(Struct) ->
    text("a struct ~ts", [string:prefix(atom_to_binary(Struct), "Elixir.")]);
kind(Binary) when is_binary(Binary) -> text("a binary of ~b bytes that is no UTF-8", [byte_size(Binary)]);
kind(Term) -> text("~0tP", [Term, 12]).

written(Term, Encode) ->
    case as_text(Term, fun mixes/1) of
        {ok, Text} ->
            Text;
        error ->
            try
                llama_node_json:encode(Term, fun (Place, Odd) -> encoded(iolist_to_binary(Place), Odd, Encode) end)
            catch
                throw:{?MODULE, whole, Text} -> Text;
                throw:{no_json, Place, Odd} -> throw({no_json, iolist_to_binary(Place), Odd})
            end
    end.

encoded(Place, Term, none) -> throw({no_json, Place, Term});
encoded(<<>>, Term, Encode) ->
    Encoded = Encode(Term),
    case as_text(Encoded, fun nests/1) of
        %% Text in the place of the whole is no string of JSON.
        {ok, Text} -> throw({?MODULE, whole, Text});
        error -> Encoded
    end;
encoded(_Place, Term, Encode) ->
    Encoded = Encode(Term),
    case pieces(Encoded, fun nests/1) of
        {ok, Text} -> Text;
        error -> Encoded
    end.

%% Text

as_text(Binary, _Shape) when is_binary(Binary) ->
    case unicode:characters_to_binary(Binary) of
        Binary -> {ok, Binary};
        _ -> error
    end;
as_text([_ | _] = List, Shape) ->
    case io_lib:printable_unicode_list(List) of
        true -> {ok, unicode:characters_to_binary(List)};
        false -> pieces(List, Shape)
    end;
as_text(_Term, _Shape) -> error.

%% Text in pieces, as io_lib:format/2 and encoders of JSON give it. Numbers may be those of characters by chance, so
%% that the shape of the list must be one of text as well.
pieces([_ | _] = List, Shape) ->
    try unicode:characters_to_list(List) of
        Characters ->
            case io_lib:printable_unicode_list(Characters) andalso Shape(List) of
                true -> {ok, unicode:characters_to_binary(Characters)};
                false -> error
            end
    catch
        error:badarg -> error
    end;
pieces(_Term, _Shape) -> error.

%% Data has lists of binaries, and tuples of a name and a number become lists; so a list is text only if characters
%% stand in a list inside a list.
nests(List) ->
    Kinds = kinds(List),
    lists:member(tail, Kinds) orelse (lists:member(list, Kinds) andalso has_characters(List)).

has_characters(List) ->
    lists:member(character, kinds(List)) orelse lists:any(fun has_characters/1, lists_in(List)).

%% What a tool gives without being asked for text may be a table of numbers; no table has numbers beside lists.
mixes(List) ->
    Kinds = kinds(List),
    lists:member(tail, Kinds)
        orelse (lists:member(list, Kinds) andalso lists:member(character, Kinds))
        orelse lists:any(fun mixes/1, lists_in(List)).

kinds([First | Rest]) when is_integer(First) -> [character | kinds(Rest)];
kinds([First | Rest]) when is_list(First) -> [list | kinds(Rest)];
kinds([_ | Rest]) -> [binary | kinds(Rest)];
kinds([]) -> [];
kinds(_Binary) -> [tail].

lists_in([First | Rest]) when is_list(First) -> [First | lists_in(Rest)];
lists_in([_ | Rest]) -> lists_in(Rest);
lists_in(_End) -> [].

%% Messages

%% What went wrong, in words where there are any.
message(_Class, #{'__exception__' := true, '__struct__' := Module} = Exception) ->
    try
        shortened(Module:message(Exception))
    catch
        _:_ -> text("~0tP", [Exception, 20])
    end;
message(error, function_clause) -> <<"its arguments fit no clause of the function">>;
message(Class, Reason) ->
    case as_text(Reason, fun nests/1) of
        {ok, Text} -> shortened(Text);
        error when Class =:= error -> shortened(explained(Reason));
        error -> text("~0tP", [Reason, 20])
    end.

%% In one line, however many the shell would take.
explained(Reason) ->
    Shown = unicode:characters_to_list(erl_error:format_exception(error, Reason, [])),
    Lines = [string:trim(Line) || Line <- string:split(Shown, "\n", all)],
    string:prefix(unicode:characters_to_list(lists:join(" ", Lines)), "exception error: ").

shortened(Text) -> unicode:characters_to_binary(string:slice(Text, 0, ?MAX_MESSAGE)).

text(Format, Args) ->
    unicode:characters_to_binary(io_lib:format(Format, Args)).
