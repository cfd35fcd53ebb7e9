%% @doc The variant that goes through llama_node, and what else is measured of a node.
-module(llama_node_bench_node).

-export([open/3, run/3, close/1, status/1, measure/1]).
%% The process of another BEAM that calls are compared with.
-export([echo/2]).

-define(SLOTS, 4).
-define(IDLE_MS, 10000).
-define(CALLS, 1000).
-define(CALL_ROUNDS, 7).
-define(TINY_STREAMS, 8).
-define(TINY_TOKENS, 400).

%% @doc Starts a node with the options of all variants.
-spec open(llama_node_bench:settings(), pos_integer(), distribution | port) -> pid().
open(#{model := Model} = Settings, Slots, Transport) ->
    start(Settings, Model, Slots, Transport).

start(#{n_ctx := NCtx, n_batch := NBatch, threads := Threads}, Model, Slots, Transport) ->
    {ok, Server} = llama_node:start_link(#{model => Model, n_parallel => Slots, n_ctx => NCtx, n_batch => NBatch,
                                           n_ubatch => NBatch, n_threads => Threads, log_level => warning,
                                           transport => Transport}),
    Server.

%% @doc Ends a node. It tells where the time of its steps went, as shares: schedule, decode, sample, output.
-spec close(pid()) -> {steps, {float(), float(), float(), float()}}.
close(Server) ->
    {ok, #{counters := #{schedule_ms := Schedule, decode_ms := Decode, sample_ms := Sample, output_ms := Output}}} =
        llama_node:get_status(Server),
    unlink(Server),
    ok = llama_node:destroy_server(Server),
    All = max(1, Schedule + Decode + Sample + Output),
    {steps, {Schedule / All, Decode / All, Sample / All, Output / All}}.

%% @doc Runs all streams at once, each in a session and a process of its own.
-spec run(pid(), [string()], pos_integer()) -> [llama_node_bench:timeline()].
run(Server, Prompts, Tokens) ->
    Clients = [spawn_monitor(client(Server, Prompt, Tokens)) || Prompt <- Prompts],
    _ = [receive {ready, Pid} -> ok end || {Pid, _} <- Clients],
    Start = erlang:monotonic_time(microsecond),
    _ = [Pid ! {go, Start} || {Pid, _} <- Clients],
    [receive {'DOWN', Ref, process, Pid, {timeline, Timeline}} -> Timeline;
             {'DOWN', Ref, process, Pid, Reason} -> error(Reason)
     end || {Pid, Ref} <- Clients].

client(Server, Prompt, Tokens) ->
    Parent = self(),
    fun() ->
        {ok, Session} = llama_node:create_session(Server, #{temperature => 0, ignore_eos => true}),
        Parent ! {ready, self()},
        Start = receive {go, Time} -> Time end,
        Input = #{prompt => list_to_binary(Prompt), n_predict => Tokens},
        {ok, Task} = llama_node:stream(Server, Session, completion, Input),
        Timeline = events(Task, Start, []),
        ok = llama_node:close_session(Server, Session),
        exit({timeline, Timeline})
    end.

events(Task, Start, Pieces) ->
    receive
        {llama_node, Task, {chunk, _}} ->
            events(Task, Start, [erlang:monotonic_time(microsecond) - Start | Pieces]);
        {llama_node, Task, {done, #{usage := #{prompt_tokens := Prompt, completion_tokens := Completion}}}} ->
            {Prompt, Completion, erlang:monotonic_time(microsecond) - Start, lists:reverse(Pieces)}
    end.

%% @doc What a node says of itself and of its llama.cpp.
-spec status(llama_node_bench:settings()) -> #{version := binary(), library := map()}.
status(#{tiny := Tiny} = Settings) ->
    Server = start(Settings, Tiny, 1, distribution),
    {ok, Status} = llama_node:get_status(Server),
    _ = close(Server),
    maps:with([version, library], Status).

%% @doc A session's second turn, the cost of a call, of an event, and of an idle node.
-spec measure(llama_node_bench:settings()) -> map().
measure(Settings) ->
    io:format(standard_error, "session, calls, events, idle~n", []),
    Server = open(Settings, ?SLOTS, distribution),
    Warm = warm_session(Server),
    Calls = calls(Server),
    Idle = idle(Server),
    _ = close(Server),
    #{warm => Warm, calls => Calls, idle => Idle, events => events_per_second(Settings)}.

%% The model has no template of its own; this one separates turns by control tokens, as chat
%% models do.
warm_session(Server) ->
    {ok, Session} = llama_node:create_session(Server, #{temperature => 0, ignore_eos => true}),
    Template = <<"{% for m in messages %}<s>{{ m.role }}\n{{ m.content }}</s>{% endfor %}"
                 "{% if add_generation_prompt %}<s>assistant\n{% endif %}">>,
    Turn = fun(Content) ->
        {ok, Task} = llama_node:create_task(Server, Session, chat,
            #{content => Content, max_tokens => 48, chat_template => Template}),
        {ok, #{usage := Usage}} = llama_node:get_result(Server, Task, 60000),
        Usage
    end,
    First = Turn(<<"Tell me of the old town on the hill, of its people and of what they did there.">>),
    Second = Turn(<<"And then?">>),
    ok = llama_node:close_session(Server, Session),
    {First, Second}.

%% Half of the median round trip is what an answer of this size costs either way; the process on
%% the second BEAM answers with the same term.
calls(Server) ->
    {ok, Peer, Node} = peer:start_link(#{name => peer:random_name(), args => ["-pa" | code:get_path()]}),
    {ok, Status} = llama_node:get_status(Server),
    Echo = erlang:spawn(Node, ?MODULE, echo, [self(), {ok, Status}]),
    receive {Echo, ready} -> ok end,
    Java = fun() -> {ok, _} = llama_node:get_status(Server) end,
    Beam = fun() -> {ok, _} = gen_server:call(Echo, get_status) end,
    Ping = fun() -> pong = llama_node:ping(Server) end,
    _ = [times(Fun, 3000) || Fun <- [Java, Beam, Ping]],
    Rounds = [{median(times(Java, ?CALLS)), median(times(Beam, ?CALLS)), median(times(Ping, ?CALLS))}
              || _ <- lists:seq(1, ?CALL_ROUNDS)],
    ok = peer:stop(Peer),
    Rounds.

%% @private
-spec echo(pid(), term()) -> no_return().
echo(Parent, Answer) ->
    Parent ! {self(), ready},
    echo(Answer).

echo(Answer) ->
    receive
        {'$gen_call', From, _} -> gen_server:reply(From, Answer)
    end,
    echo(Answer).

times(Fun, Count) ->
    [begin
         Start = erlang:monotonic_time(),
         _ = Fun(),
         erlang:monotonic_time() - Start
     end || _ <- lists:seq(1, Count)].

median(Values) ->
    Native = lists:nth((length(Values) + 1) div 2, lists:sort(Values)),
    erlang:convert_time_unit(Native, native, nanosecond) / 1000.

%% The share of one core that the node's process uses while nobody asks anything of it.
idle(Server) ->
    timer:sleep(2000),
    {Share, ok} =
        llama_node_bench_program:cpu(llama_node_bench_program:os_pid(Server), fun () -> timer:sleep(?IDLE_MS) end),
    Share.

%% All streams to one process, from a model so small that events are most of the work.
events_per_second(#{tiny := Tiny} = Settings) ->
    Server = start(Settings#{threads := 1}, Tiny, ?TINY_STREAMS, distribution),
    Rates = [begin
                 Sessions = [session(Server) || _ <- lists:seq(1, ?TINY_STREAMS)],
                 Start = erlang:monotonic_time(microsecond),
                 Tasks = [begin
                              {ok, Task} = llama_node:stream(Server, Session, completion,
                                  #{prompt => <<"a b c">>, n_predict => ?TINY_TOKENS, seed => Round}),
                              Task
                          end || Session <- Sessions],
                 Count = count(length(Tasks), 0),
                 Elapsed = erlang:monotonic_time(microsecond) - Start,
                 _ = [ok = llama_node:close_session(Server, S) || S <- Sessions],
                 Count * 1000000 / Elapsed
             end || Round <- lists:seq(1, 9)],
    _ = close(Server),
    lists:nthtail(4, Rates).

session(Server) ->
    {ok, Session} = llama_node:create_session(Server, #{temperature => 1, ignore_eos => true}),
    Session.

count(0, Count) -> Count;
count(Left, Count) ->
    receive
        {llama_node, _, {chunk, _}} -> count(Left, Count + 1);
        {llama_node, _, {done, _}} -> count(Left - 1, Count)
    end.
