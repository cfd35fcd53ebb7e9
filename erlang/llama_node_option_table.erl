%% @doc The start options, each stated once: its key, where it belongs, what may be given, its default, what it means.
%%
%% {@link llama_node_options} checks and sorts what is given by this table. A test compares the type
%% {@link llama_node_options:start_options()}, its description and the README's table with it.
%% @end
-module(llama_node_option_table).

-export([all/0, accepted/0, model/0, remote/0, attach/0, tls/0]).
-export_type([option/0, part/0, check/0]).

-type part() :: model | models | node | server | launch.
%% `model': of each in `models', and where it stands beside them of every model, but for `id', `default', `stand_in' and
%% what says which server runs it, which are those of `model'; `models': the models themselves; `node': passed on to the
%% node as it is; `server': the server process's own; `launch': becomes an argument or a variable of the launcher.

-type check() ::
    {integer, Min :: integer(), Max :: integer()} | {number, Min :: number(), Max :: number()}
    | {timeout, Min :: non_neg_integer()} | {enum, [atom()]} | boolean | {switch, atom()}
    | text | path | model | secret_text | headers | url | urls | command | library | atom | template | models | tls
    | server_name | restarts
    | progress | script | replies | cookie | flags | env | input.
%% What {@link llama_node_option_check:value/3} takes for the option; an `input' is checked by
%% {@link llama_node_defaults:check/1}.

-type option() :: #{
    key := atom(),
    part := part(),
    check := check(),
    %% A value that this application puts in, or words about what the node takes.
    default := {value, term()} | string(),
    text := string(),
    %% Belongs to the distribution, and is refused with the port.
    only => distribution | fake,
    %% Must not be seen in logs.
    secret => true
}.

-define(INT32, 16#7fffffff).
-define(MAX_MS, 16#ffffffff).

%% @doc Every start option, in the order of the documentation.
-spec all() -> [option()].
all() ->
    models() ++ model() ++ service() ++ server() ++ launch().

%% @doc All that may be given: those, and what tasks get that do not say.
-spec accepted() -> [option()].
accepted() ->
    all() ++ llama_node_defaults:options().

models() ->
    [#{key => model, part => models, check => model,
       default => "`priv/models/tiny-chat.gguf' when it is there and `models' is not given; otherwise the node starts "
                  "without a model",
       text => "path of a GGUF file, or `demo' for the shipped one. Where none is named the shipped one only stands "
               "in, until another model is loaded; `demo' keeps it. With `engine => llama_server' the model's name at "
               "the server, if it has several"},
     #{key => models, part => models, check => models, default => "`[]'",
       text => "further models, maps with `path' and any of the next keys"}].

