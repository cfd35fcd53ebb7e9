%% The options of generation, over the wire and on the model in the box, and on servers as far as these have a
%% place for them.
-module(llama_node_generation_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [server/1]).
-import(llama_node_engine_ct, [either/3]).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, constraints}, {group, samplers}, {group, conversations}, {group, fairness}, {group, adapters}
     | [{group, Group} || Group <- llama_node_engine_ct:servers()]].

groups() ->
    Fairness = [priorities, hundred_to_one, deadline],
    Conversations = [fork, rewind, conversations_that_are_not_there],
    Constraints = [grammar, json_schema, response_format, session_default, streams_of_two_grammars],
    Samplers = [every_sampler, seeds, ignored_end, probabilities],
    OfServers = Conversations ++ [what_needs_the_engine_itself] ++ Fairness,
    [{constraints, [], Constraints ++ [bad_grammars, bad_schemas, cut_by_length]},
     {samplers, [], Samplers ++ [penalties_window]},
     {conversations, [], Conversations ++ [shared_system_prompt, clear_cache, estimate]},
     {fairness, [], Fairness ++ [slots_in_turn]},
     {adapters, [], [adapter_in_the_box, adapters_side_by_side, adapter_of_a_session, bad_adapters]},
     {scripted, [], OfServers},
     {real_distribution, [], OfServers},
     {real_port, [], OfServers ++ [grammar, response_format, session_default, every_sampler]}].

init_per_suite(Config) ->
    llama_node_ct:start_real(sizes(), Config).

sizes() -> #{n_ctx => 512, n_parallel => 4}.

end_per_suite(Config) ->
    ok = llama_node:destroy_server(server(Config)).

%% The adapter in the box is for the model in the box.
init_per_group(adapters, Config) ->
    Model = filename:join([llama_node_options:priv_dir(), "models", "tiny-chat.gguf"]),
    Options = (llama_node_ct:options(Config))#{model => Model, n_parallel => 3},
    {ok, Server} = llama_node:init_server(Options),
    lists:keystore(server, 1, Config, {server, Server});
init_per_group(Group, Config) ->
    llama_node_ct:start_over(Group, sizes(), Config).

end_per_group(adapters, Config) ->
    ok = llama_node:destroy_server(server(Config));
