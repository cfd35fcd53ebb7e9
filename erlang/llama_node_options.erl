%% @doc Start options: their types, defaults and checks, and what becomes of each of them: a part
%% of the node's configuration, an environment variable of its launcher, or the server's own.
%%
%% Everything here is pure but the search for the `priv' directory and the default model.
%% @end
-module(llama_node_options).

-export([new/1, attach/1, node_config/2, default_model/2, priv_dir/0, redact/1, child_id/1, shutdown/1]).
-export_type([start_options/0, attach_options/0, options/0, text/0]).

-type text() :: atom() | binary() | string().

-type start_options() ::
    #{
        %% the model
        model => text(),
        models => [map()],
        id => text(),
        n_ctx => pos_integer(),
        n_parallel => 1..64,
        n_batch => 1..65536,
        n_ubatch => 1..65536,
        n_threads => 1..512,
        n_threads_batch => 1..512,
        max_queue => 0..1000000,
        use_mmap => boolean(),
        n_gpu_layers => -1 | non_neg_integer(),
        vocab_only => boolean(),
        default => boolean(),
        chat_template => text() | #{system => text(), prefix => text(), postfix => text()},
        %% the service
        bind => text(),
        tls => #{certfile := text(), keyfile := text(), cacertfile := text()},
        llama_lib => text(),
        log_level => debug | info | warning | error | none,
        result_ttl_ms => non_neg_integer(),
        max_results => non_neg_integer(),
        max_sessions => non_neg_integer(),
        max_tasks => non_neg_integer(),
        %% the server process and the launch
        name => {local, atom()} | {global, term()} | {via, module(), term()},
        wait => boolean(),
        start_timeout => timeout(),
        stop_timeout => non_neg_integer(),
        progress => pid() | fun((Path :: binary(), Fraction :: float()) -> term()),
        transport => llama_node_transport:name() | fake,
        script => llama_node_fake:script(),
        replies => #{atom() => term()},
        dimensions => 1..65536,
        node_name => text(),
        host => text(),
        cookie => text(),
        java_home => text(),
        java_opts => text() | [text()],
        launcher => text(),
        env => [{text(), text() | false}] | #{text() => text() | false}
    }
    | [atom() | {atom(), term()}].
%% Options of {@link llama_node:start_link/1}. A key that is not given, or `undefined', has its
%% default; any other key is refused by name.
%%
%% The model, as in `ModelConfig' of docs/protocol.md:
%% <ul>
%% <li>`model': path of a GGUF file. Default: `priv/models/tiny-chat.gguf' when it is there and
%%     `models' is not given; otherwise the node starts without a model.</li>
%% <li>`models': further models, maps with `path' and any of the next keys. Default: `[]'.</li>
%% <li>`id': the model's name in requests. Default: the file's name without `.gguf'.</li>
%% <li>`n_ctx': tokens of context of each slot. Default: what the model was trained with, at most 4096.</li>
%% <li>`n_parallel': slots. Default: 4.</li>
%% <li>`n_batch': tokens of one decode call. Default: 512.</li>
%% <li>`n_ubatch': tokens the backend computes at once. Default: 512.</li>
%% <li>`n_threads', `n_threads_batch': threads of a decode and of a prefill. Default: the cores.</li>
%% <li>`max_queue': tasks that may wait for a slot. Default: 1024.</li>
%% <li>`use_mmap': map the file rather than read it. Default: `true'.</li>
%% <li>`n_gpu_layers': layers to offload, -1 for all of them. Default: 0.</li>
%% <li>`vocab_only': load only the vocabulary, for tokens and templates. Default: `false'.</li>
%% <li>`default': whether requests that name no model get it. Default: `false', and the first model is it.</li>
%% <li>`chat_template': a Jinja template, the name of one of the model's variants, or a map with
%%     `system', `prefix' and `postfix'. Default: the model's own.</li>
%% </ul>
%% The service:
%% <ul>
%% <li>`bind': address that the node's distribution listens on. Default: a loopback address.</li>
%% <li>`tls': PEM files, `#{certfile, keyfile, cacertfile}', of a node in a cluster whose distribution
%%     runs over TLS (`-proto_dist inet_tls'); both sides must show certificates. The certificate must
%%     hold the host of the node's name where the runtime checks it, as it does by default with
%%     `verify_peer'. Default: none, the distribution runs over TCP.</li>
%% <li>`llama_lib': directory with the llama.cpp to use, or `system' for that of the operating system, or
%%     `embedded' for the one in the jar. Default: the newest that is found, see docs/architecture.md.</li>
%% <li>`log_level': least level of the node's log records. Default: `info'.</li>
%% <li>`result_ttl_ms': how long a result waits to be collected. Default: 300000.</li>
%% <li>`max_results', `max_sessions', `max_tasks': limits. Defaults: 10000, 10000, 100000.</li>
%% </ul>
%% The server process and the launch:
%% <ul>
%% <li>`name': registers the server, like the first argument of `gen_server:start_link/4'.
%%     Default: none.</li>
%% <li>`wait': whether the start returns when the node is ready (`true') or at once (`false'), in
%%     which case requests wait. Default: `true'.</li>
%% <li>`start_timeout': milliseconds for the node to become ready. Default: 120000.</li>
%% <li>`stop_timeout': milliseconds for the node to end before it is killed. Default: 5000.</li>
%% <li>`progress': a process that gets `{llama_node_progress, Path, Fraction}' while a model loads,
%%     or a fun that is called by the server process and must not block. Default: none.</li>
%% <li>`transport': how requests reach the node. `distribution': it is a hidden node of the cluster. `port':
%%     over the standard streams of its process, without epmd, cookie and network; the options of the
%%     distribution are refused then. `auto': the distribution if this runtime is
%%     distributed, otherwise the port, where the options of the distribution do nothing. `fake': there is no node, and
%%     answers come from a script, for tests: see {@link llama_node_fake}. Default: `auto'.</li>
%% <li>`script', `replies', `dimensions': with `fake' only, what it answers, and the length of its vectors (16).</li>
%% <li>`node_name': name of the node, with or without a host: ASCII letters, digits, `_' and `-'
%%     before the `@'. Default: a name of its own for each start, so that no start meets what an
%%     earlier one left behind in epmd. A runtime never forgets an atom or a node that it was
%%     connected to, so each restart costs it some hundred bytes for good; a given name does not,
%%     but can be used by one server at a time.</li>
%% <li>`host': host part of the node's name; it must resolve. Default: that of `node()' when it leads
%%     to a loopback address or `bind' is given, else `localhost' (`127.0.0.1' with long names).</li>
%% <li>`cookie': at most 255 characters of Latin-1. Default: `erlang:get_cookie()'. For any other
%%     cookie the runtime keeps an entry of `erlang:set_cookie/2' for each node name, and has no way to
%%     remove one: give a `node_name' along with it where restarts may be many.</li>
%% <li>`java_home': home of a Java runtime, 25 or later; another one is refused. Default: searched for
%%     by `priv/bin/find-java'.</li>
%% <li>`java_opts': flags for the Java runtime. Default: none.</li>
%% <li>`launcher': program that starts the node. Default: `priv/bin/llama-node'.</li>
%% <li>`env': environment of the launcher, added to the runtime's own. Default: none.</li>
%% </ul>

-type attach_options() :: #{cookie => text(), name => atom()} | [{cookie | name, term()}].
%% Options of {@link llama_node:connect/2}.
%% <ul>
%% <li>`cookie': that of the node, at most 255 characters of Latin-1. Default: `erlang:get_cookie()'.</li>
%% <li>`name': registered name of the node's mailbox. Default: `llama_node'.</li>
%% </ul>

-type options() :: #{
    server := #{wait := boolean(), start_timeout := timeout(), stop_timeout := non_neg_integer(),
                transport := llama_node_transport:name() | fake, script => llama_node_fake:script(), replies => map(),
                dimensions => pos_integer(), name => tuple(), progress => pid() | fun()},
    launcher := file:filename_all(),
    env := [{string(), string() | false}],
    config := map(),
    node_name => binary(),
    host => binary(),
    cookie => binary(),
    java_home => binary()
}.
%% Checked options.

