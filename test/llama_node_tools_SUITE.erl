%% Tools, reasoning and templates: over the wire on the model in the box, which calls a tool only when
%% its grammar makes it, and the loop around them.
-module(llama_node_tools_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [server/1]).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [required, one_function, streamed, results_in_a_session, json_input, refused, reasoning, malformed, templates,
     parse_special,
     loop, example_of_the_readme, loop_limits, loop_failures, loop_abandoned].

init_per_suite(Config) ->
    llama_node_ct:start_real(#{n_ctx => 1024, n_parallel => 2}, Config).

end_per_suite(Config) ->
    ok = llama_node:destroy_server(server(Config)).

end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

%% Nothing in it is of unlimited length.
weather() ->
    #{name => get_weather, description => <<"The weather in a city">>,
      parameters => #{type => object, required => [city, days],
                      properties => #{city => #{enum => [<<"Oslo">>, <<"Rome">>]},
                                      days => #{type => integer, minimum => 1, maximum => 9}}}}.

clock() ->
    #{type => function, function => #{name => <<"now">>, description => "The time"}}.

required(Config) ->
    {ok, #{tool_calls := [#{id := Id, name := <<"get_weather">>, arguments := Arguments}],
           finish_reason := tool_calls, content := <<>>}} =
        llama_node:chat(server(Config), <<"The weather?">>,
                        #{tools => [weather()], tool_choice => required, parallel_tool_calls => false}),
    ?assertEqual(9, byte_size(Id)),
    #{<<"city">> := City, <<"days">> := Days} = Arguments,
    ?assertEqual(2, map_size(Arguments)),
    ?assert(lists:member(City, [<<"Oslo">>, <<"Rome">>])),
    ?assert(Days >= 1 andalso Days =< 9).

one_function(Config) ->
    [{ok, #{tool_calls := [#{name := <<"now">>, arguments := #{}}]}} =
         llama_node:chat(server(Config), <<"The weather?">>,
                         [{tools, [weather(), clock()]}, {tool_choice, Choice}, {seed, Seed}])
     || Seed <- [1, 2], Choice <- [#{type => function, function => #{name => now}}, #{name => <<"now">>}]].

streamed(Config) ->
    Server = server(Config),
    Session = llama_node_ct:session(Server),
    Input = #{content => <<"The weather?">>, tools => [weather()], tool_choice => required,
              parallel_tool_calls => false},
    {ok, #{tool_calls := [#{id := Id, name := Name, arguments := Arguments}]}, Events} =
        llama_node:stream_fold(fun (Event, Acc) -> [Event | Acc] end, [], Server, Session, chat, Input),
    Deltas = [Delta || {tool_call, #{index := 0, id := I, name := N, delta := Delta}} <- lists:reverse(Events),
                       I =:= Id, N =:= Name],
    ?assertEqual(length(Events), length(Deltas)),
    %% JSON of the arguments, however it came.
    #{<<"city">> := City} = Arguments,
    Json = iolist_to_binary(Deltas),
    ?assertMatch(match, re:run(Json, ["^\\{.*\"", City, "\".*\\}$"], [dotall, {capture, none}])),
    ok = llama_node:close_session(Server, Session).

results_in_a_session(Config) ->
    Server = server(Config),
    {ok, Session} = llama_node:create_session(Server, #{tools => [weather(), clock()], max_tokens => 8}),
    Ask = fun (Input) ->
              case llama_node:create_task(Server, Session, chat, Input) of
                  {ok, Task} -> llama_node:get_result(Server, Task, infinity);
                  {error, _} = Error -> Error
              end
          end,
    {ok, #{tool_calls := [#{id := Id}]}} =
        Ask(#{content => <<"The weather?">>, max_tokens => 200, tool_choice => #{name => get_weather}}),
    {error, {invalid_argument, <<"tool_results[0].tool_call_id: ", _/binary>>}} =
        Ask(#{tool_results => [#{tool_call_id => <<"x">>, content => <<"18C">>}]}),
    {ok, #{finish_reason := Reason}} = Ask(#{tool_results => [#{tool_call_id => Id, content => <<"18C">>}]}),
    ?assert(lists:member(Reason, [stop, length])),
    {ok, #{messages := 4}} = llama_node:get_session_info(Server, Session),
    {error, {invalid_argument, <<"tool_results: no call waits for a result">>}} =
        Ask(#{tool_results => [#{tool_call_id => Id, content => <<"18C">>}]}),
    %% A call that nobody answers is no obstacle.
    {ok, #{tool_calls := [_]}} =
        Ask(#{content => <<"And now?">>, max_tokens => 200, tool_choice => #{name => now}}),
    {ok, _} = Ask(#{content => <<"Never mind.">>}),
    ok = llama_node:close_session(Server, Session).

json_input(Config) ->
    {ok, Session} = llama_node:create_session(server(Config), #{}),
    {ok, Task} = llama_node:create_task(
        server(Config), Session, chat,
        <<"{\"content\": \"Hi\", \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}], "
          "\"tool_choice\": \"required\", \"parallel_tool_calls\": false}">>),
    {ok, #{tool_calls := [#{name := <<"f">>}]}} = llama_node:get_result(server(Config), Task, infinity),
    ok = llama_node:close_session(server(Config), Session).

refused(Config) ->
    Chat = fun (Options) -> llama_node:chat(server(Config), <<"Hi">>, Options) end,
    {error, {invalid_argument, <<"tools[0].name must be", _/binary>>}} = Chat(#{tools => [#{name => <<"a b">>}]}),
    {error, {invalid_argument, <<"tool_choice: there are no tools to call">>}} = Chat(#{tool_choice => required}),
    {error, {invalid_argument, <<"tool_choice: there is no tool 'g'">>}} =
        Chat(#{tools => [clock()], tool_choice => #{name => g}}),
    {error, {invalid_argument, <<"tools: ", _/binary>>}} =
        Chat(#{tools => [#{name => f, parameters => #{properties => #{a => #{type => colour}}}}],
               tool_choice => required}),
    {error, {unsupported, <<"messages[0].content[0].type: ", _/binary>>}} =
        llama_node:chat(server(Config), [#{role => user, content => [#{type => image_url, image_url => x}]}], #{}).

%% The model says what the grammar has it say.
reasoning(Config) ->
    Server = server(Config),
    Template = <<"{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}"
                 "assistant: <think>{% for i in range(20) %}{{ '\\n\\t' }}{% endfor %}{% endif %}">>,
    {ok, Session} = llama_node:create_session(Server, #{chat_template => Template}),
    %% The model in the box never ends a thought by itself: one token after the other becomes the likeliest, and is
    %% penalized when it has come.
    {ok, End} = llama_node:tokenize(Server, <<"</think>">>),
    ?assertEqual(length(End), length(lists:usort(End))),
    Bias = maps:from_list(lists:zip(End, [2000.0 - 100 * I || I <- lists:seq(1, length(End))])),
    Input = #{content => <<"Hi">>, logit_bias => Bias, repeat_penalty => 50.0, repeat_last_n => length(End) - 1,
              temperature => 0.0,
              json_schema => #{type => object, required => [ok], additionalProperties => false,
                               properties => #{ok => #{type => boolean}}}},
    {ok, #{content := Content, parsed := #{<<"ok">> := _}, finish_reason := stop}, Events} =
        llama_node:stream_fold(fun (Event, Acc) -> [Event | Acc] end, [], Server, Session, chat, Input),
    ?assertEqual(Content, iolist_to_binary([Text || {chunk, #{content := Text}} <- lists:reverse(Events)])),
    %% Without an end in sight, it is a thought that was cut off.
    {ok, Thinks} = llama_node:create_task(Server, Session, chat, #{content => <<"Hi">>, regex => <<"[a-z]{3}">>,
                                                                   max_tokens => 12}),
    {ok, #{content := <<>>, reasoning_content := Thought, finish_reason := length}} =
        llama_node:get_result(Server, Thinks, infinity),
    ?assertNotEqual(<<>>, Thought),
    %% The template leaves the thought out, and one that it opens can be closed at once.
    {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => <<"So?">>, enable_thinking => false,
                                                                 grammar => <<"root ::= \"No.\"">>}),
    {ok, #{content := <<"No.">>} = Result} = llama_node:get_result(Server, Task, infinity),
    ?assertNot(is_map_key(reasoning_content, Result)),
    ok = llama_node:close_session(Server, Session).

malformed(Config) ->
    Server = server(Config),
    {ok, Session} = llama_node:create_session(Server, #{tools => [clock()]}),
    Ask = fun (Input) ->
              {ok, Task} = llama_node:create_task(Server, Session, chat, Input),
              llama_node:get_result(Server, Task, infinity)
          end,
    Broken = <<"{\"name\": \"now\", \"arguments\": [1]}">>,
    {ok, #{content := Broken, finish_reason := stop} = Result} =
        Ask(#{content => <<"Hi">>, grammar => <<"root ::= \"{\\\"name\\\": \\\"now\\\", \\\"arguments\\\": [1]}\"">>}),
    ?assertNot(is_map_key(tool_calls, Result)),
    {ok, _} = Ask(#{content => <<"Again">>, max_tokens => 2}),
    ok = llama_node:close_session(Server, Session).

templates(Config) ->
    Apply = fun (Input) ->
                llama_node:apply_template(server(Config), Input#{messages => [#{role => user, content => <<"Hi">>}]})
            end,
    {ok, <<"Q: Hi\nA:">>} = Apply(#{chat_template => #{prefix => <<"Q: ">>, postfix => <<"\nA:">>}}),
    {ok, <<"now Hi">>} =
        Apply(#{tools => [clock()], chat_template => <<"{{ tools[0].function.name }} {{ messages[0].content }}">>}),
    {error, {invalid_argument, <<"chat_template: 'rag' is neither", _/binary>>}} = Apply(#{chat_template => rag}),
    {ok, Plain} = Apply(#{}),
    {ok, Plain} = Apply(#{chat_template => default}),
    %% The model in the box knows no tools: what a chat makes of them is shown on request.
    {ok, Plain} = Apply(#{tools => [clock()]}),
    {ok, Adapted} = Apply(#{tools => [clock()], adapt_tools => true}),
    ?assertMatch({_, _}, binary:match(Adapted, <<"\"name\":\"now\"">>)),
    {ok, #{content := _}} = llama_node:chat(
        server(Config), <<"Hi">>, #{chat_template => [{prefix, <<"Q: ">>}, {postfix, <<"\nA:">>}], max_tokens => 2}).

parse_special(Config) ->
    Prompt = <<"<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n">>,
    Tokens = fun (Options) ->
                 {ok, #{usage := #{prompt_tokens := Count}}} =
                     llama_node:complete(server(Config), Prompt, Options#{n_predict => 1}),
                 Count
             end,
    ?assert(Tokens(#{parse_special => true}) < Tokens(#{})),
    ?assertEqual(Tokens(#{parse_special => false}), Tokens(#{})).

%% The loop

loop(Config) ->
    Self = self(),
    Weather =
        (weather())#{function => fun (Arguments) -> Self ! {called, Arguments}, #{sky => clear, celsius => 18.5} end},
    {ok, #{content := Content, rounds := 1, messages := Messages, finish_reason := Reason}} =
        llama_node:chat_tools(server(Config), <<"The weather?">>, [Weather],
                              #{tool_choice => required, parallel_tool_calls => false, max_tokens => 100, seed => 1}),
    ?assert(lists:member(Reason, [stop, length])),
    receive {called, #{<<"city">> := _}} -> ok end,
    [#{role := user}, #{role := assistant, tool_calls := [#{id := Id}]},
     #{role := tool, tool_call_id := Id, name := <<"get_weather">>,
       content := <<"{\"celsius\":18.5,\"sky\":\"clear\"}">>},
     #{role := assistant, content := Content}] = Messages,
    %% The conversation goes on where it ended.
    {ok, _} =
        llama_node:chat(server(Config), Messages ++ [#{role => user, content => <<"Thanks">>}], #{max_tokens => 1}).

%% With no options at all: the model in the box has room for the tool, a call and its result.
example_of_the_readme(Config) ->
    _ = server(Config),
    {ok, Llama} = llama_node:start_link(#{}),
    Weather = #{name => get_weather, description => <<"The weather in a city">>,
                parameters => #{type => object, properties => #{city => #{type => string}}, required => [city]},
                function => fun (#{<<"city">> := City}) when is_binary(City) -> <<"sunny, 18 degrees">> end},
    Ask = fun (Options) -> llama_node:chat_tools(Llama, <<"What is the weather in Oslo?">>, [Weather], Options) end,
    {ok, #{content := _}} = Ask(#{}),
    %% The model has to be made to call.
    {ok, #{rounds := 1, messages := [_, _, #{role := tool, content := <<"sunny, 18 degrees">>}, _]}} =
        Ask(#{tool_choice => required, parallel_tool_calls => false, seed => 1, max_tokens => 300}),
    ok = llama_node:destroy_server(Llama).

loop_limits(Config) ->
    Tool = (weather())#{function => fun (_) -> ok end},
    {error, {timeout, <<"max_rounds: ", _/binary>>}} =
        llama_node:chat_tools(server(Config), <<"Hi">>, [Tool],
                              [{tool_choice, required}, {parallel_tool_calls, false}, {max_rounds, 0}]),
    [{error, {invalid_argument, _}} = llama_node:chat_tools(server(Config), <<"Hi">>, Tools, Options)
     || {Tools, Options} <- [{[weather()], #{}}, {[Tool#{function => fun () -> ok end}], #{}}, {tools, #{}},
                             {[Tool], #{max_rounds => -1}}, {[Tool], #{tools => []}}, {[Tool], options},
                             {[Tool#{name => 5}], #{}}]].

%% A tool ends with the process that waits for it.
loop_abandoned(Config) ->
    Self = self(),
    Tool = (weather())#{function => fun (_) -> Self ! {tool, self()}, receive after infinity -> ok end end},
    Caller = spawn(fun () ->
                       llama_node:chat_tools(server(Config), <<"Hi">>, [Tool],
                                             #{tool_choice => required, parallel_tool_calls => false})
                   end),
    Pid = receive {tool, Running} -> Running end,
    Ref = erlang:monitor(process, Pid),
    exit(Caller, kill),
    receive {'DOWN', Ref, process, Pid, killed} -> ok end.

loop_failures(Config) ->
    Result = fun (Function, Options) ->
                 {ok, #{messages := [_, _, #{role := tool, content := Content} | _]}} =
                     llama_node:chat_tools(
                         server(Config), <<"Hi">>, [(weather())#{function => Function}],
                         Options#{tool_choice => required, parallel_tool_calls => false, max_tokens => 100, seed => 1}),
                 Content
             end,
    <<"error: sorry">> = Result(fun (_) -> error(sorry) end, #{}),
    <<"error: throw: oops">> = Result(fun (_) -> throw(oops) end, #{}),
    <<"error: exit: bye">> = Result(fun (_) -> exit(bye) end, #{}),
    <<"error: the tool ended: killed">> =
        Result(fun (_) -> exit(self(), kill), receive after infinity -> ok end end, #{}),
    <<"error: no result within 20 ms">> =
        Result(fun (_) -> receive after infinity -> ok end end, #{tool_timeout => 20}),
    <<"{1,2}">> = Result(fun (_) -> {1, 2} end, #{encode => fun (Pair) -> io_lib:format("~w", [Pair]) end}),
    <<"héllo"/utf8>> = Result(fun (_) -> "h\x{e9}llo" end, #{}),
    <<"plain">> = Result(fun (_) -> <<"plain">> end, #{}),
    <<"[1,null,\"a\\n\"]">> = Result(fun (_) -> [1, null, <<"a\n">>] end, #{}).
