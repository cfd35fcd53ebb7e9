%% @doc A server with scripted answers, for the tests of applications: no Java, no model, started in no time.
%%
%% `llama_node:start_link(#{transport => fake, script => Script})' starts it, and every function of
%% {@link llama_node} takes it for a server. Sessions, owners, streams and their demand, cancellation and
%% collected results behave as with a node; what a task answers is what the script says:
%% ```
%% {ok, Llama} = llama_node:start_link(#{transport => fake, script => [
%%     <<"Hello there.">>,                                      % the first task's answer
%%     #{chunks => [<<"One">>, <<" two">>], chunk_delay => 50},  % the second one's, piece by piece
%%     {error, {server_busy, <<"try later">>}},                 % the third one fails
%%     crash]}),                                                % and the fourth one takes the server along
%% {ok, #{content := <<"Hello there.">>}} = llama_node:chat(Llama, <<"Hi">>, #{}).
%% '''
%% Each task takes the next answer, and the last one serves for all tasks after it. A script may also be
%% a fun, which the server calls with what was asked for, see {@type request()}. Inputs are not
%% checked: a node does that.
%%
%% `tokenize' gives the bytes of a text, and `detokenize' makes the text of them. What is not named here is
%% `unsupported', unless the option `replies' has an answer for it:
%% `#{transport => fake, replies => #{list_models => {ok, []}}}'.
%% @end
-module(llama_node_fake).
-behaviour(gen_server).

-export([start_link/1, start/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).
-export_type([script/0, answer/0, request/0]).

-type script() :: [answer(), ...] | fun((request()) -> answer()).

-type answer() ::
    binary()
    | #{content => binary(), chunks => [binary()], delay => non_neg_integer(),
        chunk_delay => non_neg_integer(), result => map(), error => llama_node:error()}
    | {error, llama_node:error()}
    | crash.
%% What a task does. A text is its content, streamed word by word. Of a map, `delay' are the milliseconds
%% before the first chunk and `chunk_delay' those before each further one; `result' is merged
%% into the result; with `error' the task fails behind its chunks. `{error, Error}' refuses the task
%% when it is created. `crash' ends the server as the death of a node would.

-type request() :: #{type := llama_node:type(), input := llama_node:input(),
                     session := llama_node:session_id() | none}.

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
    demand = true :: boolean() | once | pos_integer(),
    answer :: map(),
    outcome :: undefined | {ok, map()} | {error, llama_node:error()},
    waiters = [] :: [gen_server:from()]
}).

%% @doc Starts a server linked to the calling process. Takes checked options.
-spec start_link(llama_node_options:options()) -> {ok, pid()} | {error, term()}.
start_link(Options) -> start(start_link, Options).

%% @doc Starts a server on its own.
-spec start(llama_node_options:options()) -> {ok, pid()} | {error, term()}.
start(Options) -> start(start, Options).

start(How, #{server := #{name := Name} = Server}) -> gen_server:How(Name, ?MODULE, Server, []);
start(How, #{server := Server}) -> gen_server:How(?MODULE, Server, []).

%% @private
-spec init(map()) -> {ok, map()}.
init(Server) ->
    {ok, #{script => maps:get(script, Server, [<<"This is a scripted answer.">>]),
           replies => maps:get(replies, Server, #{}), next => 1, sessions => #{}, tasks => #{}}}.

%% @private
-spec handle_call(term(), gen_server:from(), map()) ->
    {reply, term(), map()} | {noreply, map()} | {stop, term(), map()}.
handle_call(target, _From, State) ->
    %% A process is called and monitored like the mailbox of a node.
    {reply, {ok, {llama_node_dist, self()}}, State};
handle_call(Request, From, #{replies := Replies} = State) ->
    case maps:find(kind(Request), Replies) of
        {ok, Reply} -> {reply, Reply, State};
        error -> request(Request, From, State)
    end.

kind(Request) when is_tuple(Request), tuple_size(Request) > 0 -> element(1, Request);
kind(Request) -> Request.

request(ping, _From, State) ->
    {reply, pong, State};
request(get_status, _From, #{sessions := Sessions, tasks := Tasks} = State) ->
    Running = length(running(Tasks)),
    {reply, {ok, #{state => ready, node => node(), version => <<"fake">>, sessions => maps:size(Sessions),
                   tasks_waiting => 0, tasks_running => Running, results_kept => maps:size(Tasks) - Running,
                   models => []}}, State};
request({load_model, _Path, _Config}, _From, State) ->
    {reply, ok, State};
request({create_session, _Config}, {Pid, _}, #{next := Id, sessions := Sessions} = State) ->
    Session = {Pid, erlang:monitor(process, Pid)},
    {reply, {ok, Id}, State#{next := Id + 1, sessions := Sessions#{Id => Session}}};
request({close_session, Id}, _From, State) ->
    with_session(Id, State, fun ({_, Ref}) ->
        _ = erlang:demonitor(Ref, [flush]),
        {reply, ok, close(Id, State)}
    end);
request({get_session_info, Id}, _From, #{tasks := Tasks} = State) ->
    with_session(Id, State, fun ({Owner, _}) ->
        Running = [Task || #task{session = Session} = Task <- running(Tasks), Session =:= Id],
        {reply, {ok, #{id => Id, owner => Owner, model => <<"fake">>, tasks_running => length(Running)}}, State}
    end);
request({create_task, Session, Type, Input}, From, State) ->
    with_session(Session, State, fun (_) -> create(Session, Type, Input, none, From, State) end);
request({stream, Session, Type, Input, Sink}, From, State) ->
    with_session(Session, State, fun (_) -> create(Session, Type, Input, Sink, From, State) end);
request({run, Type, Input}, From, State) ->
    create(none, Type, Input, none, From, State);
request({get_result, Id, Timeout}, From, #{tasks := Tasks} = State) ->
    case Tasks of
        #{Id := #task{outcome = undefined}} when Timeout =:= 0 ->
            {reply, still_running(Id), State};
        #{Id := #task{outcome = undefined, waiters = Waiters} = Task} ->
            _ = [erlang:send_after(Timeout, self(), {give_up, Id, From}) || is_integer(Timeout)],
            {noreply, put_task(Task#task{waiters = [From | Waiters]}, State)};
        #{Id := #task{sink = none, outcome = Outcome} = Task} ->
            {reply, Outcome, forget(Task, State)};
        _ ->
            {reply, no_task(Id), State}
    end;
request({cancel_task, Id}, _From, #{tasks := Tasks} = State) ->
    case Tasks of
        #{Id := #task{sink = none, outcome = Outcome}} when Outcome =/= undefined -> {reply, ok, State};
        #{Id := Task} -> {reply, ok, cancel(Task, State)};
        _ -> {reply, no_task(Id), State}
    end;
request({active, Id, Active}, _From, #{tasks := Tasks} = State) ->
    case Tasks of
        #{Id := #task{sink = Sink} = Task} when Sink =/= none -> {reply, ok, flush(ask(Active, Task), State)};
        _ -> {reply, no_task(Id), State}
    end;
request({tokenize, #{content := Text}}, From, State) ->
    request({tokenize, Text}, From, State);
request({tokenize, Text}, _From, State) when is_binary(Text); is_list(Text) ->
    {reply, {ok, binary_to_list(unicode:characters_to_binary(Text))}, State};
request({detokenize, Tokens}, _From, State) when is_list(Tokens) ->
    {reply, {ok, list_to_binary(Tokens)}, State};
request(Request, _From, State) ->
    {reply, llama_node_error:make(unsupported, "the fake server has no reply to ~0tP", [Request, 8]), State}.

%% @private
-spec handle_cast(term(), map()) -> {noreply, map()}.
handle_cast({Kind, _} = Request, State) when Kind =:= cancel_task; Kind =:= close_session ->
    cast(Request, State);
handle_cast({active, _, _} = Request, State) ->
    cast(Request, State);
handle_cast(_, State) ->
    {noreply, State}.

cast(Request, State) ->
    {reply, _, Next} = request(Request, none, State),
    {noreply, Next}.

%% @private
-spec handle_info(term(), map()) -> {noreply, map()}.
handle_info({step, Id}, #{tasks := Tasks} = State) ->
    case Tasks of
        #{Id := #task{outcome = undefined} = Task} -> {noreply, step(Task, State)};
        _ -> {noreply, State}
    end;
handle_info({give_up, Id, From}, #{tasks := Tasks} = State) ->
    case Tasks of
        #{Id := #task{outcome = undefined, waiters = Waiters} = Task} ->
            gen_server:reply(From, still_running(Id)),
            {noreply, put_task(Task#task{waiters = lists:delete(From, Waiters)}, State)};
        _ ->
            {noreply, State}
    end;
handle_info({'DOWN', Ref, process, _, _}, #{sessions := Sessions, tasks := Tasks} = State) ->
    Closed = lists:foldl(fun close/2, State, [Id || {Id, {_, R}} <- maps:to_list(Sessions), R =:= Ref]),
    Abandoned = [Task || #task{monitor = R} = Task <- maps:values(Tasks), R =:= Ref],
    {noreply, lists:foldl(fun forget/2, Closed, Abandoned)};
handle_info(_, State) ->
    {noreply, State}.

%% Tasks

create(Session, Type, Input, Sink, {Pid, _} = From, #{script := Script} = State) ->
    {Answer, Rest} = next(Script, #{type => Type, input => Input, session => Session}),
    case Answer of
        crash ->
            {stop, {node_down, crash}, State};
        {error, _} = Error ->
            {reply, Error, State#{script := Rest}};
        Text when is_binary(Text) ->
            {noreply, begin_task(Session, Input, Sink, From, Pid, #{content => Text}, State#{script := Rest})};
        #{} ->
            {noreply, begin_task(Session, Input, Sink, From, Pid, Answer, State#{script := Rest})}
    end.

begin_task(Session, Input, Sink, From, Pid, Answer, #{next := Id} = State) ->
    Task = #task{id = Id, monitor = erlang:monitor(process, process_of(Sink, Pid)), session = Session, sink = Sink,
                 from = case Session of none -> From; _ -> none end,
                 chunks = chunks(Answer), demand = demand(Input), answer = Answer},
    _ = [gen_server:reply(From, {ok, Id}) || Session =/= none],
    _ = erlang:send_after(maps:get(delay, Answer, 0), self(), {step, Id}),
    put_task(Task, State#{next := Id + 1}).

process_of(none, Pid) -> Pid;
process_of({Sink, _, _}, _Pid) -> Sink;
process_of(Sink, _Pid) -> Sink.

next(Script, Request) when is_function(Script) -> {Script(Request), Script};
next([Last], _Request) -> {Last, [Last]};
next([Answer | Rest], _Request) -> {Answer, Rest}.

chunks(#{chunks := Chunks}) -> Chunks;
chunks(#{content := Text}) -> words(Text);
chunks(_) -> [].

%% Each with the blank before it, as tokens have it.
words(Text) ->
    [Word || Word <- re:split(Text, "(?= )", [unicode]), Word =/= <<>>].

demand(#{active := Active}) -> Active;
demand(#{<<"active">> := Active}) -> Active;
demand(Input) when is_list(Input) -> demand(maps:with([active, <<"active">>], proplists:to_map(Input)));
demand(_) -> true.

step(#task{chunks = [Chunk | Chunks], made = Made, waiting = Waiting, answer = Answer, id = Id} = Task, State) ->
    Next = case Chunks of [] -> 0; _ -> maps:get(chunk_delay, Answer, 0) end,
    _ = erlang:send_after(Next, self(), {step, Id}),
    flush(Task#task{chunks = Chunks, made = [Chunk | Made], waiting = <<Waiting/binary, Chunk/binary>>}, State);
step(#task{chunks = [], answer = #{error := Error}} = Task, State) ->
    ended(Task#task{outcome = {error, Error}, waiting = <<>>}, State);
step(#task{chunks = []} = Task, State) ->
    ended(Task#task{outcome = {ok, result(Task)}}, State).

result(#task{id = Id, made = Made, answer = Answer}) ->
    Usage = #{prompt_tokens => 0, completion_tokens => length(Made), total_tokens => length(Made), cached_tokens => 0},
    Timings = maps:from_keys([queue_ms, prompt_ms, predicted_ms, prompt_per_second, predicted_per_second], 0.0),
    Result = #{content => iolist_to_binary(lists:reverse(Made)), finish_reason => stop, usage => Usage,
               timings => Timings, model => <<"fake">>, task_id => Id, seed => 0, stopped_by => eos},
    maps:merge(Result, maps:get(result, Answer, #{})).

ended(#task{from = {_, _} = From, outcome = Outcome} = Task, State) ->
    gen_server:reply(From, Outcome),
    forget(Task, State);
ended(#task{sink = none, waiters = [], monitor = Ref} = Task, State) ->
    %% Kept to be collected, by whomever.
    _ = erlang:demonitor(Ref, [flush]),
    put_task(Task, State);
ended(#task{sink = none, waiters = Waiters, outcome = Outcome} = Task, State) ->
    _ = [gen_server:reply(From, Outcome) || From <- Waiters],
    forget(Task, State);
ended(Task, State) ->
    flush(Task, State).

cancel(Task, State) ->
    Error = llama_node_error:make(cancelled, "the task was cancelled"),
    ended(Task#task{outcome = Error, waiting = <<>>}, State).

%% Sends what demand allows of what waits, and the end behind it.
flush(#task{sink = none} = Task, State) ->
    put_task(Task, State);
flush(#task{waiting = <<>>, outcome = undefined} = Task, State) ->
    put_task(Task, State);
flush(#task{waiting = <<>>} = Task, State) ->
    ok = terminal(Task),
    forget(Task, State);
flush(#task{demand = false} = Task, State) ->
    put_task(Task, State);
flush(#task{waiting = Text, index = Index, demand = Demand} = Task, State) ->
    ok = event(Task, {chunk, #{content => Text, index => Index}}),
    flush(Task#task{waiting = <<>>, index = Index + 1, demand = used(Demand, Task)}, State).

used(true, _Task) -> true;
used(once, _Task) -> false;
used(1, Task) -> ok = event(Task, passive), false;
used(Left, _Task) -> Left - 1.

ask(More, #task{demand = Left} = Task) when is_integer(More), is_integer(Left) -> Task#task{demand = Left + More};
ask(Active, Task) -> Task#task{demand = Active}.

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

%% State

running(Tasks) ->
    [Task || #task{outcome = undefined} = Task <- maps:values(Tasks)].

put_task(#task{id = Id} = Task, #{tasks := Tasks} = State) ->
    State#{tasks := Tasks#{Id => Task}}.

forget(#task{id = Id, monitor = Ref}, #{tasks := Tasks} = State) ->
    _ = erlang:demonitor(Ref, [flush]),
    State#{tasks := maps:remove(Id, Tasks)}.

with_session(Id, #{sessions := Sessions} = State, Fun) ->
    case Sessions of
        #{Id := Session} -> Fun(Session);
        _ -> {reply, llama_node_error:make(session_not_found, "there is no session ~0tP", [Id, 8]), State}
    end.

close(Id, #{sessions := Sessions, tasks := Tasks} = State) ->
    Its = [Task || #task{session = Session} = Task <- running(Tasks), Session =:= Id],
    lists:foldl(fun cancel/2, State#{sessions := maps:remove(Id, Sessions)}, Its).

no_task(Id) ->
    llama_node_error:make(task_not_found, "there is no task ~0tP", [Id, 8]).

still_running(Id) ->
    llama_node_error:make(timeout, "task ~b is still running", [Id]).
