%% @doc Runs the tools that a model asks for, until it answers.
%%
%% ```
%% Weather = #{name => get_weather, description => <<"The weather in a city">>,
%%             parameters => #{type => object, properties => #{city => #{type => string}}, required => [city]},
%%             function => fun (#{<<"city">> := City}) -> my_weather:of_city(City) end},
%% {ok, #{content := Answer}} =
%%     llama_node:chat_tools(Server, <<"What is the weather in Oslo?">>, [Weather], #{max_rounds => 5}).
%% '''
%% @end
-module(llama_node_tools).

-export([chat/4]).
%% Entry point of the processes that tools run in.
-export([work/3]).
-export_type([tool/0, options/0, result/0]).

-type tool() :: #{name := llama_node:text(), function := function(), description => llama_node:text(),
                  parameters => map()}.
%% A tool and what it does: a fun of the decoded arguments, a map with binary keys. What it returns is
%% the result that the model reads: a binary or a string of characters as it is, anything else as JSON
%% if it is made of what JSON knows (maps, lists, binaries, atoms, numbers), and as a term in Erlang's
%% notation otherwise.
%%
%% An exception is no failure of the conversation: the model is told of it in place of a result.

-type options() :: llama_node:input().
%% Options of a chat, except `tools', and
%% <ul>
%% <li>`max_rounds': answers with calls that are followed at most. Default: 8.</li>
%% <li>`tool_timeout': milliseconds for each call. Default: `infinity'. A call that takes longer is
%%     killed, and the model is told so.</li>
%% </ul>
%% `tool_choice' holds for the first answer only: a model that must call a tool every time would never
%% answer. `timeout' is the deadline of each answer.

-type result() :: #{content := binary(), messages := [map()], rounds := non_neg_integer(), atom() => term()}.
%% The result of the last answer, with the conversation that led to it, that answer included, and the
%% number of answers with calls that were followed.

-define(MAX_ROUNDS, 8).

-record(loop, {server, tools, options, left, timeout, rounds = 0}).

%% @doc Answers a conversation, see {@link llama_node:chat_tools/4}.
-spec chat(llama_node:server(), [map()] | llama_node:text(), [tool()], options()) ->
    {ok, result()} | {error, llama_node:error()}.
chat(Server, Messages, Tools, Options) ->
    try
        Known = functions(Tools),
        {Own, Rest} = own_options(Options),
        Loop = #loop{server = Server, tools = Known, left = maps:get(max_rounds, Own, ?MAX_ROUNDS),
                     timeout = maps:get(tool_timeout, Own, infinity),
                     options = Rest#{tools => [maps:remove(function, Tool) || Tool <- Tools]}},
        rounds(conversation(Messages), Loop)
    catch
        throw:{invalid, Format, Args} -> llama_node_error:make(invalid_argument, Format, Args)
    end.

