%% @doc A local language model for BEAM processes, in a Java node of its own.
%%
%% ```
%% {ok, Server} = llama_node:start_link(#{model => "priv/models/tiny-chat.gguf"}),
%% {ok, #{content := Text}} = llama_node:chat(Server, <<"What is Erlang?">>, #{max_tokens => 40}).
%% '''
%% A server is a process that owns one Java node; put it under a supervisor with
%% {@link child_spec/1}. Requests go from the calling process to the node, and the caller owns what
%% it creates: when it dies, its tasks are cancelled and its sessions closed.
%%
%% Every function returns `{error, {Code, Message}}' when something goes wrong, and `node_down' at
%% once when the node dies. Only misuse raises: `badarg' for a `Server', a `Timeout' or a `Fun' that
%% cannot be one.
%%
%% Requests wait half a minute for a server that is starting. What creates something then waits as
%% long as the node lives, so that nothing is created that nobody knows of, unless the input of a task has a `timeout';
%% the other requests, which may be repeated, give up with `timeout' after half a minute. Time-outs hold to a second,
%% whatever the node does. A node that does not answer for `pulse_timeout', see {@link llama_node_options}, counts as
%% dead.
%% No call waits because the way to the node is full: what may wait there is bounded, and a request beyond it is
%% answered with `server_busy'. What requests, options and results hold is written in docs/protocol.md.
%%
%% A node that dies takes its server along, with the reason `{node_down, Why}', and the supervisor
%% starts both again with the same start options. Models loaded by {@link load_model/3} are not
%% among these; name all models that must survive in `models'.
%% @end
-module(llama_node).

-export([start_link/1, child_spec/1, init_server/1, connect/2, destroy_server/1, get_status/1, ping/1]).
-export([preflight/1, subscribe/1, unsubscribe/1]).
-export([load_model/3, unload_model/2, list_models/1, inspect_model/1, inspect_model/2, list_backends/0]).
-export([load_adapter/3, unload_adapter/3, list_adapters/1]).
-export([chat/3, chat_tools/4, complete/3, embed/3, rerank/4]).
-export([create_session/2, update_session/3, close_session/2, get_session_info/2]).
-export([fork_session/2, checkpoint_session/2, rewind_session/3, clear_cache/3]).
-export([create_task/4, get_result/3, cancel_task/2, estimate_task/4]).
-export([stream/4, active/3, stream_fold/6, stream_open/4, stream_next/1, stream_close/1]).
-export([tokenize/2, count_tokens/2, detokenize/2, apply_template/2]).
-export([check_schema/2, match/3]).

-export_type([server/0, start_options/0, session_id/0, task_id/0, type/0, input/0, config/0, text/0,
              error/0, error_code/0, result/0, tool_call/0, vector/0, embeddings/0, ranking/0, model/0, capability/0,
              estimate/0, event/0, terminal_event/0, message/0, active/0, stream/0, usage/0, timings/0,
              vector_timings/0, setting/0, origin/0, schema_problem/0, node_event/0]).

-type server() ::
    pid() | atom() | {global, term()} | {via, module(), term()} | {Name :: atom(), node()}.
%% A server process or its name, here or, with `{Name, Node}', at another BEAM. With the name of a Java node it is the
%% mailbox of that node itself, which needs no server process on this BEAM; `Name' is `llama_node' then. A request to
%% such a pair costs a round trip more than one to a pid or to a name here: it is asked first which of the two it is.

-type node_event() ::
    {node, down, #{reason := error(), restart_in_ms => non_neg_integer()}}
    | {node, up, #{after_ms => non_neg_integer()}}.
%% What becomes of a node. `down': it has ended, or the start of the next one has failed; `restart_in_ms' is absent
%% where the server ends as well. `up': it is ready, `after_ms' since the last one had gone; absent at the first start.

-type start_options() :: llama_node_options:start_options().
-type session_id() :: pos_integer().
-type task_id() :: pos_integer().
%% Never used again by a later incarnation of the node.

-type text() :: atom() | binary() | string().
-type type() :: completion | chat | embedding | rerank | infill | text().
-type input() :: #{text() => term()} | [atom() | {text(), term()}] | binary().
%% A map, a proplist or, where a whole input or configuration is given, JSON in a binary.

-type config() :: input() | undefined | nil | null.
%% A configuration, or none.

-type error_code() :: llama_node_error:code().
-type error() :: llama_node_error:error().

-type usage() :: #{
    prompt_tokens := non_neg_integer(),
    completion_tokens := non_neg_integer(),
    total_tokens := non_neg_integer(),
    cached_tokens := non_neg_integer()
}.

-type timings() :: #{
    started_at := integer(),
    ended_at := integer(),
    elapsed_ms := float(),
    first_token_ms => float(),
    queue_ms := float(),
    prompt_ms := float(),
    predicted_ms := float(),
    prompt_per_second := float(),
    predicted_per_second := float()
}.
%% `started_at' and `ended_at' are of the system's clock, in milliseconds, as of `erlang:system_time(millisecond)';
%% `elapsed_ms' and `first_token_ms' are from the creation of the task on.

-type vector_timings() :: #{
    started_at := integer(), ended_at := integer(), elapsed_ms := float(), queue_ms := float(), prompt_ms := float(),
    prompt_per_second := float()
}.

