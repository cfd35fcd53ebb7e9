%% @doc A task of the scripted server: an answer that is made piece by piece, and handed over as demand, waiting callers
%% or a stream's process take it.
%%
%% The server keeps the tasks. It gets `{step, Id}' when the next piece of one is due, and `{give_up, Id, From}' when a
%% caller has waited long enough for its result. Each function gives the task as it is then, or `gone'.
%% @end
-module(llama_node_fake_task).

-export([start/1, step/1, cancel/1, fail/2, collect/3, give_up/2, ask/2]).
-export([id/1, monitor/1, is_running/1, is_stream/1, is_in_session/2]).
-export_type([task/0]).

-record(task, {
    id :: pos_integer(),
    monitor :: reference(),                         % of the process without which it ends
    session :: pos_integer() | none,
    from :: none | gen_server:from(),               % of `run'
    sink :: none | pid() | {pid(), reference(), pid()},
    chunks :: [binary()],                           % not made yet
    made = [] :: [binary()],                        % in reverse
    waiting = <<>> :: binary(),                     % for demand
    index = 0 :: non_neg_integer(),
    demand :: boolean() | once | pos_integer(),
    answer :: map(),
    started = erlang:system_time(millisecond) :: integer(),
    vectors :: none | map(),                        % the result's own part, where no text is written
    outcome :: undefined | {ok, map()} | {error, llama_node:error()},
    waiters = [] :: [gen_server:from()]
}).

-opaque task() :: #task{}.

%% @doc Starts a task of the calling server.
-spec start(#{id := pos_integer(), owner := pid(), from := gen_server:from(), session := pos_integer() | none,
              sink := none | pid() | {pid(), reference(), pid()}, demand := boolean() | once | pos_integer(),
              answer := map(), vectors := none | map()}) -> task().
start(#{id := Id, owner := Owner, from := From, session := Session, sink := Sink, demand := Demand,
        answer := Answer, vectors := Vectors}) ->
    _ = [gen_server:reply(From, {ok, Id}) || Session =/= none],
    _ = erlang:send_after(maps:get(delay, Answer, 0), self(), {step, Id}),
    #task{id = Id, monitor = erlang:monitor(process, process_of(Sink, Owner)), session = Session, sink = Sink,
          from = case Session of none -> From; _ -> none end, chunks = chunks(Vectors, Answer), demand = Demand,
          answer = Answer, vectors = Vectors}.

process_of(none, Owner) -> Owner;
process_of({Sink, _, _}, _Owner) -> Sink;
process_of(Sink, _Owner) -> Sink.

