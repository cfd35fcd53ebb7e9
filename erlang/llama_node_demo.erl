%% @doc Four sessions chat with the model at the same time; `make demo' runs it.
-module(llama_node_demo).

-export([main/1, run/2]).

-define(WIDTH, 76).
%% Rows of the screen for each session in a terminal.
-define(ROWS, 4).

-define(QUESTIONS, [<<"What is Erlang?">>, <<"Tell me a short story.">>,
                    <<"What is a NIF?">>, <<"What is a llama?">>]).

%% @doc Runs the demo and ends the runtime; the status tells whether every session was answered.
-spec main(Terminal :: boolean()) -> no_return().
main(Terminal) ->
    case run(options(os:getenv("LLAMA_NODE_URL", ""), os:getenv("MODEL", "")), Terminal) of
        ok -> halt(0);
        {error, {Code, Message}} ->
            io:put_chars(standard_error, ["demo: ", atom_to_list(Code), ": ", Message, $\n]),
            halt(1)
    end.

%% With a URL, the model is one of that server's, by its name there.
options("", "") -> default_model("../shared/models/tiny-chat.gguf");
options("", Path) -> #{model => Path};
options(Url, Model) ->
    maps:from_list([{engine, llama_server}, {url, Url}]
                   ++ [{model, Model} || Model =/= ""]
                   ++ [{api_key, Key} || Key <- [os:getenv("LLAMA_NODE_SERVER_API_KEY", "")], Key =/= ""]).

%% The model that comes with the project is the default of start_link/1; before there is one, the
%% shared directory beside the checkout may have it.
default_model(Shared) ->
    case {filelib:is_regular("priv/models/tiny-chat.gguf"), filelib:is_regular(Shared)} of
        {false, true} -> #{model => Shared};
        _ -> #{}
    end.

%% @doc Starts a server with the options, streams four chats side by side and shows the totals.
%% In a terminal the answers grow in place; elsewhere each line is labelled.
-spec run(llama_node:start_options(), Terminal :: boolean()) -> ok | {error, llama_node:error()}.
run(Options, Terminal) ->
    case llama_node_server:start_owned(Options) of
        {ok, Server} ->
            try
                chat(Server, Terminal)
            after
                llama_node:destroy_server(Server)
            end;
        {error, _} = Error ->
            Error
    end.

chat(Server, Terminal) ->
    _ = io:setopts([{encoding, unicode}]),
    Me = self(),
    Started = erlang:monotonic_time(millisecond),
    Workers = [spawn_monitor(fun() -> ask(Server, N, Question, Me) end)
               || {N, Question} <- lists:enumerate(?QUESTIONS)],
    View0 = show_first(Terminal, maps:from_list([{N, {Q, <<>>, <<>>}} || {N, Q} <- lists:enumerate(?QUESTIONS)])),
    Results = collect(length(Workers), View0, #{}),
    Elapsed = erlang:monotonic_time(millisecond) - Started,
    totals(Results, Elapsed, llama_node:get_status(Server)).

%% One process a session, as in a real application: it owns the session and reads the stream.
ask(Server, N, Question, Parent) ->
    Tell = fun({chunk, #{content := Text}}, Acc) -> Parent ! {text, N, Text}, Acc;
              (_, Acc) -> Acc
           end,
    {ok, Session} = llama_node:create_session(Server, #{temperature => 0, max_tokens => 200}),
    Outcome = llama_node:stream_fold(Tell, none, Server, Session, chat, #{content => Question}),
    {ok, Info} = llama_node:get_session_info(Server, Session),
    Parent ! {finished, N, Outcome, maps:get(slot, Info, none)},
    _ = llama_node:close_session(Server, Session),
    ok.

collect(0, View, Results) ->
    _ = show_rest(View),
    Results;
collect(Left, View, Results) ->
    receive
        {text, N, Text} ->
            collect(Left, show(N, Text, View), Results);
        {finished, N, Outcome, Slot} ->
            collect(Left - 1, View, Results#{N => {Outcome, Slot}});
        {'DOWN', _, process, _, normal} ->
            collect(Left, View, Results);
        {'DOWN', _, process, Pid, Reason} ->
            Error = {error, {unknown, io_lib:format("~0p", [Reason])}},
            collect(Left - 1, View, Results#{Pid => {Error, none}})
    end.

totals(Results, Elapsed, {ok, #{models := [#{id := Model, slots := Slots} | _]}}) ->
    {Outcomes, Used} = lists:unzip(maps:values(Results)),
    Tokens = lists:sum([T || {ok, #{usage := #{completion_tokens := T}}, _} <- Outcomes]),
    io:format("~ntotal: ~b sessions, ~b tokens in ~.2f s, ~.1f tokens/s~ts, model ~ts~n",
              [map_size(Results), Tokens, Elapsed / 1000, Tokens * 1000 / max(1, Elapsed),
               used(lists:usort(Used) -- [none], Slots), Model]),
    case [Error || {error, Error} <- Outcomes] of
        [] -> ok;
        [Error | _] -> {error, Error}
    end;
totals(_, _, {error, _} = Error) ->
    Error.

%% Slots of a server are not the sessions' to tell.
used([], _) -> "";
used(Used, Slots) -> io_lib:format(", ~b of ~b slots used", [length(Used), length(Slots)]).

%% The view: what every session has said, and, outside a terminal, what waits to fill a line.

show_first(Terminal, Texts) ->
    Terminal andalso io:put_chars(draw(Texts)),
    {Terminal, Texts}.

show(N, Text, {true, Texts}) ->
    #{N := {Question, Said, Rest}} = Texts,
    Next = Texts#{N := {Question, <<Said/binary, Text/binary>>, Rest}},
    io:put_chars([io_lib:format("\e[~bA", [map_size(Texts) * ?ROWS]), draw(Next)]),
    {true, Next};
show(N, Text, {false, Texts}) ->
    #{N := {Question, Said, Rest}} = Texts,
    Line = <<Rest/binary, Text/binary>>,
    case string:length(Line) >= ?WIDTH div 3 of
        true ->
            line(N, Line),
            {false, Texts#{N := {Question, Said, <<>>}}};
        false ->
            {false, Texts#{N := {Question, Said, Line}}}
    end.

show_rest({true, _}) -> ok;
show_rest({false, Texts}) ->
    [line(N, Rest) || {N, {_, _, Rest}} <- lists:sort(maps:to_list(Texts)), Rest =/= <<>>].

line(N, Text) ->
    io:format("session ~b | ~ts~n", [N, string:trim(Text, leading)]).

draw(Texts) ->
    [draw(N, Question, Said) || {N, {Question, Said, _}} <- lists:sort(maps:to_list(Texts))].

draw(N, Question, Said) ->
    Answer = wrap(string:trim(Said, leading)),
    Shown = lists:nthtail(max(0, length(Answer) - (?ROWS - 1)), Answer),
    Blank = lists:duplicate(?ROWS - 1 - length(Shown), []),
    [io_lib:format("\r\e[K\e[1msession ~b: ~ts\e[0m~n", [N, Question]) |
     [["\r\e[K  ", Row, $\n] || Row <- Shown ++ Blank]].

wrap(Text) ->
    wrap(string:lexemes(Text, " \n"), [], 0).

wrap([], Row, _) -> [lists:reverse(Row)];
wrap([Word | Words], Row, Length) ->
    case Length + string:length(Word) + 1 of
        Next when Next > ?WIDTH, Row =/= [] -> [lists:reverse(Row) | wrap([Word | Words], [], 0)];
        Next -> wrap(Words, [$\s, Word | Row], Next)
    end.
