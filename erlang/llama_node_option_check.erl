%% @doc Checks of the values of options, by their entries in {@link llama_node_option_table}.
%%
%% A value that does not fit is thrown as `{fault, Key, Format, Args}', where `Key' is its place. Of an option that is a
%% secret no message shows any part.
%% @end
-module(llama_node_option_check).

-export([options/3, value/3, file/1, own/2, fault/3]).

-define(MAX_MS, 16#ffffffff).
%% The times of so many are kept.
-define(MAX_RESTARTS, 10000).
-define(IS_RESTARTS(Count, Seconds),
        is_integer(Count), Count >= 0, Count =< ?MAX_RESTARTS,
        is_integer(Seconds), Seconds >= 1, Seconds =< ?MAX_MS div 1000).

%% @doc The options that are given, by their keys. `Place' names the whole, and is empty for what has no name in front
%% of
%% its keys. Keys that nobody knows are reported before anything else: one of them may be a required one, mistyped.
-spec options(string(), term(), [llama_node_option_table:option()]) -> #{atom() => term()}.
options(Place, Given, Table) ->
    Known = maps:from_list([{atom_to_binary(Key), Option} || #{key := Key} = Option <- Table]),
    Fields = fields(Place, Given),
    _ = [unknown(place(Place, Key), Key, maps:keys(Known)) || {Key, _} <- Fields, not is_map_key(Key, Known)],
    maps:from_list(lists:append([option(Place, map_get(Key, Known), Value) || {Key, Value} <- Fields])).

fields(Place, Given) ->
    Whole = case Place of "" -> "options"; _ -> Place end,
    case llama_node_input:fields(whole(Whole, given(Whole, Given))) of
        {ok, Fields} -> Fields;
        {error, {twice, Key}} -> fault(place(Place, Key), "is given twice, in two spellings", []);
        {error, {not_a_key, Key}} ->
            fault(Whole, "~ts is no key: it must be an atom, a binary or a string", [kind(Key)]);
        %% An entry that is wrong may hold a secret all the same.
        {error, {not_a_pair, Entry}} -> fault(Whole, "~ts is neither an option nor a pair",
                                              [kind(given(Whole, Entry))]);
        {error, not_fields} ->
            fault(Whole, "must be a map, a proplist or a JSON object, got ~ts", [kind(given(Whole, Given))])
    end.

%% Nothing, or JSON, as a map. No message shows a part of the text, which may hold a secret.
whole(Whole, Json) when is_binary(Json) ->
    case llama_node_json:decode(Json) of
        {ok, {object, _} = Object} -> llama_node_json:plain(Object);
        {ok, null} -> #{};
        {ok, _} -> Json;
        {error, Why, {Line, Column}} ->
            fault(Whole, "is not valid JSON: ~ts (line ~b, column ~b)", [Why, Line, Column])
    end;
whole(_Whole, Given) ->
    case llama_node_input:is_absent(Given) of
        true -> #{};
        false -> Given
    end.

kind(Term) when is_number(Term); is_pid(Term) -> io_lib:format("~0p", [Term]);
kind(Term) when is_atom(Term) -> io_lib:format("~0tp", [Term]);
kind(Term) when is_tuple(Term) -> io_lib:format("a tuple of ~b", [tuple_size(Term)]);
kind(Term) when is_list(Term) -> "a list that is neither";
kind(Term) when is_map(Term) -> "a map";
kind(Term) when is_binary(Term) -> "a binary";
kind(Term) when is_function(Term) -> "a fun";
kind(_Term) -> "something else".

-spec unknown(iodata(), binary(), [binary()]) -> no_return().
unknown(Place, Key, Known) ->
    fault(Place, "unknown option~ts", [llama_node_input:did_you_mean(Key, Known)]).

option(Place, #{key := Key, check := Check} = Option, Given) ->
    Where = place(Place, atom_to_binary(Key)),
    Value = case Option of
        #{secret := true} -> given(Where, Given);
        _ -> Given
    end,
    case llama_node_input:is_absent(Value) of
        true -> [];
        false -> [{Key, value(Check, Where, Value)}]
    end.

%% What a fun holds. Its failure might tell what it holds.
given(Place, Secret) ->
    try
        llama_node_secret:reveal(Secret)
    catch
        Class:_ -> fault(Place, "the fun that gives it ended with ~ts", [Class])
    end.

place("", Key) -> [shown(Key)];
place(Place, Key) -> [Place, $., shown(Key)].

shown(Key) -> io_lib:format("~ts", [Key], [{chars_limit, 60}]).

%% @doc The value as it is used, if it is one that the check takes.
-spec value(llama_node_option_table:check(), iodata(), term()) -> term().
value({integer, Min, Max}, _Key, Value) when is_integer(Value), Value >= Min, Value =< Max ->
    Value;
value({integer, Min, Max}, Key, Value) ->
    fault(Key, "must be an integer from ~b to ~b, got ~0tP", [Min, Max, Value, 8]);
value({number, Min, Max}, _Key, Value) when is_number(Value), Value >= Min, Value =< Max ->
    Value;
value({number, Min, Max}, Key, Value) ->
    fault(Key, "must be a number from ~p to ~p, got ~0tP", [Min, Max, Value, 8]);
value(boolean, _Key, Value) when is_boolean(Value) ->
    Value;
value(boolean, Key, Value) ->
    fault(Key, "must be true or false, got ~0tP", [Value, 8]);
value({switch, _Word}, _Key, Value) when is_boolean(Value) ->
    Value;
value({switch, Word}, Key, Value) ->
    case llama_node_input:text(Value) =:= {ok, atom_to_binary(Word)} of
        true -> Word;
        false -> fault(Key, "must be true, false or ~ts, got ~0tP", [Word, Value, 8])
    end;
value({enum, Names}, Key, Value) ->
    Text = llama_node_input:text(Value),
    case [Name || Name <- Names, {ok, atom_to_binary(Name)} =:= Text] of
        [Name] -> Name;
        [] -> fault(Key, "must be one of ~0tp, got ~0tP", [Names, Value, 8])
    end;
value(script, _Key, Value) when is_function(Value, 1) ->
    Value;
value(script, Key, [_ | _] = Value) ->
    case [Answer || Answer <- proper(Key, Value), not is_answer(Answer)] of
        [] -> Value;
        [Answer | _] -> fault(Key, "~0tP is no answer", [Answer, 8])
    end;
value(script, Key, Value) ->
    fault(Key, "must be a list of answers or a fun of one argument, got ~0tP", [Value, 8]);
value(replies, _Key, Value) when is_map(Value) ->
    Value;
value(replies, Key, Value) ->
    fault(Key, "must be a map, got ~0tP", [Value, 8]);
value(atom, _Key, Value) when is_atom(Value), not is_boolean(Value) ->
    Value;
value(atom, Key, Value) ->
    case named(Value) of
        {ok, Name} -> Name;
        error -> fault(Key, "must be an atom, got ~0tP", [Value, 8])
    end;
value({timeout, Min}, _Key, Value) when is_integer(Value), Value >= Min, Value =< ?MAX_MS ->
    Value;
value({timeout, Min}, Key, Value) ->
    case llama_node_input:text(Value) of
        {ok, <<"infinity">>} -> infinity;
        _ -> fault(Key, "must be an integer from ~b to ~b, or infinity, got ~0tP", [Min, ?MAX_MS, Value, 8])
    end;
value(text, Key, Value) ->
    text(Key, Value, "got ~0tP", [Value, 8]);
value(input, _Key, Value) ->
    Value;
value(template, _Key, Value) when is_map(Value) ->
    %% The node checks what is in it.
    Value;
value(template, Key, Value) ->
    value(text, Key, Value);
value(model, Key, Value) ->
    value(text, Key, Value);
value(secret_text, Key, {file, File}) ->
    case file:read_file(value(path, [Key, ".file"], File)) of
        {ok, Content} -> value(secret_text, Key, string:trim(Content));
        {error, Why} -> fault(Key, "the file can not be read: ~ts", [file:format_error(Why)])
    end;
value(secret_text, Key, Value) ->
    llama_node_secret:wrap(hidden_text(Key, Value));
value(headers, _Key, Value) when is_map(Value) ->
    %% The node checks what is in it.
    llama_node_secret:wrap(Value);
value(headers, Key, _Value) ->
    fault(Key, "must be a map of texts", []);
%% The node checks what else is in it. With a password the options have it as a secret.
value(url, Key, Value) ->
    Url = given(Key, Value),
    llama_node_secret:in_url(Url)
        andalso fault(Key, "must be a URL of http or https with a host, without a name, a password or a query", []),
    value(text, Key, Url);
value(urls, Key, Value) when is_list(Value) ->
    [value(text, Key, Url) || Url <- proper(Key, Value)];
value(urls, Key, Value) ->
    fault(Key, "must be a list of URLs, got ~0tP", [Value, 8]);
value(command, Key, [Program | _] = Value) when not is_integer(Program) ->
    [value(text, Key, Word) || Word <- proper(Key, Value)];
value(command, Key, Value) ->
    fault(Key, "must be a list of texts, the program and its arguments, got ~0tP", [Value, 8]);
value(path, Key, Value) ->
    filename:absname(value(text, Key, Value));
value(library, Key, Value) ->
    case value(text, Key, Value) of
        Place when Place =:= <<"auto">>; Place =:= <<"system">>; Place =:= <<"embedded">> -> Place;
        Path -> filename:absname(Path)
    end;
value(server_name, _Key, {local, Name} = Value) when is_atom(Name), Name =/= undefined ->
    Value;
value(server_name, _Key, {global, _} = Value) ->
    Value;
value(server_name, _Key, {via, Module, _} = Value) when is_atom(Module) ->
    Value;
value(server_name, _Key, Value) when is_atom(Value), not is_boolean(Value) ->
    {local, Value};
value(server_name, Key, Value) ->
    case named(Value) of
        {ok, Name} -> {local, Name};
        error ->
            fault(Key, "must be an atom, {local, Name}, {global, Name} or {via, Module, Name}, got ~0tP", [Value, 8])
    end;
value(restarts, _Key, {Count, Seconds} = Value) when ?IS_RESTARTS(Count, Seconds) ->
    Value;
%% As JSON has it.
value(restarts, _Key, [Count, Seconds]) when ?IS_RESTARTS(Count, Seconds) ->
    {Count, Seconds};
value(restarts, Key, Value) ->
    fault(Key, "must be a pair {Count, Seconds} of an integer from 0 to ~b and one from 1 to ~b, got ~0tP",
          [?MAX_RESTARTS, ?MAX_MS div 1000, Value, 8]);
value(progress, _Key, Value) when is_pid(Value); is_function(Value, 2) ->
    Value;
value(progress, Key, Value) ->
    fault(Key, "must be a pid or a fun of two arguments, got ~0tP", [Value, 8]);
value(tls, Key, Value) ->
    Table = llama_node_option_table:tls(),
    Files = options(lists:flatten(Key), Value, Table),
    case [Missing || #{key := Missing} <- Table, not is_map_key(Missing, Files)] of
        [] -> Files;
        [Missing | _] -> fault(place(Key, atom_to_binary(Missing)), "is required", [])
    end;
value(models, Key, Value) when is_list(Value) ->
    Models = proper(Key, Value),
    [model(lists:flatten(io_lib:format("~ts[~b]", [Key, Index])), Model)
     || {Index, Model} <- lists:zip(lists:seq(0, length(Models) - 1), Models)];
value(models, Key, Value) ->
    fault(Key, "must be a list, got ~0tP", [Value, 8]);
value(cookie, Key, Value) ->
    Text = hidden_text(Key, Value),
    Characters = unicode:characters_to_list(Text),
    %% The distribution takes the digest of the characters as bytes.
    case length(Characters) =< 255 andalso lists:max(Characters) =< 255 of
        true -> Text;
        false -> fault(Key, "must have at most 255 characters, none of them beyond Latin-1", [])
    end;
value(flags, Key, [First | _] = Value) when not is_integer(First), length(Value) >= 0 ->
    lists:flatten(lists:join($\s, [hidden_characters(Key, Flag) || Flag <- Value]));
value(flags, Key, Value) ->
    hidden_characters(Key, Value);
value(env, Key, Value) when is_map(Value) ->
    value(env, Key, maps:to_list(Value));
value(env, Key, Value) when is_list(Value), length(Value) >= 0 ->
    lists:append([variable(Key, Entry) || Entry <- Value]);
value(env, Key, _Value) ->
    fault(Key, "must be a map or a list of pairs of a name and a text or false", []).

proper(_Key, List) when length(List) >= 0 -> List;
proper(Key, List) -> fault(Key, "must be a proper list, got ~0tP", [List, 8]).

is_answer({error, {Code, Message}}) -> is_atom(Code) andalso is_binary(Message);
is_answer(Answer) when is_map(Answer) ->
    maps:without([content, chunks, delay, chunk_delay, result, error], Answer) =:= #{};
is_answer(Answer) -> is_binary(Answer) orelse Answer =:= crash.

model(Place, Given) ->
    Path = #{key => path, part => model, check => model, default => "none", text => "path of a GGUF file"},
    case options(Place, Given, [Path | llama_node_option_table:model() ++ llama_node_defaults:options()]) of
        #{engine := llama_server} = Model -> checked(Place, Model);
        #{path := File} = Model -> checked(Place, own([Place, "."], Model#{path := file(File)}));
        _ -> fault([Place, ".path"], "is required", [])
    end.

%% @doc Refuses what says how to reach a server, of a model that the node loads itself. `Prefix' goes before the key.
-spec own(iodata(), map()) -> map().
own(Prefix, Model) ->
    Keys = [Key || #{key := Key} <- llama_node_option_table:remote(), Key =/= engine],
    case maps:keys(maps:with(Keys, Model)) of
        [] -> Model;
        [Key | _] -> fault([Prefix, atom_to_binary(Key)], "goes with engine => llama_server", [])
    end.

checked(Place, Model) ->
    case llama_node_defaults:check(Model) of
        ok -> Model;
        {error, {_, Message}} -> fault(Place, "~ts", [Message])
    end.

%% @doc What a model that the node loads itself is called: `demo', or the path of its file.
-spec file(binary()) -> demo | binary().
file(<<"demo">>) -> demo;
file(Path) -> filename:absname(Path).

variable(Key, {Given, Secret}) ->
    Name = hidden_characters(Key, Given),
    Place = [Key, $., Name],
    case given(Place, Secret) of
        false -> [{Name, false}];
        Value ->
            case llama_node_input:is_absent(Value) of
                true -> [];
                false -> [{Name, hidden_characters(Place, Value)}]
            end
    end;
variable(Key, _Entry) ->
    fault(Key, "must hold pairs of a name and a text or false", []).

%% In JSON a name is a text.
named(Value) when is_binary(Value) ->
    case unicode:characters_to_list(Value) of
        [_ | _] = Name when length(Name) =< 255 -> {ok, list_to_atom(Name)};
        _ -> error
    end;
named(_Value) -> error.

hidden_characters(Key, Value) ->
    unicode:characters_to_list(hidden_text(Key, Value)).

hidden_text(Key, Value) ->
    text(Key, Value, "got something else", []).

text(Key, Value, Got, Args) ->
    case llama_node_input:text(Value) of
        {ok, Text} when Text =/= <<>> ->
            case binary:match(Text, <<0>>) of
                nomatch -> Text;
                _ -> fault(Key, "must be a text that is not empty, " ++ Got, Args)
            end;
        _ ->
            fault(Key, "must be a text that is not empty, " ++ Got, Args)
    end.

%% @doc Throws a fault.
-spec fault(iodata(), string(), [term()]) -> no_return().
fault(Key, Format, Args) ->
    throw({fault, Key, Format, Args}).