%% @doc The options of a model.
-spec model() -> [option()].
model() ->
    [#{key => id, part => model, check => text, default => "the file's name without `.gguf'",
       text => "the model's name in requests"},
     #{key => n_ctx, part => model, check => {integer, 1, ?INT32},
       default => "what the model was trained with, at most 4096; 1024 for the one that comes with llama_node",
       text => "tokens of context of each slot"},
     #{key => n_parallel, part => model, check => {integer, 1, 64}, default => "4", text => "slots"},
     #{key => n_batch, part => model, check => {integer, 1, 65536}, default => "512",
       text => "tokens of one decode call"},
     #{key => n_ubatch, part => model, check => {integer, 1, 65536}, default => "512",
       text => "tokens the backend computes at once"},
     #{key => n_threads, part => model, check => {integer, 1, 512},
       default => "the cores; one less with a llama.cpp whose threads spin",
       text => "threads of a decode"},
     #{key => n_threads_batch, part => model, check => {integer, 1, 512}, default => "as `n_threads'",
       text => "threads of a prefill"},
     #{key => max_queue, part => model, check => {integer, 0, 1000000}, default => "1024",
       text => "tasks that may wait for a slot"},
     #{key => slot_tokens, part => model, check => {integer, 0, ?INT32}, default => "4096",
       text => "tokens that a task generates before it leaves its slot to another owner who waits, and goes on later; "
               "0 for any number"},
     #{key => slot_ms, part => model, check => {integer, 0, ?MAX_MS}, default => "60000",
       text => "milliseconds that it generates before it does so; 0 for any number"},
     #{key => share_prefixes, part => model, check => {enum, [node, owner, none]}, default => "`node'",
       text => "with whom tasks share beginnings of prompts that the KV cache holds: with all of the model, with those "
               "of the same process, or with those of their session alone. How long a first token takes can tell what "
               "others have asked"},
     #{key => slot_prompt_similarity, part => model, check => {number, 0, 1}, default => "0.5",
       text => "share of a prompt that an idle slot must hold to be chosen for that; with 0 the one used longest ago "
               "is chosen"},
     #{key => use_mmap, part => model, check => boolean, default => "`true'",
       text => "map the file rather than read it"},
     #{key => n_gpu_layers, part => model, check => {integer, -1, ?INT32}, default => "0",
       text => "layers to offload, -1 for all of them"},
     #{key => flash_attn, part => model, check => {switch, auto}, default => "`auto'",
       text => "whether attention is computed without its whole matrix in memory; `auto' leaves it to llama.cpp, which "
               "does so where it can, and with b4916 never"},
     #{key => cont_batching, part => model, check => boolean, default => "`true'",
       text => "compute tasks side by side rather than one at a time"},
     #{key => stand_in, part => model, check => boolean, default => "`false'",
       text => "give its place and its memory to the first model that is loaded after it: its tasks end first, and its "
               "sessions are gone"},
     #{key => vocab_only, part => model, check => boolean, default => "`false'",
       text => "load only the vocabulary, for tokens and templates"},
     #{key => check_tensors, part => model, check => boolean, default => "`false'",
       text => "read all weights first, and refuse a file in which one is not a finite number"},
     #{key => probe, part => model, check => boolean, default => "`false'",
       text => "have a process of its own load the file first, and compute a token with it: a file that would end the "
               "node ends that one, and is refused. For files from strangers"},
     #{key => default, part => model, check => boolean, default => "`false', and the first model is it",
       text => "whether requests that name no model get it"},
     #{key => chat_template, part => model, check => template, default => "the model's own",
       text => "a Jinja template, the name of one of the model's variants, or a map with `system', `prefix' and "
               "`postfix'"}] ++ remote().

%% @doc Those of them that say which server runs it.
-spec remote() -> [option()].
remote() ->
    [#{key => engine, part => model, check => {enum, [embedded, llama_server]}, default => "`embedded'",
       text => "`llama_server' where a server at `url' runs the model: a llama-server, or another one that speaks "
               "OpenAI's protocol. The options above from `n_batch' to `probe', and `chat_template', are refused "
               "beside it"},
     #{key => url, part => model, check => url, default => "none, and required with `llama_server' without `command'",
       text => "of the server, without the paths of its endpoints"},
     #{key => command, part => model, check => command, default => "none",
       text => "in place of `url': a program and its arguments, a list, that the node starts as such a server on a "
               "free port of 127.0.0.1, starts again when it ends, and ends with itself"},
     #{key => api_key, part => model, check => secret_text, default => "none", secret => true,
       text => "the server's key, sent as a bearer token: a text, a fun that gives it, or `{file, Path}'"},
     #{key => use_openai, part => model, check => boolean, default => "`true'",
       text => "prefer OpenAI's endpoints of a llama-server to its own"},
     #{key => lazy, part => model, check => boolean, default => "`false'",
       text => "start though the server is not there, and wait for it"},
     #{key => trust_content, part => model, check => boolean, default => "`false'",
       text => "send texts that spell control tokens as they are; the server may read them as such"},
     #{key => headers, part => model, check => headers, default => "`#{}'", secret => true,
       text => "further headers of each request, a map of texts"},
     #{key => proxy, part => model, check => url, default => "none, whatever the environment says",
       text => "URL of a proxy on the way to the server"},
     #{key => cacertfile, part => model, check => path, default => "the system's authorities",
       text => "PEM file of the authorities of the server's certificate"},
     #{key => certfile, part => model, check => path, default => "none",
       text => "PEM file of the certificate that the node shows the server"},
     #{key => keyfile, part => model, check => path, default => "`certfile'",
       text => "PEM file of that certificate's key"},
     #{key => connect_timeout_ms, part => model, check => {integer, 1, ?MAX_MS}, default => "5000",
       text => "milliseconds to connect to the server"},
     #{key => idle_timeout_ms, part => model, check => {integer, 1, ?MAX_MS}, default => "60000",
       text => "milliseconds between two parts of an answer that has begun"},
     #{key => request_timeout_ms, part => model, check => {integer, 1, ?MAX_MS}, default => "600000",
       text => "milliseconds of a request with its answer"},
     #{key => server_connections, part => model, check => {integer, 1, 1024},
       default => "as many as the server has slots", text => "requests that run at the server at once at most"},
     #{key => fallback, part => model, check => text, default => "none",
       text => "`id' of another model of the node, which does what the server refuses"}].

