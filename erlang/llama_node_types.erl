%% @doc The types of the table of inputs, `priv/inputs.json': what a value of each must be.
%% @end
-module(llama_node_types).

-import(llama_node_value, [bad/2, bad/3, must_be/2, path/1, text/1, text/2]).

-export([check/3]).

-define(MAX_TOKEN, 16#7fffffff).
-define(PROMPT, "text, a list of token ids or {tokens, Ids}").

%% @doc Checks a value by the type of its row. Rows of objects have a fun that checks the fields of one, as `fields'.
-spec check(llama_node_check:table(), #{binary() => term()}, llama_node_value:value()) -> ok.
check(Table, #{<<"type">> := Type} = Row, Value) ->
    _ = check(Type, Table, Row, Value),
    ok.

check(<<"boolean">>, _, _, Value) -> llama_node_value:flag(Value);
check(<<"switch">>, _, #{<<"also">> := Word}, Value) ->
    llama_node_value:is_boolean(Value) orelse is_one_of(Value, [Word])
        orelse must_be(Value, ["true, false or ", Word]);
check(<<"settled">>, _, #{<<"value">> := Settled, <<"why">> := Why}, Value) ->
    llama_node_value:flag(Value) =:= Settled
        orelse bad("~ts: is ~ts, and ~ts", [path(Value), not Settled, Why]);
check(<<"integer">>, _, #{<<"min">> := Min, <<"max">> := Max, <<"or">> := Word}, Value) ->
    case is_word(Value, Word) of
        true -> ok;
        false -> llama_node_value:integer(Value, Min, Max, binary_to_list(<<Word/binary, " or ">>))
    end;
check(<<"integer">>, Table, #{<<"also">> := Word} = Row, Value) ->
    case is_one_of(Value, [Word]) of
        true -> ok;
        false -> check(<<"integer">>, Table, maps:remove(<<"also">>, Row), Value)
    end;
check(<<"integer">>, _, #{<<"min">> := Min, <<"max">> := Max}, Value) -> llama_node_value:integer(Value, Min, Max);
check(<<"integer_or_word">>, _, #{<<"values">> := Words, <<"min">> := Min, <<"max">> := Max}, Value) ->
    case {llama_node_value:is_number(Value), is_one_of(Value, Words)} of
        {true, _} -> llama_node_value:integer(Value, Min, Max);
        {false, true} -> ok;
        {false, false} ->
            must_be(Value, io_lib:format("~ts or an integer from ~b to ~b", [lists:join(", ", Words), Min, Max]))
    end;
check(<<"number">>, _, #{<<"over">> := Min, <<"max">> := Max}, Value) -> llama_node_value:number(Value, Min, Max, open);
check(<<"number">>, _, #{<<"min">> := Min, <<"max">> := Max}, Value) ->
    llama_node_value:number(Value, Min, Max, closed);
check(<<"text">>, _, Row, Value) -> text(Value, maps:get(<<"min">>, Row, 0));
check(<<"path">>, _, _, Value) ->
    case binary:match(text(Value, 1), <<0>>) of
        nomatch -> ok;
        _ -> must_be(Value, "a path of a file")
    end;
check(<<"url">>, _, _, Value) ->
    Fits = case uri_string:parse(text(Value, 1)) of
        #{userinfo := _} -> false;
        #{query := _} -> false;
        #{fragment := _} -> false;
        #{port := Port} when Port < 1; Port > 65535 -> false;
        #{scheme := Scheme, host := Host} when Host =/= <<>> ->
            lists:member(string:lowercase(Scheme), [<<"http">>, <<"https">>]);
        _ -> false
    end,
    Fits orelse bad("~ts must be a URL of http or https with a host, without a name, a password or a query",
                    [path(Value)]);
check(<<"proxy">>, Table, Row, Value) ->
    _ = check(<<"url">>, Table, Row, Value),
    Fits = case uri_string:parse(text(Value, 1)) of
        #{scheme := Scheme, path := Path} ->
            string:lowercase(Scheme) =:= <<"http">> andalso lists:member(Path, [<<>>, <<"/">>])
    end,
    Fits orelse must_be(Value, "a URL of http without a path: the connection to a proxy is a plain one");
check(<<"headers">>, _, Row, Value) ->
    lists:foreach(fun ({Name, Text}) -> header(path(Value), Name, Text, Row) end, llama_node_value:entries(Value));
check(<<"command">>, _, Row, Value) -> command(Value, Row);
%% A word is told from anything else; what should be an enumeration has to be text first.
check(<<"word">>, _, #{<<"values">> := Words}, Value) ->
    is_one_of(Value, Words) orelse must_be(Value, llama_node_value:one_of(Words));
check(<<"enum">>, _, #{<<"values">> := Words}, Value) ->
    lists:member(text(Value), Words) orelse must_be(Value, llama_node_value:one_of(Words));
check(<<"pid">>, _, _, Value) -> is_pid(llama_node_value:raw(Value)) orelse must_be(Value, "a pid");
check(<<"object">>, _, #{<<"fields">> := Fields}, Value) -> Fields(Value);
check(<<"list">>, Table, #{<<"of">> := Of} = Row, Value) ->
    Items = llama_node_value:items(Value),
    ok = at_least(Items, Row, Value),
    ok = at_most(Items, Row, Value),
    lists:foreach(fun (Item) -> check(Table, Of, Item) end, Items);
check(<<"demand">>, _, #{<<"max">> := Max}, Value) -> demand(Value, Max);
check(<<"tokens">>, _, _, Value) -> llama_node_value:tokens(Value);
check(<<"prompt">>, _, _, Value) -> prompt(Value);
check(<<"prompts">>, _, Row, Value) -> prompts(Value, Row);
check(<<"json">>, _, _, Value) -> json(Value);
check(<<"variables">>, _, _, Value) -> plain_map(Value);
%% Generation
check(<<"biases">>, _, Row, Value) -> biases(Value, Row);
check(<<"stops">>, _, Row, Value) -> stops(Value, Row);
check(<<"bounded">>, _, Row, Value) -> stop(Value, Row);
check(<<"breaker">>, _, #{<<"max">> := Max}, Value) ->
    Text = text(Value, 1),
    utf16_length(Text) =< Max andalso binary:match(Text, <<0>>) =:= nomatch
        orelse bad("~ts must have at most ~b characters, none of them NUL", [path(Value), Max]);
check(<<"samplers">>, _, Row, Value) -> samplers(Value, Row);
check(<<"adapters">>, _, Row, Value) -> adapters(Value, Row);
%% Chats
check(<<"content">>, _, #{<<"fields">> := Fields}, Value) ->
    case llama_node_value:is_list(Value) andalso not llama_node_value:is_integers(Value) of
        true -> lists:foreach(Fields, llama_node_value:items(Value));
        false -> text(Value)
    end;
check(<<"only_text">>, _, #{<<"noun">> := Noun}, Value) -> only(<<"text">>, Noun, Value);
check(<<"only_function">>, _, #{<<"noun">> := Noun}, Value) -> only(<<"function">>, Noun, Value);
check(<<"template">>, _, #{<<"fields">> := Fields}, Value) ->
    case llama_node_value:is_text(Value) of
        true -> text(Value, 1);
        false -> Fields(Value)
    end;
check(<<"tools">>, _, Row, Value) -> tools(Value, Row);
check(<<"name">>, _, #{<<"max">> := Max}, Value) ->
    re:run(text(Value), io_lib:format("^[A-Za-z0-9_.-]{1,~b}$", [Max]), [dollar_endonly]) =/= nomatch
        orelse must_be(Value, io_lib:format("1 to ~b letters, digits, _, - or .", [Max]));
check(<<"parameters">>, _, _, Value) -> parameters(Value);
check(<<"arguments">>, _, _, Value) -> arguments(Value);
check(<<"tool_choice">>, _, #{<<"values">> := Words, <<"fields">> := Fields}, Value) ->
    case llama_node_value:is_text(Value) of
        true ->
            is_one_of(Value, Words)
                orelse must_be(Value, [lists:join(", ", Words), " or #{function => #{name => Name}}"]);
        false -> Fields(Value)
    end.

%% A program and its arguments.
command(Value, Row) ->
    _ = (not llama_node_value:is_text(Value) andalso llama_node_value:is_list(Value))
        orelse must_be(Value, "a list of texts, the program and its arguments"),
    Items = llama_node_value:items(Value),
    ok = at_least(Items, Row#{<<"least">> => 1}, Value),
    ok = at_most(Items, Row#{<<"noun">> => <<"texts">>}, Value),
    Words = [text(Item, 1) || Item <- Items],
    _ = binary:match(iolist_to_binary(Words), <<0>>) =:= nomatch
        orelse bad("~ts: holds a character that no command can have", [path(Value)]),
    Placed = lists:any(fun (Word) -> binary:match(Word, <<"{port}">>) =/= nomatch end, Words),
    lists:foreach(fun (Word) -> word_of_command(hd(binary:split(Word, <<"=">>)), Placed, Value) end, Words).

word_of_command(<<"--api-key">>, _, Value) ->
    bad("~ts: --api-key can be read by every user of the machine; leave it out, and the server gets a key in its "
        "environment, that of api_key or a random one", [path(Value)]);
word_of_command(Flag, false, Value) when Flag =:= <<"--port">>; Flag =:= <<"--host">> ->
    bad("~ts: ~ts is added by the node, with a free port of 127.0.0.1; leave it out, or write {port} where the port "
        "belongs", [path(Value), Flag]);
word_of_command(_Flag, _Placed, _Value) ->
    ok.

is_word(Value, <<"infinity">>) -> llama_node_value:raw(Value) =:= infinity;
is_word(Value, Word) -> is_one_of(Value, [Word]).

is_one_of(Value, Words) -> llama_node_value:is_text(Value) andalso lists:member(text(Value), Words).

only(Type, Noun, Value) ->
    case text(Value) of
        Type -> ok;
        Other ->
            bad(unsupported, "~ts: ~ts of type \"~ts\" are not supported",
                [path(Value), Noun, llama_node_value:line(Other, 40)])
    end.

at_least(Items, #{<<"least">> := Least} = Row, Value) when length(Items) < Least ->
    case Row of
        #{<<"noun">> := Noun} when Noun =/= <<"texts">> -> bad("~ts must have at least one ~ts", [path(Value), Noun]);
        _ -> bad("~ts must not be empty", [path(Value)])
    end;
at_least(_Items, _Row, _Value) -> ok.

at_most(Items, #{<<"most">> := Most} = Row, Value) when length(Items) > Most ->
    bad("~ts must have at most ~b ~ts, not ~b",
        [path(Value), Most, maps:get(<<"noun">>, Row, <<"items">>), length(Items)]);
at_most(_Items, _Row, _Value) -> ok.

%% As the node counts: a character outside the basic plane is two.
utf16_length(Text) -> byte_size(unicode:characters_to_binary(Text, utf8, utf16)) div 2.

demand(Value, Max) ->
    case {llama_node_value:is_boolean(Value) orelse is_one_of(Value, [<<"once">>]),
          llama_node_value:is_number(Value)} of
        {true, _} -> ok;
        {false, true} -> llama_node_value:integer(Value, 1, Max);
        {false, false} -> must_be(Value, io_lib:format("true, false, once or an integer from 1 to ~b", [Max]))
    end.

%% A list of integers is text if a shell would print it so, and token ids otherwise.
prompt(Value) ->
    case {llama_node_value:is_tuple(Value), llama_node_value:raw(Value)} of
        {true, {tokens, Ids}} -> llama_node_value:tokens(llama_node_value:wrapped(Value, {term, Ids}));
        {true, _} -> must_be(Value, ?PROMPT);
        {false, _} ->
            case {llama_node_value:is_list(Value), llama_node_value:is_printable(Value)} of
                {true, false} -> llama_node_value:tokens(Value);
                {false, false} -> llama_node_value:is_text(Value) orelse must_be(Value, ?PROMPT), text(Value);
                {_, true} -> text(Value)
            end
    end.

prompts(Value, Row) ->
    case is_single(Value) of
        true -> prompt(Value);
        false ->
            Items = llama_node_value:items(Value),
            _ = Items =:= [] andalso bad("~ts must not be empty", [path(Value)]),
            ok = at_most(Items, Row#{<<"noun">> => <<"texts">>}, Value),
            lists:foreach(fun prompt/1, Items)
    end.

is_single(Value) ->
    case llama_node_value:is_list(Value) andalso llama_node_value:items(Value) of
        false -> true;
        [] -> false;
        [First | _] ->
            llama_node_value:is_integers(Value)
                orelse llama_node_value:is_json(Value) andalso llama_node_value:is_number(First)
    end.

%% A text holds JSON.
json(Value) ->
    case llama_node_value:is_text(Value) of
        true -> llama_node_value:wrapped(Value, json);
        false -> llama_node_value:plain(Value)
    end.

%% Values are not shown: they may be secrets.
header(Place, Name, Value, #{<<"own">> := Own}) ->
    re:run(Name, "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", [dollar_endonly, {capture, none}]) =:= match
        andalso not lists:member(string:lowercase(Name), Own)
        orelse bad("~ts: '~ts' is none that can be set", [Place, Name]),
    llama_node_value:is_text(Value) orelse bad("~ts: '~ts' must be text", [Place, Name]),
    lists:all(fun (C) -> C >= $\s andalso C < 16#7f end, binary_to_list(text(Value)))
        orelse bad("~ts: '~ts' holds a character that no header can have", [Place, Name]).

plain_map(Value) ->
    lists:foreach(fun ({_, Field}) -> llama_node_value:plain(Field) end, llama_node_value:entries(Value)).

biases(Value, Row) ->
    Biases = case llama_node_value:is_list(Value) of
        true -> [bias_of_pair(Item) || Item <- llama_node_value:items(Value)];
        false -> [{token(Key, Value), Bias} || {Key, Bias} <- llama_node_value:entries(Value)]
    end,
    lists:foldl(fun ({Token, Bias}, Seen) -> bias(Token, Bias, Row, Seen) end, #{}, Biases).

bias_of_pair(Item) ->
    case llama_node_value:pair(Item) of
        {Token, Bias} ->
            {llama_node_value:integer(Token, 0, ?MAX_TOKEN),
             llama_node_value:wrapped(Item, {term, llama_node_value:raw(Bias)})};
        none -> must_be(Item, "a pair of a token id and a bias")
    end.

%% JSON has no other keys than text.
token(Key, Value) ->
    case re:run(Key, "^(0|[1-9][0-9]{0,9})$", [dollar_endonly]) =/= nomatch andalso binary_to_integer(Key) of
        Token when is_integer(Token), Token =< ?MAX_TOKEN -> Token;
        _ ->
            bad("a key of ~ts must be a token id, an integer from 0 to ~b, not \"~ts\"",
                [path(Value), ?MAX_TOKEN, llama_node_value:line(Key, 40)])
    end.

bias(Token, Value, #{<<"min">> := Min, <<"max">> := Max}, Seen) ->
    _ = case {llama_node_value:raw(Value), llama_node_value:is_number(Value)} of
        {false, _} -> ok;
        {_, true} -> llama_node_value:number(Value, Min, Max, closed);
        _ -> must_be(Value, "a number or false")
    end,
    _ = is_map_key(Token, Seen) andalso bad("~ts: token ~b is given twice", [path(Value), Token]),
    Seen#{Token => true}.

%% A list of integers is one text here; the empty list is no text.
stops(Value, Row) ->
    case llama_node_value:is_list(Value) andalso llama_node_value:items(Value) of
        false -> stop(Value, Row);
        [_ | _] = Items ->
            case llama_node_value:is_integers(Value) of
                true -> stop(Value, Row);
                false ->
                    ok = at_most(Items, Row#{<<"noun">> => <<"texts">>}, Value),
                    lists:foreach(fun (Item) -> stop(Item, Row) end, Items)
            end;
        [] -> ok
    end.

stop(Value, #{<<"max">> := Max}) ->
    Length = utf16_length(text(Value, 1)),
    Length =< Max orelse bad("~ts must have at most ~b characters, not ~b", [path(Value), Max, Length]).

samplers(Value, #{<<"values">> := Names, <<"same">> := Same}) ->
    lists:foldl(
        fun (Item, Seen) ->
            _ = is_one_of(Item, Names) orelse must_be(Item, llama_node_value:one_of(Names)),
            Name = maps:get(text(Item), Same, text(Item)),
            _ = lists:member(Name, Seen) andalso bad("~ts: ~ts is given twice", [path(Item), text(Item)]),
            [Name | Seen]
        end, [], llama_node_value:items(Value)).

adapters(Value, Row) ->
    Items = llama_node_value:items(Value),
    _ = lists:foldl(
        fun (Item, Seen) ->
            Id = adapter(Item, Row),
            _ = lists:member(Id, Seen)
                andalso bad("~ts: adapter '~ts' is given twice", [path(Item), llama_node_value:line(Id, 40)]),
            [Id | Seen]
        end, [], Items),
    at_most(Items, Row#{<<"noun">> => <<"adapters">>}, Value).

adapter(Item, #{<<"fields">> := Fields, <<"min">> := Min, <<"max">> := Max}) ->
    Pair = llama_node_value:pair(Item),
    case Pair =/= none andalso llama_node_value:is_text(element(1, Pair)) of
        true ->
            {Id, Scale} = Pair,
            Text = text(Id, 1),
            _ = llama_node_value:number(Scale, Min, Max, closed),
            Text;
        false ->
            ok = Fields(Item),
            {_, Id} = lists:keyfind(<<"id">>, 1, llama_node_value:entries(Item)),
            text(Id)
    end.

tools(Value, #{<<"fields">> := Fields} = Row) ->
    Items = llama_node_value:items(Value),
    _ = lists:foldl(
        fun (Item, Seen) ->
            ok = Fields(Item),
            Name = tool_name(llama_node_value:entries(Item)),
            _ = lists:member(Name, Seen) andalso bad("~ts: there is a tool '~ts' already", [path(Item), Name]),
            [Name | Seen]
        end, [], Items),
    at_most(Items, Row#{<<"noun">> => <<"tools">>}, Value).

tool_name(Entries) ->
    case lists:keyfind(<<"function">>, 1, Entries) of
        {_, Framed} ->
            case llama_node_value:is_absent(Framed) of
                true -> tool_name(lists:keydelete(<<"function">>, 1, Entries));
                false -> tool_name(llama_node_value:entries(Framed))
            end;
        false ->
            {_, Name} = lists:keyfind(<<"name">>, 1, Entries),
            text(Name)
    end.

%% Arguments have names.
parameters(Value) ->
    ok = plain_map(Value),
    case lists:keyfind(<<"type">>, 1, llama_node_value:entries(Value)) of
        false -> ok;
        {_, Type} ->
            llama_node_value:is_text(Type) andalso not llama_node_value:is_list(Type) andalso
                text(Type) =:= <<"object">>
                orelse bad("~ts.type must be object, as arguments are named", [path(Value)])
    end.

arguments(Value) ->
    case {llama_node_value:is_list(Value) andalso llama_node_value:items(Value), llama_node_value:is_text(Value)} of
        {[], _} -> ok;
        {_, true} -> plain_map(llama_node_value:wrapped(Value, json));
        {_, false} -> plain_map(Value)
    end.
