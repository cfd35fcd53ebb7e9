%% @doc Start options: their types, and what becomes of each of them: a part of the node's configuration, an environment
%% variable of its launcher, or the server's own. What each may be and what it means stands in
%% {@link llama_node_option_table}.
%%
%% Everything here is pure but the search for the `priv' directory and the default model.
%% @end
-module(llama_node_options).

-export([new/1, attach/1, node_config/2, default_model/2, priv_dir/0, child_id/1, shutdown/1]).
-export([wrap/1, hide/1, redact/1]).
-export_type([start_options/0, attach_options/0, attach/0, options/0, text/0]).

-type text() :: atom() | binary() | string().

-type variable() :: llama_node_secret:secret(text()) | false.
%% Its value; `false' takes it out.

-type start_options() ::
    #{
        model => text(),
        models => [llama_node:input()],
        id => text(),
        n_ctx => pos_integer(),
        n_parallel => 1..64,
        n_batch => 1..65536,
        n_ubatch => 1..65536,
        n_threads => 1..512,
        n_threads_batch => 1..512,
        max_queue => 0..1000000,
        slot_tokens => non_neg_integer(),
        slot_ms => non_neg_integer(),
        share_prefixes => node | owner | none | binary() | string(),
        slot_prompt_similarity => number(),
        use_mmap => boolean(),
        n_gpu_layers => -1 | non_neg_integer(),
        flash_attn => boolean() | auto | binary() | string(),
        cont_batching => boolean(),
        stand_in => boolean(),
        vocab_only => boolean(),
        check_tensors => boolean(),
        probe => boolean(),
        default => boolean(),
        chat_template => text() | #{text() => text()},
        engine => embedded | llama_server | binary() | string(),
        url => text(),
        command => [text(), ...],
        api_key => llama_node_secret:secret(text() | {file, text()}),
        use_openai => boolean(),
        lazy => boolean(),
        trust_content => boolean(),
        headers => llama_node_secret:secret(#{text() => text()}),
        proxy => text(),
        cacertfile => text(),
        certfile => text(),
        keyfile => text(),
        connect_timeout_ms => pos_integer(),
        idle_timeout_ms => pos_integer(),
        request_timeout_ms => pos_integer(),
        server_connections => 1..1024,
        fallback => text(),
        remote_models => [text()],
        bind => text(),
        tls => llama_node:input(),
        timeout_read => 1..86400,
        timeout_write => 1..86400,
        max_connections => 1..10000,
        llama_lib => text(),
        native_timeout => timeout(),
        log_level => debug | info | warning | error | none | binary() | string(),
        result_ttl_ms => non_neg_integer(),
        max_results => non_neg_integer(),
        max_sessions => non_neg_integer(),
        max_tasks => non_neg_integer(),
        owner_share => 1..100,
        name => atom() | {local, atom()} | {global, term()} | {via, module(), term()},
        wait => boolean(),
        start_timeout => timeout(),
        stop_timeout => non_neg_integer(),
        restarts => {Count :: non_neg_integer(), Seconds :: pos_integer()},
        restart_wait => timeout(),
        pulse_interval => pos_integer(),
        pulse_timeout => pos_integer(),
        progress => pid() | fun((Path :: binary(), Fraction :: float()) -> term()),
        transport => auto | port | distribution | fake | binary() | string(),
        script => llama_node_fake:script(),
        replies => #{atom() => term()},
        dimensions => 1..65536,
        node_name => text(),
        host => text(),
        cookie => llama_node_secret:secret(text()),
        java_home => text(),
        java_opts => llama_node_secret:secret(text() | [text()]),
        launcher => text(),
        env => llama_node_secret:secret([{text(), variable()}] | #{text() => variable()}),
        llama_node_defaults:key() => term()
    }
    | #{binary() | string() => term()}
    | [atom() | {text(), term()}]
    | binary() | undefined | nil | null.
%% Options of {@link llama_node:start_link/1}: a map, a proplist, a binary with a JSON object, or nothing. Keys may be
%% atoms, binaries or strings. A key that is not given, or is `undefined', `nil' or `null', has its default; any
%% other key is refused by name. In JSON a name is a text.
%%
%% The model, as in `ModelConfig' of docs/protocol.md:
%% <ul>
%% <li>`model': path of a GGUF file, or `demo' for the shipped one. Where none is named the shipped one only stands in,
%%     until another model is loaded; `demo' keeps it. With `engine => llama_server' the model's name at the server, if
%%     it has several. Default: `priv/models/tiny-chat.gguf' when it is there and `models' is not given; otherwise the
%%     node starts without a model.</li>
%% <li>`models': further models, maps with `path' and any of the next keys. Default: `[]'.</li>
%% <li>`id': the model's name in requests. Default: the file's name without `.gguf'.</li>
%% <li>`n_ctx': tokens of context of each slot. Default: what the model was trained with, at most 4096; 1024 for the one
%%     that comes with llama_node.</li>
%% <li>`n_parallel': slots. Default: 4.</li>
%% <li>`n_batch': tokens of one decode call. Default: 512.</li>
%% <li>`n_ubatch': tokens the backend computes at once. Default: 512.</li>
%% <li>`n_threads': threads of a decode. Default: the cores; one less with a llama.cpp whose threads spin.</li>
%% <li>`n_threads_batch': threads of a prefill. Default: as `n_threads'.</li>
%% <li>`max_queue': tasks that may wait for a slot. Default: 1024.</li>
%% <li>`slot_tokens': tokens that a task generates before it leaves its slot to another owner who waits, and goes on
%%     later; 0 for any number. Default: 4096.</li>
%% <li>`slot_ms': milliseconds that it generates before it does so; 0 for any number. Default: 60000.</li>
%% <li>`share_prefixes': with whom tasks share beginnings of prompts that the KV cache holds: with all of the model,
%%     with those of the same process, or with those of their session alone. How long a first token takes can tell what
%%     others have asked. Default: `node'.</li>
%% <li>`slot_prompt_similarity': share of a prompt that an idle slot must hold to be chosen for that; with 0 the one
%%     used longest ago is chosen. Default: 0.5.</li>
%% <li>`use_mmap': map the file rather than read it. Default: `true'.</li>
%% <li>`n_gpu_layers': layers to offload, -1 for all of them. Default: 0.</li>
%% <li>`flash_attn': whether attention is computed without its whole matrix in memory; `auto' leaves it to llama.cpp,
%%     which does so where it can, and with b4916 never. Default: `auto'.</li>
%% <li>`cont_batching': compute tasks side by side rather than one at a time. Default: `true'.</li>
%% <li>`stand_in': give its place and its memory to the first model that is loaded after it: its tasks end first, and
%%     its sessions are gone. Default: `false'.</li>
%% <li>`vocab_only': load only the vocabulary, for tokens and templates. Default: `false'.</li>
%% <li>`check_tensors': read all weights first, and refuse a file in which one is not a finite number. Default:
%%     `false'.</li>
%% <li>`probe': have a process of its own load the file first, and compute a token with it: a file that would end the
%%     node ends that one, and is refused. For files from strangers. Default: `false'.</li>
%% <li>`default': whether requests that name no model get it. Default: `false', and the first model is it.</li>
%% <li>`chat_template': a Jinja template, the name of one of the model's variants, or a map with `system', `prefix' and
%%     `postfix'. Default: the model's own.</li>
%% <li>`engine': `llama_server' where a server at `url' runs the model: a llama-server, or another one that speaks
%%     OpenAI's protocol. The options above from `n_batch' to `probe', and `chat_template', are refused beside it.
%%     Default: `embedded'.</li>
%% <li>`url': of the server, without the paths of its endpoints. Default: none, and required with `llama_server' without
%%     `command'.</li>
%% <li>`command': in place of `url': a program and its arguments, a list, that the node starts as such a server on a
%%     free port of 127.0.0.1, starts again when it ends, and ends with itself. Default: none.</li>
%% <li>`api_key': the server's key, sent as a bearer token: a text, a fun that gives it, or `{file, Path}'. Default:
%%     none.</li>
%% <li>`use_openai': prefer OpenAI's endpoints of a llama-server to its own. Default: `true'.</li>
%% <li>`lazy': start though the server is not there, and wait for it. Default: `false'.</li>
%% <li>`trust_content': send texts that spell control tokens as they are; the server may read them as such. Default:
%%     `false'.</li>
%% <li>`headers': further headers of each request, a map of texts. Default: `#{}'.</li>
%% <li>`proxy': URL of a proxy on the way to the server. Default: none, whatever the environment says.</li>
%% <li>`cacertfile': PEM file of the authorities of the server's certificate. Default: the system's authorities.</li>
%% <li>`certfile': PEM file of the certificate that the node shows the server. Default: none.</li>
%% <li>`keyfile': PEM file of that certificate's key. Default: `certfile'.</li>
%% <li>`connect_timeout_ms': milliseconds to connect to the server. Default: 5000.</li>
%% <li>`idle_timeout_ms': milliseconds between two parts of an answer that has begun. Default: 60000.</li>
%% <li>`request_timeout_ms': milliseconds of a request with its answer. Default: 600000.</li>
%% <li>`server_connections': requests that run at the server at once at most. Default: as many as the server has
%%     slots.</li>
%% <li>`fallback': `id' of another model of the node, which does what the server refuses. Default: none.</li>
%% </ul>
%% Where these stand beside `models', but for `id', `default' and `stand_in', they hold for every model whose own
%% configuration does not say otherwise, also for one that is loaded later. So does what its tasks get that do not say:
%% `temperature', `max_tokens', `stop', `system_prompt' and the other keys of {@link llama_node_defaults}.
%%
%% The service:
%% <ul>
%% <li>`remote_models': beginnings of URLs: the servers that requests, such as those of `load_model/3', may name.
%%     Default: `[]'.</li>
%% <li>`bind': address that the node's distribution listens on. Default: a loopback address.</li>
%% <li>`tls': PEM files, `#{certfile, keyfile, cacertfile}', of a node in a cluster whose distribution runs over TLS
%%     (`-proto_dist inet_tls'); both sides must show certificates. The certificate must hold the host of the node's
%%     name where the runtime checks it, as it does by default with `verify_peer'. Default: none, the distribution runs
%%     over TCP.</li>
%% <li>`timeout_read': seconds in which this runtime, or another one that is connected, must finish a message that it
%%     has begun to send; then it is disconnected, and over the port the node ends. Default: 600.</li>
%% <li>`timeout_write': seconds in which this runtime, or another one that is connected, must take some of what waits
%%     for it: one that takes nothing is disconnected, and over the port the node ends. How much waits does not matter.
%%     Default: 15.</li>
%% <li>`max_connections': Erlang nodes that may be connected to the node at a time. Default: 256.</li>
%% <li>`llama_lib': directory with the llama.cpp to use, or `system' for that of the operating system, or `embedded' for
%%     the one in the jar: that one or none. `auto' takes the newest that is found and can be used, with a warning where
%%     a newer one cannot; `llama_node:list_backends()' tells what there is. Default: what the environment variable
%%     `LLAMA_NODE_LIB' names, else `auto'.</li>
%% <li>`native_timeout': milliseconds that native code may make no progress before the node ends itself and is started
%%     anew, or `infinity'. Default: 60000.</li>
%% <li>`log_level': least level of the node's log records. Default: `info'.</li>
%% <li>`result_ttl_ms': how long a result waits to be collected. Default: 300000.</li>
%% <li>`max_results': results that are kept to be collected; the oldest goes first. Default: 10000.</li>
%% <li>`max_sessions': sessions that are open at a time. Default: 10000.</li>
%% <li>`max_tasks': tasks that wait or run at a time. Default: 100000.</li>
%% <li>`owner_share': percent of sessions, kept results, the queue and memory that one process may hold. Default:
%%     50.</li>
%% </ul>
%% The server process and the launch:
%% <ul>
%% <li>`name': registers the server, like the first argument of `gen_server:start_link/4'; an atom is `{local, Atom}'.
%%     Default: none.</li>
%% <li>`wait': whether the start returns when the node is ready (`true') or at once (`false'), in which case requests
%%     wait. Default: `true'.</li>
%% <li>`start_timeout': milliseconds for the node to become ready, the look for Java and epmd included, or `infinity'.
%%     Default: 120000.</li>
%% <li>`stop_timeout': milliseconds for the node to end before it is killed. Default: 5000.</li>
%% <li>`restarts': a pair of numbers: how many times the server starts a node that has ended again, and within how many
%%     seconds; after more the server itself ends, for its supervisor. With `{0, 1}' it ends with its node. Default:
%%     {20,60}.</li>
%% <li>`restart_wait': milliseconds that a call waits for a node which is started again, or `infinity'; then, and with 0
%%     at once, it is answered `node_down'. Default: 30000.</li>
%% <li>`pulse_interval': milliseconds from one look whether the node answers to the next. Default: a quarter of
%%     `pulse_timeout', and at most a quarter of the tick time.</li>
%% <li>`pulse_timeout': milliseconds after which a node that does not answer is given up: it counts as dead. Default:
%%     the tick time, `net_kernel:get_net_ticktime/0', 60000 unless it was set.</li>
%% <li>`progress': a process that gets `{llama_node_progress, Path, Fraction}' while a model loads, or a fun that is
%%     called by the server process and must not block. Default: none.</li>
%% <li>`transport': how requests reach the node. `distribution': it is a hidden node of the cluster. `port': over the
%%     standard streams of its process, without epmd, cookie and network; the options of the distribution are refused
%%     then. `auto': the distribution if this runtime is distributed, otherwise the port, where the options of the
%%     distribution do nothing. `fake': there is no node, and answers come from a script, for tests: see {@link
%%     llama_node_fake}. Default: `auto'.</li>
%% <li>`script': with `fake' only, what it answers. Default: one answer, always the same.</li>
%% <li>`replies': with `fake' only, replies to requests by their names. Default: none.</li>
%% <li>`dimensions': with `fake' only, the length of its vectors. Default: 16.</li>
%% <li>`node_name': name of the node, with or without a host: ASCII letters, digits, `_' and `-' before the `@'.
%%     Default: a name of its own for each start, so that no start meets what an earlier one left behind in epmd. A
%%     runtime never forgets an atom or a node that it was connected to, so each restart costs it some hundred bytes for
%%     good; a given name does not, but can be used by one server at a time.</li>
%% <li>`host': host part of the node's name; it must resolve. Default: that of `node()' when it leads to a loopback
%%     address or `bind' is given, else `localhost' (`127.0.0.1' with long names).</li>
%% <li>`cookie': at most 255 characters of Latin-1, or a fun without arguments that gives them. The runtime uses it for
%%     this node until the server has ended. It keeps an entry for each node that had a cookie of its own, and has no
%%     way to remove one: give a `node_name' along with it where restarts may be many. Default:
%%     `erlang:get_cookie()'.</li>
%% <li>`java_home': home of a Java runtime, 25 or later; another one is refused. Default: searched for by
%%     `priv/bin/find-java'.</li>
%% <li>`java_opts': flags for the Java runtime, a text or a list of texts, or a fun without arguments that gives them.
%%     They are arguments of its process, which every user of the machine can read: no place for a secret. Default:
%%     none.</li>
%% <li>`launcher': program that starts the node. Default: `priv/bin/llama-node'.</li>
%% <li>`env': environment of the launcher, added to the runtime's own; `false' takes a variable out. Each value, and the
%%     whole, may be a fun without arguments that gives it. The node's process has them in its environment, which its
%%     user can read. Default: none.</li>
%% </ul>

-type attach_options() ::
    #{cookie => llama_node_secret:secret(text()), name => atom(), pulse_interval => pos_integer(),
      pulse_timeout => pos_integer(), binary() | string() => term()}
    | [{text(), term()}] | binary() | undefined | nil | null.
%% Options of {@link llama_node:connect/2}.
%% <ul>
%% <li>`cookie': that of the node. Default: `erlang:get_cookie()'.</li>
%% <li>`name': registered name of the node's mailbox. Default: `llama_node'.</li>
%% <li>`pulse_interval': milliseconds from one look whether the node answers to the next. Default: a quarter of
%%     `pulse_timeout', and at most a quarter of the tick time.</li>
%% <li>`pulse_timeout': milliseconds after which a node that does not answer is given up: it counts as dead. Default:
%%     the tick time, `net_kernel:get_net_ticktime/0', 60000 unless it was set.</li>
%% </ul>

-type options() :: #{
    server := #{wait := boolean(), start_timeout := timeout(), stop_timeout := non_neg_integer(),
                transport := llama_node_transport:name() | fake,
                restarts := llama_node_restarts:bound(), restart_wait := timeout(),
                pulse_interval => pos_integer(), pulse_timeout => pos_integer(),
                script => llama_node_fake:script(), replies => map(),
                dimensions => pos_integer(), name => tuple(), progress => pid() | fun()},
    launcher := file:filename_all(),
    env := [{string(), llama_node_secret:secret(string()) | false}],
    config := map(),
    node_name => binary(),
    host => binary(),
    cookie => llama_node_secret:secret(binary()),
    java_home => binary()
}.
%% Checked options.

