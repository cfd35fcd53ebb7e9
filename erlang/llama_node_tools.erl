%% @doc Runs the tools that a model asks for, until it answers.
%%
%% ```
%% Weather = #{name => get_weather, description => <<"The weather in a city">>,
%%             parameters => #{type => object, properties => #{city => #{type => string}}, required => [city]},
%%             function => fun (#{<<"city">> := City}) -> my_weather:of_city(City) end},
%% {ok, #{content := Answer}} =
%%     llama_node:chat_tools(Llama, <<"What is the weather in Oslo?">>, [Weather], #{max_rounds => 5}).
%% '''
%% @end
-module(llama_node_tools).

-include_lib("kernel/include/logger.hrl").

-import(llama_node_value, [bad/2, must_be/2, path/1]).

-export([chat/4]).
%% Entry point of the processes that tools run in.
-export([work/3]).
-export_type([tool/0, options/0, result/0, tool_function/0]).

-type tool_function() :: fun((Arguments :: #{binary() => term()}) -> term()).
%% What a tool does. Its arguments have binary keys. What it returns is the result that the model reads:
%% <ul>
%% <li>`{ok, Term}' is read as `Term', and `{error, Reason}' as a failure that the model is told of.</li>
%% <li>A binary or a string of characters is read as it is, and so is text in pieces such as `io_lib:format/2' gives: a
%%     list in which characters stand beside lists.</li>
%% <li>Anything else is written as JSON: maps, lists, binaries, atoms and numbers; a keyword list is an object.</li>
%% <li>What is no JSON, such as a tuple, a pid or a struct of Elixir, and stands for the whole or somewhere inside it,
%%     is given to the fun `encode' of the tool or of the options, whose result takes its place: a binary, a list in
%%     which characters stand in lists (text in pieces, from an encoder of JSON for instance), or a term that is
%%     JSON. Without such a fun, the call of `chat_tools' ends with `invalid_argument', and the message names the
%%     tool.</li>
%% </ul>
%% An exception is no failure of the conversation: it is logged with its stacktrace, and the model is told its message,
%% as `error: ' and one line.

-type tool() :: #{llama_node:text() => term()} | [{llama_node:text(), term()}].
%% A map or a proplist with `name' and `function', see {@type tool_function()}; for the model `description' and
%% `parameters';
%% and `encode', a fun of one argument. Keys may be atoms, binaries or strings, as in every input.

-type options() :: llama_node:input().
%% Options of a chat, except `tools', and
%% <ul>
%% <li>`max_rounds': answers with calls that are followed at most. Default: 8.</li>
%% <li>`tool_timeout': milliseconds for each call. Default: `infinity'. A call that takes longer is
%%     killed, and the model is told so.</li>
%% <li>`encode': a fun of a term that is no JSON, for tools without one of their own: see {@type tool_function()}.</li>
%% </ul>
%% `tool_choice' holds for the first answer only: a model that must call a tool every time would never
%% answer. `timeout' is the deadline of each answer.

-type result() :: #{content := binary(), messages := [map()], rounds := non_neg_integer(), atom() => term()}.
%% The result of the last answer, with the conversation that led to it, that answer included, and the
%% number of answers with calls that were followed.

-define(MAX_ROUNDS, 8).
-define(KEYS, [<<"name">>, <<"description">>, <<"parameters">>, <<"function">>, <<"encode">>]).
-define(OWN, [<<"max_rounds">>, <<"tool_timeout">>, <<"encode">>]).
-define(MAX_NUMBER, 16#ffffffff).

-record(loop, {server, tools, options, left, timeout, rounds = 0}).

%% @doc Answers a conversation, see {@link llama_node:chat_tools/4}.
-spec chat(llama_node:server(), [map() | list()] | llama_node:text(), [tool()], options()) ->
    {ok, result()} | {error, llama_node:error()} | {error, llama_node:error(), Messages :: [map() | list()]}.
chat(Server, Messages, Tools, Options) ->
    try
        {Own, Rest} = own_options(Options),
        {Known, Described} = known(Tools, maps:get(<<"encode">>, Own, none)),
        Loop = #loop{server = Server, tools = Known, left = maps:get(<<"max_rounds">>, Own, ?MAX_ROUNDS),
                     timeout = maps:get(<<"tool_timeout">>, Own, infinity), options = Rest#{<<"tools">> => Described}},
        rounds(conversation(Messages), Loop)
    catch
        throw:{bad, Code, Message} -> {error, {Code, Message}}
    end.

rounds(Messages, #loop{server = Server, options = Options} = Loop) ->
    case llama_node:chat(Server, Messages, Options) of
        {ok, #{finish_reason := tool_calls, tool_calls := Calls} = Result} ->
            follow(Messages, answer(Result), Calls, Loop);
        {ok, Result} ->
            {ok, Result#{messages => Messages ++ [answer(Result)], rounds => Loop#loop.rounds}};
        {error, Error} ->
            failed(Error, Messages, Loop)
    end.

follow(Messages, _Answer, _Calls, #loop{left = 0, rounds = Rounds} = Loop) ->
    {error, Error} =
        llama_node_error:make(timeout, "max_rounds: the model still asks for tools after ~b rounds", [Rounds]),
    failed(Error, Messages, Loop);
follow(Messages, Answer, Calls, #loop{left = Left, rounds = Rounds, options = Options} = Loop) ->
    try [result(Call, Loop) || Call <- Calls] of
        Results ->
            %% The model may answer from the second round on, whatever the first one had to be.
            rounds(Messages ++ [Answer | Results],
                   Loop#loop{left = Left - 1, rounds = Rounds + 1, options = maps:remove(<<"tool_choice">>, Options)})
    catch
        throw:{refused, Message} -> failed({invalid_argument, Message}, Messages, Loop)
    end.

%% What tools have done cannot be done again by asking anew: the conversation goes on from their results.
failed(Error, _Messages, #loop{rounds = 0}) -> {error, Error};
failed(Error, Messages, _Loop) -> {error, Error, Messages}.

answer(Result) ->
    maps:merge(#{role => assistant}, maps:with([content, reasoning_content, tool_calls], Result)).

result(#{id := Id, name := Name, arguments := Arguments}, #loop{tools = Tools, timeout = Timeout}) ->
    Content = case Tools of
        #{Name := Tool} -> run(Name, Tool, Arguments, Timeout);
        _ -> text("error: there is no tool ~ts; there are ~ts", [Name, lists:join(", ", lists:sort(maps:keys(Tools)))])
    end,
    #{role => tool, tool_call_id => Id, name => Name, content => Content}.

%% A process of its own: it may crash, exit or hang without harm to the caller, with which it ends.
run(Name, Tool, Arguments, Timeout) ->
    {Pid, Ref} = spawn_monitor(?MODULE, work, [self(), Tool#{name => Name}, Arguments]),
    receive
        {'DOWN', Ref, process, Pid, {tool_result, Content}} -> Content;
        {'DOWN', Ref, process, Pid, {tool_refused, Message}} -> throw({refused, Message});
        {'DOWN', Ref, process, Pid, Reason} ->
            ?LOG_ERROR("the tool ~ts ended: ~0tP", [Name, Reason, 20]),
            text("error: the tool ended: ~0tP", [Reason, 20])
    after Timeout ->
        exit(Pid, kill),
        receive {'DOWN', Ref, process, Pid, _} -> ok end,
        ?LOG_WARNING("the tool ~ts gave no result within ~b ms and was killed", [Name, Timeout]),
        text("error: no result within ~b ms", [Timeout])
    end.

%% @private
-spec work(pid(), #{name := binary(), function := tool_function(), encode := llama_node_tool_text:encode()}, map()) ->
    no_return().
work(Caller, #{name := Name, function := Function, encode := Encode}, Arguments) ->
    Self = self(),
    _ = spawn(fun () -> guard(Caller, Self) end),
    exit(try
        {tool_result, read(Name, Function(Arguments), Encode)}
    catch
        throw:{?MODULE, refused, Message} ->
            {tool_refused, Message};
        Class:Reason:Stacktrace ->
            ?LOG_ERROR("the tool ~ts raised an ~ts", [Name, erl_error:format_exception(Class, Reason, Stacktrace)]),
            {tool_result, llama_node_tool_text:raised(Class, Reason)}
    end).

read(Name, Result, Encode) ->
    try
        llama_node_tool_text:result(Result, Encode)
    catch
        throw:{no_json, Place, Term} ->
            throw({?MODULE, refused,
                   text("tools: ~ts returned ~ts~ts, which is no JSON; give it encode => fun/1, or return text, "
                        "maps, lists and numbers", [Name, llama_node_tool_text:kind(Term), place(Place)])})
    end.

guard(Caller, Tool) ->
    CallerRef = erlang:monitor(process, Caller),
    ToolRef = erlang:monitor(process, Tool),
    receive
        {'DOWN', CallerRef, process, _, _} -> exit(Tool, kill);
        {'DOWN', ToolRef, process, _, _} -> true
    end.

place(<<>>) -> "";
place(Place) -> [" at ", string:trim(Place, leading, ".")].

text(Format, Args) ->
    unicode:characters_to_binary(io_lib:format(Format, Args)).

%% Arguments

%% The functions by name, and what the node is told of the tools.
known(Tools, Encode) ->
    Parsed = [tool(Item, Encode) || Item <- llama_node_value:items(llama_node_value:root(<<"tools">>, Tools))],
    {maps:from_list([{Name, Own} || {Name, Own, _} <- Parsed]), [Described || {_, _, Described} <- Parsed]}.

tool(Item, Encode) ->
    Fields = maps:from_list(llama_node_value:entries(Item)),
    Name = llama_node_value:text(required(<<"name">>, Item, Fields)),
    Own = #{function => function(required(<<"function">>, Item, Fields)),
            encode => case Fields of #{<<"encode">> := Fun} -> encoder(Fun, Encode); _ -> Encode end},
    {Name, Own, raw(maps:without([<<"function">>, <<"encode">>], Fields))}.

required(Key, Item, Fields) ->
    case Fields of
        #{Key := Value} -> Value;
        _ ->
            ok = none_near(maps:keys(maps:without(?KEYS, Fields)), ?KEYS, [" in ", path(Item)]),
            bad("~ts.~ts is required", [path(Item), Key])
    end.

%% Keys that were mistyped here are not known to the node, which could not tell what they were meant to be.
none_near(Given, Known, Place) ->
    _ = [bad("unknown option '~ts'~ts (did you mean '~ts'?)", [llama_node_value:line(Key, 40), Place, Near])
         || Key <- Given, {ok, Near} <- [llama_node_input:near(Key, Known)]],
    ok.

function(Value) ->
    case llama_node_value:raw(Value) of
        Function when is_function(Function, 1) -> Function;
        _ -> must_be(Value, "a fun of one argument")
    end.

encoder(Value, Otherwise) ->
    case llama_node_value:is_absent(Value) of
        true -> Otherwise;
        false -> function(Value)
    end.

raw(Fields) -> maps:map(fun (_Key, Value) -> llama_node_value:raw(Value) end, Fields).

own_options(Options) ->
    Fields = maps:from_list(llama_node_value:entries(llama_node_value:root(<<"options">>, Options))),
    _ = is_map_key(<<"tools">>, Fields) andalso bad("tools: is an argument, not an option", []),
    {Own, Rest} = lists:partition(fun ({Key, _}) -> lists:member(Key, ?OWN) end, maps:to_list(Fields)),
    ok = none_near([Key || {Key, _} <- Rest], ?OWN, ""),
    {maps:from_list([{Key, own_option(Key, Value)} || {Key, Value} <- Own, not llama_node_value:is_absent(Value)]),
     raw(maps:from_list(Rest))}.

own_option(<<"encode">>, Value) -> function(Value);
own_option(<<"max_rounds">>, Value) -> llama_node_value:integer(Value, 0, ?MAX_NUMBER);
own_option(<<"tool_timeout">>, Value) ->
    case llama_node_input:text(llama_node_value:raw(Value)) of
        {ok, <<"infinity">>} -> infinity;
        _ -> llama_node_value:integer(Value, 0, ?MAX_NUMBER, "infinity or ")
    end.

conversation([First | _] = Messages) when is_map(First); is_list(First); is_tuple(First) -> Messages;
conversation(Text) -> [#{role => user, content => Text}].
