%% @doc Checks requests as the node does, by the table `priv/inputs.json': the scripted server of {@link
%% llama_node_fake} refuses what a node refuses, with the same code and a message that names the same key.
%%
%% The node's decoders are held against the same table by a test of theirs.
%% @end
-module(llama_node_check).

-import(llama_node_value, [bad/2, must_be/2, path/1, text/1]).

-export([table/0, with_max/3, request/2, object/3, field/2, fields/1, field_or_whole/2, task/2]).
-export_type([table/0]).

-type table() :: #{binary() => term()}.
%% The table as JSON gives it; what it means stands in it, under `about'.

%% What the node's scanner of terms allows.
-define(MAX_DEPTH, 64).
-define(MAX_ELEMENTS, 1000000).
-define(MAX_INTEGER_BYTES, 1024).

%% @doc The table of all inputs.
-spec table() -> table().
table() ->
    {ok, Text} = file:read_file(filename:join([llama_node_options:priv_dir(), "inputs.json"])),
    {ok, Tree} = llama_node_json:decode(Text),
    llama_node_json:plain(Tree).

%% @doc The table for a node that was started with a number which bounds a setting of models.
-spec with_max(table(), Key :: binary(), pos_integer()) -> table().
with_max(#{<<"objects">> := #{<<"settings">> := Rows} = Objects} = Table, Key, Max) ->
    Bounded = [case Row of #{<<"key">> := Key} -> Row#{<<"max">> := Max}; _ -> Row end || Row <- Rows],
    Table#{<<"objects">> := Objects#{<<"settings">> := Bounded}}.

%% @doc Checks a request.
%% ```
%% {error, {invalid_argument, <<"top_p must be a number from 0 to 1, not 7">>}} =
%%     llama_node_check:request(llama_node_check:table(), {run, completion, #{prompt => x, top_p => 7}}).
%% '''
-spec request(table(), term()) -> ok | {error, llama_node_error:error()}.
request(Table, Request) ->
    checked(fun () ->
        ok = limits(Request),
        known(Table, Request)
    end).

%% @doc Checks a map or proplist that a request does not bring, by the rows of an object; `Name' is what it is called.
-spec object(table(), binary(), {Name :: binary(), term()}) -> ok | {error, llama_node_error:error()}.
object(Table, Object, {Name, Term}) ->
    checked(fun () -> fields(Table, Object, llama_node_value:object(Name, Term)) end).

checked(Check) ->
    try
        Check()
    catch
        throw:{bad, Code, Message} -> {error, {Code, Message}}
    end.

%% @doc The value of a field of a checked input, whatever its form, with JSON as plain terms.
%% ```
%% 3 = llama_node_check:field(<<"top_n">>, <<"{\"top_n\": 3}">>),
%% undefined = llama_node_check:field(<<"top_n">>, [{query, <<"x">>}]).
%% '''
-spec field(binary(), term()) -> term().
field(Key, Input) ->
    case lists:keyfind(Key, 1, llama_node_value:entries(llama_node_value:object(<<"input">>, Input))) of
        {_, Value} ->
            case llama_node_value:is_absent(Value) of
                true -> undefined;
                false -> given(Value)
            end;
        false -> undefined
    end.

%% @doc All fields that are given, by atoms: only the keys of checked inputs become such.
-spec fields(term()) -> #{atom() => term()}.
fields(Input) ->
    maps:from_list([{binary_to_atom(Key), given(Value)}
                    || {Key, Value} <- llama_node_value:entries(llama_node_value:object(<<"config">>, Input)),
                       not llama_node_value:is_absent(Value)]).

given(Value) ->
    case llama_node_value:is_json(Value) of
        true -> llama_node_json:plain(llama_node_value:raw(Value));
        false -> llama_node_value:raw(Value)
    end.

%% @doc The same for an input that may also be nothing but the text or the list that its most important field would be.
-spec field_or_whole(binary(), term()) -> term().
field_or_whole(Key, Input) ->
    case has_fields(llama_node_value:root(<<"input">>, Input)) of
        true -> field(Key, Input);
        false -> Input
    end.

%% @doc The type of a checked task, as an atom.
-spec task(table(), llama_node:type()) -> chat | completion | embedding | infill | rerank.
task(Table, Type) ->
    binary_to_existing_atom(known_task(Table, llama_node_value:root(<<"type">>, Type))).

%% Limits

limits(Term) ->
    _ = limits(Term, 0, ?MAX_ELEMENTS),
    ok.

limits(_Term, _Depth, 0) -> bad("the request has more than ~b elements", [?MAX_ELEMENTS]);
limits(Integer, _Depth, Left) when is_integer(Integer) ->
    _ = byte_size(binary:encode_unsigned(abs(Integer))) > ?MAX_INTEGER_BYTES
        andalso bad("the request has an integer of more than ~b bytes", [?MAX_INTEGER_BYTES]),
    Left - 1;
limits(Term, ?MAX_DEPTH, _Left)
  when is_map(Term), Term =/= #{}; is_tuple(Term), Term =/= {}; is_list(Term), Term =/= [] ->
    bad("the request is nested deeper than ~b", [?MAX_DEPTH]);
limits(Map, Depth, Left) when is_map(Map) ->
    maps:fold(fun (Key, Value, Rest) -> limits(Value, Depth + 1, limits(Key, Depth + 1, Rest)) end, Left - 1, Map);
limits(Tuple, Depth, Left) when is_tuple(Tuple) -> each(tuple_to_list(Tuple), Depth + 1, Left - 1);
limits(List, Depth, Left) when is_list(List), List =/= [] -> each(List, Depth + 1, Left - 1);
limits(_Term, _Depth, Left) -> Left - 1.

each([Item | Rest], Depth, Left) -> each(Rest, Depth, limits(Item, Depth, Left));
each([], _Depth, Left) -> Left;
each(Tail, Depth, Left) -> limits(Tail, Depth, Left).

%% Requests

known(#{<<"requests">> := Requests} = Table, Request) ->
    {Name, Arguments} = named(Request),
    case Requests of
        #{Name := Wanted} when length(Wanted) =/= length(Arguments); Wanted =:= [], is_tuple(Request) ->
            bad("the request ~ts takes ~ts", [Name, takes(length(Wanted), length(Arguments))]);
        #{Name := Wanted} ->
            %% What has no fields at all is told before any field, and any other argument.
            _ = [llama_node_value:entries(llama_node_value:object(Argument, Term))
                 || {#{<<"name">> := Argument, <<"type">> := <<"object">>}, Term} <- lists:zip(Wanted, Arguments)],
            arguments(Table, Wanted, Arguments);
        _ ->
            bad("unknown request '~ts'~ts",
                [llama_node_value:line(Name, 40), llama_node_input:did_you_mean(Name, maps:keys(Requests))])
    end.

named(Request) when is_atom(Request) -> {atom_to_binary(Request), []};
named(Request) when is_tuple(Request), is_atom(element(1, Request)) ->
    [Name | Arguments] = tuple_to_list(Request),
    {atom_to_binary(Name), Arguments};
named(Request) ->
    bad("a request must be an atom or a tuple that starts with one, not ~ts",
        [llama_node_value:shown(llama_node_value:root(<<>>, Request))]).

takes(0, _) -> "no argument and is a plain atom";
takes(1, Given) -> io_lib:format("1 argument, not ~b", [Given]);
takes(Wanted, Given) -> io_lib:format("~b arguments, not ~b", [Wanted, Given]).

arguments(Table, [#{<<"type">> := <<"task">>}, #{<<"type">> := <<"input">>} = Row | Rows], [Type, Input | Arguments]) ->
    Whole = llama_node_value:object(<<"input">>, Input),
    In = in(Whole),
    Delivered = case Row of
        #{<<"object">> := Delivery} -> rows(Table, rows_of(Table, Delivery), In);
        _ -> In
    end,
    Task = known_task(Table, llama_node_value:root(<<"type">>, Type)),
    ok = done(rows(Table, rows_of(Table, Task), beside(Table, Task, Delivered))),
    arguments(Table, Rows, Arguments);
arguments(Table, [#{<<"name">> := Name, <<"unless">> := _} = Row, #{<<"name">> := Beside} = Next | Rows],
          [Argument, Config | Arguments]) ->
    In = in(llama_node_value:object(Beside, Config)),
    ok = llama_node_types:check(Table, excused(Row, In), llama_node_value:root(Name, Argument)),
    arguments(Table, [Next | Rows], [Config | Arguments]);
arguments(Table, [#{<<"name">> := Name} = Row | Rows], [Argument | Arguments]) ->
    ok = argument(Table, Row, Name, Argument),
    arguments(Table, Rows, Arguments);
arguments(_Table, [], []) ->
    ok.

argument(Table, #{<<"type">> := <<"object">>, <<"object">> := Object}, Name, Term) ->
    fields(Table, Object, llama_node_value:object(Name, Term));
argument(Table, #{<<"type">> := <<"text_or_object">>, <<"object">> := Object}, Name, Term) ->
    Value = llama_node_value:root(Name, Term),
    case has_fields(Value) of
        true -> fields(Table, Object, Value);
        false -> _ = text(Value), ok
    end;
argument(Table, #{<<"type">> := <<"tokens_or_object">>, <<"object">> := Object}, Name, Term) ->
    %% A list of small ids looks like text, and is none here.
    Value = case is_list(Term) of
                true -> llama_node_value:root(Name, Term);
                false -> llama_node_value:object(Name, Term)
            end,
    case llama_node_value:is_list(Value) andalso not has_fields(Value) of
        true when is_binary(Term) ->
            %% An array of JSON.
            {ok, {array, Tokens}} = llama_node_json:decode(Term),
            _ = llama_node_value:tokens(llama_node_value:root(<<"tokens">>, Tokens)),
            ok;
        true -> _ = llama_node_value:tokens(llama_node_value:root(<<"tokens">>, Term)), ok;
        false -> fields(Table, Object, Value)
    end;
argument(_Table, #{<<"type">> := <<"sink">>}, Name, Term) ->
    case Term of
        _ when is_pid(Term) -> ok;
        {Sink, Alias, Watcher} when is_pid(Sink), is_reference(Alias), is_pid(Watcher) -> ok;
        _ -> must_be(llama_node_value:root(Name, Term), "a pid or {SinkPid, Alias, WatcherPid}")
    end;
argument(Table, Row, Name, Term) ->
    llama_node_types:check(Table, Row, llama_node_value:root(Name, Term)).

%% Whether these are fields rather than the text or the tokens themselves.
has_fields(Value) ->
    case llama_node_value:raw(Value) of
        [First | _] -> is_tuple(First);
        _ -> not (llama_node_value:is_list(Value) orelse llama_node_value:is_text(Value))
    end.

known_task(#{<<"tasks">> := Tasks}, Value) ->
    Type = text(Value),
    case lists:member(Type, Tasks) of
        true -> Type;
        false -> must_be(Value, llama_node_value:one_of(Tasks))
    end.

%% Objects

fields(Table, Object, Value) ->
    done(rows(Table, rows_of(Table, Object), beside(Table, Object, in(Value)))).

rows_of(#{<<"objects">> := Objects}, Object) ->
    map_get(Object, Objects).

in(Value) ->
    Entries = llama_node_value:entries(Value),
    #{whole => Value, entries => maps:from_list(Entries), order => [Key || {Key, _} <- Entries], known => [],
      beside => []}.

%% The keys that may be given are known before the first row is looked at, so that a mistyped one is told rather
%% than the one that is missing for it.
beside(Table, Object, #{known := Known} = In) ->
    In#{beside := Known ++ keys(Table, rows_of(Table, Object))}.

keys(Table, Rows) ->
    lists:append([row_keys(Table, Row) || Row <- Rows]).

row_keys(Table, #{<<"include">> := Object}) -> keys(Table, rows_of(Table, Object));
row_keys(_Table, #{<<"exclusive">> := Keys}) -> Keys;
row_keys(_Table, #{<<"one_of">> := Groups}) -> lists:append(Groups);
row_keys(Table, #{<<"when">> := _, <<"rows">> := Rows}) -> keys(Table, Rows);
row_keys(Table, #{<<"frame">> := Key, <<"object">> := Object}) -> [Key | keys(Table, rows_of(Table, Object))];
row_keys(_Table, #{<<"refused">> := _}) -> [];
row_keys(_Table, #{<<"keys">> := Keys}) -> Keys;
row_keys(_Table, #{<<"needs">> := _}) -> [];
row_keys(_Table, #{<<"key">> := Key}) -> [Key];
row_keys(_Table, _Rule) -> [].

rows(Table, Rows, In) ->
    lists:foldl(fun (Row, Before) -> row(Table, Row, Before) end, In, Rows).

row(Table, #{<<"include">> := Object}, In) ->
    rows(Table, rows_of(Table, Object), In);
row(_Table, #{<<"exclusive">> := Keys}, In) ->
    Given = [Key || Key <- Keys, given(Key, In) =/= none],
    _ = length(Given) > 1 andalso exclude(Given),
    asked(Keys, In);
row(_Table, #{<<"one_of">> := Groups}, In) ->
    Names = [hd(Group) || Group <- Groups],
    case [Group || Group <- Groups, either(Group, In) =/= none] of
        [_] -> asked(lists:append(Groups), In);
        [] -> missing([llama_node_value:one_of(Names)], In);
        _ -> exclude(Names)
    end;
row(_Table, #{<<"instead">> := Key, <<"of">> := Others}, In) ->
    _ = given(Key, In) =/= none andalso lists:any(fun (Other) -> given(Other, In) =/= none end, Others)
        andalso bad("~ts and ~ts are the same; give only one", [Key, hd(Others)]),
    In;
row(_Table, #{<<"needs">> := Flag, <<"key">> := Key}, In) ->
    _ = given(Key, In) =/= none andalso (given(Flag, In) =:= none orelse not llama_node_value:flag(given(Flag, In)))
        andalso bad("~ts: needs ~ts to be true", [Key, Flag]),
    In;
row(Table, #{<<"when">> := Key, <<"is">> := Text, <<"rows">> := Rows} = Row, In) ->
    case {is(Key, Text, In), Row} of
        {true, _} -> rows(Table, Rows, In);
        {false, #{<<"otherwise">> := Why}} -> without(keys(Table, Rows), Why, In);
        {false, _} -> In
    end;
row(_Table, #{<<"refused">> := Keys, <<"all">> := List, <<"when">> := Key, <<"is">> := Text, <<"why">> := Why}, In) ->
    case given(List, In) =/= none andalso llama_node_value:items(given(List, In)) of
        [_ | _] = Items ->
            case lists:all(fun (Item) -> is(Key, Text, in(Item)) end, Items) of
                true -> without(Keys, Why, In);
                false -> In
            end;
        _ -> In
    end;
row(_Table, #{<<"refused">> := Keys, <<"when">> := Key, <<"is">> := Text, <<"why">> := Why}, In) ->
    case is(Key, Text, In) of
        true -> without(Keys, Why, In);
        false -> In
    end;
row(Table, #{<<"frame">> := Key, <<"object">> := Object}, In) ->
    case given(Key, In) of
        none -> rows(Table, rows_of(Table, Object), asked([Key], In));
        Framed ->
            ok = fields(Table, Object, Framed),
            asked([Key], In)
    end;
row(Table, #{<<"keys">> := Keys} = Row, In) ->
    value(Table, Row, hd(Keys), either(Keys, In), asked(Keys, In));
row(Table, #{<<"key">> := Key} = Row, In) ->
    value(Table, Row, Key, given(Key, In), asked([Key], In)).

value(Table, #{<<"unless">> := [_, _]} = Row, Key, Value, In) ->
    value(Table, excused(Row, In), Key, Value, In);
value(_Table, #{<<"required">> := true} = Row, Key, none, #{whole := Whole} = In) ->
    _ = is_excused(Row, In) orelse missing([path(llama_node_value:field(Whole, Key, none))], In),
    In;
value(_Table, _Row, _Key, none, In) ->
    In;
value(Table, #{<<"up_to">> := Other} = Row, _Key, Value, In) ->
    %% No more than another key says.
    Max = case given(Other, In) of none -> map_get(<<"max">>, Row); Given -> llama_node_value:raw(Given) end,
    ok = llama_node_types:check(Table, Row#{<<"max">> := Max}, Value),
    In;
value(Table, #{<<"object">> := Object} = Row, _Key, Value, In) ->
    ok = llama_node_types:check(Table, Row#{<<"fields">> => fun (Item) -> fields(Table, Object, Item) end}, Value),
    In;
value(Table, #{<<"of">> := #{<<"object">> := Object} = Of} = Row, _Key, Value, In) ->
    Fields = fun (Item) -> fields(Table, Object, Item) end,
    ok = llama_node_types:check(Table, Row#{<<"of">> := Of#{<<"fields">> => Fields}}, Value),
    In;
value(Table, Row, _Key, Value, In) ->
    ok = llama_node_types:check(Table, Row, Value),
    In.

%% The row as it is beside a key that makes it any text, or none.
excused(#{<<"unless">> := [Key, Text]} = Row, In) ->
    case is(Key, Text, In) of
        true -> #{<<"type">> => <<"text">>};
        false -> maps:remove(<<"unless">>, Row)
    end.

is(Key, Text, In) ->
    case given(Key, In) of
        none -> false;
        Given -> llama_node_value:is_text(Given) andalso text(Given) =:= Text
    end.

without(Keys, Why, In) ->
    _ = [bad("~ts: ~ts", [Key, Why]) || Key <- Keys, given(Key, In) =/= none],
    In.

is_excused(#{<<"unless">> := [Key, Text, Other]}, In) ->
    text(given(Key, In)) =:= Text andalso given(Other, In) =/= none;
is_excused(_Row, _In) -> false.

-spec exclude([binary()]) -> no_return().
exclude(Keys) ->
    bad("~ts and ~ts exclude each other; give only one", [lists:join(", ", lists:droplast(Keys)), lists:last(Keys)]).

given(Key, #{entries := Entries}) ->
    case Entries of
        #{Key := Value} -> case llama_node_value:is_absent(Value) of true -> none; false -> Value end;
        _ -> none
    end.

either(Keys, In) ->
    case [Value || Key <- Keys, Value <- [given(Key, In)], Value =/= none] of
        [] -> none;
        [Value] -> Value;
        _ -> bad("~ts and ~ts are the same; give only one", Keys)
    end.

asked(Keys, #{known := Known} = In) -> In#{known := Known ++ (Keys -- Known)}.

-spec missing([iodata()], map()) -> no_return().
missing(What, #{beside := Beside} = In) ->
    ok = done(In#{known := Beside}),
    bad("~ts is required", What).

%% What no row asked for.
done(#{whole := Whole, order := Order, known := Known}) ->
    case [Key || Key <- Order, not lists:member(Key, Known)] of
        [] -> ok;
        [Key | _] ->
            In = case llama_node_value:is_root(Whole) of true -> ""; false -> [" in ", path(Whole)] end,
            bad("unknown option '~ts'~ts~ts",
                [llama_node_value:line(Key, 40), In, llama_node_input:did_you_mean(Key, Known)])
    end.
