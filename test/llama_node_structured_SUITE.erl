%% Answers that keep to a schema, a pattern, a list of texts or a grammar, on the model in the box, which obeys only
%% because it must; and on a llama-server as far as that has a place for them.
-module(llama_node_structured_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [server/1]).

suite() -> [{timetrap, {minutes, 2}}].

all() -> llama_node_engine_ct:all([real_port]).

groups() ->
    OfServers = [patterns, choices, parsed, contradictions],
    llama_node_engine_ct:groups(
        OfServers ++ [no_grammar_harms_the_node, texts_are_json, values_are_those_of_the_schema, keywords_are_honoured,
                      classes_that_were_refused, what_cannot_be_honoured_is_named, named_properties_only, lenient,
                      lenient_and_invalid, white_space, defaults, parsed_in_streams, parsed_from_json, cut_off],
        OfServers).

init_per_suite(Config) -> Config.

end_per_suite(_) -> ok.

init_per_group(Group, Config) ->
    llama_node_ct:start_over(Group, #{n_ctx => 512, n_parallel => 4}, Config).

end_per_group(Group, Config) ->
    llama_node_ct:stop_over(Group, Config).

end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

%% Each is answered or refused, and the node lives on.
no_grammar_harms_the_node(Config) ->
    Taken = [<<"root ::= ((\"a\"{#x\n0,3})* \"b\")">>, <<"root ::= (\"a\"{#x\n900000000})">>,
             <<"root ::= \"a\"{2147483647}">>, <<"root ::= ((\"a\"{1,500}){1,500}){1,500}">>,
             <<"root ::= ((\"a\"?)*)* \"b\"">>, <<"root ::= root \"+\" root | [0-9]">>,
             <<"root ::= a\na ::= b \"x\" | \"y\"\nb ::= a?">>, <<"root ::= \"\" root | \"z\"">>,
             <<"root ::= \"a\"{0,0} \"b\" # the end">>, <<"root ::= (\"a\" | \"a\")* \"b\"">>],
    [begin
         Answer = chat(#{grammar => Grammar, max_tokens => 8}, Config),
         ?assertMatch({Grammar, {ok, #{finish_reason := _}}}, {Grammar, Answer})
     end || Grammar <- Taken],
    Refused = [<<"root ::= \"a\"{3,2}">>, <<"root ::= \"a\"{4294967296}">>, <<"root ::= root">>,
               <<"root ::= root \"a\"">>,
               <<"root ::= \"a\"{-1}">>, <<"root ::= \"a\"{,}">>, <<"root ::= [z-a]">>, <<"root ::= \"\\q\"">>,
               <<"root ::= other">>, <<"root ::= ", (binary:copy(<<"(">>, 100000))/binary>>,
               <<"root ::= \"", (binary:copy(<<"a">>, 1048577))/binary, "\"">>],
    [begin
         {error, {invalid_argument, Message}} = chat(#{grammar => Grammar}, Config),
         ?assertMatch(<<"grammar: ", _/binary>>, Message)
     end || Grammar <- Refused],
    ?assertEqual(pong, llama_node:ping(server(Config))).

%% What stands in quotes in an answer is escaped there.
texts_are_json(Config) ->
    Odd = [<<"a\nb">>, <<"\t">>, <<"say \"hi\"">>, <<"a\\b">>, <<"\\n">>, <<"é\x{1f600}"/utf8>>, <<1>>, <<>>],
    [?assertEqual(Text, one(#{const => Text}, Config)) || Text <- Odd],
    ?assert(lists:member(one(#{enum => Odd}, Config), Odd)),
    [?assertEqual(#{Name => 1}, one(closed(#{Name => #{const => 1}}), Config)) || Name <- Odd],
    Eight = one(#{type => string, pattern => <<"^.{8}$">>}, Config),
    ?assertEqual(8, string:length(Eight)),
    Lines = one(#{type => string, pattern => <<"^[\\n\\t\"\\\\]{3}$">>}, Config),
    ?assertEqual(3, byte_size(Lines)),
    %% Names that a converter wants for itself.
    [?assertEqual(3, one(#{'$ref' => <<"#/$defs/", Name/binary>>, '$defs' => #{Name => #{const => 3}}}, Config))
     || Name <- [<<"space">>, <<"root">>, <<"string">>, <<"value">>, <<"integer-part">>, <<"object">>]].

values_are_those_of_the_schema(Config) ->
    ?assertEqual(<<"a\\b">>, one(#{enum => [<<"a\\b">>]}, Config)),
    ?assertEqual(<<"x">>, one(#{allOf => [#{enum => [<<"x">>, <<"y">>]}, #{enum => [<<"x">>, 1]}]}, Config)),
    ?assertEqual(#{<<"n">> => 7},
                 one(#{'$ref' => <<"#/$defs/outer">>,
                       '$defs' => #{outer => closed(#{n => #{'$ref' => <<"#/$defs/inner">>}}),
                                    inner => #{const => 7}}}, Config)),
    ?assertEqual(#{<<"a">> => 1, <<"b">> => 2},
                 one((closed(#{a => #{'$ref' => <<"#/$defs/one/thing">>}, b => #{'$ref' => <<"#/$defs/two/thing">>}}))#{
                         '$defs' => #{one => #{thing => #{const => 1}}, two => #{thing => #{const => 2}}}}, Config)),
    ?assertEqual(#{<<>> => true}, one(closed(#{<<>> => #{const => true}}), Config)),
    %% Into a list, percent- and ~-escaped, by an anchor, and into itself.
    ?assertEqual(5, one(#{'$ref' => <<"#/$defs/a/anyOf/1">>,
                          '$defs' => #{a => #{anyOf => [#{const => 4}, #{const => 5}]}}}, Config)),
    ?assertEqual(6, one(#{'$ref' => <<"#/$defs/a~1b%25c">>, '$defs' => #{<<"a/b%c">> => #{const => 6}}}, Config)),
    ?assertEqual(8, one(#{'$ref' => <<"#here">>, '$defs' => #{x => #{'$anchor' => here, const => 8}}}, Config)),
    List = one(#{type => array, maxItems => 1, items => #{'$ref' => <<"#">>}}, Config),
    ?assert(is_list(List)).

keywords_are_honoured(Config) ->
    Cases = [
        {(closed(#{}))#{required => [a], additionalProperties => #{const => 1}, maxProperties => 1},
         fun (V) -> V =:= #{<<"a">> => 1} end},
        {(closed(#{a => #{const => 1}}))#{anyOf => [#{required => [a]}], required => []},
         fun (V) -> V =:= #{<<"a">> => 1} end},
        {#{type => number, minimum => 1.5, maximum => 2.5, multipleOf => 0.5},
         fun (V) -> lists:any(fun (Fit) -> Fit == V end, [1.5, 2, 2.5]) end},
        {#{type => integer, minimum => 3, exclusiveMinimum => 4, maximum => 6},
         fun (V) -> V == 5 orelse V == 6 end},
        {#{type => integer, multipleOf => 7, minimum => 1, maximum => 20}, fun (V) -> V == 7 orelse V == 14 end},
        {#{type => array, items => #{enum => [1, 2, 3]}, uniqueItems => true, minItems => 3},
         fun (V) -> lists:sort(V) =:= [1, 2, 3] end},
        {#{type => array, minItems => 2, maxItems => 2, prefixItems => [#{const => 1}], items => #{const => 2}},
         fun (V) -> V =:= [1, 2] end},
        {#{minItems => 1, maxItems => 1, enum => [[], [true], [1, 2]]}, fun (V) -> V =:= [true] end},
        {#{type => string, pattern => <<"^[a-z]+$">>, minLength => 2, maxLength => 4},
         fun (V) -> match(V, "^[a-z]{2,4}$") end},
        {#{enum => [1, 2, 3], 'not' => #{enum => [1, 3]}}, fun (V) -> V =:= 2 end},
        {#{enum => [1, <<"a">>, <<"b">>], 'if' => #{type => string}, then => #{const => <<"b">>},
           'else' => #{const => 2}},
         fun (V) -> V =:= <<"b">> end},
        {#{enum => [1, 2, 3, 4], oneOf => [#{maximum => 2}, #{minimum => 2, maximum => 3}]},
         fun (V) -> V =:= 1 orelse V =:= 3 end},
        {#{type => object, patternProperties => #{<<"^x\\d$">> => #{const => 1}}, additionalProperties => false,
           minProperties => 1, maxProperties => 1},
         fun (V) -> [{Name, 1}] = maps:to_list(V), match(Name, "^x[0-9]$") end},
        {#{type => object, propertyNames => #{enum => [p]}, additionalProperties => #{const => 0}, minProperties => 1,
           maxProperties => 1},
         fun (V) -> V =:= #{<<"p">> => 0} end},
        {#{type => object, properties => #{a => #{const => 1}, b => #{const => 2}}, required => [a],
           dependentRequired => #{a => [b]}, additionalProperties => false},
         fun (V) -> V =:= #{<<"a">> => 1, <<"b">> => 2} end},
        {#{type => string, format => date}, fun (V) -> match(V, "^\\d{4}-\\d\\d-\\d\\d$") end},
        {#{type => string, format => uuid}, fun (V) -> match(V, "^[0-9a-fA-F-]{36}$") end},
        {#{type => [null, boolean]}, fun (V) -> lists:member(V, [null, true, false]) end}],
    [begin
         Value = one(Schema#{}, Config, Seed),
         ?assert(Fits(Value), {Schema, Value})
     end || {Schema, Fits} <- Cases, Seed <- [1, 2]].

classes_that_were_refused(Config) ->
    ?assert(match(one(#{type => string, pattern => <<"^\\d\\w\\s$">>}, Config), "^[0-9]\\w.$")),
    ?assertEqual([], one(#{type => array, maxItems => 0}, Config)),
    Large = one(#{type => integer, minimum => 9999999999, maximum => 100000000000}, Config),
    ?assert(Large >= 9999999999 andalso Large =< 100000000000),
    ?assertMatch({ok, #{finish_reason := _}},
                 chat(#{json_schema => closed(#{any => #{description => <<"Whatever">>}}), max_tokens => 40}, Config)).

what_cannot_be_honoured_is_named(Config) ->
    [begin
         {error, {invalid_argument, Message}} = chat(#{json_schema => Schema}, Config),
         ?assertMatch({Message, {match, _}}, {Message, re:run(Message, Pattern)})
     end || {Schema, Pattern} <- [
         {#{type => object, properties => #{tags => #{type => array, items => #{type => string}, uniqueItems => true}}},
          "^json_schema: #/properties/tags/uniqueItems: .*json_schema_lenient => true"},
         {#{items => #{pattern => <<"(?<=a)b">>}}, "^json_schema: #/items/pattern: .*lookbehind"},
         {#{'$ref' => <<"#/nowhere">>}, "^json_schema: #/\\$ref: .*nowhere"},
         {#{type => colour}, "^json_schema: #/type: 'colour'"},
         {#{type => integer, minimum => 2, maximum => 1}, "^json_schema: #: no value"},
         {<<"{\"type\": ">>, "^json_schema is not valid JSON"}]],
    {error, {invalid_argument, <<"response_format.schema: #/type: ", _/binary>>}} =
        chat(#{response_format => #{type => json_object, schema => #{type => colour}}}, Config).

%% Without a bound of its own an answer ends, since the model has no names to go on with.
named_properties_only(Config) ->
    Flag = #{type => boolean},
    Schema = #{type => object, properties => #{a => Flag, b => #{type => object, properties => #{c => Flag}}}},
    [begin
         {ok, #{finish_reason := stop, parsed := Parsed}} =
             chat(#{json_schema => Schema, seed => Seed, temperature => 2.0, max_tokens => 100}, Config),
         ?assertEqual([], maps:keys(Parsed) -- [<<"a">>, <<"b">>]),
         ?assertEqual([], maps:keys(maps:get(<<"b">>, Parsed, #{})) -- [<<"c">>])
     end || Seed <- lists:seq(1, 10)],
    %% Texts of others may have more.
    ?assertMatch({ok, #{matches := true}},
                 llama_node:match(server(Config), #{json_schema => Schema}, <<"{\"other\": 1}">>)).

lenient(Config) ->
    Schema = #{type => array, items => #{type => integer, minimum => 1, maximum => 9}, uniqueItems => true,
               minItems => 1, maxItems => 2},
    {ok, #{json_schema_ignored := Ignored} = Result} =
        chat(#{json_schema => Schema, json_schema_lenient => true}, Config),
    case Result of
        #{parsed := List} -> ?assertEqual(length(List), length(lists:usort(List)));
        #{parse_error := Why} -> ?assert(match(Why, "uniqueItems: items 0 and 1 are equal$"))
    end,
    ?assertMatch([#{pointer := <<>>, keyword := <<"uniqueItems">>, message := <<_, _/binary>>}], Ignored),
    {ok, Honoured} = chat(#{json_schema => #{const => 1}, json_schema_lenient => true}, Config),
    ?assertNot(is_map_key(json_schema_ignored, Honoured)),
    {error, {invalid_argument, <<"json_schema: #/$ref: ", _/binary>>}} =
        chat(#{json_schema => #{'$ref' => <<"#/nowhere">>}, json_schema_lenient => true}, Config).

%% The same object over and over, which a grammar can not count.
lenient_and_invalid(Config) ->
    Item = closed(#{n => #{const => 1}}),
    Twice = closed(#{'a/b' => #{type => array, items => Item, minItems => 2, maxItems => 2, uniqueItems => true}}),
    Options = #{json_schema => Twice, json_schema_lenient => true, max_tokens => 100},
    {ok, Result} = chat(Options, Config),
    ?assertMatch(#{finish_reason := stop, content := <<"{\"a", _/binary>>,
                   json_schema_ignored := [#{keyword := <<"uniqueItems">>}],
                   parse_error := <<"content is not valid by json_schema at #/a~1b: uniqueItems: items 0 and 1 are "
                                    "equal">>},
                 Result),
    ?assertNot(is_map_key(parsed, Result)),
    {ok, Unread} = chat(Options#{parse => false}, Config),
    ?assertEqual([], [Key || Key <- [parsed, parse_error], is_map_key(Key, Unread)]).

white_space(Config) ->
    Schema = closed(#{a => #{const => [1, 2]}, b => #{const => 1}}),
    Text = fun (Options) ->
               {ok, #{content := Json}} = chat(Options#{json_schema => Schema, temperature => 2}, Config),
               Json
           end,
    ?assertEqual(<<"{\"a\":[1,2],\"b\":1}">>, Text(#{})),
    ?assertEqual(<<"{\"a\":[1,2],\"b\":1}">>, Text(#{whitespace => compact})),
    ?assert(match(Text(#{whitespace => 1, max_tokens => 200}), "^\\s?\\{\\s?\"a\"\\s?:\\s?\\[\\s?1\\s?,\\s?2\\s?\\]")),
    ?assertMatch({ok, _}, chat(#{json_schema => Schema, whitespace => any, max_tokens => 20}, Config)).

patterns(Config) ->
    [begin
         {ok, #{content := Text, finish_reason := stop} = Result} = chat(#{regex => Regex, seed => Seed}, Config),
         ?assert(match(Text, "^(?:" ++ Regex ++ ")$"), {Regex, Text}),
         ?assertNot(is_map_key(parsed, Result))
     end || Regex <- ["\\d{4}-\\d{2}", "yes|no", "[a-c]{3,5}!?", "\"\\n\""], Seed <- [1, 2]],
    [{error, {invalid_argument, <<"regex: ", _/binary>>}} = chat(#{regex => Regex}, Config)
     || Regex <- ["(", "a)|(b", "(?<=a)b", "[z-a]", "a^b"]].

choices(Config) ->
    Texts = [<<"red">>, <<"reddish">>, <<"blue, or \"green\"">>, <<"größer"/utf8>>],
    Seen = [begin
                {ok, #{content := Text, finish_reason := stop}} =
                    chat(#{choice => Texts, seed => Seed, temperature => 2}, Config),
                ?assert(lists:member(Text, Texts), Text)
            end || Seed <- lists:seq(1, 6)],
    ?assertEqual(6, length(Seen)),
    {ok, #{content := <<"only">>}} = chat(#{choice => ["only", only]}, Config),
    Many = [integer_to_binary(N) || N <- lists:seq(10000, 11999)],
    {ok, #{content := One}} = chat(#{choice => Many}, Config),
    ?assert(lists:member(One, Many)).

parsed(Config) ->
    Schema = closed(#{n => #{type => integer, minimum => 1, maximum => 9}, ok => #{const => null}}),
    {ok, #{parsed := #{<<"n">> := N, <<"ok">> := null}, content := <<"{", _/binary>>}} =
        chat(#{json_schema => Schema}, Config),
    ?assert(N >= 1 andalso N =< 9),
    {ok, Plain} = chat(#{json_schema => Schema, parse => false}, Config),
    ?assertNot(is_map_key(parsed, Plain)),
    ?assertMatch({ok, #{parsed := [1, 2.5]}}, chat(#{choice => [<<"[1, 2.5]">>], parse => true}, Config)),
    {ok, None} = chat(#{choice => [<<"[1, 2.5">>], parse => true}, Config),
    ?assertMatch(#{parse_error := <<"content is not valid JSON: ", _/binary>>, finish_reason := stop}, None),
    ?assertNot(is_map_key(parsed, None)).

contradictions(Config) ->
    [begin
         {error, {invalid_argument, Message}} = chat(Options, Config),
         ?assertMatch({Message, {match, _}}, {Message, re:run(Message, Pattern)})
     end || {Options, Pattern} <- [
         {#{regex => "a", choice => [a]}, "^regex and choice exclude each other"},
         {#{grammar => "root ::= \"a\"", json_schema => #{}}, "^grammar and json_schema exclude each other"},
         {#{json_schema => #{}, regex => "a", response_format => #{type => text}},
          "^json_schema, response_format and regex exclude each other"},
         {#{whitespace => any}, "^whitespace: "}, {#{whitespace => any, regex => "a"}, "^whitespace: "},
         {#{json_schema_lenient => true}, "^json_schema_lenient: "}, {#{parse => true}, "^parse: "},
         {#{parse => true, response_format => #{type => text}}, "^parse: "},
         {#{json_schema => #{}, stop => ["}"]}, "^stop: "}]].

%% What a session says holds for those of its tasks that it fits.
defaults(Config) ->
    Server = server(Config),
    {ok, Session} = llama_node:create_session(Server, #{choice => [<<"1">>], parse => true, whitespace => compact}),
    Run = fun (Input) ->
              {ok, Task} = llama_node:create_task(Server, Session, chat, Input#{content => <<"Hi">>}),
              {ok, Result} = llama_node:get_result(Server, Task, infinity),
              Result
          end,
    ?assertMatch(#{parsed := 1}, Run(#{})),
    ?assertMatch(#{parsed := [2]}, Run(#{json_schema => #{const => [2]}})),
    ?assertNot(is_map_key(parsed, Run(#{response_format => #{type => text}, max_tokens => 3}))),
    {ok, #{config := Told}} = llama_node:get_session_info(Server, Session),
    ?assertMatch(#{choice := [<<"1">>], parse := true, whitespace := compact}, Told),
    ok = llama_node:close_session(Server, Session).

parsed_in_streams(Config) ->
    Server = server(Config),
    Session = llama_node_ct:session(Server),
    {ok, Task} = llama_node:stream(Server, Session, chat,
                                    #{content => <<"Hi">>, json_schema => #{const => #{a => [1]}}}),
    {_, {done, #{parsed := Data}}} = llama_node_ct:events(Task),
    ?assertEqual(#{<<"a">> => [1]}, Data),
    ok = llama_node:close_session(Server, Session).

parsed_from_json(Config) ->
    Server = server(Config),
    Session = llama_node_ct:session(Server),
    {ok, Task} = llama_node:create_task(
        Server, Session, chat, <<"{\"content\": \"Hi\", \"regex\": \"[0-9]{2}\", \"parse\": true, "
                                 "\"temperature\": 1}">>),
    {ok, #{content := Text} = Result} = llama_node:get_result(Server, Task, infinity),
    %% A number has no zero in front.
    case Text of
        <<"0", _>> -> ?assert(is_map_key(parse_error, Result));
        _ -> ?assertEqual(binary_to_integer(Text), maps:get(parsed, Result))
    end,
    ok = llama_node:close_session(Server, Session).

cut_off(Config) ->
    {ok, Result} = chat(#{json_schema => #{type => string, minLength => 200}, max_tokens => 8}, Config),
    ?assertMatch(#{finish_reason := length, content := <<"\"", _/binary>>}, Result),
    ?assertEqual([], [Key || Key <- [parsed, parse_error], is_map_key(Key, Result)]).

%% Internal functions

closed(Properties) ->
    #{type => object, properties => Properties, required => maps:keys(Properties), additionalProperties => false}.

match(Text, Pattern) -> re:run(Text, Pattern, [unicode, dotall, dollar_endonly, {capture, none}]) =:= match.

one(Schema, Config) -> one(Schema, Config, 1).

one(Schema, Config, Seed) ->
    Answer = chat(#{json_schema => Schema, temperature => 1, seed => Seed}, Config),
    ?assertMatch({Schema, {ok, #{finish_reason := stop, parsed := _}}}, {Schema, Answer}),
    {ok, #{parsed := Value}} = Answer,
    Value.

chat(Options, Config) -> llama_node:chat(server(Config), <<"What is Erlang?">>, Options).