service() ->
    [#{key => remote_models, part => node, check => urls, default => "`[]'",
       text => "beginnings of URLs: the servers that requests, such as those of `load_model/3', may name"},
     #{key => bind, part => node, check => text, default => "a loopback address", only => distribution,
       text => "address that the node's distribution listens on"},
     #{key => tls, part => node, check => tls, default => "none, the distribution runs over TCP", only => distribution,
       text => "PEM files, `#{certfile, keyfile, cacertfile}', of a node in a cluster whose distribution runs over TLS "
               "(`-proto_dist inet_tls'); both sides must show certificates. The certificate must hold the host of the "
               "node's name where the runtime checks it, as it does by default with `verify_peer'"},
     #{key => timeout_read, part => node, check => {integer, 1, 86400}, default => "600",
       text => "seconds in which this runtime, or another one that is connected, must finish a message that it has "
               "begun to send; then it is disconnected, and over the port the node ends"},
     #{key => timeout_write, part => node, check => {integer, 1, 86400}, default => "15",
       text => "seconds in which this runtime, or another one that is connected, must take some of what waits for it: "
               "one that takes nothing is disconnected, and over the port the node ends. How much waits does not "
               "matter"},
     #{key => max_connections, part => node, check => {integer, 1, 10000}, default => "256", only => distribution,
       text => "Erlang nodes that may be connected to the node at a time"},
     #{key => llama_lib, part => node, check => library,
       default => "what the environment variable `LLAMA_NODE_LIB' names, else `auto'",
       text => "directory with the llama.cpp to use, or `system' for that of the operating system, or `embedded' for "
               "the one in the jar: that one or none. `auto' takes the newest that is found and can be used, with a "
               "warning where a newer one cannot; `llama_node:list_backends()' tells what there is"},
     #{key => native_timeout, part => node, check => {timeout, 1}, default => "60000",
       text => "milliseconds that native code may make no progress before the node ends itself and is started anew, or "
               "`infinity'"},
     #{key => log_level, part => node, check => {enum, [debug, info, warning, error, none]}, default => "`info'",
       text => "least level of the node's log records"},
     #{key => result_ttl_ms, part => node, check => {integer, 0, ?MAX_MS}, default => "300000",
       text => "how long a result waits to be collected"},
     #{key => max_results, part => node, check => {integer, 0, ?INT32}, default => "10000",
       text => "results that are kept to be collected; the oldest goes first"},
     #{key => max_sessions, part => node, check => {integer, 0, ?INT32}, default => "10000",
       text => "sessions that are open at a time"},
     #{key => max_tasks, part => node, check => {integer, 0, ?INT32}, default => "100000",
       text => "tasks that wait or run at a time"},
     #{key => owner_share, part => node, check => {integer, 1, 100}, default => "50",
       text => "percent of sessions, kept results, the queue and memory that one process may hold"}].