-define(INT32, 16#7fffffff).
-define(NO_TIMEOUT, 16#ffffffff).

-define(MODEL, #{
    id => text,
    n_ctx => {integer, 1, ?INT32},
    n_parallel => {integer, 1, 64},
    n_batch => {integer, 1, 65536},
    n_ubatch => {integer, 1, 65536},
    n_threads => {integer, 1, 512},
    n_threads_batch => {integer, 1, 512},
    max_queue => {integer, 0, 1000000},
    use_mmap => boolean,
    n_gpu_layers => {integer, -1, ?INT32},
    vocab_only => boolean,
    default => boolean,
    chat_template => template}).

-define(NODE, #{
    bind => text,
    tls => tls,
    llama_lib => library,
    log_level => {enum, [debug, info, warning, error, none]},
    result_ttl_ms => {integer, 0, 1 bsl 53},
    max_results => {integer, 0, ?INT32},
    max_sessions => {integer, 0, ?INT32},
    max_tasks => {integer, 0, ?INT32}}).

-define(TLS, #{certfile => path, keyfile => path, cacertfile => path}).

-define(SERVER, #{
    name => server_name,
    wait => boolean,
    start_timeout => timeout,
    stop_timeout => {integer, 0, ?NO_TIMEOUT},
    progress => progress,
    transport => {enum, [auto, port, distribution, fake]},
    script => script,
    replies => replies,
    dimensions => {integer, 1, 65536}}).

