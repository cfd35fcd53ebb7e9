%% The loop around tools, with a scripted model.
-module(llama_node_tools_tests).
-define(EUNIT_NOAUTO, true).
-include_lib("eunit/include/eunit.hrl").
-export([results_test_/0, refused_test_/0, exceptions_test_/0, long_exception_test/0, logged_test/0, encode_test/0,
         encoded_text_test_/0, spellings_test_/0, later_failures_test_/0, bad_arguments_test_/0]).
%% For a stacktrace, for an exception as Elixir has them, and as a handler of the logger.
-export([raise/1, message/1, log/2]).

%% A model that calls the tool once, and then says what it read.
model() ->
    fun (#{input := #{messages := Messages}}) ->
        case lists:last(Messages) of
            #{role := tool, content := Content} -> Content;
            _ -> call()
        end
    end.

call() ->
    #{result => #{finish_reason => tool_calls,
                  tool_calls => [#{id => <<"1">>, name => <<"t">>, arguments => #{<<"city">> => <<"Oslo">>}}]}}.

chat(Script, Tool, Options) ->
    {ok, Server} = llama_node:start_link(#{transport => fake, script => Script}),
    try
        llama_node:chat_tools(Server, <<"Hi">>, [Tool], Options)
    after
        llama_node:destroy_server(Server)
    end.

read(Function) -> read(Function, #{}).

read(Function, Options) ->
    {ok, #{content := Content, rounds := 1}} = chat(model(), #{name => t, function => Function}, Options),
    Content.

-spec results_test_() -> [term()].
results_test_() ->
    [{binary_to_list(Expected), fun () -> ?assertEqual(Expected, read(fun (_) -> Result end)) end}
     || {Expected, Result} <- [
        {<<"clear">>, {ok, <<"clear">>}},
        {<<"clear">>, {ok, "clear"}},
        {<<"{\"sky\":\"clear\"}">>, {ok, #{sky => clear}}},
        {<<"{\"ok\":[1,2.5,null]}">>, {ok, #{ok => [1, 2.5, nil]}}},
        {<<"error: no such city">>, {error, <<"no such city">>}},
        {<<"error: no such city">>, {error, "no such city"}},
        {<<"error: enoent">>, {error, enoent}},
        {<<"error: no luck">>, {error, exception()}},
        {<<"\"ok\"">>, ok},
        {<<"{\"sky\":\"clear\",\"wind\":{\"n\":1}}">>, [{sky, clear}, {"wind", [{n, 1}]}]},
        {<<"[]">>, []},
        {<<"[[104,105]]">>, ["hi"]},
        %% Numbers that could be characters stay numbers where they make a table.
        {<<"[[60,70],[80,90]]">>, [[60, 70], [80, 90]]},
        {<<"[\"Ann\",45]">>, [<<"Ann">>, 45]},
        {<<"[\"Oslo\",\"Rome\"]">>, [<<"Oslo">>, <<"Rome">>]},
        %% Text in pieces.
        {<<"5 degrees in Oslo">>, io_lib:format("~b degrees in ~ts", [5, <<"Oslo">>])},
        {<<"{1,\"a\"}">>, {ok, io_lib:format("~p", [{1, "a"}])}},
        {<<"5 °C in Oslo"/utf8>>, {ok, [$5, [" ", <<"°C"/utf8>> | <<" in ">>], "Oslo"]}},
        {<<"error: no city in 5 rows">>, {error, io_lib:format("no ~ts in ~b rows", [<<"city">>, 5])}},
        {<<"error: no such town">>, {error, <<"error: no such town">>}},
        {<<"héllo"/utf8>>, "h\x{e9}llo"}]].

exception() -> #{'__exception__' => true, '__struct__' => ?MODULE, text => <<"no luck">>}.

-spec message(map()) -> binary().
message(#{'__struct__' := ?MODULE, text := Text}) -> Text.

%% The caller is told which tool gave what; the kind of a struct by its name.
-spec refused_test_() -> [term()].
refused_test_() ->
    [{binary_to_list(Part), fun () ->
        {error, {invalid_argument, Message}} = chat(model(), #{name => t, function => fun (_) -> Result end}, #{}),
        ?assertMatch({0, _}, binary:match(Message, <<"tools: t returned ">>)),
        ?assertMatch({_, _}, binary:match(Message, Part)),
        ?assertMatch({_, _}, binary:match(Message, <<"encode">>))
     end} || {Part, Result} <- [
        {<<"{1,2}">>, {1, 2}},
        {<<"{2,3} at a[1]">>, {ok, #{a => [1, {2, 3}]}}},
        {<<"a struct DateTime at at">>, #{at => date_time()}},
        {<<"a struct Date,">>, #{'__struct__' => 'Elixir.Date', year => 2026, month => 1, day => 2}},
        {<<"<0.">>, self()},
        {<<"#Ref<">>, [make_ref()]},
        {<<"a binary of 1 bytes">>, <<255>>},
        {<<"[1|2]">>, #{<<"a">> => [1 | 2]}},
        {<<"#{{1} => 2}">>, #{{1} => 2}}]].

date_time() ->
    #{'__struct__' => 'Elixir.DateTime', year => 2026, month => 1, day => 2, microsecond => {0, 0}}.

-spec exceptions_test_() -> [term()].
exceptions_test_() ->
    [{binary_to_list(Expected), fun () -> ?assertEqual(Expected, read(Function)) end}
     || {Expected, Function} <- [
        {<<"error: sorry">>, fun (_) -> error(sorry) end},
        {<<"error: no such city">>, fun (_) -> error(<<"no such city">>) end},
        {<<"error: no such town">>, fun (_) -> error(<<"error: no such town">>) end},
        {<<"error: no x in 5">>, fun (_) -> error(io_lib:format("no ~ts in ~b", [<<"x">>, 5])) end},
        {<<"error: throw: oops">>, fun (_) -> throw(oops) end},
        {<<"error: throw: no x in 5">>, fun (_) -> throw(io_lib:format("no ~ts in ~b", [<<"x">>, 5])) end},
        {<<"error: exit: bye">>, fun (_) -> exit(bye) end},
        {<<"error: no luck">>, fun (_) -> error(exception()) end},
        {<<"error: no match of right hand side value 1">>, fun (_) -> error({badmatch, 1}) end},
        {<<"error: its arguments fit no clause of the function">>, fun (#{<<"town">> := Town}) -> Town end},
        {<<"error: no luck in raise">>, fun ?MODULE:raise/1}]].

%% A value that takes more than a line is told, too, as far as the runtime shows it.
-spec long_exception_test() -> ok.
long_exception_test() ->
    Message = read(fun (_) -> error({badmatch, lists:seq(1, 1000)}) end),
    ?assertMatch(<<"error: no match of right hand side value [1,2,3,4,", _/binary>>, Message),
    ?assertMatch({_, _}, binary:match(Message, <<",29">>)),
    ?assertEqual(nomatch, binary:match(Message, [<<"\n">>, <<"  ">>])),
    ?assert(string:length(Message) =< 500 + length("error: ")),
    ok.

-spec raise(term()) -> no_return().
raise(_) -> error(<<"no luck in raise">>).

%% With the place in the code, which the model does not see.
-spec logged_test() -> ok.
logged_test() ->
    Self = self(),
    ok = logger:add_handler(?MODULE, ?MODULE, #{config => Self}),
    try
        ?assertEqual(nomatch, binary:match(read(fun ?MODULE:raise/1), <<"llama_node_tools_tests">>)),
        receive {logged, error, Text} ->
            [?assertMatch({Part, {_, _}}, {Part, binary:match(Text, Part)})
             || Part <- [<<"tool t ">>, <<"no luck in raise">>, <<"llama_node_tools_tests:raise/1">>]]
        after 5000 -> error(nothing_logged)
        end
    after
        ok = logger:remove_handler(?MODULE)
    end.

-spec log(logger:log_event(), logger:handler_config()) -> ok.
log(#{level := Level, msg := {Format, Args}}, #{config := Pid}) when is_list(Format) ->
    Pid ! {logged, Level, unicode:characters_to_binary(io_lib:format(Format, Args))},
    ok;
log(_Event, _Config) -> ok.

-spec encode_test() -> ok.
encode_test() ->
    Encode = fun (#{'__struct__' := 'Elixir.DateTime', year := Year}) -> <<(integer_to_binary(Year))/binary, "-01-02">>;
                 (Tuple) when is_tuple(Tuple) -> tuple_to_list(Tuple) end,
    Dated = fun (_) -> {ok, #{at => date_time(), where => {1, 2}}} end,
    ?assertEqual(<<"{\"at\":\"2026-01-02\",\"where\":[1,2]}">>, read(Dated, #{encode => Encode})),
    ?assertEqual(<<"2026-01-02">>, read(fun (_) -> date_time() end, [{"encode", Encode}])),
    ?assertEqual(<<"[1,2]">>, read(fun (_) -> {1, 2} end, #{encode => Encode})),
    ?assertEqual(<<"{1,2}">>, read(fun (_) -> {1, 2} end, #{encode => fun (Pair) -> io_lib:format("~w", [Pair]) end})),
    %% A tool's own goes first, and what it gives has to be JSON.
    Own = #{name => t, function => Dated, encode => fun (_) -> own end},
    ?assertMatch({ok, #{content := <<"{\"at\":\"own\",\"where\":\"own\"}">>}}, chat(model(), Own, #{encode => Encode})),
    [?assertMatch({error, {invalid_argument, <<"tools: t returned ", _/binary>>}},
                  chat(model(), Own#{encode := Odd}, #{}))
     || Odd <- [fun (_) -> {1} end, fun (_) -> [self()] end]],
    ?assertEqual(<<"error: sorry">>, read(Dated, #{encode => fun (_) -> error(sorry) end})),
    ok.

%% What `encode' gives may be text in pieces, for the whole result and for a part of it.
-spec encoded_text_test_() -> [term()].
encoded_text_test_() ->
    [{binary_to_list(Whole), fun () ->
        Encode = #{encode => fun ({odd}) -> Encoded end},
        ?assertEqual(Whole, read(fun (_) -> {odd} end, Encode)),
        ?assertEqual(<<"{\"at\":", Part/binary, "}">>, read(fun (_) -> #{at => {odd}} end, Encode))
     end} || {Whole, Part, Encoded} <- [
        {<<"{1,2}">>, <<"\"{1,2}\"">>, io_lib:format("~w", [{1, 2}])},
        {<<"{1,2}">>, <<"\"{1,2}\"">>, ["{1,2}"]},
        {<<"1/2">>, <<"\"1/2\"">>, ["1", "/", "2"]},
        {<<"1/2">>, <<"\"1/2\"">>, [<<"1">>, "/", <<"2">>]},
        {<<"1/2">>, <<"\"1/2\"">>, [<<"1">>, [$/ | <<"2">>]]},
        {<<"12">>, <<"\"12\"">>, [<<"1">> | <<"2">>]},
        {<<"{\"a\":\"\303\251\"}">>, <<"\"{\\\"a\\\":\\\"\303\251\\\"}\"">>,
         [123, [34, <<"a">>, 34], 58, [34, <<"\303\251">>, 34], 125]},
        %% A list is a list as long as it is not clearly text.
        {<<"[\"Oslo\",\"Rome\"]">>, <<"[\"Oslo\",\"Rome\"]">>, [<<"Oslo">>, <<"Rome">>]},
        {<<"[\"Ann\",45]">>, <<"[\"Ann\",45]">>, [<<"Ann">>, 45]},
        {<<"[[1,2],[3,4]]">>, <<"[[1,2],[3,4]]">>, [[1, 2], [3, 4]]},
        {<<"[]">>, <<"[]">>, []}]].

%% Keys of tools and options as atoms, binaries, strings; maps and proplists.
-spec spellings_test_() -> [term()].
spellings_test_() ->
    Function = fun (#{<<"city">> := City}) -> City end,
    Described = #{name => <<"t">>, description => <<"It">>, parameters => #{type => object}},
    [fun () ->
        {ok, Server} = llama_node:start_link(#{transport => fake, script => model()}),
        {ok, #{content := <<"Oslo">>}} = llama_node:chat_tools(Server, <<"Hi">>, [Tool], Options),
        [#{input := #{<<"tools">> := [Told]} = Input} | _] = llama_node_fake:requests(Server),
        ?assertEqual([<<"description">>, <<"name">>, <<"parameters">>], lists:sort(maps:keys(Told))),
        ?assertEqual(#{}, maps:with([<<"max_rounds">>, <<"tool_timeout">>], Input)),
        ok = llama_node:destroy_server(Server)
     end || {Tool, Options} <- [
        {Described#{function => Function}, #{max_rounds => 1}},
        {maps:from_list([{atom_to_binary(Key), Value}
                         || {Key, Value} <- maps:to_list(Described#{function => Function})]),
         #{<<"max_rounds">> => 1, <<"tool_timeout">> => infinity}},
        {maps:to_list(Described#{function => Function}), [{max_rounds, 1}, {tool_timeout, "infinity"}]},
        {[{"function", Function} | maps:to_list(Described)], [{"max_rounds", 1}, {<<"encode">>, nil}]}]].

%% An error behind tools that were run keeps what they did.
-spec later_failures_test_() -> [term()].
later_failures_test_() ->
    Tool = #{name => t, function => fun (_) -> <<"done">> end},
    Busy = {server_busy, <<"later">>},
    [fun () ->
        {error, Busy, [#{role := user}, #{role := assistant, tool_calls := [#{id := <<"1">>}]},
                       #{role := tool, tool_call_id := <<"1">>, content := <<"done">>}] = Messages} =
            chat([call(), {error, Busy}], Tool, #{}),
        %% It goes on from there, without the tool.
        {ok, Server} = llama_node:start_link(#{transport => fake, script => model()}),
        {ok, #{content := <<"done">>, rounds := 0, messages := All}} =
            llama_node:chat_tools(Server, Messages, [Tool], #{}),
        ?assertEqual(4, length(All)),
        ok = llama_node:destroy_server(Server)
     end,
     fun () ->
        {error, {timeout, <<"max_rounds: ", _/binary>>}, [_, _, #{role := tool}]} =
            chat([call()], Tool, #{max_rounds => 1})
     end,
     fun () -> {error, {timeout, <<"max_rounds: ", _/binary>>}} = chat([call()], Tool, #{max_rounds => 0}) end,
     fun () -> {error, Busy} = chat([{error, Busy}], Tool, #{}) end,
     fun () -> {error, {node_down, _}, [_, _, _]} = chat([call(), crash], Tool, #{}) end,
     fun () ->
        Count = counters:new(1, []),
        Third = #{name => t, function => fun (_) ->
            ok = counters:add(Count, 1, 1),
            case counters:get(Count, 1) of 1 -> fine; _ -> {odd} end
        end},
        {error, {invalid_argument, <<"tools: t returned {odd}", _/binary>>}, [_, _, #{content := <<"\"fine\"">>}]} =
            chat([call()], Third, #{})
     end].

-spec bad_arguments_test_() -> [term()].
bad_arguments_test_() ->
    Tool = #{name => t, function => fun (_) -> ok end},
    [{binary_to_list(Start), fun () ->
        {ok, Server} = llama_node:start_link(#{transport => fake}),
        {error, {invalid_argument, Message}} = llama_node:chat_tools(Server, <<"Hi">>, Tools, Options),
        ?assertMatch({0, _}, binary:match(Message, Start)),
        ?assertEqual([], llama_node_fake:requests(Server)),
        ok = llama_node:destroy_server(Server)
     end} || {Start, Tools, Options} <- [
        {<<"tools[1].function is required">>, [Tool, #{name => b}], #{}},
        {<<"tools[0].name is required">>, [maps:remove(name, Tool)], #{}},
        {<<"unknown option 'functon' in tools[0] (did you mean 'function'?)">>, [#{name => b, functon => Tool}], #{}},
        {<<"unknown option 'nmae' in tools[1] (did you mean 'name'?)">>, [Tool, #{"nmae" => b}], #{}},
        {<<"unknown option 'max_round' (did you mean 'max_rounds'?)">>, [Tool], #{max_round => 3}},
        {<<"unknown option 'tool_timout' (did you mean 'tool_timeout'?)">>, [Tool], [{"tool_timout", 3}]},
        {<<"tools[0].name must be text, not 5">>, [Tool#{name => 5}], #{}},
        {<<"tools[0].function must be a fun of one argument">>, [Tool#{function => fun () -> ok end}], #{}},
        {<<"tools[0].function must be a fun of one argument, not a map">>,
         [#{name => t, <<"function">> => #{name => t}}], #{}},
        {<<"tools[0].encode must be a fun of one argument">>, [Tool#{encode => json}], #{}},
        {<<"tools[0].name is given twice">>, [Tool#{<<"name">> => <<"t">>}], #{}},
        {<<"tools[0] must be a map">>, [t], #{}},
        {<<"tools must be a list">>, tools, #{}},
        {<<"tools[1]: there is a tool 't' already">>, [Tool, Tool], #{}},
        {<<"unknown option 'parametres' in tools[0] (did you mean 'parameters'?)">>, [Tool#{parametres => #{}}], #{}},
        {<<"tools: is an argument">>, [Tool], [{"tools", []}]},
        {<<"max_rounds must be an integer from 0">>, [Tool], #{<<"max_rounds">> => -1}},
        {<<"tool_timeout must be infinity or an integer">>, [Tool], #{tool_timeout => 1.5}},
        {<<"encode must be a fun of one argument">>, [Tool], #{encode => fun () -> ok end}},
        {<<"options must be a map">>, [Tool], 7}]].
