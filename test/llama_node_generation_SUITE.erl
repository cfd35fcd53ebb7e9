%% The options of generation, over the wire and on the model in the box.
-module(llama_node_generation_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, constraints}].

groups() ->
    [{constraints, [], [grammar, json_schema, response_format, session_default, streams_of_two_grammars,
                        bad_grammars, bad_schemas, cut_by_length]}].

init_per_suite(Config) ->
    llama_node_ct:start_real(#{n_ctx => 512, n_parallel => 4}, Config).

end_per_suite(Config) ->
    ok = llama_node:destroy_server(server(Config)).

end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

%% Constrained output

grammar(Config) ->
    {ok, #{content := Answer, stopped_by := eos}} =
        chat(<<"What is Erlang?">>, #{grammar => <<"root ::= (\"yes\" | \"no\") \"!\"{3}">>}, Config),
    ?assert(lists:member(Answer, [<<"yes!!!">>, <<"no!!!">>])).

json_schema(Config) ->
    Schema = #{type => object, required => [count, name],
               properties => #{count => #{type => integer, minimum => 1, maximum => 12},
                               name => #{type => string, maxLength => 5}}},
    [begin
         {ok, #{content := Json, finish_reason := stop}} =
             chat(<<"Tell me a joke.">>, #{json_schema => Schema, temperature => 1, seed => Seed}, Config),
         ?assertMatch(match, re:run(Json, "^\\{\\s*\"count\"\\s*:\\s*([1-9]|1[0-2])\\s*,\\s*"
                                          "\"name\"\\s*:\\s*\"([^\"\\\\]|\\\\.|\\\\u....){0,5}\"\\s*\\}\\s*$",
                                    [unicode, {capture, none}]))
     end || Seed <- lists:seq(1, 5)].

response_format(Config) ->
    Schema = #{enum => [<<"red">>, <<"green">>]},
    Format = #{type => json_schema, json_schema => #{name => colour, schema => Schema}},
    {ok, #{content := Colour}} = chat(<<"Hi">>, #{response_format => Format}, Config),
    ?assert(lists:member(string:trim(Colour), [<<"\"red\"">>, <<"\"green\"">>])),
    {ok, #{content := <<"{", _/binary>>}} =
        chat(<<"Hi">>, #{response_format => #{type => json_object}, max_tokens => 40}, Config),
    %% As everything, also as JSON.
    {ok, Session} = llama_node:create_session(server(Config), #{}),
    {ok, Task} = llama_node:create_task(
        server(Config), Session, chat,
        <<"{\"content\": \"Hi\", \"response_format\": {\"type\": \"json_object\", \"schema\": {\"const\": [1, null]}}}">>),
    {ok, #{content := Constant}} = llama_node:get_result(server(Config), Task, infinity),
    ?assertEqual(<<"[1,null]">>, string:trim(Constant)),
    ok = llama_node:close_session(server(Config), Session).

session_default(Config) ->
    {ok, Session} = llama_node:create_session(server(Config), #{grammar => <<"root ::= \"ok\"">>}),
    Answer = fun(Input) ->
                 {ok, Task} = llama_node:create_task(server(Config), Session, chat, Input#{content => <<"Hi">>}),
                 {ok, #{content := Text}} = llama_node:get_result(server(Config), Task, infinity),
                 Text
             end,
    ?assertEqual(<<"ok">>, Answer(#{})),
    ?assertEqual(<<"no">>, Answer(#{grammar => <<"root ::= \"no\"">>})),
    ?assertNotEqual(<<"ok">>, Answer(#{response_format => #{type => text}})),
    ok = llama_node:close_session(server(Config), Session).

streams_of_two_grammars(Config) ->
    Session = llama_node_ct:session(server(Config)),
    Stream = fun(Letter) ->
                 {ok, Task} = llama_node:stream(server(Config), Session, completion,
                                                #{prompt => <<"Once">>, grammar => "root ::= \"" ++ Letter ++ "\"{40}"}),
                 Task
             end,
    Texts = [begin
                 {Chunks, {done, #{content := Content}}} = llama_node_ct:events(Task),
                 ?assertEqual(Content, << <<Text/binary>> || #{content := Text} <- Chunks >>),
                 Content
             end || Task <- [Stream("a"), Stream("b")]],
    ?assertEqual([binary:copy(<<"a">>, 40), binary:copy(<<"b">>, 40)], Texts),
    ok = llama_node:close_session(server(Config), Session).

bad_grammars(Config) ->
    [begin
         {error, {invalid_argument, Message}} = chat(<<"Hi">>, #{grammar => Grammar}, Config),
         ?assertMatch({Grammar, <<"grammar", _/binary>>}, {Grammar, Message})
     end || Grammar <- [<<>>, <<" ">>, <<"root ::= (">>, <<"rot ::= \"a\"">>, <<"root ::= root">>, <<"root ::= (a">>, 7,
                        <<"root ::= ", (binary:copy(<<"(">>, 100000))/binary>>,
                        <<"root ::= \"a\"{1000000000}">>]].

bad_schemas(Config) ->
    [begin
         {error, {invalid_argument, Message}} = chat(<<"Hi">>, #{json_schema => Schema}, Config),
         ?assertMatch({Schema, <<"json_schema", _/binary>>}, {Schema, Message})
     end || Schema <- [true, 1, <<"{">>, #{type => colour}, #{'$ref' => <<"#/nowhere">>}, #{enum => []},
                       #{pattern => <<"(">>}, #{type => integer, minimum => 2, maximum => 1}]],
    {error, {invalid_argument, <<"stop", _/binary>>}} =
        chat(<<"Hi">>, #{json_schema => #{type => string}, stop => [<<"\"">>]}, Config).

cut_by_length(Config) ->
    ?assertMatch({ok, #{finish_reason := length, stopped_by := limit, content := <<"{", _/binary>>}},
                 chat(<<"Hi">>, #{json_schema => #{type => object, required => [a],
                                                   properties => #{a => #{type => string, minLength => 100}}},
                                  max_tokens => 8}, Config)).

%% Internal functions

server(Config) ->
    proplists:get_value(server, Config).

chat(Question, Options, Config) ->
    llama_node:chat(server(Config), Question, Options).