end_per_group(Group, Config) ->
    llama_node_ct:stop_over(Group, Config).

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
        <<"{\"content\": \"Hi\", "
          "\"response_format\": {\"type\": \"json_object\", \"schema\": {\"const\": [1, null]}}}">>),
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
                                                #{prompt => <<"Once">>,
                                                  grammar => "root ::= \"" ++ Letter ++ "\"{40}"}),
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
                        <<"root ::= \"a\"{3,2}">>, <<"root ::= <think>">>]],
    {error, {invalid_argument, Where}} = chat(<<"Hi">>, #{grammar => <<"# a number\nroot ::= [0-9">>}, Config),
    ?assertMatch(<<"grammar: line 2, column 14: expected ']'", _/binary>>, Where),
    %% Counted, and not written out.
    {ok, #{content := Content}} =
        chat(<<"Hi">>, #{grammar => <<"root ::= (\"a\"{#x\n900000000})">>, n_predict => 4}, Config),
    ?assertMatch({match, _}, re:run(Content, "^a{4,}$")).

bad_schemas(Config) ->
    [begin
         {error, {invalid_argument, Message}} = chat(<<"Hi">>, #{json_schema => Schema}, Config),
         ?assertMatch({Schema, <<"json_schema", _/binary>>}, {Schema, Message})
     end || Schema <- [false, 1, <<"{">>, #{type => colour}, #{'$ref' => <<"#/nowhere">>}, #{enum => []},
                       #{pattern => <<"(">>}, #{type => integer, minimum => 2, maximum => 1}]],
    {error, {invalid_argument, <<"stop", _/binary>>}} =
        chat(<<"Hi">>, #{json_schema => #{type => string}, stop => [<<"\"">>]}, Config).

cut_by_length(Config) ->
    ?assertMatch({ok, #{finish_reason := length, stopped_by := limit, content := <<"{", _/binary>>}},
                 chat(<<"Hi">>, #{json_schema => #{type => object, required => [a],
                                                   properties => #{a => #{type => string, minLength => 100}}},
                                  max_tokens => 8}, Config)).

%% Samplers

every_sampler(Config) ->
    [begin
         Result = complete(Options#{n_predict => 20, ignore_eos => true, seed => 5}, Config),
         ?assertMatch({Options, {ok, #{usage := #{completion_tokens := 20}}}}, {Options, Result})
     end || Options <- [#{typical_p => 0.5}, #{top_n_sigma => 1.5}, #{xtc_probability => 0.5, xtc_threshold => 0.05},
                        #{dynatemp_range => 0.5, dynatemp_exponent => 1.5}, #{mirostat => 1},
                        #{mirostat => 2, mirostat_tau => 3},
                        #{dry_multiplier => 0.8, dry_sequence_breakers => ["\n"]}, #{samplers => [temperature, top_p]},
                        #{samplers => []}, #{temperature => 0, typical_p => 0.5},
                        #{typical_p => 0.9, dry_multiplier => 0.8, xtc_probability => 0.1, top_n_sigma => 3,
                          repeat_penalty => 1.1, repeat_last_n => -1}]].

seeds(Config) ->
    Answer = fun(Options, Seed) ->
                 {ok, #{content := Text, seed := Seed}} =
                     complete(Options#{n_predict => 30, temperature => 10, min_p => 0, top_p => 1, seed => Seed},
                              Config),
                 Text
             end,
    [begin
         ?assertEqual(Answer(Options, Seed), Answer(Options, Seed)),
         ?assertNotEqual(Answer(Options, Seed), Answer(Options, Seed + 1))
     end || Options <- [#{}, #{mirostat => 2}, #{xtc_probability => 0.5},
                        #{typical_p => 0.95, samplers => [temperature, typical_p]}],
            Seed <- either([1, 16#ffffffff, 1 bsl 63], [1, 16#fffffffd], Config)].

ignored_end(Config) ->
    {ok, #{finish_reason := length, usage := #{completion_tokens := 300}}} =
        chat(<<"Who are you?">>, #{ignore_eos => true, n_predict => 300, temperature => 0, typical_p => 0.9}, Config).

%% A penalty that is high enough forbids what stands in its window.
penalties_window(Config) ->
    Distinct = fun(Options) ->
                   {ok, #{logprobs := Tokens}} =
                       complete(Options#{n_predict => 40, ignore_eos => true, temperature => 0, logprobs => true,
                                         presence_penalty => 100, repeat_penalty => 1.0}, Config),
                   length(lists:usort([Id || #{id := Id} <- Tokens]))
               end,
    ?assertEqual(40, Distinct(#{repeat_last_n => -1})),
    ?assertEqual(40, Distinct(#{repeat_last_n => -1, typical_p => 0.99})),
    ?assert(Distinct(#{repeat_last_n => 1}) < 40).

probabilities(Config) ->
    {ok, #{logprobs := Tokens, content := Text, usage := #{completion_tokens := Count}}} =
        complete(#{n_predict => 12, temperature => 0, n_probs => 3}, Config),
    ?assertEqual(Count, length(Tokens)),
    ?assertEqual(Text, << <<Bytes/binary>> || #{token := Bytes} <- Tokens >>),
    [begin
         ?assertMatch([#{id := Id, token := Bytes, logprob := Logprob}, _, _], Top),
         ?assert(lists:sum([math:exp(L) || #{logprob := L} <- Top]) =< 1.0001)
     end || #{id := Id, token := Bytes, logprob := Logprob, top_logprobs := Top} <- Tokens],
    {ok, #{logprobs := [#{top_logprobs := []}]}} = complete(#{n_predict => 1, logprobs => true}, Config),
    {ok, Without} = complete(#{n_predict => 1}, Config),
    ?assertNot(is_map_key(logprobs, Without)).

%% Conversations

fork(Config) ->
    Server = server(Config),
    Session = talk(Config),
    First = turn(Session, <<"Who are you?">>, Config),
    {ok, Fork} = llama_node:fork_session(Server, Session),
    %% The fork is the caller's, and goes on without its source.
    #{usage := #{cached_tokens := Cached}} = turn(Fork, <<"What is Erlang?">>, Config),
    #{usage := #{prompt_tokens := Prompt, completion_tokens := Completion}} = First,
    %% A server's slots can not be copied.
    ?assert(Cached >= either(Prompt + Completion - 1, 0, Config)),
    ok = llama_node:close_session(Server, Session),
    ?assertMatch({ok, #{messages := 4}}, llama_node:get_session_info(Server, Fork)),
    _ = turn(Fork, <<"Tell me a joke.">>, Config),
    ok = llama_node:close_session(Server, Fork).

shared_system_prompt(Config) ->
    Server = server(Config),
    Prompt = <<"You are a llama that lives in the mountains, and you answer in one short sentence.">>,
    {ok, #{usage := #{}}} = llama_node:chat(Server, <<"Hi">>, #{max_tokens => 1}),
    [One, Two] = [begin {ok, S} = llama_node:create_session(Server, #{system_prompt => Prompt}), S end || _ <- [1, 2]],
    _ = turn(One, <<"Who are you?">>, Config),
    #{usage := #{cached_tokens := Cached}} = turn(Two, <<"What is Erlang?">>, Config),
    {ok, Tokens} = llama_node:tokenize(Server, Prompt),
    ?assert(Cached >= length(Tokens)),
    {ok, #{cached_tokens := Held, cache_bytes := Bytes}} = llama_node:get_session_info(Server, Two),
    ?assert(Held > Cached andalso Bytes > Held),
    [ok = llama_node:close_session(Server, S) || S <- [One, Two]].

rewind(Config) ->
    Server = server(Config),
    Session = talk(Config),
    _ = turn(Session, <<"Who are you?">>, Config),
    {ok, Checkpoint} = llama_node:checkpoint_session(Server, Session),
    #{content := Answer} = turn(Session, <<"What is Erlang?">>, Config),
    _ = turn(Session, <<"Tell me a joke.">>, Config),
    ok = llama_node:rewind_session(Server, Session, Checkpoint),
    #{content := Again, usage := #{cached_tokens := Cached}} = turn(Session, <<"What is Erlang?">>, Config),
    ?assertEqual(Answer, Again),
    ?assert(Cached > 0),
    ok = llama_node:rewind_session(Server, Session, start),
    ?assertMatch({ok, #{messages := 0}}, llama_node:get_session_info(Server, Session)),
    {error, {invalid_argument, <<"checkpoint", _/binary>>}} =
        llama_node:rewind_session(Server, Session, Checkpoint),
    ok = llama_node:close_session(Server, Session).

clear_cache(Config) ->
    Server = server(Config),
    Session = talk(Config),
    _ = turn(Session, <<"Who are you?">>, Config),
    Cached = fun() -> {ok, #{cached_tokens := N}} = llama_node:get_session_info(Server, Session), N end,
    Before = Cached(),
    ok = llama_node:clear_cache(Server, Session, all_but_system_prompt),
    System = Cached(),
    ?assert(System > 0 andalso System < Before),
    ok = llama_node:clear_cache(Server, Session, all),
    ?assertEqual(0, Cached()),
    ?assertMatch({ok, #{messages := 2}}, llama_node:get_session_info(Server, Session)),
    {ok, Task} = llama_node:create_task(Server, Session, completion, llama_node_ct:endless()),
    {error, {server_busy, _}} = llama_node:clear_cache(Server, Session, all),
    ok = llama_node:cancel_task(Server, Task),
    ok = llama_node:close_session(Server, Session).

estimate(Config) ->
    Server = server(Config),
    Session = talk(Config),
    _ = turn(Session, <<"Who are you?">>, Config),
    Input = #{content => <<"What is Erlang?">>, temperature => 0},
    {ok, #{prompt_tokens := Prompt, cached_tokens := Cached, queue_position := 0}} =
        llama_node:estimate_task(Server, Session, chat, Input),
    #{usage := Usage} = turn(Session, <<"What is Erlang?">>, Config),
    ?assertMatch(#{prompt_tokens := Prompt, cached_tokens := Cached}, Usage),
    Endless = [llama_node_ct:task(Server, Session, llama_node_ct:endless()) || _ <- lists:seq(1, 6)],
    {ok, #{queue_position := Position}} = llama_node:estimate_task(Server, Session, completion, #{prompt => <<"a">>}),
    ?assertEqual(3, Position),
    [ok = llama_node:cancel_task(Server, Task) || Task <- lists:reverse(Endless)],
    {error, {invalid_argument, _}} = llama_node:estimate_task(Server, Session, chat, #{}),
    ok = llama_node:close_session(Server, Session).

%% Of a server nobody sees the KV cache, and its adapters are loaded when it is started.
what_needs_the_engine_itself(Config) ->
    Server = server(Config),
    Session = talk(Config),
    [?assertMatch({What, {error, {unsupported, <<What:(byte_size(What))/binary, ": ", _/binary>>}}}, {What, Answer})
     || {What, Answer} <- [{<<"clear_cache">>, llama_node:clear_cache(Server, Session, all)},
                           {<<"clear_cache">>, llama_node:clear_cache(Server, Session, all_but_system_prompt)},
                           {<<"estimates">>, llama_node:estimate_task(Server, Session, chat, #{content => <<"Hi">>})},
                           {<<"adapters">>, llama_node:load_adapter(Server, adapter_file(), #{id => lora})},
                           {<<"share_prefixes">>, chat(<<"Hi">>, #{share_prefixes => owner}, Config)},
                           {<<"chat_template">>, chat(<<"Hi">>, #{chat_template => <<"{{ messages }}">>}, Config)}]],
    %% Nothing of it has become of the conversation.
    #{content := <<_, _/binary>>} = turn(Session, <<"Who are you?">>, Config),
    {ok, Info} = llama_node:get_session_info(Server, Session),
    ?assertMatch(#{messages := 2}, Info),
    ?assertEqual(#{}, maps:with([cached_tokens, cache_bytes], Info)),
    ok = llama_node:close_session(Server, Session).

conversations_that_are_not_there(Config) ->
    [?assertMatch({error, {session_not_found, _}}, Call)
     || Server <- [server(Config)],
        Call <- [llama_node:fork_session(Server, 1), llama_node:checkpoint_session(Server, 1),
                 llama_node:rewind_session(Server, 1, start), llama_node:clear_cache(Server, 1, all),
                 llama_node:estimate_task(Server, 1, chat, #{content => hi})]].

%% Fairness

%% With every slot taken, tasks get one in the order of their priorities.
priorities(Config) ->
    Server = server(Config),
    Session = llama_node_ct:session(Server),
    Endless = endless_in_every_slot(Session, Config),
    Tasks = [begin
                 {ok, Task} = llama_node:stream(Server, Session, completion,
                                                #{prompt => <<"Once">>, n_predict => 4, ignore_eos => true,
                                                  priority => Priority}),
                 {Task, Priority}
             end || Priority <- [-1, 0, 3, 2, -100, 100]],
    ok = llama_node:cancel_task(Server, hd(Endless)),
    Order = [maps:get(next_done(), maps:from_list(Tasks)) || _ <- Tasks],
    ?assertEqual([100, 3, 2, 0, -1, -100], Order),
    [ok = llama_node:cancel_task(Server, Task) || Task <- tl(Endless)],
    _ = llama_node_ct:flush(),
    ok = llama_node:close_session(Server, Session).

%% The task that is done next.
next_done() ->
    receive {llama_node, Task, {done, _}} -> Task end.

%% A hundred tasks of one owner, all urgent, then one of another: it does not wait for them.
%% Four owners who never end have all slots, and a fifth has its whole answer all the same, and in time.
slots_in_turn(Config) ->
    {ok, Server} = llama_node:init_server((llama_node_ct:options(Config))#{n_ctx => 256, slot_tokens => 6}),
    Question = fun () ->
        {ok, Session} = llama_node:create_session(Server, #{temperature => 0}),
        {ok, Task} = llama_node:stream(Server, Session, chat, #{content => <<"What is Erlang?">>}),
        {Chunks, {done, #{content := Answer, usage := #{completion_tokens := Tokens}} = Result}} =
            llama_node_ct:events(Task),
        %% More than a turn, and nothing lost or twice.
        ?assert(Tokens > 6),
        ?assertEqual(Answer, iolist_to_binary([Text || #{content := Text} <- Chunks])),
        ?assertEqual(lists:seq(0, length(Chunks) - 1), [Index || #{index := Index} <- Chunks]),
        Result
    end,
    #{content := Alone} = Question(),
    Self = self(),
    Owners = [spawn_monitor(fun () ->
        {ok, Session} = llama_node:create_session(Server, #{}),
        {ok, Task} = llama_node:stream(Server, Session, completion,
                                       (llama_node_ct:endless())#{n_predict => (1 bsl 31) - 1, priority => Priority}),
        endless_text(Self, Task)
    end) || Priority <- [0, 0, 0, 100]],
    [receive {goes_on, Pid} -> ok end || {Pid, _} <- Owners],
    ?assertMatch(#{content := Alone}, Question()),
    %% Those who gave way go on.
    [receive {goes_on, Pid} -> ok end || _ <- [1, 2], {Pid, _} <- Owners],
    [begin exit(Pid, kill), receive {'DOWN', Ref, process, Pid, _} -> ok end end || {Pid, Ref} <- Owners],
    ?assertMatch(#{content := Alone}, Question()),
    _ = llama_node_ct:flush(),
    ok = llama_node:destroy_server(Server).

endless_text(Observer, Task) ->
    receive
        {llama_node, Task, {chunk, _}} ->
            Observer ! {goes_on, self()},
            endless_text(Observer, Task)
    end.

hundred_to_one(Config) ->
    Server = server(Config),
    Session = llama_node_ct:session(Server),
    Endless = endless_in_every_slot(Session, Config),
    Short = #{prompt => <<"Once">>, n_predict => 30, ignore_eos => true},
    Many = [begin
                {ok, Task} = llama_node:stream(Server, Session, completion, Short#{priority => 100}),
                Task
            end || _ <- lists:seq(1, 100)],
    Self = self(),
    Other = spawn_link(
        fun() ->
            OtherSession = llama_node_ct:session(Server),
            {ok, Task} = llama_node:stream(Server, OtherSession, completion, Short),
            Self ! {waits, self()},
            {_, {done, _}} = llama_node_ct:events(Task),
            Self ! {served, self()}
        end),
    receive {waits, Other} -> ok end,
    ok = llama_node:cancel_task(Server, hd(Endless)),
    receive {served, Other} -> ok end,
    Served = length([Task || {llama_node, Task, {done, _}} <- llama_node_ct:flush()]),
    ct:pal("~b of 100 were served before the other", [Served]),
    ?assert(Served < 50),
    ok = llama_node:close_session(Server, Session),
    ?assertEqual(100, length(Many)).

endless_in_every_slot(Session, Config) ->
    [begin
         {ok, Task} = llama_node:stream(server(Config), Session, completion, llama_node_ct:endless()),
         receive {llama_node, Task, {chunk, _}} -> Task end
     end || _ <- lists:seq(1, 4)].

deadline(Config) ->
    {error, {timeout, _}} =
        complete((maps:remove(prompt, llama_node_ct:endless()))#{deadline_ms => 50}, Config),
    {error, {invalid_argument, <<"timeout and deadline_ms", _/binary>>}} =
        complete(#{deadline_ms => 50, timeout => 50}, Config).

%% Adapters

adapter_in_the_box(Config) ->
    with_adapter(Config, fun(Id, Pairs) ->
        [?assertEqual({Question, Answer}, {Question, greedy(Question, #{lora => [{Id, 1}]}, Config)})
         || {Question, Answer} <- Pairs],
        [?assertNotEqual({Question, Answer}, {Question, greedy(Question, #{lora => Lora}, Config)})
         || {Question, Answer} <- Pairs, Lora <- [[], [#{id => Id, scale => 0}]]]
    end).

%% Streams with and without the adapter, all at once: each answers as it would by itself.
adapters_side_by_side(Config) ->
    with_adapter(Config, fun(Id, Pairs) ->
        Self = self(),
        Asked = [{spawn_link(fun() -> Self ! {self(), greedy(Question, #{lora => Lora}, Config)} end), Expected}
                 || {Question, Answer} <- Pairs, Free <- [greedy(Question, #{}, Config)],
                    {Lora, Expected} <- [{[], Free}, {[{Id, 1}], Answer}, {[], Free}, {[{Id, 1}], Answer}]],
        [receive {Pid, Answer} -> ?assertEqual(Expected, Answer) end || {Pid, Expected} <- Asked]
    end).

%% The conversation of a session goes on when the adapter changes, and so does its cache.
adapter_of_a_session(Config) ->
    with_adapter(Config, fun(Id, [{Question, Answer} | _]) ->
        Server = server(Config),
        {ok, Session} = llama_node:create_session(Server, #{lora => [{Id, 1}], temperature => 0, max_tokens => 40}),
        ?assertMatch(#{content := Answer}, turn(Session, Question, Config)),
        %% Others may have left the question without the adapter.
        {ok, Task} = llama_node:create_task(Server, Session, chat,
                                            #{content => Question, lora => [], share_prefixes => none}),
        {ok, #{usage := #{cached_tokens := 0}}} = llama_node:get_result(Server, Task, infinity),
        ok = llama_node:close_session(Server, Session)
    end).

bad_adapters(Config) ->
    Server = server(Config),
    Load = fun(Path, Options) -> llama_node:load_adapter(Server, Path, Options) end,
    [?assertMatch({error, {model_load_failed, _}}, Load(Path, #{}))
     || Path <- ["/no/such/file.gguf", "/",
                 filename:join([llama_node_options:priv_dir(), "models", "tiny-chat.gguf"])]],
    {error, {invalid_argument, <<"lora", _/binary>>}} = chat(<<"Hi">>, #{lora => [{nobody, 1}]}, Config),
    {error, {invalid_argument, <<"id", _/binary>>}} = llama_node:unload_adapter(Server, nobody, #{}),
    {error, {invalid_argument, <<"model", _/binary>>}} = Load(adapter_file(), #{model => nobody}),
    with_adapter(Config, fun(Id, _) ->
        {error, {invalid_argument, <<"id", _/binary>>}} = Load(adapter_file(), #{id => Id}),
        Session = llama_node_ct:session(Server),
        Task = llama_node_ct:task(Server, Session, (llama_node_ct:endless())#{lora => [{Id, 1}]}),
        {ok, [#{tasks := 1}]} = llama_node:list_adapters(Server),
        {error, {server_busy, _}} = llama_node:unload_adapter(Server, Id, #{}),
        ok = llama_node:cancel_task(Server, Task),
        ok = llama_node:close_session(Server, Session)
    end),
    ?assertEqual({ok, []}, llama_node:list_adapters(Server)).

adapter_file() ->
    filename:join([llama_node_options:priv_dir(), "models", "tiny-chat-lora.gguf"]).

%% With the list of what the adapter changes.
with_adapter(Config, Fun) ->
    ok = llama_node:load_adapter(server(Config), adapter_file(), #{id => lora}),
    DataDir = filename:join([llama_node_ct:root(), "test", "llama_node_model_SUITE_data"]),
    {ok, Pairs} = file:consult(filename:join(DataDir, "adapter.eterm")),
    _ = Fun(lora, Pairs),
    ok = llama_node:unload_adapter(server(Config), lora, #{}).

greedy(Question, Options, Config) ->
    {ok, #{content := Answer}} = chat(Question, Options#{temperature => 0, max_tokens => 60}, Config),
    Answer.

%% Internal functions

talk(Config) ->
    {ok, Session} = llama_node:create_session(
        server(Config), #{system_prompt => <<"You are a friendly llama. Answer briefly.">>, max_tokens => 40}),
    Session.

turn(Session, Content, Config) ->
    {ok, Task} = llama_node:create_task(server(Config), Session, chat, #{content => Content, temperature => 0}),
    {ok, Result} = llama_node:get_result(server(Config), Task, infinity),
    Result.

complete(Options, Config) ->
    llama_node:complete(server(Config), <<"Once upon a time">>, Options).

chat(Question, Options, Config) ->
    llama_node:chat(server(Config), Question, Options).
