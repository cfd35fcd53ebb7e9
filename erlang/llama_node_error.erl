%% @doc Errors as every function of the library returns them: `{error, {Code, Message}}'.
%%
%% The codes are those of section 6 of docs/protocol.md. Most errors are made by the Java node;
%% this module makes the ones that belong to the Erlang side.
%% @end
-module(llama_node_error).

-export([no_server/1, make/2, make/3, with_words/2, codes/0, number/1, node_down/1, timeout/1]).
-export_type([code/0, error/0]).

-type code() ::
    invalid_argument | out_of_memory | model_load_failed | inference_failed | session_not_found
    | server_busy | timeout | task_not_found | cancelled | unsupported | unauthorized | node_down
    | java_not_found | start_failed | unknown.
%% What went wrong, in one word; {@link number/1} gives the number of the protocol.

-type error() :: {code(), Message :: binary()}.
%% `Message' is UTF-8 and names the offending key where there is one.

%% A message is for people: one that quotes a whole prompt helps nobody.
-define(CHARS_LIMIT, 500).

-define(NUMBERS, #{
    invalid_argument => 1,
    out_of_memory => 2,
    model_load_failed => 3,
    inference_failed => 4,
    session_not_found => 5,
    server_busy => 6,
    timeout => 7,
    task_not_found => 8,
    cancelled => 9,
    unsupported => 10,
    unauthorized => 11,
    node_down => 12,
    java_not_found => 13,
    start_failed => 14,
    unknown => 99}).

%% @equiv make(Code, Text, [])
-spec make(code(), io:format()) -> {error, error()}.
make(Code, Text) ->
    make(Code, Text, []).

%% @doc An error tuple with a formatted message.
%% ```
%% {error, {timeout, <<"no answer within 5 ms">>}} =
%%     llama_node_error:make(timeout, "no answer within ~b ms", [5]).
%% '''
-spec make(code(), io:format(), [term()]) -> {error, error()}.
make(Code, Format, Args) ->
    Text = io_lib:format(Format, Args, [{chars_limit, ?CHARS_LIMIT}]),
    {error, {Code, unicode:characters_to_binary(Text)}}.

%% @doc An error with what a program said last, in its own words.
%% ```
%% {start_failed, <<"it ended: no room">>} =
%%     llama_node_error:with_words({start_failed, <<"it ended">>}, <<"no room">>).
%% '''
-spec with_words(error(), binary()) -> error().
with_words(Error, <<>>) -> Error;
with_words({Code, Message}, Words) -> {Code, <<Message/binary, ": ", Words/binary>>}.

%% @doc The error of a request whose node has gone; `Reason' is that of an exit or a monitor.
%% ```
%% {error, {node_down, <<"the node is gone: noconnection">>}} =
%%     llama_node_error:node_down(noconnection).
%% '''
-spec node_down(term()) -> {error, error()}.
node_down(Reason) ->
    make(node_down, "the node is gone: ~0tp", [Reason]).

%% @doc The error of a request to a server that is not there, with what to do about it.
%% ```
%% {error, {node_down, <<"there is no server llm: start one with llama_node:start_link/1 or under a supervisor "
%%                       "with llama_node:child_spec/1, and name => llm">>}} = llama_node_error:no_server(llm).
%% '''
-spec no_server(llama_node:server()) -> {error, error()}.
no_server(Pid) when is_pid(Pid) ->
    make(node_down, "the server ~0p has ended: a supervisor starts its successor under another pid, so give it a name",
         [Pid]);
no_server({Name, Node}) when is_atom(Name), Name =/= global, is_atom(Node) ->
    make(node_down, "there is no server ~0tp at ~ts: start one there with llama_node:start_link/1 and name => ~0tp, or "
                    "name the mailbox of a node", [Name, Node, Name]);
no_server(Name) ->
    make(node_down, "there is no server ~0tp: start one with llama_node:start_link/1 or under a supervisor with "
                    "llama_node:child_spec/1, and name => ~0tp", [Name, Name]).

%% @doc The error of a request that was not answered in time.
-spec timeout(timeout()) -> {error, error()}.
timeout(Timeout) ->
    make(timeout, "no answer within ~0tp ms", [Timeout]).

%% @doc Every code there is.
-spec codes() -> [code()].
codes() ->
    maps:keys(?NUMBERS).

%% @doc The number that docs/protocol.md gives to a code.
%% ```
%% 12 = llama_node_error:number(node_down).
%% '''
-spec number(code()) -> 1..99.
number(Code) ->
    map_get(Code, ?NUMBERS).
