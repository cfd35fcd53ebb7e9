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
%%     crash]}),                                                % and the fourth one takes the node along
%% {ok, #{content := <<"Hello there.">>}} = llama_node:chat(Llama, <<"Hi">>, #{}),
%% [#{type := chat, input := #{messages := [#{content := <<"Hi">>}]}}] = llama_node_fake:requests(Llama).
%% '''
%% Each task takes the next answer, and the last one serves for all tasks after it. A script may also be
%% a fun, which the server calls with what was asked for, see {@type request()}.
%%
%% Inputs are checked as a node checks them: what a node refuses is refused with the same code and a message that
%% names the same key. What only a model can tell, such as how much fits into its context, is not known here.
%%
%% `embed' gives vectors of `dimensions' floats, an option of the start, and `rerank' gives scores. Both are made of the
%% words of the texts and are the same in every run; texts with words in common are near each other. An answer of the
%% script that is a text, or a map with `content' or `chunks', waits for a task that writes.
%%
%% `tokenize' gives the bytes of a text, and `detokenize' makes the text of them. There are no control tokens, so that
%% `add_special', `parse_special' and `special' change nothing.
%%
%% `inspect_model', `list_models', `list_adapters', `apply_template', `check_schema' and `match' are `unsupported',
%% unless the option `replies' has an answer: `#{transport => fake, replies => #{list_models => {ok, []}}}'. It has the
%% first word on any other request as well.
%%
%% `crash' and {@link crash/1} are what the death of a node is to a server: tasks are answered `node_down', sessions are
%% gone, and the next node is there at once, with the rest of the script. When there were more of them than `restarts'
%% allows, the server ends, but for one thing as it always does: a process that started it with `start_link' and does
%% not trap exits, such as that of a test, lives on.
%% @end
-module(llama_node_fake).
-behaviour(gen_server).

-export([start_link/1, start/1, check/1, requests/1, crash/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, format_status/1]).
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

-type request() :: #{call := create_task | stream | run, type := chat | completion | embedding | infill | rerank,
                     input := llama_node:input(), session := llama_node:session_id() | none,
                     config := llama_node:input()}.
%% A task that was asked for: by which request, in which session (`none' for `chat', `embed' and the other functions
%% without one), and what the session was created with. `input' and `config' are as they came.

%% Floats of a vector, unless the start option `dimensions' says otherwise.
-define(DIMENSIONS, 16).

%% @doc Starts a server linked to the calling process. Takes checked options.
-spec start_link(llama_node_options:options()) -> {ok, pid()} | {error, term()}.
start_link(Options) -> start(start_link, Options).

%% @doc Starts a server on its own.
-spec start(llama_node_options:options()) -> {ok, pid()} | {error, term()}.
start(Options) -> start(start, Options).

start(How, #{server := Server} = Options) ->
    %% Here, since a server that ends while it starts would take the caller along.
    case {check(Options), Server} of
        {ok, #{name := Name}} -> gen_server:How(Name, ?MODULE, {Server, table(Options)}, []);
        {ok, _} -> gen_server:How(?MODULE, {Server, table(Options)}, []);
        {{error, _} = Error, _} -> Error
    end.

table(#{config := Config}) ->
    llama_node_check:with_max(llama_node_check:table(), <<"n_ubatch">>, maps:get(n_batch, Config, 512)).

%% @private
-spec check(llama_node_options:options()) -> ok | {error, llama_node:error()}.
check(#{config := Config} = Options) ->
    llama_node_check:object(table(Options), <<"start">>, {<<"config">>, with_paths(Config)}).

%% Options of the model in the box are those of no path.
with_paths(#{models := {default, Keys}} = Config) -> Config#{models := [Keys#{path => <<"tiny-chat.gguf">>}]};
with_paths(Config) -> Config.

%% @doc The tasks that were asked for, in their order: those that the script refused are among them, those with a
%% faulty input and those of another type of request are not.
%% ```
%% [#{type := embedding, input := #{input := <<"a text">>}, session := none}] = llama_node_fake:requests(Llama).
%% '''
-spec requests(llama_node:server()) -> [request()] | {error, llama_node:error()}.
requests(Server) ->
    try
        gen_server:call(Server, {?MODULE, requests})
    catch
        exit:{noproc, _} -> llama_node_error:no_server(Server);
        exit:{Reason, _} -> llama_node_error:node_down(Reason)
    end.

%% @doc What the death of its node would be to a server, and returns when that is over: every session and task is gone,
%% and the next node is there, or, with `restarts => {0, 1}', the server has ended.
-spec crash(llama_node:server()) -> ok.
crash(Server) ->
    try
        ok = gen_server:call(Server, {?MODULE, crash})
    catch
        exit:{noproc, _} -> ok
    end.

%% @private
-spec init({map(), llama_node_check:table()}) -> {ok, map()}.
init({Server, Table}) ->
    {ok, #{restarts => llama_node_restarts:new(maps:get(restarts, Server)), listeners => llama_node_listeners:new(),
           script => maps:get(script, Server, [<<"This is a scripted answer.">>]), table => Table, asked => [],
           dimensions => maps:get(dimensions, Server, ?DIMENSIONS),
           replies => maps:get(replies, Server, #{}), next => 1, sessions => #{}, tasks => #{}}}.

%% @private
-spec handle_call(term(), gen_server:from(), map()) ->
    {reply, term(), map()} | {noreply, map()} | {stop, term(), map()}.
handle_call(owner, _From, State) ->
    {reply, {ok, self()}, State};
handle_call(target, _From, State) ->
    %% A process is called and monitored like the mailbox of a node.
    {reply, {ok, {llama_node_dist, self()}}, State};
handle_call({subscribe, Server}, {Pid, _}, #{listeners := Listeners} = State) ->
    {reply, ok, State#{listeners := llama_node_listeners:add(Pid, Server, Listeners)}};
handle_call(unsubscribe, {Pid, _}, #{listeners := Listeners} = State) ->
    {reply, ok, State#{listeners := llama_node_listeners:remove(Pid, Listeners)}};
handle_call({?MODULE, crash}, _From, State) ->
    case crashed(State) of
        {noreply, Next} -> {reply, ok, Next};
        {stop, Reason, Next} -> {stop, Reason, ok, Next}
    end;
handle_call({?MODULE, requests}, _From, #{asked := Asked} = State) ->
    {reply, lists:reverse(Asked), State};
handle_call(Request, From, #{table := Table, replies := Replies} = State) ->
    case {llama_node_check:request(Table, Request), maps:find(kind(Request), Replies)} of
        {{error, _} = Error, _} -> {reply, Error, State};
        {ok, {ok, Reply}} -> {reply, Reply, State};
        {ok, error} -> request(Request, From, State)
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
request(Request, _From, State) when element(1, Request) =:= load_model; element(1, Request) =:= unload_model;
                                    element(1, Request) =:= load_adapter; element(1, Request) =:= unload_adapter ->
    {reply, ok, State};
request({create_session, Config}, {Pid, _}, State) ->
    open(Config, Pid, State);
request({fork_session, Id}, {Pid, _}, State) ->
    with_session(Id, State, fun (#{config := Config}) -> open(Config, Pid, State) end);
request({checkpoint_session, Id}, _From, #{next := Next, sessions := Sessions} = State) ->
    with_session(Id, State, fun (#{checkpoints := Checkpoints} = Session) ->
        Remembered = Session#{checkpoints := [Next | Checkpoints]},
        {reply, {ok, Next}, State#{next := Next + 1, sessions := Sessions#{Id := Remembered}}}
    end);
request({rewind_session, Id, Checkpoint}, _From, #{sessions := Sessions} = State) ->
    with_session(Id, State, fun (#{checkpoints := Checkpoints} = Session) ->
        case [Earlier || Earlier <- Checkpoints, is_integer(Checkpoint), Earlier =< Checkpoint] of
            [Latest | _] = Left when Latest =:= Checkpoint ->
                {reply, ok, State#{sessions := Sessions#{Id := Session#{checkpoints := Left}}}};
            _ when not is_integer(Checkpoint) ->
                {reply, ok, State#{sessions := Sessions#{Id := Session#{checkpoints := []}}}};
            _ ->
                {reply, llama_node_error:make(invalid_argument, "checkpoint: session ~b has no checkpoint ~b",
                                              [Id, Checkpoint]), State}
        end
    end);
request({update_session, Id, Change}, _From, #{sessions := Sessions} = State) ->
    with_session(Id, State, fun (#{config := Config} = Session) ->
        Changed = maps:merge(llama_node_check:fields(Config), llama_node_check:fields(Change)),
        {reply, ok, State#{sessions := Sessions#{Id := Session#{config := Changed}}}}
    end);
request({clear_cache, All, _What}, _From, #{tasks := Tasks} = State) when not is_integer(All) ->
    {reply, case running(Tasks) of
        [] -> ok;
        _ -> llama_node_error:make(server_busy, "model 'fake' has a task that has not ended")
    end, State};
request({clear_cache, Id, _What}, _From, State) ->
    with_session(Id, State, fun (_) -> {reply, ok, State} end);
request({estimate_task, Id, _Type, _Input}, _From, State) ->
    with_session(Id, State, fun (_) ->
        {reply, {ok, #{prompt_tokens => 0, cached_tokens => 0, queue_position => 0}}, State}
    end);
request({close_session, Id}, _From, State) ->
    with_session(Id, State, fun (#{monitor := Ref}) ->
        _ = erlang:demonitor(Ref, [flush]),
        {reply, ok, close(Id, State)}
    end);
request({get_session_info, Id}, _From, #{tasks := Tasks} = State) ->
    with_session(Id, State, fun (#{owner := Owner, config := Config}) ->
        Running = [Task || Task <- running(Tasks), llama_node_fake_task:is_in_session(Task, Id)],
        {reply, {ok, #{id => Id, owner => Owner, model => <<"fake">>, tasks_running => length(Running),
                       config => settings(Config)}}, State}
    end);
request({create_task, Session, Type, Input}, {Pid, _} = From, State) ->
    Sink = case llama_node_check:field(<<"stream">>, Input) of true -> Pid; _ -> none end,
    with_session(Session, State, fun (#{config := Config}) ->
        create(#{call => create_task, session => Session, config => Config, input => Input}, Type, Sink, From, State)
    end);
request({stream, Session, Type, Input, Sink}, From, State) ->
    with_session(Session, State, fun (#{config := Config}) ->
        create(#{call => stream, session => Session, config => Config, input => Input}, Type, Sink, From, State)
    end);
request({run, Type, Input}, From, State) ->
    create(#{call => run, session => none, config => #{}, input => Input}, Type, none, From, State);
request({get_result, Id, Timeout}, From, State) ->
    case find(Id, State) of
        {ok, Task} ->
            case llama_node_fake_task:is_stream(Task) orelse llama_node_fake_task:collect(Task, From, Timeout) of
                %% Its result comes with its last event.
                true -> {reply, no_task(Id), State};
                {reply, Reply, Next} -> {reply, Reply, put_task(Id, Next, State)};
                {wait, Next} -> {noreply, put_task(Id, Next, State)}
            end;
        error ->
            {reply, no_task(Id), State}
    end;
request({cancel_task, Id}, _From, State) ->
    case find(Id, State) of
        {ok, Task} ->
            case llama_node_fake_task:is_running(Task) orelse llama_node_fake_task:is_stream(Task) of
                true -> {reply, ok, put_task(Id, llama_node_fake_task:cancel(Task), State)};
                false -> {reply, ok, State}
            end;
        error ->
            {reply, no_task(Id), State}
    end;
request({active, Id, Active}, _From, State) ->
    case find(Id, State) of
        {ok, Task} ->
            case llama_node_fake_task:is_stream(Task) of
                true -> {reply, ok, put_task(Id, llama_node_fake_task:ask(Task, demand(Active)), State)};
                false -> {reply, no_task(Id), State}
            end;
        error ->
            {reply, no_task(Id), State}
    end;
request({Request, Input}, _From, State) when Request =:= tokenize; Request =:= count_tokens ->
    Bytes = binary_to_list(text(llama_node_check:field_or_whole(<<"content">>, Input))),
    {reply, {ok, case Request of
        count_tokens -> length(Bytes);
        tokenize ->
            case llama_node_check:field_or_whole(<<"with_pieces">>, Input) of
                true -> [#{id => Byte, piece => <<Byte>>} || Byte <- Bytes];
                _ -> Bytes
            end
    end}, State};
request({detokenize, Input}, _From, State) ->
    Tokens = llama_node_check:field_or_whole(<<"tokens">>, plain(Input)),
    case [Token || Token <- Tokens, Token > 255] of
        [] -> {reply, {ok, list_to_binary(Tokens)}, State};
        [Token | _] -> {reply, llama_node_error:make(invalid_argument, "tokens: ~b is no byte", [Token]), State}
    end;
request(Request, _From, State) ->
    {reply, llama_node_error:make(unsupported, "the fake server has no reply to ~0tP", [Request, 8]), State}.

%% @private
-spec handle_cast(term(), map()) -> {noreply, map()}.
handle_cast(Request, #{table := Table} = State)
  when element(1, Request) =:= cancel_task; element(1, Request) =:= close_session; element(1, Request) =:= active ->
    case llama_node_check:request(Table, Request) of
        ok ->
            {reply, _, Next} = request(Request, none, State),
            {noreply, Next};
        {error, _} ->
            {noreply, State}
    end;
handle_cast(_, State) ->
    {noreply, State}.

%% @private
-spec handle_info(term(), map()) -> {noreply, map()}.
handle_info({step, Id}, State) ->
    {noreply, with_running(Id, State, fun llama_node_fake_task:step/1)};
handle_info({give_up, Id, From}, State) ->
    {noreply, with_running(Id, State, fun (Task) -> llama_node_fake_task:give_up(Task, From) end)};
handle_info({'DOWN', Ref, process, Pid, _}, #{sessions := Sessions, tasks := Tasks, listeners := Listeners} = State) ->
    Closed = lists:foldl(fun close/2, State, [Id || {Id, #{monitor := R}} <- maps:to_list(Sessions), R =:= Ref]),
    Abandoned = [Id || {Id, Task} <- maps:to_list(Tasks), llama_node_fake_task:monitor(Task) =:= Ref],
    {noreply, lists:foldl(fun (Id, Left) -> put_task(Id, gone, Left) end,
                          Closed#{listeners := llama_node_listeners:down({Ref, Pid}, Listeners)}, Abandoned)};
handle_info(_, State) ->
    {noreply, State}.

%% The table would fill pages of every report.
%% @private
-spec format_status(gen_server:format_status()) -> gen_server:format_status().
format_status(#{state := #{table := _} = State} = Status) -> Status#{state := maps:remove(table, State)};
format_status(Status) -> Status.

with_running(Id, State, Fun) ->
    case find(Id, State) of
        {ok, Task} ->
            case llama_node_fake_task:is_running(Task) of
                true -> put_task(Id, Fun(Task), State);
                false -> State
            end;
        error -> State
    end.

%% Tasks

create(Asked, Given, Sink, {Pid, _} = From, #{table := Table, asked := All, next := Id} = State) ->
    Type = llama_node_check:task(Table, Given),
    Request = Asked#{type => Type},
    {Answer, Rest} = next(Request, State),
    Next = State#{asked := [Request | All], script := Rest},
    case Answer of
        crash ->
            ok = gen_server:reply(From, down()),
            crashed(Next);
        {error, _} = Error -> {reply, Error, Next};
        _ ->
            #{session := Session, input := Input} = Request,
            Task = llama_node_fake_task:start(#{
                id => Id, owner => Pid, from => From, session => Session, sink => Sink,
                demand => case Sink of none -> true; _ -> demand(llama_node_check:field(<<"active">>, Input)) end,
                answer => case is_binary(Answer) of true -> #{content => Answer}; false -> Answer end,
                vectors => vectors(Type, Input, State)}),
            {noreply, put_task(Id, Task, Next#{next := Id + 1})}
    end.

next(Request, #{script := Script}) when is_function(Script) -> {Script(Request), Script};
next(#{type := Type}, #{script := [Answer | Rest] = Script}) ->
    case {(Type =:= embedding orelse Type =:= rerank) andalso is_written(Answer), Rest} of
        {true, _} -> {#{}, Script};
        {false, []} -> {Answer, Script};
        {false, _} -> {Answer, Rest}
    end.

is_written(Answer) ->
    is_binary(Answer) orelse is_map(Answer) andalso (is_map_key(content, Answer) orelse is_map_key(chunks, Answer)).

vectors(embedding, Input, #{dimensions := Dimensions}) -> llama_node_fake_vectors:embedding(Input, Dimensions);
vectors(rerank, Input, _State) -> llama_node_fake_vectors:ranking(Input);
vectors(_Type, _Input, _State) -> none.

demand(undefined) -> true;
demand(Active) when is_boolean(Active); is_integer(Active) -> Active;
%% However it is spelled.
demand(_Once) -> once.

%% The node has ended, and the next one is there at once: it knows no sessions and no tasks, and goes on in the script.
crashed(#{tasks := Tasks, sessions := Sessions, restarts := Restarts, listeners := Listeners} = State) ->
    {error, Error} = Down = down(),
    _ = [llama_node_fake_task:fail(Task, Down)
         || Task <- maps:values(Tasks),
            llama_node_fake_task:is_running(Task) orelse llama_node_fake_task:is_stream(Task)],
    _ = [erlang:demonitor(Ref, [flush]) || #{monitor := Ref} <- maps:values(Sessions)],
    case llama_node_restarts:next(erlang:monotonic_time(millisecond), Restarts) of
        {wait, _, Next} ->
            ok = llama_node_listeners:tell({node, down, #{reason => Error, restart_in_ms => 0}}, Listeners),
            ok = llama_node_listeners:tell({node, up, #{after_ms => 0}}, Listeners),
            {noreply, State#{sessions := #{}, tasks := #{}, restarts := llama_node_restarts:started(Next)}};
        exhausted ->
            ok = llama_node_listeners:tell({node, down, #{reason => Error}}, Listeners),
            ended(State)
    end.

down() ->
    llama_node_error:make(node_down, "the node ended: the script said crash").

%% A process that starts a server and dies with it can tell nobody how it went.
ended(State) ->
    _ = [unlink(Starter) || Starter <- starter(get('$ancestors')),
                            process_info(Starter, trap_exit) =:= {trap_exit, false}],
    {stop, {node_down, crash}, State}.

starter([Pid | _]) when is_pid(Pid), node(Pid) =:= node() -> [Pid];
starter([Name | _]) when is_atom(Name) -> [Pid || Pid <- [whereis(Name)], is_pid(Pid)];
starter(_) -> [].

text(Text) when is_atom(Text) -> atom_to_binary(Text);
text(Text) -> unicode:characters_to_binary(Text).

%% An input that is JSON, as terms.
plain(Json) when is_binary(Json) ->
    {ok, Tree} = llama_node_json:decode(Json),
    llama_node_json:plain(Tree);
plain(Input) -> Input.

%% State

find(Id, #{tasks := Tasks}) -> maps:find(Id, Tasks).

running(Tasks) -> [Task || Task <- maps:values(Tasks), llama_node_fake_task:is_running(Task)].

put_task(Id, gone, #{tasks := Tasks} = State) -> State#{tasks := maps:remove(Id, Tasks)};
put_task(Id, Task, #{tasks := Tasks} = State) -> State#{tasks := Tasks#{Id => Task}}.

open(Config, Owner, #{next := Id, sessions := Sessions} = State) ->
    Session = #{owner => Owner, monitor => erlang:monitor(process, Owner), config => Config, checkpoints => []},
    {reply, {ok, Id}, State#{next := Id + 1, sessions := Sessions#{Id => Session}}}.

with_session(Id, #{sessions := Sessions} = State, Fun) ->
    case Sessions of
        #{Id := Session} -> Fun(Session);
        _ -> {reply, llama_node_error:make(session_not_found, "there is no session ~0tP", [Id, 8]), State}
    end.

%% What a session was told, whatever its form; there is no model that could say more.
settings(Config) ->
    Told = maps:without([model], llama_node_check:fields(Config)),
    Told#{from => maps:map(fun (_, _) -> session end, Told)}.

close(Id, #{sessions := Sessions, tasks := Tasks} = State) ->
    Its = [Task || Task <- running(Tasks), llama_node_fake_task:is_in_session(Task, Id)],
    Cancel = fun (Task, Left) ->
        put_task(llama_node_fake_task:id(Task), llama_node_fake_task:cancel(Task), Left)
    end,
    lists:foldl(Cancel, State#{sessions := maps:remove(Id, Sessions)}, Its).

no_task(Id) ->
    llama_node_error:make(task_not_found, "there is no task ~0tP", [Id, 8]).