-type result() :: #{
    content := binary(),
    reasoning_content => binary(),
    tool_calls => [tool_call()],
    finish_reason := stop | length | cancelled | tool_calls,
    usage := usage(),
    timings := timings(),
    model := binary(),
    task_id := task_id(),
    seed := non_neg_integer(),
    stopped_by := eos | stop_string | limit | context | memory,
    stop => binary(),
    logprobs => [#{id := non_neg_integer(), token := binary(), logprob := float(),
                   top_logprobs := [#{id := non_neg_integer(), token := binary(), logprob := float()}]}],
    parsed => json(),
    parse_error => binary(),
    json_schema_ignored => [#{pointer := binary(), keyword := binary(), message := binary()}]
}.
%% `parsed' is `content' as data, of an answer that is JSON by `json_schema' or `response_format', or where `parse'
%% asked for it, and that was not cut off; `parse_error' says why there is none. `json_schema_ignored' is what of the
%% schema was left out, with `json_schema_lenient'; an answer that breaks it has a `parse_error'.

-type json() :: #{binary() => json()} | [json()] | binary() | number() | boolean() | null.
%% What JSON holds, as terms.

-type vector() :: [float()] | binary().
%% With `encoding_format => binary', 32-bit floats: `[F || <<F:32/float-little>> <= Vector]'; with `base64' these bytes
%% as text.

-type embeddings() :: #{
    embeddings := [vector() | [vector()]],
    dimensions := pos_integer(),
    pooling := none | mean | cls | last,
    usage := usage(),
    timings := vector_timings(),
    model := binary(),
    task_id := task_id()
}.
%% One vector a text, in the order of the input; with `pooling => none' a list of one a token.

-type ranking() :: #{
    results := [#{index := non_neg_integer(), score := float()}],
    scores := [float()],
    usage := usage(),
    timings := vector_timings(),
    model := binary(),
    task_id := task_id()
}.
%% `results' is best first, of at most `top_n' documents; `scores' is in the order of the documents.

-type estimate() :: #{
    prompt_tokens := non_neg_integer(),
    cached_tokens := non_neg_integer(),
    queue_position := non_neg_integer()
}.

-type schema_problem() :: #{
    pointer := binary(),
    keyword := binary(),
    message := binary()
}.
%% What of a JSON schema is not honoured: the JSON pointer of the schema that holds the keyword, the keyword, and why.

-type capability() :: completion | chat | embedding | rerank | infill | tokenize.

-type model() :: #{
    path := binary(),
    architecture := binary(),
    name => binary(),
    n_params := non_neg_integer(),
    quantization => binary(),
    size_bytes := non_neg_integer(),
    file_bytes := pos_integer(),
    n_ctx_train := non_neg_integer(),
    n_embd := non_neg_integer(),
    n_layer := non_neg_integer(),
    n_vocab := non_neg_integer(),
    capabilities := [capability()],
    chat_template => boolean() | binary(),
    memory => #{required_bytes => non_neg_integer(), available_bytes => non_neg_integer()},
    id => binary(),
    default => boolean(),
    n_ctx => pos_integer(),
    n_parallel => pos_integer(),
    max_queue => non_neg_integer(),
    tasks => non_neg_integer(),
    use_count => non_neg_integer(),
    loaded_ms_ago => non_neg_integer(),
    last_used_ms_ago => non_neg_integer(),
    from => #{setting() => origin()},
    setting() => term()
}.
%% The keys from `id' on are those of a loaded model, whose `chat_template' says only whether there is
%% one; `memory' and the template's text belong to {@link inspect_model/2}. Beside them stands every
%% setting that is in force, and `from' says where each comes from.

-type setting() ::
    n_batch | n_ubatch | n_threads | n_threads_batch | n_gpu_layers | use_mmap | cache_type_k | cache_type_v
    | slot_tokens | slot_ms | template | n_ctx | n_parallel | max_queue | llama_node_defaults:key().
%% What a model works with, by the names of the options; `template' is what `chat_template' would be given.

-type origin() :: default | model | auto | file | environment | option | session.
%% Who said it: nobody, the model's file, the node by itself, the configuration file, a variable, an option or
%% flag or the configuration of a load, the session.

-type tool_call() :: #{id := binary(), name := binary(), arguments := #{binary() => term()}}.
%% A tool that the model asks to have called. In its arguments, JSON's `null' is the atom `null'.

-type event() ::
    {chunk, #{content := binary(), index := non_neg_integer()}}
    | {reasoning, #{content := binary(), index := non_neg_integer()}}
    | {tool_call, #{index := non_neg_integer(), id := binary(), name := binary(), delta := binary()}}.
%% A part of an answer: text, what the model thinks before it, or more of the JSON of a call's
%% arguments. A call counts only when the result has it: one that turns out to be malformed is text.

-type terminal_event() :: {done, result() | embeddings() | ranking()} | {error, error()}.

-type message() :: {llama_node, task_id(), event() | passive | terminal_event()}.
%% What a stream sends: events, of which exactly one, the last, is a terminal event.

-type active() :: boolean() | once | pos_integer().
%% How many events a stream may send, as in `inet': all, none, one, or so many more.

-type stream() :: llama_node_stream:stream().
%% A stream that one process takes event by event.

%% How long the node may take to answer what it answers without computing.
-define(TIMEOUT, 30000).

%% Servers

%% @doc Starts a server and its node, linked to the calling process.
%%
%% Returns when the node is ready, or at once with `wait => false'. The options are described at
%% {@link llama_node_options:start_options()}.
%% ```
%% {ok, Server} = llama_node:start_link(#{model => "model.gguf", n_ctx => 2048, name => {local, llm}}).
%% '''
-spec start_link(start_options()) -> {ok, pid()} | {error, error() | {already_started, pid()} | term()}.
start_link(Options) ->
    llama_node_server:start_link(Options).

%% @doc Looks whether a server could be started with these options: the options themselves, Java, the library of
%% llama.cpp, each model's file and the memory that it takes, and of a model that a server runs whether the server can
%% be reached, what it is, whether it has the model, and whether it writes a token. Nothing is loaded, and nothing stays
%% behind. It takes as long as a start without the loads, at most `start_timeout'.
%%
%% All checks come in their order; with `error' at least one has failed, and its `detail' says why.
%% ```
%% {ok, _} = llama_node:preflight(#{model => "model.gguf"}),
%% {error, Checks} = llama_node:preflight(#{engine => llama_server, url => "http://127.0.0.1:1"}),
%% [#{check := <<"server http://127.0.0.1:1">>, detail := <<"model_load_failed: ", _/binary>>}] =
%%     [Check || #{status := failed} = Check <- Checks].
%% '''
-spec preflight(start_options()) -> {ok, [llama_node_preflight:check()]} | {error, [llama_node_preflight:check()]}.
preflight(Options) ->
    llama_node_preflight:run(Options).

%% @doc A child specification for a supervisor. Its id is the server's name, else `llama_node'.
%%
%% With `wait => true', the default, a start returns when the models are loaded: until then the supervisor does nothing
%% else, so neither its other children are restarted nor its callers answered, and a node that does not become ready
%% blocks it for `start_timeout'. With `wait => false' the supervisor goes on at once, and requests wait for the node.
%%
%% A node that ends is started again by the server, which goes on, and not by the supervisor; see {@link subscribe/1}.
%% A node that ended more often than `restarts' allows ends the child, which counts for the restart intensity. With
%% `wait => false' a start that fails is tried again likewise.
%%
%% Supervisors show the arguments of a start in their reports. So the cookie, the flags of the Java runtime and the
%% values of `env' stand in funs there; who has them in funs already may give these.
%% ```
%% init([]) -> {ok, {#{}, [llama_node:child_spec(#{model => "model.gguf", name => {local, llm}})]}}.
%% '''
-spec child_spec(start_options()) -> supervisor:child_spec().
child_spec(Options) ->
    #{id => llama_node_options:child_id(Options),
      start => {?MODULE, start_link, [llama_node_options:wrap(Options)]},
      restart => permanent,
      shutdown => llama_node_options:shutdown(Options),
      type => worker,
      modules => [llama_node_server]}.

%% @doc Starts a server that no process is linked to. End it with {@link destroy_server/1}.
%% ```
%% {ok, Server} = llama_node:init_server(#{model => "model.gguf"}).
%% '''
-spec init_server(start_options()) -> {ok, pid()} | {error, error() | {already_started, pid()} | term()}.
init_server(Options) ->
    llama_node_server:start(Options).

%% @doc Connects to a node that was started elsewhere: by another BEAM, or as a service of the operating system.
%% The result is used like any server. Several BEAMs can use one node; what the processes of one of them own ends when
%% its connection does. The options are described at {@link llama_node_options:attach_options()}.
%%
%% A connection that is lost is made again, sooner or later, until {@link destroy_server/1} is called for the result;
%% callers are told `node_down' meanwhile, at once. A node that does not answer for `pulse_timeout' counts as lost.
%%
%% A `cookie' is used for this node until its connection ends, and whenever it is connected again; it is taken back
%% then, and when the node cannot be connected. Where the node is connected already, it is not asked for a cookie.
%% ```
%% {ok, Llama} = llama_node:connect('llama@myhost', #{cookie => secret}).
%% '''
-spec connect(node(), llama_node_options:attach_options()) -> {ok, server()} | {error, error()}.
connect(Node, Options) when is_atom(Node) ->
    case llama_node_options:attach(Options) of
        {ok, Checked} -> llama_node_dist:attach(Node, Checked);
        {error, _} = Error -> Error
    end;
connect(_Node, _Options) ->
    error(badarg).

%% @doc The calling process hears from now on when the node of a server ends and when the next one is ready: it gets
%% `{llama_node, Server, Event}', see {@type node_event()}, where `Server' is the argument of this call. It hears of
%% nothing that was before, and no more once the server itself has ended, which a monitor tells. Calling it again
%% changes nothing but that argument.
%%
%% What plain sessions and tasks held ends with the node: a later call with such a session is `session_not_found', and
%% whoever waited for a task is told `node_down' at once. A connection that {@link connect/2} keeps is told of likewise:
%% `down' when it is lost, `up' when it is made again.
%% ```
%% ok = llama_node:subscribe(llm),
%% receive {llama_node, llm, {node, down, #{reason := {node_down, _}}}} -> ok end,
%% receive {llama_node, llm, {node, up, #{after_ms := _}}} -> ok end.
%% '''
-spec subscribe(server()) -> ok | {error, error()}.
subscribe(Server) ->
    llama_node_request:listen(Server, {subscribe, Server}, ?TIMEOUT).

%% @doc The calling process hears no more of a server's node.
-spec unsubscribe(server()) -> ok | {error, error()}.
unsubscribe(Server) ->
    llama_node_request:listen(Server, unsubscribe, ?TIMEOUT).

%% @doc Ends a server and its node. It is `ok' when there is none. What {@link connect/2} gave is connected no more when
%% its connection is lost; the node goes on, and what this runtime has there. A supervised server would be
%% started again: use `supervisor:terminate_child/2' for it.
%% ```
%% ok = llama_node:destroy_server(Server).
%% '''
-spec destroy_server(server()) -> ok | {error, error()}.
destroy_server(Server) ->
    case llama_node_request:is_server(Server) of
        true -> stop_owner(Server);
        false -> error(badarg)
    end.

stop_owner({Name, Node} = Server) when Name =/= global, is_atom(Node) ->
    case llama_node_lines:drop(Server) =:= ok orelse llama_node_request:owner(Server, ?TIMEOUT) of
        true -> ok;
        {ok, Pid} -> stop(Pid);
        _ -> llama_node_error:make(unsupported, "~ts is not owned by a server of this call: end its server", [Node])
    end;
stop_owner(Server) ->
    stop(Server).

stop(Server) ->
    try
        gen_server:stop(Server)
    catch
        exit:{calling_self, _} -> error(badarg);
        exit:_ -> ok;
        %% That module is no registry.
        error:undef -> error(badarg)
    end.

%% @doc The node's state, models, slots and counters.
%% ```
%% {ok, #{state := ready, models := [#{id := Id}]}} = llama_node:get_status(Server).
%% '''
-spec get_status(server()) -> {ok, map()} | {error, error()}.
get_status(Server) ->
    llama_node_request:call(Server, get_status, ?TIMEOUT).

%% @doc Checks that the node answers.
%% ```
%% pong = llama_node:ping(Server).
%% '''
-spec ping(server()) -> pong | {error, error()}.
ping(Server) ->
    llama_node_request:call(Server, ping, ?TIMEOUT).

%% Models and their adapters

%% @doc Loads a model into a running node. Waits as long as the loading takes.
%%
%% A relative path is taken from the working directory of this runtime when the server is a process
%% on this machine. For the mailbox of a Java node, and for a server on another machine, it goes to the node
%% as it is, whose working directory is that of the runtime that launched it: name such files in full.
%%
%% Options are those of a model's start, and `progress': a process that gets
%% `{llama_node_progress, Path, Fraction}' for every percent. `default => true' makes it the model
%% of requests that name none, which is the first one loaded otherwise; `vocab_only => true' loads
%% only the vocabulary, for tokens and templates. `probe => true', for files from strangers, has a process
%% of its own load the file first: one that would end the node is `model_load_failed' then. While that is
%% done, the end of the calling process gives the load up.
%%
%% A model that is loaded already in the same way is `ok' at once; one of the same id that is loaded otherwise must be
%% unloaded first. The shipped model, where no model was named at the start, gives its place to the first one that is
%% loaded: its tasks go on to their end, and its sessions are gone.
%% ```
%% ok = llama_node:load_model(Server, "model.gguf", #{id => small, n_parallel => 2}).
%% '''
-spec load_model(server(), Path :: text(), config()) -> ok | {error, error()}.
load_model(Server, Path, Config) ->
    Where = case llama_node_request:names_server(Config) of
        true -> Path;
        false -> llama_node_request:path(Server, Path)
    end,
    llama_node_request:call(Server, {load_model, Where, Config}, infinity).

%% @doc Unloads a model and gives its memory back. Its tasks end with `cancelled', its sessions are
%% closed.
%% ```
%% ok = llama_node:unload_model(Server, small).
%% '''
-spec unload_model(server(), Id :: text()) -> ok | {error, error()}.
unload_model(Server, Id) ->
    llama_node_request:call(Server, {unload_model, Id}, infinity).

%% @doc The loaded models in the order of their loading: what their files tell, their sizes, and
%% how much they are used.
%% ```
%% {ok, [#{id := Id, default := true, capabilities := Capabilities} | _]} = llama_node:list_models(Server).
%% '''
-spec list_models(server()) -> {ok, [model()]} | {error, error()}.
list_models(Server) ->
    llama_node_request:call(Server, list_models, ?TIMEOUT).

%% @doc As {@link inspect_model/2}, without a server: a node is started for it, without any model, and
%% ended again, which takes a second or so.
%% ```
%% {ok, #{architecture := Architecture}} = llama_node:inspect_model("model.gguf").
%% '''
-spec inspect_model(Path :: text() | input()) ->
    {ok, model()} | {error, error()}.
inspect_model(Path) ->
    case llama_node_server:start_owned(#{models => [], log_level => warning}) of
        {ok, Server} ->
            try
                inspect_model(Server, Path)
            after
                destroy_server(Server)
            end;
        {error, _} = Error ->
            Error
    end.

%% @doc What the header of a model's file tells, without loading it: architecture, size,
%% quantization, context length, chat template, capabilities, and the memory that it would take.
%%
%% The path is taken like that of {@link load_model/3}. A map instead of it gives options of
%% `load_model', for the estimate, along with `path'; nothing is probed.
%% ```
%% {ok, #{architecture := <<"llama">>, capabilities := [completion | _]}} =
%%     llama_node:inspect_model(Server, "model.gguf").
%% '''
-spec inspect_model(server(), Path :: text() | input()) ->
    {ok, model()} | {error, error()}.
inspect_model(Server, Given) ->
    case llama_node_request:path_and_config(Given) of
        {error, {_, _}} = Error ->
            Error;
        {Path, Config} ->
            llama_node_request:call(Server, {inspect_model, llama_node_request:path(Server, Path), Config}, ?TIMEOUT)
    end.

%% @doc Which libraries of llama.cpp are installed, of which release each is, and whether it loads or why not. No node
%% is started; each is loaded by a process of its own, which takes a second or two in all. The keys are described at
%% {@link llama_node_backends:backend()}.
%% ```
%% {ok, Backends} = llama_node:list_backends(),
%% [#{version := Version, why := Why}] = [Backend || #{chosen := true} = Backend <- Backends].
%% '''
-spec list_backends() -> {ok, [llama_node_backends:backend()]} | {error, error()}.
list_backends() ->
    llama_node_backends:list().

%% @doc Loads a LoRA adapter of a loaded model, a GGUF file, for requests to ask for with `lora'. `Config' may
%% give `id', else the file's name without `.gguf', `model', and `probe'. Relative paths and `probe' are as in
%% {@link load_model/3}.
%% ```
%% ok = llama_node:load_adapter(Server, "pirate.gguf", #{id => pirate}),
%% {ok, _} = llama_node:chat(Server, <<"Who are you?">>, #{lora => [{pirate, 0.8}]}).
%% '''
-spec load_adapter(server(), Path :: text(), config()) -> ok | {error, error()}.
load_adapter(Server, Path, Config) ->
    llama_node_request:call(Server, {load_adapter, llama_node_request:path(Server, Path), Config}, infinity).

%% @doc Unloads an adapter. It is `server_busy' while tasks use it. `Config' may give `model'.
%% ```
%% ok = llama_node:unload_adapter(Server, pirate, #{}).
%% '''
-spec unload_adapter(server(), Id :: text(), input()) -> ok | {error, error()}.
unload_adapter(Server, Id, Config) ->
    llama_node_request:call(Server, {unload_adapter, Id, Config}, ?TIMEOUT).

%% @doc The adapters that are loaded, and how many tasks use each.
%% ```
%% {ok, [#{id := <<"pirate">>, tasks := 0}]} = llama_node:list_adapters(Server).
%% '''
-spec list_adapters(server()) ->
    {ok, [#{id := binary(), model := binary(), path := binary(), tasks := non_neg_integer()}]} | {error, error()}.
list_adapters(Server) ->
    llama_node_request:call(Server, list_adapters, ?TIMEOUT).

%% Answers without a session

%% @doc Answers a conversation without a session of your own.
%%
%% `Messages' is a list of maps with `role' and `content', or a text: one user turn. `Options' are
%% those of a chat input; `timeout' among them is the deadline in milliseconds. Without it, the
%% call waits as long as the node lives.
%% ```
%% {ok, #{content := Text}} =
%%     llama_node:chat(Server, [#{role => user, content => <<"Hi">>}], #{timeout => 60000}).
%% '''
-spec chat(server(), [map() | list()] | text(), config()) -> {ok, result()} | {error, error()}.
chat(Server, Messages, Options) ->
    run(Server, chat, #{messages => turns(Messages)}, Options).

%% @doc Answers a conversation, and runs the tools that the model asks for until it answers in words.
%%
%% `Tools' are maps or proplists with `name', `function' (a fun of the decoded arguments) and, for the model,
%% `description' and `parameters' (a JSON schema). What the fun returns is described at
%% {@link llama_node_tools:tool_function()}: text and terms that are JSON, `{ok, Term}' or `{error, Reason}'; `encode',
%% a fun among the tool's keys or the options, makes JSON or text of what is none. A fun that raises, exits or takes too
%% long harms nobody: the model is told so in place of a result, and the log has the stacktrace. `Options' are those of
%% {@link chat/3} and `encode', `max_rounds' and `tool_timeout', see {@link llama_node_tools:options()}. When the model
%% still asks for tools after `max_rounds', the answer is a `timeout'.
%%
%% What fails once tools were run is `{error, {Code, Message}, Messages}', with the conversation up to their results:
%% given to `chat_tools' again, it goes on from there, and no tool does its work twice.
%% ```
%% Now = #{name => now, description => <<"The time">>,
%%         function => fun (_) -> calendar:system_time_to_rfc3339(erlang:system_time(second)) end},
%% {ok, #{content := Text, messages := Conversation}} =
%%     llama_node:chat_tools(Server, <<"What time is it?">>, [Now], #{}).
%% '''
-spec chat_tools(server(), [map() | list()] | text(), [llama_node_tools:tool()], llama_node_tools:options()) ->
    {ok, llama_node_tools:result()} | {error, error()} | {error, error(), Messages :: [map() | list()]}.
chat_tools(Server, Messages, Tools, Options) ->
    llama_node_tools:chat(Server, Messages, Tools, Options).

%% @doc Continues a prompt without a session of your own. A list of integers is a string here;
%% {@link create_task/4} takes token ids as well.
%% ```
%% {ok, #{content := Text}} = llama_node:complete(Server, <<"Once upon">>, #{n_predict => 20}).
%% '''
-spec complete(server(), text(), config()) -> {ok, result()} | {error, error()}.
complete(Server, Prompt, Options) ->
    case text(Prompt) of
        {ok, Text} -> run(Server, completion, #{prompt => Text}, Options);
        {error, _} = Error -> Error
    end.

%% @doc The embeddings of a text or of several, which are computed together.
%%
%% Options are `pooling' (`none', `mean', `cls' or `last'; else as the model says), `normalize'
%% (`true') or `embd_normalize', `encoding_format' (`float', or `binary', which costs the BEAM
%% far less, or `base64', its bytes as text), `add_special', `model' and `timeout'. A text that does
%% not fit into the context is named by its place: `input[2]'.
%% ```
%% {ok, #{embeddings := [Vector], dimensions := N}} = llama_node:embed(Server, <<"a text">>, #{}),
%% N = length(Vector),
%% {ok, #{embeddings := [A, B]}} =
%%     llama_node:embed(Server, [<<"one">>, <<"two">>], #{encoding_format => binary}).
%% '''
-spec embed(server(), text() | [text() | {tokens, [non_neg_integer()]}], config()) ->
    {ok, embeddings()} | {error, error()}.
embed(Server, Input, Options) ->
    run(Server, embedding, #{input => Input}, Options).

%% @doc Orders documents by their relevance to a query, best first. It takes a model of the BERT
%% family with a rank head; `top_n' among the options limits the list.
%% ```
%% {ok, #{results := [#{index := 1, score := _} | _]}} =
%%     llama_node:rerank(Server, <<"fruit">>, [<<"car">>, <<"apple">>], #{}).
%% '''
-spec rerank(server(), text(), [text()], config()) -> {ok, ranking()} | {error, error()}.
rerank(Server, Query, Documents, Options) ->
    run(Server, rerank, #{query => Query, documents => Documents}, Options).

%% Sessions

%% @doc Opens a session, which belongs to the calling process.
%% ```
%% {ok, Session} = llama_node:create_session(Server, #{system_prompt => <<"Be brief.">>, seed => 1}).
%% '''
-spec create_session(server(), config()) -> {ok, session_id()} | {error, error()}.
create_session(Server, Config) ->
    llama_node_request:create(Server, {create_session, Config}, ?TIMEOUT).

%% @doc Changes what a session was created with, from its next task on: what is given replaces what was, all else stays.
%% Its conversation stays as well, and the KV cache as far as the next prompt agrees with it. It is `server_busy' while
%% a chat of the session waits or runs.
%% ```
%% ok = llama_node:update_session(Server, Session, #{
%%     temperature => 0.2,
%%     chat_template => #{system => <<"Be brief.\n">>, prefix => <<"User: ">>, postfix => <<"\nAssistant: ">>}}).
%% '''
-spec update_session(server(), session_id(), input()) -> ok | {error, error()}.
update_session(Server, SessionId, Config) ->
    llama_node_request:call(Server, {update_session, SessionId, Config}, ?TIMEOUT).

%% @doc Closes a session. Its tasks end with `cancelled'.
%% ```
%% ok = llama_node:close_session(Server, Session).
%% '''
-spec close_session(server(), session_id()) -> ok | {error, error()}.
close_session(Server, SessionId) ->
    llama_node_request:call(Server, {close_session, SessionId}, ?TIMEOUT).

%% @doc What a session holds.
%% ```
%% {ok, #{messages := 3}} = llama_node:get_session_info(Server, Session).
%% '''
-spec get_session_info(server(), session_id()) -> {ok, map()} | {error, error()}.
get_session_info(Server, SessionId) ->
    llama_node_request:call(Server, {get_session_info, SessionId}, ?TIMEOUT).

%% @doc Opens a session that continues another one's conversation on its own, and belongs to the
%% calling process. What the other one has in the KV cache is not computed again, as long as it is
%% there when the new session's first task gets a slot.
%% ```
%% {ok, Other} = llama_node:fork_session(Server, Session).
%% '''
-spec fork_session(server(), session_id()) -> {ok, session_id()} | {error, error()}.
fork_session(Server, SessionId) ->
    llama_node_request:create(Server, {fork_session, SessionId}, ?TIMEOUT).

%% @doc Remembers where a session's conversation stands, for {@link rewind_session/3}. At most 16 a
%% session, and 1024 in all.
%% ```
%% {ok, Checkpoint} = llama_node:checkpoint_session(Server, Session).
%% '''
-spec checkpoint_session(server(), session_id()) -> {ok, pos_integer()} | {error, error()}.
checkpoint_session(Server, SessionId) ->
    llama_node_request:call(Server, {checkpoint_session, SessionId}, ?TIMEOUT).

%% @doc Takes a conversation back to a checkpoint, or to its start. Later checkpoints are forgotten; the
%% KV cache is kept as far as it goes. It is `server_busy' while a chat of the session waits or runs.
%% ```
%% ok = llama_node:rewind_session(Server, Session, Checkpoint).
%% '''
-spec rewind_session(server(), session_id(), Checkpoint :: pos_integer() | start) -> ok | {error, error()}.
rewind_session(Server, SessionId, Checkpoint) ->
    llama_node_request:call(Server, {rewind_session, SessionId, Checkpoint}, ?TIMEOUT).

%% @doc Drops what a session has in the KV cache, the system prompt included or not. The conversation
%% stays, and is computed anew when it goes on. It is `server_busy' while a task of the session waits or runs.
%% With `all' in the place of a session, the caches of all models are dropped, whosever they are, and
%% `all_but_system_prompt' leaves the system prompts of open sessions and of the models; it is `server_busy', and
%% nothing is dropped, while any task waits or runs.
%% ```
%% ok = llama_node:clear_cache(Server, Session, all_but_system_prompt).
%% '''
-spec clear_cache(server(), session_id() | all, all | all_but_system_prompt) -> ok | {error, error()}.
clear_cache(Server, SessionId, What) ->
    llama_node_request:call(Server, {clear_cache, SessionId, What}, ?TIMEOUT).

%% Tasks of sessions

%% @doc Starts a task, whose result is collected with {@link get_result/3}. With `stream => true' in the input its
%% events come to the calling process, as those of {@link stream/4} do, and there is nothing to collect.
%% ```
%% {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => <<"Hi">>}).
%% '''
-spec create_task(server(), session_id(), type(), input()) -> {ok, task_id()} | {error, error()}.
create_task(Server, SessionId, Type, Input) ->
    case llama_node_input:streams(Input) of
        true -> stream(Server, SessionId, Type, Input);
        false -> llama_node_request:create_task(Server, {create_task, SessionId, Type, Input}, Input, ?TIMEOUT)
    end.

%% @doc Waits for a task's result and collects it. A time-out leaves the task running and the
%% result to be collected. A time-out of 0 asks whether it is there, as `after 0' of a `receive' does; `infinity' waits
%% for ever.
%% ```
%% {ok, #{content := Text}} = llama_node:get_result(Server, Task, 60000).
%% '''
-spec get_result(server(), task_id(), timeout()) ->
    {ok, result() | embeddings() | ranking()} | {error, error()}.
get_result(Server, TaskId, Timeout) ->
    llama_node_request:call_for(Server, fun (Left) -> {get_result, TaskId, Left} end, Timeout).

%% @doc Cancels a task. Returns once its slot is free.
%% ```
%% ok = llama_node:cancel_task(Server, Task).
%% '''
-spec cancel_task(server(), task_id()) -> ok | {error, error()}.
cancel_task(Server, TaskId) ->
    llama_node_request:call(Server, {cancel_task, TaskId}, ?TIMEOUT).

%% @doc What a task would cost if it were created now: the tokens of its prompt, those among them that are
%% in the KV cache already, and how many tasks go before it. Nothing is run.
%% ```
%% {ok, #{prompt_tokens := 1200, cached_tokens := 1100, queue_position := 0}} =
%%     llama_node:estimate_task(Server, Session, chat, #{content => <<"Go on.">>}).
%% '''
-spec estimate_task(server(), session_id(), type(), input()) -> {ok, estimate()} | {error, error()}.
estimate_task(Server, SessionId, Type, Input) ->
    llama_node_request:call(Server, {estimate_task, SessionId, Type, Input}, ?TIMEOUT).

%% Streams

%% @doc Starts a task whose events come as messages to the calling process, see {@type message()}.
%%
%% Exactly one terminal event comes, also when the node dies. Nothing comes when the function
%% returned an error.
%% ```
%% {ok, Task} = llama_node:stream(Server, Session, completion, #{prompt => <<"Once">>}),
%% receive {llama_node, Task, {chunk, #{content := Text}}} -> io:put_chars(Text) end.
%% '''
%% Two more keys of the input say how fast events come. `active' is {@type active()}, `true' unless
%% given: with `once' or a number so many events come, and then none until the process asks for more with
%% {@link active/3}. A number that is used up is told by `{llama_node, Task, passive}'. Text that
%% waits is joined into one chunk. The terminal event comes when no text waits any more, and
%% `error' at once. A stream of which over 1,048,576 characters wait ends with `server_busy'.
%% `coalesce_ms' is the least time between two chunks, 0 to 60000; the first one is not delayed.
-spec stream(server(), session_id(), type(), input()) -> {ok, task_id()} | {error, error()}.
stream(Server, SessionId, Type, Input) ->
    with_target(Server, Input, fun (Target, Left) -> llama_node_stream:start(Target, SessionId, Type, Input, Left) end).

%% @doc Asks for more events of a stream, as `inet:setopts(Socket, [{active, Active}])' does. A number adds
%% to what is left of an earlier one.
%% ```
%% ok = llama_node:active(Server, Task, once).
%% '''
-spec active(server(), task_id(), active()) -> ok | {error, error()}.
active(Server, TaskId, Active) ->
    llama_node_request:call(Server, {active, TaskId, Active}, ?TIMEOUT).

%% @doc Runs a task and folds `Fun' over its events in the calling process.
%%
%% `Fun' returns the next accumulator, or `{stop, Acc}' to cancel the task, which makes the result
%% `{stopped, Acc}'. The terminal event is not given to `Fun': it becomes `{ok, Result, Acc}' or
%% `{error, Error}'. An exception in `Fun' cancels the task and goes on to the caller. Messages
%% that do not belong to the task stay in the mailbox, and none that does is left there. A `Fun' that is
%% slow holds up nothing: only a few events are asked for ahead of it.
%% ```
%% {ok, _Result, Chunks} = llama_node:stream_fold(
%%     fun ({chunk, #{content := Text}}, Acc) -> [Text | Acc] end, [],
%%     Server, Session, completion, #{prompt => <<"Once">>}).
%% '''
-spec stream_fold(fun((event(), Acc) -> Acc | {stop, Acc}), Acc,
                  server(), session_id(), type(), input()) ->
    {ok, result() | embeddings() | ranking(), Acc} | {stopped, Acc} | {error, error()}.
stream_fold(Fun, Acc, Server, SessionId, Type, Input) when is_function(Fun, 2) ->
    case stream_open(Server, SessionId, Type, Input) of
        {ok, Stream} -> llama_node_stream:fold(Fun, Acc, Stream);
        {error, _} = Error -> Error
    end;
stream_fold(_Fun, _Acc, _Server, _SessionId, _Type, _Input) ->
    error(badarg).

%% @doc Starts a stream whose events the calling process takes one by one with {@link stream_next/1}. This
%% and the next two are what `Stream.resource/3' of Elixir wants.
%% ```
%% {ok, Stream} = llama_node:stream_open(Server, Session, chat, #{content => <<"Hi">>}),
%% {[{chunk, #{content := Text}}], Next} = llama_node:stream_next(Stream),
%% ok = llama_node:stream_close(Next).
%% '''
-spec stream_open(server(), session_id(), type(), input()) -> {ok, stream()} | {error, error()}.
stream_open(Server, SessionId, Type, Input) ->
    with_target(Server, Input, fun (Target, Left) -> llama_node_stream:open(Target, SessionId, Type, Input, Left) end).

%% @doc Waits for the next event, which comes in a list. The last one is the terminal event; after it
%% comes `halt'. Only a few events are on their way at a time, however long a process takes to ask for them.
-spec stream_next(stream()) -> {[event() | terminal_event()], stream()} | {halt, stream()}.
stream_next(Stream) ->
    llama_node_stream:next(Stream).

%% @doc Ends a stream. Its task is cancelled unless it has ended, and none of its messages is left.
-spec stream_close(stream()) -> ok.
stream_close(Stream) ->
    llama_node_stream:close(Stream).

%% Tokens and templates

%% @doc The tokens of a text. A map gives options along with `content': `add_special' (the model's
%% bos and eos), `parse_special' (control tokens written in the text), `with_pieces' (tell what each
%% token stands for), `model'.
%% ```
%% {ok, [#{id := Id, piece := Bytes} | _]} =
%%     llama_node:tokenize(Server, #{content => <<"Hi">>, with_pieces => true}),
%% {ok, Tokens} = llama_node:tokenize(Server, #{content => <<"Hi">>, add_special => true}).
%% '''
-spec tokenize(server(), text() | input()) ->
    {ok, [non_neg_integer()] | [#{id := non_neg_integer(), piece := binary()}]} | {error, error()}.
tokenize(Server, Input) ->
    llama_node_request:call(Server, {tokenize, Input}, ?TIMEOUT).

%% @doc How many tokens a text has. A map gives options as in {@link tokenize/2}.
%% ```
%% {ok, N} = llama_node:count_tokens(Server, <<"How long is this?">>).
%% '''
-spec count_tokens(server(), text() | input()) -> {ok, non_neg_integer()} | {error, error()}.
count_tokens(Server, Input) ->
    llama_node_request:call(Server, {count_tokens, Input}, ?TIMEOUT).

%% @doc The text of tokens, without control tokens. A map gives `model' along with `tokens', and `special' where
%% control tokens are to be spelled.
%% ```
%% {ok, <<"Hi">>} = llama_node:detokenize(Server, Tokens),
%% {ok, <<"<s> Hi</s>">>} = llama_node:detokenize(Server, #{tokens => Tokens, special => true}).
%% '''
-spec detokenize(server(), [non_neg_integer()] | input()) -> {ok, binary()} | {error, error()}.
detokenize(Server, Input) ->
    llama_node_request:call(Server, {detokenize, Input}, ?TIMEOUT).

%% @doc The prompt that a chat template makes of messages.
%% ```
%% {ok, Prompt} = llama_node:apply_template(Server, #{messages => [#{role => user, content => hi}]}).
%% '''
-spec apply_template(server(), input()) -> {ok, binary()} | {error, error()}.
apply_template(Server, Input) ->
    llama_node_request:call(Server, {apply_template, Input}, ?TIMEOUT).

%% @doc Whether a JSON schema is honoured: whether the answer to it, as `json_schema' of a task, is valid by it whatever
%% the model writes. It needs no model and makes no task. The schema is a map or a JSON text, as `json_schema' takes it.
%% ```
%% {ok, #{honoured := true, problems := []}} =
%%     llama_node:check_schema(Server, #{type => object, properties => #{name => #{type => string}}}),
%% {ok, #{honoured := false, problems := [#{pointer := <<"/properties/l">>, keyword := <<"uniqueItems">>}]}} =
%%     llama_node:check_schema(Server, #{properties => #{l => #{type => array, uniqueItems => true}}}).
%% '''
%% `problems' has all that is not honoured: the JSON pointer of the schema that holds the keyword, the keyword, and why.
%% A task with `json_schema_lenient' does without these, but for a `$ref' that leads nowhere, and for what has no
%% keyword (`<<>>'), which holds for the whole: no value is valid, or the schema is too complex. What is no schema at
%% all, such as a number or a text that is no JSON, is `invalid_argument'.
-spec check_schema(server(), Schema :: map() | text() | boolean()) ->
    {ok, #{honoured := boolean(), problems := [schema_problem()]}} | {error, error()}.
check_schema(Server, Schema) ->
    llama_node_request:call(Server, {check_schema, Schema}, ?TIMEOUT).

%% @doc Whether a text keeps to what answers can be kept to: `Constraint' has one of `json_schema', `grammar', `regex'
%% and `choice', as a task takes them. It needs no model and makes no task.
%% ```
%% {ok, #{matches := true}} = llama_node:match(Server, #{regex => <<"[0-9]+">>}, <<"2026">>),
%% {ok, #{matches := false, beginning := false, byte := 5, character := 5}} =
%%     llama_node:match(Server, #{json_schema => #{properties => #{n => #{type => integer}}}}, <<"{\"n\":x}">>),
%% {ok, #{matches := false, beginning := true}} = llama_node:match(Server, #{choice => [yes, no]}, <<"y">>).
%% '''
%% `byte' and `character' count what of the text keeps to it: the next character can not come there, or the text is at
%% its end. `beginning' says that a text which keeps to it begins so. JSON may have any white space, unless `whitespace'
%% says less, and its properties in any order; with `json_schema_lenient' what can not be honoured is left out, and is
%% `invalid_argument' otherwise. The text has at most 1,048,576 characters.
-spec match(server(), Constraint :: input(), text()) ->
    {ok, #{matches := boolean(), beginning := boolean(), byte := non_neg_integer(), character := non_neg_integer()}}
    | {error, error()}.
match(Server, Constraint, Text) ->
    llama_node_request:call(Server, {match, Constraint, Text}, ?TIMEOUT).

%% What several of them do

with_target(Server, Input, Fun) ->
    llama_node_request:with_target(Server, llama_node_request:deadline(Input), ?TIMEOUT, Fun).

run(Server, Type, Arguments, Options) ->
    case llama_node_request:with_options(Arguments, Options) of
        {ok, Input} -> llama_node_request:run(Server, Type, Input);
        {error, _} = Error -> Error
    end.

turns(Text) when is_binary(Text) -> [#{role => user, content => Text}];
turns([First | _] = Text) when is_integer(First) -> [#{role => user, content => Text}];
turns(Text) when is_atom(Text) ->
    case llama_node_input:text(Text) of
        {ok, Characters} -> turns(Characters);
        error -> Text
    end;
turns(Messages) -> Messages.

%% A string could be mistaken for token ids by the node.
text(String) when is_list(String) ->
    try unicode:characters_to_binary(String) of
        Text when is_binary(Text) -> {ok, Text};
        _ -> not_text()
    catch
        error:badarg -> not_text()
    end;
text(Text) ->
    {ok, Text}.

not_text() ->
    llama_node_error:make(invalid_argument, "prompt: is not a text").