chunks(none, #{chunks := Chunks}) -> Chunks;
chunks(none, #{content := Text}) -> words(Text);
chunks(_, _) -> [].

%% Each with the blank before it, as tokens have it.
words(Text) ->
    [Word || Word <- re:split(Text, "(?= )", [unicode]), Word =/= <<>>].

-spec id(task()) -> pos_integer().
id(#task{id = Id}) -> Id.

-spec monitor(task()) -> reference().
monitor(#task{monitor = Ref}) -> Ref.

-spec is_running(task()) -> boolean().
is_running(#task{outcome = Outcome}) -> Outcome =:= undefined.

-spec is_stream(task()) -> boolean().
is_stream(#task{sink = Sink}) -> Sink =/= none.

-spec is_in_session(task(), pos_integer()) -> boolean().
is_in_session(#task{session = Session}, Id) -> Session =:= Id.

%% @doc Makes the next piece, or ends.
-spec step(task()) -> task() | gone.
step(#task{chunks = [Chunk | Chunks], made = Made, waiting = Waiting, answer = Answer, id = Id} = Task) ->
    Next = case Chunks of [] -> 0; _ -> maps:get(chunk_delay, Answer, 0) end,
    _ = erlang:send_after(Next, self(), {step, Id}),
    flush(Task#task{chunks = Chunks, made = [Chunk | Made], waiting = <<Waiting/binary, Chunk/binary>>});
step(#task{chunks = [], answer = #{error := Error}} = Task) ->
    ended(Task#task{outcome = {error, Error}, waiting = <<>>});
step(#task{chunks = []} = Task) ->
    ended(Task#task{outcome = {ok, result(Task)}}).

result(#task{id = Id, made = Made, answer = Answer, started = Started, vectors = none}) ->
    Result = #{content => iolist_to_binary(lists:reverse(Made)), finish_reason => stop, usage => usage(0, length(Made)),
               timings => timings(Started, [first_token_ms, queue_ms, prompt_ms, predicted_ms, prompt_per_second,
                                            predicted_per_second]),
               model => <<"fake">>, task_id => Id, seed => 0, stopped_by => eos},
    maps:merge(Result, maps:get(result, Answer, #{}));
result(#task{id = Id, answer = Answer, started = Started, vectors = #{prompt_tokens := Tokens} = Vectors}) ->
    Result = (maps:remove(prompt_tokens, Vectors))#{
        usage => usage(Tokens, 0), timings => timings(Started, [queue_ms, prompt_ms, prompt_per_second]),
        model => <<"fake">>, task_id => Id},
    maps:merge(Result, maps:get(result, Answer, #{})).

usage(Prompt, Completion) ->
    #{prompt_tokens => Prompt, completion_tokens => Completion, total_tokens => Prompt + Completion,
      cached_tokens => 0}.

timings(Started, Keys) ->
    Ended = erlang:system_time(millisecond),
    maps:merge(maps:from_keys(Keys, 0.0),
               #{started_at => Started, ended_at => Ended, elapsed_ms => float(Ended - Started)}).

ended(#task{from = {_, _} = From, outcome = Outcome} = Task) ->
    gen_server:reply(From, Outcome),
    gone(Task);
ended(#task{sink = none, waiters = [], monitor = Ref} = Task) ->
    %% Kept to be collected, by whomever.
    _ = erlang:demonitor(Ref, [flush]),
    Task;
ended(#task{sink = none, waiters = Waiters, outcome = Outcome} = Task) ->
    _ = [gen_server:reply(From, Outcome) || From <- Waiters],
    gone(Task);
ended(Task) ->
    flush(Task).

gone(#task{monitor = Ref}) ->
    _ = erlang:demonitor(Ref, [flush]),
    gone.

%% @doc Ends a task before its time.
-spec cancel(task()) -> task() | gone.
cancel(Task) ->
    fail(Task, llama_node_error:make(cancelled, "the task was cancelled")).

%% @doc Ends a task that has not told all of its end yet.
-spec fail(task(), {error, llama_node:error()}) -> task() | gone.
fail(Task, Error) ->
    ended(Task#task{outcome = Error, waiting = <<>>}).

%% @doc Hands the result over, or lets a caller wait for it.
-spec collect(task(), gen_server:from(), timeout()) -> {reply, term(), task() | gone} | {wait, task()}.
collect(#task{id = Id, outcome = undefined} = Task, _From, 0) -> {reply, still_running(Id), Task};
collect(#task{id = Id, outcome = undefined, waiters = Waiters} = Task, From, Timeout) ->
    _ = [erlang:send_after(Timeout, self(), {give_up, Id, From}) || is_integer(Timeout)],
    {wait, Task#task{waiters = [From | Waiters]}};
collect(#task{outcome = Outcome} = Task, _From, _Timeout) -> {reply, Outcome, gone(Task)}.

%% @doc Tells a caller that has waited for its time that the task still runs. One that was told the result hears
%% nothing.
-spec give_up(task(), gen_server:from()) -> task().
give_up(#task{id = Id, outcome = undefined, waiters = Waiters} = Task, From) ->
    gen_server:reply(From, still_running(Id)),
    Task#task{waiters = lists:delete(From, Waiters)};
give_up(Task, _From) -> Task.

still_running(Id) ->
    llama_node_error:make(timeout, "task ~b is still running", [Id]).

%% @doc Changes how many events a stream may send.
-spec ask(task(), boolean() | once | pos_integer()) -> task() | gone.
ask(#task{demand = Left} = Task, More) when is_integer(More), is_integer(Left) ->
    flush(Task#task{demand = Left + More});
ask(Task, Active) -> flush(Task#task{demand = Active}).

%% Sends what demand allows of what waits, and the end behind it.
flush(#task{sink = none} = Task) ->
    Task;
flush(#task{waiting = <<>>, outcome = undefined} = Task) ->
    Task;
flush(#task{waiting = <<>>} = Task) ->
    ok = terminal(Task),
    gone(Task);
flush(#task{demand = false} = Task) ->
    Task;
flush(#task{waiting = Text, index = Index, demand = Demand} = Task) ->
    ok = event(Task, {chunk, #{content => Text, index => Index}}),
    flush(Task#task{waiting = <<>>, index = Index + 1, demand = used(Demand, Task)}).

used(true, _Task) -> true;
used(once, _Task) -> false;
used(1, Task) -> ok = event(Task, passive), false;
used(Left, _Task) -> Left - 1.

event(#task{sink = Sink, id = Id}, Event) ->
    process_of(Sink, none) ! {llama_node, Id, Event},
    ok.

terminal(#task{sink = {_, Alias, Watcher}, id = Id, outcome = Outcome}) ->
    Alias ! {llama_node, Id, last(Outcome)},
    Watcher ! {llama_node_ended, Alias},
    ok;
terminal(#task{outcome = Outcome} = Task) ->
    event(Task, last(Outcome)).

last({ok, Result}) -> {done, Result};
last({error, _} = Error) -> Error.