-define(LAUNCH, #{
    model => path,
    models => models,
    node_name => text,
    host => text,
    cookie => secret,
    java_home => path,
    java_opts => flags,
    launcher => path,
    env => env}).

-define(DISTRIBUTION, [bind, cookie, host, node_name, tls]).

-define(SERVER_DEFAULTS, #{wait => true, start_timeout => 120000, stop_timeout => 5000, transport => auto}).

%% @doc Checks start options. The first fault is reported, with the key's name.
%% ```
%% {error, {invalid_argument, <<"n_ctx: must be an integer from 1 to 2147483647, got 0">>}} =
%%     llama_node_options:new(#{n_ctx => 0}).
%% '''
-spec new(term()) -> {ok, options()} | {error, llama_node:error()}.
new(Given) ->
    Types = maps:merge(maps:merge(?MODEL, ?NODE), maps:merge(?SERVER, ?LAUNCH)),
    try
        Checked = check_all("", as_map("options", Given), Types),
        ok = check_transport(Checked),
        {ok, assemble(Checked)}
    catch
        throw:{fault, Key, Format, Args} ->
            llama_node_error:make(invalid_argument, "~ts: " ++ Format, [Key | Args])
    end.

%% @doc Checks the options of {@link llama_node:connect/2}.
-spec attach(term()) -> {ok, #{cookie => binary(), name => atom()}} | {error, llama_node:error()}.
attach(Given) ->
    try
        {ok, check_all("", as_map("options", Given), #{cookie => secret, name => atom})}
    catch
        throw:{fault, Key, Format, Args} ->
            llama_node_error:make(invalid_argument, "~ts: " ++ Format, [Key | Args])
    end.

is_answer({error, {Code, Message}}) -> is_atom(Code) andalso is_binary(Message);
is_answer(Answer) when is_map(Answer) ->
    maps:without([content, chunks, delay, chunk_delay, result, error], Answer) =:= #{};
is_answer(Answer) -> is_binary(Answer) orelse Answer =:= crash.

%% With `auto' the options of the distribution apply if it does.
check_transport(#{transport := fake}) ->
    ok;
check_transport(#{transport := port} = Checked) ->
    ok = none_of(?DISTRIBUTION, Checked, "belongs to the distribution, and the transport is the port"),
    check_transport(maps:remove(transport, Checked));
check_transport(Checked) ->
    none_of([script, replies, dimensions], Checked, "belongs to the transport 'fake'").

none_of(Keys, Checked, Why) ->
    case maps:keys(maps:with(Keys, Checked)) of
        [] -> ok;
        [Key | _] -> fault(Key, Why, [])
    end.

assemble(Checked) ->
    Kept = maps:with([node_name, host, cookie, java_home], Checked),
    Config = maps:with(maps:keys(?NODE), Checked),
    Kept#{
        server => maps:merge(?SERVER_DEFAULTS, maps:with(maps:keys(?SERVER), Checked)),
        launcher => maps:get(launcher, Checked, filename:join([priv_dir(), "bin", "llama-node"])),
        env => env(Checked),
        config => case models(Checked) of
            undefined -> Config;
            Models -> Config#{models => Models}
        end}.

models(Checked) ->
    case {Checked, maps:with(maps:keys(?MODEL), Checked)} of
        {#{model := Path}, Keys} -> [Keys#{path => Path} | maps:get(models, Checked, [])];
        {#{models := _}, Keys} when Keys =/= #{} ->
            [Key | _] = maps:keys(Keys),
            fault(Key, "belongs to 'model', which is not given", []);
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
        {Models, _} when is_list(Models) -> {Options, none};
        {_, false} -> {Options#{config := Config#{models => []}}, none};
        {undefined, true} -> {with_model(#{}, Path, Options), {default, Path}};
        {{default, Keys}, true} -> {with_model(Keys, Path, Options), {default, Path}}
    end.

with_model(Keys, Path, #{config := Config} = Options) ->
    Options#{config := Config#{models => [Keys#{path => unicode:characters_to_binary(Path)}]}}.

%% @doc The first frame's configuration: the options' part and the transport's part.
-spec node_config(options(), map()) -> map().
node_config(#{config := Config}, #{transport := port} = Transport) ->
    maps:merge(maps:without(?DISTRIBUTION, Config), Transport);
node_config(#{config := Config}, Transport) ->
    maps:merge(Config, Transport).

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

%% @doc The options without what must not be seen in a log.
-spec redact(map()) -> map().
redact(#{cookie := _} = Options) -> Options#{cookie := redacted};
redact(Options) -> Options.

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
        _ -> maps:get(stop_timeout, ?SERVER_DEFAULTS)
    end,
    %% The node may have to be killed after that, which takes a moment as well.
    Timeout + 10000.

%% Checks

as_map(_Place, Map) when is_map(Map) ->
    Map;
as_map(Place, List) when is_list(List) ->
    try
        %% As in any proplist, the first of several wins.
        maps:from_list(lists:reverse([pair(Place, Entry) || Entry <- List]))
    catch
        error:_ -> fault(Place, "must be a map or a proplist, got ~0tP", [List, 8])
    end;
as_map(Place, Other) ->
    fault(Place, "must be a map or a proplist, got ~0tP", [Other, 8]).

pair(_Place, {_, _} = Pair) -> Pair;
pair(_Place, Key) when is_atom(Key) -> {Key, true};
pair(Place, Entry) -> fault(Place, "~0tP is neither an option nor a pair", [Entry, 8]).

check_all(Prefix, Given, Types) ->
    maps:fold(
        fun (_Key, undefined, Checked) ->
                Checked;
            (Key, Value, Checked) ->
                case Types of
                    #{Key := Type} -> Checked#{Key => check(Type, place(Prefix, Key), Value)};
                    _ -> fault(place(Prefix, Key), "unknown option", [])
                end
        end,
        #{}, Given).

place("", Key) when is_atom(Key) -> atom_to_binary(Key);
place(Prefix, Key) -> io_lib:format("~ts~0tP", [Prefix, Key, 8]).

check({integer, Min, Max}, _Key, Value) when is_integer(Value), Value >= Min, Value =< Max ->
    Value;
check({integer, Min, Max}, Key, Value) ->
    fault(Key, "must be an integer from ~b to ~b, got ~0tP", [Min, Max, Value, 8]);
check(boolean, _Key, Value) when is_boolean(Value) ->
    Value;
check(boolean, Key, Value) ->
    fault(Key, "must be true or false, got ~0tP", [Value, 8]);
check({enum, Names}, Key, Value) ->
    case lists:member(Value, Names) of
        true -> Value;
        false -> fault(Key, "must be one of ~0tp, got ~0tP", [Names, Value, 8])
    end;
check(script, _Key, Value) when is_function(Value, 1) ->
    Value;
check(script, Key, [_ | _] = Value) ->
    case [Answer || Answer <- proper(Key, Value), not is_answer(Answer)] of
        [] -> Value;
        [Answer | _] -> fault(Key, "~0tP is no answer", [Answer, 8])
    end;
check(script, Key, Value) ->
    fault(Key, "must be a list of answers or a fun of one argument, got ~0tP", [Value, 8]);
check(replies, _Key, Value) when is_map(Value) ->
    Value;
check(replies, Key, Value) ->
    fault(Key, "must be a map, got ~0tP", [Value, 8]);
check(atom, _Key, Value) when is_atom(Value) ->
    Value;
check(atom, Key, Value) ->
    fault(Key, "must be an atom, got ~0tP", [Value, 8]);
check(timeout, _Key, infinity) ->
    infinity;
check(timeout, Key, Value) ->
    check({integer, 0, ?NO_TIMEOUT}, Key, Value);
check(text, Key, Value) ->
    text(Key, Value, "got ~0tP", [Value, 8]);
check(secret, Key, Value) ->
    Text = text(Key, Value, "got something else", []),
    Characters = unicode:characters_to_list(Text),
    %% The distribution takes the digest of the characters as bytes.
    case length(Characters) =< 255 andalso lists:max(Characters) =< 255 of
        true -> Text;
        false -> fault(Key, "must have at most 255 characters, none of them beyond Latin-1", [])
    end;
check(template, _Key, Value) when is_map(Value) ->
    %% The node checks what is in it.
    Value;
check(template, Key, Value) ->
    text(Key, Value, "got ~0tP", [Value, 8]);
check(path, Key, Value) ->
    filename:absname(check(text, Key, Value));
check(library, Key, Value) ->
    case check(text, Key, Value) of
        Place when Place =:= <<"system">>; Place =:= <<"embedded">> -> Place;
        Path -> filename:absname(Path)
    end;
check(server_name, _Key, {local, Name} = Value) when is_atom(Name), Name =/= undefined ->
    Value;
check(server_name, _Key, {global, _} = Value) ->
    Value;
check(server_name, _Key, {via, Module, _} = Value) when is_atom(Module) ->
    Value;
check(server_name, Key, Value) ->
    fault(Key, "must be {local, Name}, {global, Name} or {via, Module, Name}, got ~0tP", [Value, 8]);
check(progress, _Key, Value) when is_pid(Value); is_function(Value, 2) ->
    Value;
check(progress, Key, Value) ->
    fault(Key, "must be a pid or a fun of two arguments, got ~0tP", [Value, 8]);
check(flags, Key, [First | _] = Value) when not is_integer(First), length(Value) >= 0 ->
    lists:flatten(lists:join($\s, [characters(Key, Flag) || Flag <- Value]));
check(flags, Key, Value) ->
    characters(Key, Value);
check(env, Key, Value) when is_map(Value) ->
    check(env, Key, maps:to_list(Value));
check(env, Key, Value) when is_list(Value) ->
    [variable(Key, Entry) || Entry <- proper(Key, Value)];
check(tls, Key, Value) ->
    Files = check_all([Key, $.], as_map(Key, Value), ?TLS),
    case maps:keys(?TLS) -- maps:keys(Files) of
        [] -> Files;
        [Missing | _] -> fault([Key, $., atom_to_binary(Missing)], "is required", [])
    end;
check(models, Key, Value) when is_list(Value) ->
    Models = proper(Key, Value),
    [model(lists:flatten(io_lib:format("models[~b]", [Index])), Model)
     || {Index, Model} <- lists:zip(lists:seq(0, length(Models) - 1), Models)];
check(_ListType, Key, Value) ->
    fault(Key, "must be a list, got ~0tP", [Value, 8]).

proper(_Key, List) when length(List) >= 0 -> List;
proper(Key, List) -> fault(Key, "must be a proper list, got ~0tP", [List, 8]).

model(Place, Given) ->
    case check_all(Place ++ ".", as_map(Place, Given), maps:put(path, path, ?MODEL)) of
        #{path := _} = Model -> Model;
        _ -> fault(Place ++ ".path", "is required", [])
    end.

variable(Key, {Name, false}) ->
    {characters(Key, Name), false};
variable(Key, {Name, Value}) ->
    {characters(Key, Name), characters(Key, Value)};
variable(Key, Entry) ->
    fault(Key, "must hold pairs of a name and a text or false, got ~0tP", [Entry, 8]).

characters(Key, Value) ->
    unicode:characters_to_list(check(text, Key, Value)).

text(Key, Value, Got, Args) ->
    Text = if
        is_atom(Value), not is_boolean(Value) -> atom_to_binary(Value);
        is_binary(Value); is_list(Value) -> to_binary(Value);
        true -> error
    end,
    case is_binary(Text) andalso Text =/= <<>> andalso binary:match(Text, <<0>>) =:= nomatch of
        true -> Text;
        false -> fault(Key, "must be a text that is not empty, " ++ Got, Args)
    end.

to_binary(Value) ->
    try
        unicode:characters_to_binary(Value)
    catch
        error:badarg -> error
    end.

-spec fault(term(), string(), [term()]) -> no_return().
fault(Key, Format, Args) ->
    throw({fault, Key, Format, Args}).