-type attach() :: #{cookie => binary(), name => atom(), pulse_interval => pos_integer(),
                    pulse_timeout => pos_integer()}.
%% Checked options of {@link llama_node:connect/2}.

%% @doc Checks start options. The first fault is reported, with the key's name.
%% ```
%% {error, {invalid_argument, <<"n_ctx: must be an integer from 1 to 2147483647, got 0">>}} =
%%     llama_node_options:new(#{n_ctx => 0}).
%% '''
-spec new(term()) -> {ok, options()} | {error, llama_node:error()}.
new(Given) ->
    checked(fun () ->
        Checked = llama_node_option_check:options("", Given, llama_node_option_table:accepted()),
        ok = check_transport(Checked),
        ok = check_pulse(Checked),
        ok = check_defaults(Checked),
        assemble(Checked)
    end).

%% @doc Checks the options of {@link llama_node:connect/2}.
-spec attach(term()) -> {ok, attach()} | {error, llama_node:error()}.
attach(Given) ->
    checked(fun () ->
        Checked = llama_node_option_check:options("", Given, llama_node_option_table:attach()),
        ok = check_pulse(Checked),
        Checked
    end).

check_defaults(Checked) ->
    case llama_node_defaults:check(Checked) of
        ok -> ok;
        {error, _} = Error -> throw(Error)
    end.

check_pulse(Checked) ->
    case llama_node_pulse:check(Checked) of
        ok -> ok;
        {Key, Format, Args} -> llama_node_option_check:fault(Key, Format, Args)
    end.

checked(Check) ->
    try
        {ok, Check()}
    catch
        throw:{fault, Key, Format, Args} ->
            llama_node_error:make(invalid_argument, "~ts: " ++ Format, [Key | Args]);
        throw:{error, _} = Error ->
            Error
    end.

%% With `auto' the options of the distribution apply if it does.
check_transport(#{transport := fake}) ->
    ok;
check_transport(#{transport := port} = Checked) ->
    ok = none_of(only(distribution), Checked, "belongs to the distribution, and the transport is the port"),
    check_transport(maps:remove(transport, Checked));
check_transport(Checked) ->
    none_of(only(fake), Checked, "belongs to the transport 'fake'").

none_of(Keys, Checked, Why) ->
    case maps:keys(maps:with(Keys, Checked)) of
        [] -> ok;
        [Key | _] -> llama_node_option_check:fault(atom_to_binary(Key), Why, [])
    end.

only(Whose) -> [Key || #{key := Key, only := Only} <- llama_node_option_table:all(), Only =:= Whose].

part(Part) -> [Key || #{key := Key, part := P} <- llama_node_option_table:accepted(), P =:= Part].

defaults() ->
    maps:from_list([{Key, Value} || #{key := Key, default := {value, Value}} <- llama_node_option_table:all()]).

assemble(Checked) ->
    Kept = maps:with([node_name, host, cookie, java_home], Checked),
    %% What a model may say stands beside `models' for all of them, those that are loaded later among them.
    Config = maps:with(part(node) ++ (part(model) -- own()), Checked),
    Kept#{
        server => maps:merge(defaults(), maps:with(part(server), Checked)),
        launcher => maps:get(launcher, Checked, filename:join([priv_dir(), "bin", "llama-node"])),
        env => env(Checked),
        config => case models(Checked) of
            undefined -> Config;
            Models -> Config#{models => Models}
        end}.

%% What no two models can have.
own() -> [id, default, stand_in | [Key || #{key := Key} <- llama_node_option_table:remote()]].

models(Checked) ->
    case {Checked, maps:with(own(), Checked)} of
        {#{engine := llama_server}, Keys} ->
            Named = case Checked of #{model := Name} -> Keys#{path => Name}; _ -> Keys end,
            [Named | maps:get(models, Checked, [])];
        {_, Keys} -> own_models(Checked, llama_node_option_check:own([], Keys))
    end.

own_models(Checked, Own) ->
    case {Checked, Own} of
        {#{model := Path}, Keys} ->
            [Keys#{path => llama_node_option_check:file(Path)} | maps:get(models, Checked, [])];
        {#{models := _}, Keys} when Keys =/= #{} ->
            [Key | _] = maps:keys(Keys),
            llama_node_option_check:fault(atom_to_binary(Key), "belongs to 'model', which is not given", []);
        {#{models := Models}, _} -> Models;
        {_, Keys} when Keys =/= #{} -> {default, Keys};
        _ -> undefined
    end.

env(Checked) ->
    [{"LLAMA_NODE_JAVA_HOME", unicode:characters_to_list(Home)} || #{java_home := Home} <- [Checked]]
        ++ [{"LLAMA_NODE_JAVA_OPTS", Flags} || #{java_opts := Flags} <- [Checked]]
        ++ maps:get(env, Checked, []).

%% @doc Puts the default model in the place of a model that was not named. Says which one it is.
-spec default_model(options(), file:filename_all()) ->
    {options(), none | {default, file:filename_all()}}.
default_model(#{config := Config} = Options, PrivDir) ->
    Path = filename:join([PrivDir, "models", "tiny-chat.gguf"]),
    case {maps:get(models, Config, undefined), filelib:is_regular(Path)} of
        {Models, _} when is_list(Models) ->
            {Options#{config := Config#{models => [shipped(Model, Path) || Model <- Models]}}, none};
        {_, false} -> {Options#{config := Config#{models => []}}, none};
        {undefined, true} -> {with_model(#{}, Path, Options), {default, Path}};
        {{default, Keys}, true} -> {with_model(Keys, Path, Options), {default, Path}}
    end.

shipped(#{path := demo} = Model, Path) -> Model#{path := unicode:characters_to_binary(Path)};
shipped(Model, _Path) -> Model.

%% Nobody has named it, so that it only stands in.
with_model(Keys, Path, #{config := Config} = Options) ->
    Model = shipped(maps:merge(#{stand_in => true}, Keys#{path => demo}), Path),
    Options#{config := Config#{models => [Model]}}.

%% @doc The first frame's configuration: the options' part and the transport's part, with the cookie as it is.
-spec node_config(options(), map()) -> map().
node_config(#{config := Config}, #{transport := port} = Transport) ->
    maps:merge(maps:without(only(distribution), told(Config)), Transport);
node_config(#{config := Config}, #{cookie := Cookie} = Transport) ->
    maps:merge(told(Config), Transport#{cookie := llama_node_secret:reveal(Cookie)});
node_config(#{config := Config}, Transport) ->
    maps:merge(told(Config), Transport).

told(#{models := Models} = Config) when is_list(Models) ->
    Config#{models := [maps:map(fun (_Key, Value) -> llama_node_secret:reveal(Value) end, Model) || Model <- Models]};
told(Config) ->
    Config.

%% @doc The directory with the launcher and the models.
-spec priv_dir() -> file:filename().
priv_dir() ->
    case code:priv_dir(llama_node) of
        {error, bad_name} ->
            case code:which(?MODULE) of
                Beam when is_list(Beam) ->
                    filename:join(filename:dirname(filename:dirname(Beam)), "priv");
                _ ->
                    "priv"
            end;
        Dir ->
            Dir
    end.

%% @doc The given options with every secret in a fun, for a place that is looked into: the start of a child
%% specification. A value whose key nobody knows is put into one as well, for it may be a secret with a mistyped key.
%% ```
%% #{cookie := Secret, n_ctx := 512} = llama_node_options:wrap(#{cookie => <<"xyzzy">>, n_ctx => 512}),
%% <<"xyzzy">> = Secret().
%% '''
-spec wrap(term()) -> term().
wrap(Given) when is_map(Given) ->
    maps:map(fun wrap/2, Given);
wrap(Given) when is_list(Given), length(Given) >= 0 ->
    [case Entry of
         {Key, Value} -> {Key, wrap(Key, Value)};
         _ when is_atom(Entry) -> Entry;
         _ -> llama_node_secret:wrap(Entry)
     end || Entry <- Given];
wrap(Given) ->
    llama_node_secret:wrap(Given).

wrap(Given, Value) ->
    case {llama_node_input:key(Given), llama_node_input:is_absent(Value)} of
        {_, true} -> Value;
        {{ok, <<"env">>}, false} -> wrap_values(Value);
        {{ok, <<"models">>}, false} when length(Value) >= 0 -> [wrap_model(Model) || Model <- Value];
        {{ok, Key}, false} ->
            case lists:member(Key, open_keys()) andalso not llama_node_secret:in_url(Value) of
                true -> Value;
                false -> llama_node_secret:wrap(Value)
            end;
        {error, false} -> llama_node_secret:wrap(Value)
    end.

%% A model's keys are options like others, but for its path.
wrap_model(Model) when is_map(Model) ->
    maps:map(fun wrap_model/2, Model);
wrap_model([{_, _} | _] = Model) when length(Model) >= 0 ->
    [case Entry of
         {Key, Value} -> {Key, wrap_model(Key, Value)};
         _ -> Entry
     end || Entry <- Model];
wrap_model(Model) ->
    Model.

wrap_model(Key, Value) ->
    case llama_node_input:key(Key) of
        {ok, <<"path">>} -> Value;
        _ -> wrap(Key, Value)
    end.

%% The names of variables may be seen.
wrap_values(Env) when is_map(Env) ->
    maps:map(fun (_Name, Value) -> wrap_value(Value) end, Env);
wrap_values(Env) when is_list(Env), length(Env) >= 0 ->
    [case Entry of
         {Name, Value} -> {Name, wrap_value(Value)};
         _ -> llama_node_secret:wrap(Entry)
     end || Entry <- Env];
wrap_values(Env) ->
    llama_node_secret:wrap(Env).

wrap_value(false) -> false;
wrap_value(Value) -> llama_node_secret:wrap(Value).

open_keys() ->
    [atom_to_binary(Key) || #{key := Key} = Option <- llama_node_option_table:accepted(),
                            not is_map_key(secret, Option)].

%% @doc Checked options with every secret in a fun, for the process that launches the node.
-spec hide(options()) -> options().
hide(#{env := Env} = Options) ->
    Hidden = Options#{env := [{Name, wrap_value(Value)} || {Name, Value} <- Env]},
    maps:merge(Hidden, maps:map(fun (_, Cookie) -> llama_node_secret:wrap(Cookie) end, maps:with([cookie], Options))).

%% @doc Checked options without what must not be seen in a log.
-spec redact(map()) -> map().
redact(Options) ->
    Env = maps:map(fun (_, Variables) -> [{Name, redacted} || {Name, _} <- Variables] end, maps:with([env], Options)),
    Cookie = maps:map(fun (_, _) -> redacted end, maps:with([cookie], Options)),
    maps:merge(Options, maps:merge(Env, Cookie)).

%% @doc The id of the child specification for these start options: the server's name, if any.
-spec child_id(term()) -> term().
child_id(Given) ->
    case new(Given) of
        {ok, #{server := #{name := {local, Name}}}} -> Name;
        {ok, #{server := #{name := Name}}} -> Name;
        _ -> llama_node
    end.

%% @doc How long a supervisor should wait for the server to end.
-spec shutdown(term()) -> pos_integer().
shutdown(Given) ->
    Timeout = case new(Given) of
        {ok, #{server := #{stop_timeout := Stop}}} -> Stop;
        _ -> maps:get(stop_timeout, defaults())
    end,
    %% The node may have to be killed after that, which takes a moment as well.
    Timeout + 10000.
