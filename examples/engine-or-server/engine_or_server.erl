#!/usr/bin/env escript
%% One application, twice: over the engine in the node, and over a server that runs the model. What differs are the
%% start options; the application does not know. LLAMA_NODE_URL names the server, LLAMA_NODE_SERVER_API_KEY its key, if
%% it has one.
main(_) ->
    application("the engine", #{}),
    case os:getenv("LLAMA_NODE_URL", "") of
        "" -> io:format("no server: LLAMA_NODE_URL names none~n");
        Url -> application(Url, key(#{engine => llama_server, url => Url}))
    end.

key(Options) ->
    case os:getenv("LLAMA_NODE_SERVER_API_KEY", "") of
        "" -> Options;
        Key -> Options#{api_key => Key}
    end.

application(Where, Options) ->
    {ok, Llama} = llama_node:start_link(Options),
    io:format("~ts:~n", [Where]),
    {ok, Session} =
        llama_node:create_session(Llama, #{system_prompt => "Be brief.", max_tokens => 40, temperature => 0}),
    lists:foreach(fun (Question) -> turn(Llama, Session, Question) end, ["What is Erlang?", "And a process?"]),
    {ok, #{messages := Messages}} = llama_node:get_session_info(Llama, Session),
    io:format("  (~b messages)~n", [Messages]),
    ok = llama_node:close_session(Llama, Session),
    ok = llama_node:destroy_server(Llama).

%% Text as it comes, and one end.
turn(Llama, Session, Question) ->
    io:format("  ~ts~n    ", [Question]),
    Print = fun ({chunk, #{content := Text}}, none) -> io:put_chars(Text), none;
                (_, none) -> none
            end,
    {ok, #{finish_reason := Reason}, none} =
        llama_node:stream_fold(Print, none, Llama, Session, chat, #{content => Question}),
    io:format(" (~s)~n", [Reason]).