rounds(Messages, #loop{server = Server, options = Options} = Loop) ->
    case llama_node:chat(Server, Messages, Options) of
        {ok, #{finish_reason := tool_calls, tool_calls := Calls} = Result} ->
            follow(Messages ++ [answer(Result)], Calls, Result, Loop);
        {ok, Result} ->
            {ok, Result#{messages => Messages ++ [answer(Result)], rounds => Loop#loop.rounds}};
        {error, _} = Error ->
            Error
    end.

follow(_Messages, _Calls, _Result, #loop{left = 0, rounds = Rounds}) ->
    llama_node_error:make(timeout, "max_rounds: the model still asks for tools after ~b rounds", [Rounds]);
follow(Messages, Calls, _Result, #loop{left = Left, rounds = Rounds, options = Options} = Loop) ->
    Results = [result(Call, Loop) || Call <- Calls],
    rounds(Messages ++ Results, Loop#loop{left = Left - 1, rounds = Rounds + 1, options = free(Options)}).

%% The model may answer from the second round on, whatever the first one had to be.
free(Options) ->
    maps:without([tool_choice, <<"tool_choice">>, "tool_choice"], Options).

answer(Result) ->
    maps:merge(#{role => assistant}, maps:with([content, reasoning_content, tool_calls], Result)).

result(#{id := Id, name := Name, arguments := Arguments}, #loop{tools = Tools, timeout = Timeout}) ->
    Content = case Tools of
        #{Name := Function} -> run(Function, Arguments, Timeout);
        _ -> text("error: there is no tool ~ts; there are ~ts", [Name, lists:join(", ", lists:sort(maps:keys(Tools)))])
    end,
    #{role => tool, tool_call_id => Id, name => Name, content => Content}.

%% A process of its own: it may crash, exit or hang without harm to the caller, with which it ends.
run(Function, Arguments, Timeout) ->
    {Pid, Ref} = spawn_monitor(?MODULE, work, [self(), Function, Arguments]),
    receive
        {'DOWN', Ref, process, Pid, {tool_result, Content}} -> Content;
        {'DOWN', Ref, process, Pid, {tool_error, Class, Reason}} -> text("error: ~ts: ~0tP", [Class, Reason, 20]);
        {'DOWN', Ref, process, Pid, Reason} -> text("error: the tool ended: ~0tP", [Reason, 20])
    after Timeout ->
        exit(Pid, kill),
        receive {'DOWN', Ref, process, Pid, _} -> ok end,
        text("error: no result within ~b ms", [Timeout])
    end.

%% @private
-spec work(pid(), fun((map()) -> term()), map()) -> no_return().
work(Caller, Function, Arguments) ->
    Self = self(),
    _ = spawn(fun () -> guard(Caller, Self) end),
    exit(try {tool_result, content(Function(Arguments))}
         catch Class:Reason -> {tool_error, Class, Reason}
         end).

guard(Caller, Tool) ->
    CallerRef = erlang:monitor(process, Caller),
    ToolRef = erlang:monitor(process, Tool),
    receive
        {'DOWN', CallerRef, process, _, _} -> exit(Tool, kill);
        {'DOWN', ToolRef, process, _, _} -> true
    end.

content(Binary) when is_binary(Binary) ->
    case unicode:characters_to_list(Binary) of
        Characters when is_list(Characters) -> Binary;
        _ -> text("~0tp", [Binary])
    end;
content([_ | _] = List) ->
    case io_lib:printable_unicode_list(List) of
        true -> unicode:characters_to_binary(List);
        false -> written(List)
    end;
content(Other) ->
    written(Other).

written(Term) ->
    try
        unicode:characters_to_binary(json(Term))
    catch
        throw:no_json -> text("~0tp", [Term])
    end.

json(Atom) when is_atom(Atom), Atom =:= true; Atom =:= false; Atom =:= null -> atom_to_binary(Atom);
json(undefined) -> <<"null">>;
json(nil) -> <<"null">>;
json(Atom) when is_atom(Atom) -> json(atom_to_binary(Atom));
json(Integer) when is_integer(Integer) -> integer_to_binary(Integer);
json(Float) when is_float(Float) -> float_to_binary(Float, [short]);
json(Binary) when is_binary(Binary) -> quoted(Binary);
json(List) when is_list(List), length(List) >= 0 -> [$[, lists:join($,, [json(Item) || Item <- List]), $]];
json(Map) when is_map(Map) ->
    [${, lists:join($,, [[key(Key), $:, json(Value)] || {Key, Value} <- lists:sort(maps:to_list(Map))]), $}];
json(_) -> throw(no_json).

key(Key) when is_atom(Key) -> quoted(atom_to_binary(Key));
key(Key) when is_integer(Key) -> quoted(integer_to_binary(Key));
key(Key) when is_binary(Key) -> quoted(Key);
key(_) -> throw(no_json).

quoted(Binary) ->
    case unicode:characters_to_list(Binary) of
        Characters when is_list(Characters) -> [$", [escaped(C) || C <- Characters], $"];
        _ -> throw(no_json)
    end.

escaped($") -> "\\\"";
escaped($\\) -> "\\\\";
escaped($\n) -> "\\n";
escaped(C) when C < 16#20 -> io_lib:format("\\u~4.16.0b", [C]);
escaped(C) -> C.

text(Format, Args) ->
    unicode:characters_to_binary(io_lib:format(Format, Args)).

%% Arguments

functions(Tools) when is_list(Tools), length(Tools) >= 0 ->
    maps:from_list([function(Tool) || Tool <- Tools]);
functions(_) ->
    throw({invalid, "tools: must be a list of maps with name and function", []}).

function(#{name := Name, function := Function}) when is_function(Function, 1) ->
    try unicode:characters_to_binary(case Name of _ when is_atom(Name) -> atom_to_list(Name); _ -> Name end) of
        Text when is_binary(Text) -> {Text, Function};
        _ -> throw({invalid, "tools: ~0tP is no name", [Name, 8]})
    catch
        error:badarg -> throw({invalid, "tools: ~0tP is no name", [Name, 8]})
    end;
function(Tool) ->
    throw({invalid, "tools: ~0tP must be a map with a name and a function of one argument", [Tool, 12]}).

own_options(Options) ->
    All = case Options of
        _ when is_map(Options) -> Options;
        [] -> #{};
        [_ | _] -> proplists:to_map(Options);
        _ -> throw({invalid, "options: must be a map or a proplist, got ~0tP", [Options, 8]})
    end,
    [throw({invalid, "tools: is an argument, not an option", []})
     || Key <- [tools, <<"tools">>, "tools"], is_map_key(Key, All)],
    Own = maps:with([max_rounds, tool_timeout], All),
    maps:foreach(fun own_option/2, Own),
    {Own, maps:without([max_rounds, tool_timeout], All)}.

own_option(_, Value) when is_integer(Value), Value >= 0, Value =< 16#ffffffff -> ok;
own_option(tool_timeout, infinity) -> ok;
own_option(Key, Value) ->
    throw({invalid, "~ts: must be an integer from 0 to 4294967295, got ~0tP", [Key, Value, 8]}).

conversation([First | _] = Messages) when is_map(First); is_list(First); is_tuple(First) -> Messages;
conversation(Text) -> [#{role => user, content => Text}].
