%% Every function of the API but the streams, against the Java node and the tiny model, and against servers that
%% run such a model. After each case the node must still answer and have a slot free.
-module(llama_node_api_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").
-include("llama_node_ct.hrl").

-import(llama_node_ct, [server/1, own_session/1, task/3, endless/0]).
-import(llama_node_engine_ct, [either/3]).

-define(GREEDY, temperature => 0).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() -> llama_node_engine_ct:all().

groups() ->
    Calls = [status, ping, complete, chat, chat_with_a_text, tokens_round_trip, control_tokens_are_text,
             apply_template, schemas_are_checked, texts_are_matched, texts_of_all_kinds, json_input, seeds_repeat,
             stop_strings, run_with_a_deadline, models_by_name, raw_gen_server_calls],
    llama_node_engine_ct:groups([{group, calls}, {group, sessions}, {group, tasks}],
                                [{group, calls_of_a_server}, {group, sessions}, {group, tasks}]) ++
    [{calls, [], Calls ++ [models_by_relative_paths, large_answers]},
     {calls_of_a_server, [], Calls},
     {sessions, [], [transcript_grows, session_info, closing_ends_running_tasks, unknown_session, closed_session,
                     session_defaults, session_of_a_dead_owner]},
     {tasks, [], [result_is_collected_once, result_can_wait_for_its_collector, several_wait_at_once,
                  get_result_timeouts, cancel_twice, cancel_unknown, unknown_task, prompt_only, cast_cancels]}].

init_per_suite(Config) ->
    Config.

end_per_suite(_) ->
    ok.

init_per_group(Group, Config) ->
    llama_node_ct:start_over(Group, #{}, Config).

end_per_group(Group, Config) ->
    llama_node_ct:stop_over(Group, Config).

end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

%% Calls

%% Many at once, each of 3.5 MB, and all of them read: nobody is cut off, and small calls do not wait for them all.
large_answers(Config) ->
    Server = server(Config),
    Input = #{messages => [#{role => user, content => binary:copy(<<"x">>, 1000)}],
              chat_template => <<"{% for i in range(3500) %}{{ messages[0].content }}{% endfor %}">>},
    Callers = [spawn_monitor(fun () -> exit(size_of(llama_node:apply_template(Server, Input))) end)
               || _ <- lists:seq(1, 40)],
    [?assertEqual(pong, llama_node:ping(Server)) || _ <- lists:seq(1, 100)],
    Sizes = [receive {'DOWN', Ref, process, Pid, Size} -> Size end || {Pid, Ref} <- Callers],
    ?assertEqual([3500000], lists:usort(Sizes)).

size_of({ok, Text}) -> byte_size(Text);
size_of(Other) -> Other.

status(Config) ->
    Node = proplists:get_value(node, Config),
    {ok, Status} = llama_node:get_status(server(Config)),
    ?assertMatch(#{state := ready, node := Node, version := <<_, _/binary>>, library := #{name := _, version := _},
                   sessions := _, tasks_waiting := _, tasks_running := _, results_kept := _,
                   counters := #{tasks_created := _, decode_calls := _}, memory := #{rss_bytes := _}}, Status),
    #{models := [Model]} = Status,
    {Parameters, Pieces} = llama_node_ct:sizes(),
    ?assertMatch(#{id := <<"tiny-chat">>, n_params := Parameters, n_ctx := 256, n_vocab := Pieces, n_parallel := 2,
                   slots := [#{state := _}, #{}]}, Model),
    %% A server does not tell it.
    ?assertEqual(either(<<"llama">>, none, Config), maps:get(architecture, Model, none)),
    ?assert(is_integer(maps:get(uptime_ms, Status))).

ping(Config) ->
    ?assertEqual(pong, llama_node:ping(server(Config))),
    ?assertEqual(pong, llama_node:ping(proplists:get_value(mailbox, Config))).

complete(Config) ->
    {ok, Result} = llama_node:complete(server(Config), <<"Once upon a time">>,
                                       #{?GREEDY, n_predict => 8, ignore_eos => true}),
    ?assertMatch(#{content := <<_, _/binary>>, finish_reason := length, model := <<"tiny-chat">>,
                   usage := #{prompt_tokens := P, completion_tokens := 8, total_tokens := T, cached_tokens := _},
                   timings := #{queue_ms := _, prompt_ms := _, predicted_ms := _, prompt_per_second := _,
                                predicted_per_second := _}, task_id := _, seed := _} when T =:= P + 8, Result),
    ?assertEqual(Result, maps:without([stop], Result)),
    %% OpenAI's protocol does not tell it.
    ?assert(lists:member(maps:get(stopped_by, Result, none), either([limit], [limit, none], Config))).

chat(Config) ->
    Messages = [#{role => system, content => <<"You are brief.">>}, #{role => user, content => <<"What is Erlang?">>}],
    {ok, #{content := Content, finish_reason := Reason}} =
        llama_node:chat(server(Config), Messages, #{?GREEDY, max_tokens => 60}),
    ?assertNotEqual(<<>>, Content),
    ?assert(lists:member(Reason, [stop, length])).

chat_with_a_text(Config) ->
    Options = #{?GREEDY, max_tokens => 60},
    [First | Others] = [element(2, llama_node:chat(server(Config), Text, Options))
                        || Text <- [<<"What is Erlang?">>, "What is Erlang?",
                                    [#{role => user, content => "What is Erlang?"}],
                                    [[{role, user}, {content, <<"What is Erlang?">>}]],
                                    [#{<<"role">> => <<"user">>, <<"content">> => 'What is Erlang?'}]]],
    #{content := Content} = First,
    ?assertMatch({match, _}, re:run(Content, "language", [caseless])),
    [?assertMatch(#{content := Content}, Other) || Other <- Others].

tokens_round_trip(Config) ->
    Server = server(Config),
    {_, Pieces} = llama_node_ct:sizes(),
    [begin
         {ok, Tokens} = llama_node:tokenize(Server, Text),
         ?assert(lists:all(fun (T) -> is_integer(T) andalso T >= 0 andalso T < Pieces end, Tokens)),
         {ok, Back} = llama_node:detokenize(Server, Tokens),
         ?assertEqual(Text, string:trim(Back, leading, " "))
     end || Text <- [<<"Once upon a time">>, <<"héllo wörld"/utf8>>, <<"日本 😀"/utf8>>]],
    ?assertEqual({ok, []}, llama_node:tokenize(Server, <<>>)),
    {ok, Plain} = llama_node:tokenize(Server, #{content => <<"Hi">>}),
    ?assertEqual({ok, Plain}, llama_node:tokenize(Server, #{content => "Hi", model => 'tiny-chat'})),
    ?assertEqual({ok, <<>>}, llama_node:detokenize(Server, [])).

control_tokens_are_text(Config) ->
    Server = server(Config),
    {ok, [_, _ | _]} = llama_node:tokenize(Server, <<"<|im_start|>">>),
    ?assertMatch({ok, [_]}, llama_node:tokenize(Server, #{content => <<"<|im_start|>">>, parse_special => true})),
    %% They have no text, unless it is asked for, and what is spelled by other tokens has one.
    Chat = <<"<|im_start|>user">>,
    {ok, Control} = llama_node:tokenize(Server, #{content => Chat, parse_special => true}),
    {ok, Text} = llama_node:tokenize(Server, Chat),
    ?assertEqual({ok, <<"user">>}, llama_node:detokenize(Server, Control)),
    ?assertEqual({ok, Chat}, llama_node:detokenize(Server, #{tokens => Control, special => true})),
    {ok, Both} = llama_node:detokenize(Server, Control ++ Text),
    ?assertEqual(<<"user<|im_start|>user">>, binary:replace(Both, <<" ">>, <<>>, [global])).

apply_template(Config) ->
    {ok, Prompt} = llama_node:apply_template(server(Config), #{messages => [#{role => user, content => <<"Hi">>}]}),
    ?assertNotEqual(nomatch, string:find(Prompt, "<|im_start|>user\nHi<|im_end|>")),
    Own = llama_node:apply_template(server(Config), #{messages => [#{role => user, content => <<"Hi">>}],
                                                      chat_template => <<"{{ messages[0].content }}">>}),
    case llama_node_engine_ct:is_embedded(Config) of
        true -> ?assertEqual({ok, <<"Hi">>}, Own);
        false -> ?assertMatch({error, {unsupported, <<"chat_template: ", _/binary>>}}, Own)
    end.

schemas_are_checked(Config) ->
    Server = server(Config),
    Honoured = {ok, #{honoured => true, problems => []}},
    [?assertEqual(Honoured, llama_node:check_schema(Server, Schema))
     || Schema <- [#{type => object, properties => #{a => #{type => integer}}, required => [a]},
                   [{<<"type">>, <<"string">>}, {"pattern", <<"^a+$">>}],
                   <<"{\"$ref\": \"#/$defs/x\", \"$defs\": {\"x\": {\"enum\": [\"a\\\\b\", 1]}}}">>, true, #{}]],
    {ok, #{honoured := false, problems := Problems}} =
        llama_node:check_schema(Server, #{properties => #{<<"a/b">> => #{type => array, uniqueItems => true},
                                                          c => #{'$ref' => <<"#/$defs/none">>},
                                                          d => #{minLength => -1}}}),
    ?assertEqual([{<<"/properties/a~1b">>, <<"uniqueItems">>}, {<<"/properties/c">>, <<"$ref">>},
                  {<<"/properties/d">>, <<"minLength">>}],
                 lists:sort([{Pointer, Keyword} || #{pointer := Pointer, keyword := Keyword} <- Problems])),
    [?assertMatch(<<_, _/binary>>, Message) || #{message := Message} <- Problems],
    ?assertMatch({ok, #{honoured := false, problems := [#{pointer := <<>>, keyword := <<>>, message := <<_/binary>>}]}},
                 llama_node:check_schema(Server, #{type => string, enum => [1]})),
    [?assertMatch({error, {invalid_argument, <<"schema", _/binary>>}}, llama_node:check_schema(Server, Bad))
     || Bad <- [<<"{">>, <<"[]">>, 7, <<"null">>, [], undefined, {a, b, c}]].

texts_are_matched(Config) ->
    Server = server(Config),
    Match = fun (Constraint, Text) ->
        {ok, #{matches := Matches, beginning := Beginning, byte := Byte, character := Character}} =
            llama_node:match(Server, Constraint, Text),
        {Matches, Beginning, Byte, Character}
    end,
    Schema = #{type => object, properties => #{n => #{type => integer}, t => #{type => string}}, required => [n],
               additionalProperties => false},
    [?assertEqual({true, true, byte_size(Text), string:length(Text)}, Match(#{json_schema => Schema}, Text))
     || Text <- [<<"{\"n\":1}">>, <<"{ \"t\" : \"é\",\n\"n\":-1 } "/utf8>>]],
    ?assertEqual({false, false, 8, 8}, Match(#{json_schema => Schema}, <<"{\"t\":\"a\"}">> )),
    ?assertEqual({false, true, 6, 6}, Match(#{json_schema => Schema}, <<"{\"n\":1">>)),
    ?assertEqual({false, false, 0, 0}, Match(#{json_schema => Schema}, <<"Sure">>)),
    ?assertEqual({false, false, 1, 1}, Match(#{json_schema => Schema, whitespace => compact}, <<"{ \"n\":1}">>)),
    Grammar = #{grammar => <<"root ::= \"é\" [ab]* \"😀\""/utf8>>},
    ?assertEqual({true, true, 7, 3}, Match(Grammar, <<"éa😀"/utf8>>)),
    ?assertEqual({false, false, 3, 2}, Match(Grammar, <<"éac"/utf8>>)),
    ?assertEqual({false, true, 3, 2}, Match([{grammar, maps:get(grammar, Grammar)}], "éa")),
    ?assertEqual({true, true, 4, 4}, Match(#{regex => <<"[0-9]+">>}, <<"2026">>)),
    ?assertEqual({true, true, 2, 2}, Match(<<"{\"choice\": [\"yes\", \"no\"]}">>, no)),
    ?assertEqual({false, true, 0, 0}, Match(#{choice => [yes, no]}, <<>>)),
    %% What can never end has no beginning.
    ?assertEqual({false, false, 0, 0}, Match(#{grammar => <<"root ::= \"a\" root">>}, <<"aa">>)),
    ?assertEqual({true, true, 5000, 5000},
                 Match(#{grammar => <<"root ::= (\"a\" | \"aa\" | \"\")*">>}, binary:copy(<<"a">>, 5000))),
    Lenient = #{json_schema => #{type => array, items => #{type => integer}, uniqueItems => true},
                json_schema_lenient => true},
    ?assertEqual({true, true, 5, 5}, Match(Lenient, <<"[1,1]">>)),
    [begin
         {error, {invalid_argument, Message}} = llama_node:match(Server, Constraint, Text),
         ?assertMatch({Key, [<<>>, _]}, {Key, binary:split(Message, Key)})
     end || {Key, Constraint, Text} <-
                [{<<"json_schema: #/uniqueItems: ">>, maps:remove(json_schema_lenient, Lenient), <<"[]">>},
                 {<<"grammar: line 2, column 14: expected ">>, #{grammar => <<"# a number\nroot ::= [0-9">>}, <<"1">>},
                 {<<"regex: ">>, #{regex => <<"(">>}, <<"1">>},
                 {<<"grammar: a byte can be read in more than ">>,
                  #{grammar => <<"root ::= root root | \"a\" | \"\"">>}, binary:copy(<<"a">>, 5000)},
                 {<<"whitespace: ">>, #{regex => <<"a">>, whitespace => any}, <<"a">>},
                 {<<"json_schema, grammar, regex or choice is required">>, #{}, <<"1">>},
                 {<<"text">>, #{regex => <<"a">>}, #{}},
                 {<<"text: has 1048577 characters">>, #{regex => <<"a*">>}, binary:copy(<<"a">>, 1048577)}]].

texts_of_all_kinds(Config) ->
    Server = server(Config),
    Options = #{?GREEDY, n_predict => 4},
    [First | Others] = [content(llama_node:complete(Server, Prompt, Given))
                        || Prompt <- [<<"Once">>, "Once", 'Once'],
                           Given <- [Options, maps:to_list(Options),
                                     #{<<"temperature">> => 0, <<"n_predict">> => 4},
                                     [{"temperature", 0}, {"max_tokens", 4}]]],
    [?assertEqual(First, Other) || Other <- Others].

json_input(Config) ->
    Session = own_session(Config),
    {ok, Task} = llama_node:create_task(server(Config), Session, <<"completion">>,
                                        <<"{\"prompt\": \"Once\", \"n_predict\": 3, \"ignore_eos\": true}">>),
    ?assertMatch({ok, #{usage := #{completion_tokens := 3}, task_id := Task}},
                 llama_node:get_result(server(Config), Task, infinity)),
    ?CODE(invalid_argument, llama_node:create_task(server(Config), Session, completion, <<"{\"prompt\": ">>)).

seeds_repeat(Config) ->
    Options = #{seed => 7, temperature => 1.5, n_predict => 12, ignore_eos => true},
    {ok, #{content := Content, seed := 7}} = llama_node:complete(server(Config), <<"Once">>, Options),
    ?assertMatch({ok, #{content := Content}}, llama_node:complete(server(Config), <<"Once">>, Options)).

stop_strings(Config) ->
    Prompt = <<"Once upon a time">>,
    Options = #{?GREEDY, n_predict => 20, ignore_eos => true},
    {ok, #{content := Whole}} = llama_node:complete(server(Config), Prompt, Options),
    Stop = binary:part(Whole, byte_size(Whole) div 2, 2),
    [Before, _] = binary:split(Whole, Stop),
    ?assertMatch({ok, #{content := Before, finish_reason := stop, stopped_by := stop_string, stop := Stop}},
                 llama_node:complete(server(Config), Prompt, Options#{stop => [<<"never seen">>, Stop]})).

run_with_a_deadline(Config) ->
    ?CODE(timeout, llama_node:complete(server(Config), <<"Once">>, (maps:remove(prompt, endless()))#{timeout => 50})),
    ?assertMatch({ok, _}, llama_node:complete(server(Config), <<"Once">>, #{n_predict => 1, timeout => 60000})).

models_by_name(Config) ->
    Server = server(Config),
    ?assertEqual(ok, llama_node_engine_ct:load(second, #{n_ctx => 64, n_parallel => 1}, Config)),
    ?assertMatch({ok, #{model := <<"second">>}},
                 llama_node:complete(Server, <<"Once">>, #{model => second, n_predict => 1})),
    ?assertMatch({ok, #{model := <<"tiny-chat">>}}, llama_node:complete(Server, <<"Once">>, #{n_predict => 1})),
    {ok, Session} = llama_node:create_session(Server, #{model => <<"second">>}),
    ?assertMatch({ok, #{model := <<"second">>}}, llama_node:get_session_info(Server, Session)),
    ?CODE(invalid_argument, llama_node:complete(Server, <<"Once">>, #{model => third})),
    ?CODE(invalid_argument, llama_node:create_session(Server, #{model => third})),
    ?CODE(invalid_argument, llama_node_engine_ct:load(second, #{}, Config)).

%% The directory of the node is the one in which it was launched.
models_by_relative_paths(Config) ->
    Server = server(Config),
    #{model := Path} = llama_node_ct:options(Config),
    {ok, Old} = file:get_cwd(),
    Dir = filename:join(proplists:get_value(priv_dir, Config), integer_to_list(erlang:unique_integer([positive]))),
    ok = file:make_dir(Dir),
    ok = file:make_symlink(Path, filename:join(Dir, "near.gguf")),
    ok = file:set_cwd(Dir),
    try
        [?assertEqual(ok, llama_node:load_model(Server, Near, #{id => Id, n_ctx => 64, n_parallel => 1}))
         || {Near, Id} <- [{"near.gguf", a}, {<<"./near.gguf">>, b}, {'near.gguf', c}]],
        %% This runtime's directory is none of the mailbox's business.
        ?CODE(model_load_failed, gen_server:call(proplists:get_value(mailbox, Config),
                                                 {load_model, "near.gguf", #{id => d}}))
    after
        ok = file:set_cwd(Old)
    end.

%% No client library is needed.
raw_gen_server_calls(Config) ->
    Mailbox = proplists:get_value(mailbox, Config),
    {ok, Session} = gen_server:call(Mailbox, {create_session, #{}}),
    Requests = [gen_server:send_request(Mailbox, {get_session_info, Session}) || _ <- lists:seq(1, 20)],
    [?assertMatch({reply, {ok, #{id := Session}}}, gen_server:receive_response(Request, infinity))
     || Request <- Requests],
    %% A tag of any kind comes back as it was.
    [begin
         Mailbox ! {'$gen_call', {self(), Tag}, ping},
         receive {Tag, Answer} -> ?assertEqual(pong, Answer) end
     end || Tag <- [make_ref(), a_tag, {1, "tag"}, <<"tag">>, 1.5, fun lists:map/2]].

%% Sessions

transcript_grows(Config) ->
    Server = server(Config),
    {ok, Session} = llama_node:create_session(Server, #{?GREEDY, max_tokens => 30, system_prompt => <<"Be brief.">>}),
    [begin
         {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => Text}),
         {ok, #{finish_reason := Reason}} = llama_node:get_result(Server, Task, infinity),
         ?assert(lists:member(Reason, [stop, length]))
     end || Text <- [<<"What is Erlang?">>, <<"What is a NIF?">>]],
    {ok, #{messages := Messages, tasks_done := 2, system_prompt := true}} =
        llama_node:get_session_info(Server, Session),
    ?assert(Messages >= 4).

session_info(Config) ->
    Session = own_session(Config),
    Self = self(),
    ?assertMatch({ok, #{id := Session, model := <<"tiny-chat">>, owner := Self, messages := 0, tasks_running := 0,
                        tasks_waiting := 0, tasks_done := 0, system_prompt := false, created_ms_ago := _}},
                 llama_node:get_session_info(server(Config), Session)).

closing_ends_running_tasks(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    %% More than there are slots, so that some run and some wait.
    Tasks = [task(Server, Session, endless()) || _ <- lists:seq(1, 5)],
    ?assertEqual(ok, llama_node:close_session(Server, Session)),
    [?CODE(cancelled, llama_node:get_result(Server, Task, infinity)) || Task <- Tasks],
    ?CODE(session_not_found, llama_node:close_session(Server, Session)).

unknown_session(Config) ->
    Server = server(Config),
    [begin
         ?CODE(session_not_found, llama_node:create_task(Server, Id, completion, #{prompt => <<"x">>})),
         ?CODE(session_not_found, llama_node:stream(Server, Id, completion, #{prompt => <<"x">>})),
         ?CODE(session_not_found, llama_node:get_session_info(Server, Id)),
         ?CODE(session_not_found, llama_node:close_session(Server, Id))
     end || Id <- [1, 1 bsl 52]],
    [?CODE(invalid_argument, llama_node:get_session_info(Server, Id)) || Id <- [one, <<"1">>, 1.0, self(), {}, []]].

closed_session(Config) ->
    Session = own_session(Config),
    ok = llama_node:close_session(server(Config), Session),
    ?CODE(session_not_found, llama_node:create_task(server(Config), Session, completion, #{prompt => <<"x">>})),
    ?assert(own_session(Config) =/= Session).

session_defaults(Config) ->
    {ok, Session} = llama_node:create_session(server(Config), [{n_predict, 3}, {ignore_eos, true}]),
    Task = task(server(Config), Session, #{prompt => <<"Once">>}),
    ?assertMatch({ok, #{usage := #{completion_tokens := 3}}}, llama_node:get_result(server(Config), Task, infinity)),
    Other = task(server(Config), Session, #{prompt => <<"Once">>, n_predict => 2}),
    ?assertMatch({ok, #{usage := #{completion_tokens := 2}}}, llama_node:get_result(server(Config), Other, infinity)).

session_of_a_dead_owner(Config) ->
    {_, Ref} = spawn_monitor(fun () -> exit(own_session(Config)) end),
    Session = receive {'DOWN', Ref, process, _, Id} -> Id end,
    ?CODE(session_not_found, await_no_session(server(Config), Session, 10000)).

%% The news of the owner's death and our question reach the node by ways of their own.
await_no_session(Server, Session, Retries) ->
    case llama_node:get_session_info(Server, Session) of
        {ok, _} when Retries > 0 -> await_no_session(Server, Session, Retries - 1);
        Answer -> Answer
    end.

%% Tasks

result_is_collected_once(Config) ->
    Task = task(server(Config), own_session(Config), #{prompt => <<"Once">>, n_predict => 2}),
    ?assertMatch({ok, #{task_id := Task}}, llama_node:get_result(server(Config), Task, infinity)),
    ?CODE(task_not_found, llama_node:get_result(server(Config), Task, infinity)),
    ?CODE(task_not_found, llama_node:get_result(server(Config), Task, 0)).

result_can_wait_for_its_collector(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    Task = task(Server, Session, #{prompt => <<"Once">>, n_predict => 1}),
    %% Both tasks are one after the other only in the end: this waits until all is quiet.
    {ok, _} = llama_node:complete(Server, <<"Once">>, #{n_predict => 20}),
    {ok, _} = llama_node:get_result(Server, Task, 60000).

several_wait_at_once(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    Task = task(Server, Session, endless()),
    Waiting =
        [spawn_monitor(fun () -> exit(llama_node:get_result(Server, Task, infinity)) end) || _ <- lists:seq(1, 5)],
    %% Those that come too late find the result still there, or gone.
    ok = llama_node:cancel_task(Server, Task),
    Got = [receive {'DOWN', Ref, process, _, {error, {Code, _}}} -> Code end || {_, Ref} <- Waiting],
    ?assert(lists:member(cancelled, Got)),
    ?assertEqual([], Got -- lists:flatten(lists:duplicate(5, [cancelled, task_not_found]))).

get_result_timeouts(Config) ->
    Server = server(Config),
    Task = task(Server, own_session(Config), endless()),
    [?CODE(timeout, llama_node:get_result(Server, Task, Timeout)) || Timeout <- [0, 1, 0, 20]],
    ?assertEqual([], llama_node_ct:flush()),
    ok = llama_node:cancel_task(Server, Task),
    ?CODE(cancelled, llama_node:get_result(Server, Task, infinity)).

cancel_twice(Config) ->
    Server = server(Config),
    Task = task(Server, own_session(Config), endless()),
    ?assertEqual(ok, llama_node:cancel_task(Server, Task)),
    ?assertEqual(ok, llama_node:cancel_task(Server, Task)),
    ?CODE(cancelled, llama_node:get_result(Server, Task, infinity)),
    ?CODE(task_not_found, llama_node:cancel_task(Server, Task)).

cancel_unknown(Config) ->
    ?CODE(task_not_found, llama_node:cancel_task(server(Config), 1 bsl 52)),
    ?CODE(invalid_argument, llama_node:cancel_task(server(Config), one)).

unknown_task(Config) ->
    [?CODE(task_not_found, llama_node:get_result(server(Config), 1 bsl 52, Timeout)) || Timeout <- [0, 1, infinity]],
    [?CODE(invalid_argument, llama_node:get_result(server(Config), Id, 0)) || Id <- [one, <<"1">>, 1.0, self()]].

prompt_only(Config) ->
    ?assertMatch({ok, #{content := <<>>, finish_reason := length, usage := #{completion_tokens := 0}}},
                 llama_node:complete(server(Config), <<"Once upon a time">>, #{n_predict => 0})).

cast_cancels(Config) ->
    Server = server(Config),
    Mailbox = proplists:get_value(mailbox, Config),
    Task = task(Server, own_session(Config), endless()),
    gen_server:cast(Mailbox, {cancel_task, Task}),
    ?CODE(cancelled, llama_node:get_result(Server, Task, infinity)),
    gen_server:cast(Mailbox, {create_session, #{}}),
    gen_server:cast(Mailbox, {cancel_task, nonsense}).

%% Helpers

content({ok, #{content := Content}}) -> Content.
