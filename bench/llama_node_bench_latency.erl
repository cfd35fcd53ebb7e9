%% @doc What a user waits for: a node's start, and the next token while somebody else's long prompt is evaluated.
-module(llama_node_bench_latency).

-export([gaps/1, starts/0]).

-define(STREAMS, 4).
-define(LONG_PROMPT, 4000).
%% Tokens of each stream before the long prompt comes.
-define(UNDISTURBED, 150).
-define(STARTS, 7).

%% @doc The times between the tokens of four streams, in milliseconds: before a prompt of 4,000 tokens comes, and from
%% then to its first token. Then how long that prompt took, beside them and alone.
-spec gaps(llama_node_bench:settings()) ->
    #{before := [float()], during := [float()], beside_ms := float(), alone_ms := float()}.
gaps(#{model := Model, n_batch := NBatch, threads := Threads}) ->
    io:format(standard_error, "gaps beside a long prompt~n", []),
    {ok, Server} = llama_node:start_link(#{model => Model, n_parallel => ?STREAMS + 1, n_ctx => ?LONG_PROMPT + 500,
                                           n_batch => NBatch, n_ubatch => NBatch, n_threads => Threads,
                                           log_level => warning}),
    _ = long_prompt(Server, 1),
    Alone = long_prompt(Server, 2),
    Parent = self(),
    Streams = [spawn_link(fun() -> stream(Server, Number, Parent) end) || Number <- lists:seq(1, ?STREAMS)],
    _ = [receive {undisturbed, Stream} -> ok end || Stream <- Streams],
    From = erlang:monotonic_time(microsecond),
    Beside = long_prompt(Server, 3),
    To = erlang:monotonic_time(microsecond),
    Times = [begin
                 Stream ! stop,
                 receive {times, Stream, Value} -> Value end
             end || Stream <- Streams],
    true = unlink(Server),
    ok = llama_node:destroy_server(Server),
    %% The first tokens of a stream come while the others' prompts are evaluated.
    #{before => gaps(Times, lists:max([lists:nth(?UNDISTURBED div 3, T) || T <- Times]), From),
      during => gaps(Times, From, To), beside_ms => Beside, alone_ms => Alone}.

gaps(Times, From, To) ->
    [(B - A) / 1000 || Stream <- Times, {A, B} <- lists:zip(lists:droplast(Stream), tl(Stream)), A >= From, B =< To].

stream(Server, Number, Parent) ->
    {ok, Session} = llama_node:create_session(Server, #{temperature => 0, ignore_eos => true}),
    {ok, Task} = llama_node:stream(Server, Session, completion, #{
        prompt => list_to_binary(llama_node_bench:prompt(16, {Number, 0, 0})), n_predict => ?LONG_PROMPT}),
    Times = events(Task, Parent, []),
    ok = llama_node:cancel_task(Server, Task),
    Parent ! {times, self(), lists:reverse(Times)},
    receive {llama_node, Task, {error, _}} -> ok; {llama_node, Task, {done, _}} -> ok end.

events(Task, Parent, Times) when length(Times) =:= ?UNDISTURBED ->
    Parent ! {undisturbed, self()},
    later(Task, Times);
events(Task, Parent, Times) ->
    receive {llama_node, Task, {chunk, _}} -> events(Task, Parent, [erlang:monotonic_time(microsecond) | Times]) end.

later(Task, Times) ->
    receive
        {llama_node, Task, {chunk, _}} -> later(Task, [erlang:monotonic_time(microsecond) | Times]);
        stop -> Times
    end.

long_prompt(Server, Seed) ->
    Prompt = list_to_binary(llama_node_bench:prompt(?LONG_PROMPT, {Seed, 7, 7})),
    Start = erlang:monotonic_time(microsecond),
    {ok, #{usage := #{completion_tokens := 1}}} =
        llama_node:complete(Server, Prompt, #{n_predict => 1, temperature => 0, ignore_eos => true, timeout => 600000}),
    (erlang:monotonic_time(microsecond) - Start) / 1000.

%% @doc Starts of a node with the shipped model, in milliseconds: until it is ready, until the first chunk of an
%% answer, and its resident size in bytes then. The first one is not counted.
-spec starts() -> [{Ready :: float(), First :: float(), Resident :: pos_integer()}].
starts() ->
    io:format(standard_error, "starts~n", []),
    tl([start() || _ <- lists:seq(0, ?STARTS)]).

start() ->
    Start = erlang:monotonic_time(microsecond),
    {ok, Server} = llama_node:start_link(#{log_level => warning}),
    Ready = erlang:monotonic_time(microsecond),
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Task} = llama_node:stream(Server, Session, chat, #{content => <<"What is Erlang?">>}),
    receive {llama_node, Task, {chunk, _}} -> ok end,
    First = erlang:monotonic_time(microsecond),
    receive {llama_node, Task, {done, _}} -> ok end,
    {ok, #{memory := #{rss_bytes := Resident}}} = llama_node:get_status(Server),
    true = unlink(Server),
    ok = llama_node:destroy_server(Server),
    {(Ready - Start) / 1000, (First - Start) / 1000, Resident}.