server() ->
    [#{key => name, part => server, check => server_name, default => "none",
       text => "registers the server, like the first argument of `gen_server:start_link/4'; an atom is `{local, "
               "Atom}'"},
     #{key => wait, part => server, check => boolean, default => {value, true},
       text => "whether the start returns when the node is ready (`true') or at once (`false'), in which case requests "
               "wait"},
     #{key => start_timeout, part => server, check => {timeout, 0}, default => {value, 120000},
       text => "milliseconds for the node to become ready, the look for Java and epmd included, or `infinity'"},
     #{key => stop_timeout, part => server, check => {integer, 0, ?MAX_MS}, default => {value, 5000},
       text => "milliseconds for the node to end before it is killed"},
     #{key => restarts, part => server, check => restarts, default => {value, {20, 60}},
       text => "a pair of numbers: how many times the server starts a node that has ended again, and within how many "
               "seconds; after more the server itself ends, for its supervisor. With `{0, 1}' it ends with its node"},
     #{key => restart_wait, part => server, check => {timeout, 0}, default => {value, 30000},
       text => "milliseconds that a call waits for a node which is started again, or `infinity'; then, and with 0 at "
               "once, it is answered `node_down'"},
     pulse_interval(server),
     pulse_timeout(server),
     #{key => progress, part => server, check => progress, default => "none",
       text => "a process that gets `{llama_node_progress, Path, Fraction}' while a model loads, or a fun that is "
               "called "
               "by the server process and must not block"},
     #{key => transport, part => server, check => {enum, [auto, port, distribution, fake]}, default => {value, auto},
       text => "how requests reach the node. `distribution': it is a hidden node of the cluster. `port': over the "
               "standard streams of its process, without epmd, cookie and network; the options of the distribution are "
               "refused then. `auto': the distribution if this runtime is distributed, otherwise the port, where the "
               "options of the distribution do nothing. `fake': there is no node, and answers come from a script, for "
               "tests: see {@link llama_node_fake}"},
     #{key => script, part => server, check => script, default => "one answer, always the same", only => fake,
       text => "with `fake' only, what it answers"},
     #{key => replies, part => server, check => replies, default => "none", only => fake,
       text => "with `fake' only, replies to requests by their names"},
     #{key => dimensions, part => server, check => {integer, 1, 65536}, default => "16", only => fake,
       text => "with `fake' only, the length of its vectors"}].

launch() ->
    [#{key => node_name, part => launch, check => text, only => distribution,
       default => "a name of its own for each start, so that no start meets what an earlier one left behind in epmd. A "
                  "runtime never forgets an atom or a node that it was connected to, so each restart costs it some "
                  "hundred bytes for good; a given name does not, but can be used by one server at a time",
       text => "name of the node, with or without a host: ASCII letters, digits, `_' and `-' before the `@'"},
     #{key => host, part => launch, check => text, only => distribution,
       default => "that of `node()' when it leads to a loopback address or `bind' is given, else `localhost' "
                  "(`127.0.0.1' with long names)",
       text => "host part of the node's name; it must resolve"},
     #{key => cookie, part => launch, check => cookie, default => "`erlang:get_cookie()'", only => distribution,
       secret => true,
       text => "at most 255 characters of Latin-1, or a fun without arguments that gives them. The runtime uses it for "
               "this node until the server has ended. It keeps an entry for each node that had a cookie of its own, "
               "and "
               "has no way to remove one: give a `node_name' along with it where restarts may be many"},
     #{key => java_home, part => launch, check => path, default => "searched for by `priv/bin/find-java'",
       text => "home of a Java runtime, 25 or later; another one is refused"},
     #{key => java_opts, part => launch, check => flags, default => "none", secret => true,
       text => "flags for the Java runtime, a text or a list of texts, or a fun without arguments that gives them. "
               "They "
               "are arguments of its process, which every user of the machine can read: no place for a secret"},
     #{key => launcher, part => launch, check => path, default => "`priv/bin/llama-node'",
       text => "program that starts the node"},
     #{key => env, part => launch, check => env, default => "none", secret => true,
       text => "environment of the launcher, added to the runtime's own; `false' takes a variable out. Each value, "
               "and the "
               "whole, may be a fun without arguments that gives it. The node's process has them in its environment, "
               "which its user can read"}].

%% @doc The options of {@link llama_node:connect/2}.
-spec attach() -> [option()].
attach() ->
    [#{key => cookie, part => launch, check => cookie, default => "`erlang:get_cookie()'", secret => true,
       text => "that of the node"},
     #{key => name, part => launch, check => atom, default => "`llama_node'",
       text => "registered name of the node's mailbox"},
     pulse_interval(launch),
     pulse_timeout(launch)].

pulse_interval(Part) ->
    #{key => pulse_interval, part => Part, check => {integer, 1, ?MAX_MS},
      default => "a quarter of `pulse_timeout', and at most a quarter of the tick time",
      text => "milliseconds from one look whether the node answers to the next"}.

pulse_timeout(Part) ->
    #{key => pulse_timeout, part => Part, check => {integer, 1, ?MAX_MS},
      default => "the tick time, `net_kernel:get_net_ticktime/0', 60000 unless it was set",
      text => "milliseconds after which a node that does not answer is given up: it counts as dead"}.

%% @doc The keys of the option `tls', all of them required.
-spec tls() -> [option()].
tls() ->
    [#{key => Key, part => node, check => path, default => "none", text => "a PEM file"}
     || Key <- [certfile, keyfile, cacertfile]].
