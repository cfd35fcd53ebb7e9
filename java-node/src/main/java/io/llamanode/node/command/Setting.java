package io.llamanode.node.command;

import io.llamanode.protocol.CloseMatch;
import io.llamanode.protocol.launch.ServiceConfigDecoder;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What can be set in the environment and on the command line as well as in the configuration file. The
 * order is that of the help.
 */
enum Setting {
    NODE_NAME(Kind.TEXT, "full node name, default llama@localhost"),
    COOKIE_FILE(Kind.TEXT, "file with the cookie, default ~/.erlang.cookie"),
    BIND(Kind.TEXT, "address of the distribution listener, default loopback"),
    PORT(Kind.INTEGER, "port of that listener, default any"),
    EPMD(Kind.BOOLEAN, "whether the node is registered in epmd, default true"),
    ALLOW(Kind.LIST, "nodes that may connect, with commas; * for any characters; default all"),
    TLS_CERTFILE(Kind.TEXT, "PEM file: the node's certificate, for distribution over TLS"),
    TLS_KEYFILE(Kind.TEXT, "PEM file: its private key"),
    TLS_CACERTFILE(Kind.TEXT, "PEM file: the authorities of peers' certificates"),
    NET_TICKTIME(Kind.INTEGER, "net_ticktime of the BEAMs in seconds, default 60"),
    TIMEOUT_READ(Kind.INTEGER, "seconds in which a peer must finish a request that it began, default 600"),
    TIMEOUT_WRITE(Kind.INTEGER, "seconds in which a peer must take some of what waits for it, default 15"),
    MAX_CONNECTIONS(Kind.INTEGER, "BEAMs that may be connected, default 256"),
    MODEL(Kind.TEXT, "path of a GGUF file to load, default none"),
    URL(Kind.TEXT, "server that runs the model, which MODEL names there (or nothing does): a llama-server or another"),
    COMMAND(Kind.DATA, "JSON list, program and arguments: a server that the node starts itself, in place of URL"),
    SERVER_API_KEY(Kind.TEXT, "key of that server, sent as a bearer token"),
    USE_OPENAI(Kind.BOOLEAN, "prefer OpenAI's endpoints of a llama-server to its own, default true"),
    LAZY(Kind.BOOLEAN, "start without the server and wait for it, default false"),
    TRUST_CONTENT(Kind.BOOLEAN, "send texts that spell control tokens as they are, default false"),
    PROXY(Kind.TEXT, "proxy on the way to the server, default none"),
    CACERTFILE(Kind.TEXT, "PEM file: the authorities of the server's certificate, default the system's"),
    CERTFILE(Kind.TEXT, "PEM file: the certificate that the node shows the server"),
    KEYFILE(Kind.TEXT, "PEM file: its private key"),
    CONNECT_TIMEOUT_MS(Kind.INTEGER, "milliseconds to connect to the server, default 5000"),
    IDLE_TIMEOUT_MS(Kind.INTEGER, "milliseconds between two parts of its answer, default 60000"),
    REQUEST_TIMEOUT_MS(Kind.INTEGER, "milliseconds of a request to it, default 600000"),
    SERVER_CONNECTIONS(Kind.INTEGER, "requests that run there at once at most, default as many as it has slots"),
    FALLBACK(Kind.TEXT, "id of another model of the node, which does what that server refuses, default none"),
    REMOTE_MODELS(Kind.LIST, "beginnings of URLs of servers that requests may name, with commas; default none"),
    ID(Kind.TEXT, "its name in requests, default the file's"),
    N_CTX(Kind.INTEGER, "tokens of context of each slot"),
    N_PARALLEL(Kind.INTEGER, "slots, default 4"),
    N_BATCH(Kind.INTEGER, "tokens of one decode call, default 512"),
    N_UBATCH(Kind.INTEGER, "tokens the backend computes at once, default 512"),
    N_THREADS(Kind.INTEGER, "threads of a decode, default the cores"),
    N_THREADS_BATCH(Kind.INTEGER, "threads of a prefill, default n_threads"),
    MAX_QUEUE(Kind.INTEGER, "tasks that may wait for a slot, default 1024"),
    SLOT_TOKENS(Kind.INTEGER, "tokens of a task's turn while others wait, 0 for any number, default 4096"),
    SLOT_MS(Kind.INTEGER, "milliseconds of such a turn, 0 for any number, default 60000"),
    SHARE_PREFIXES(Kind.TEXT, "who shares beginnings of prompts: node, owner or none, default node"),
    SLOT_PROMPT_SIMILARITY(Kind.NUMBER, "share of a prompt, 0 to 1, for which an idle slot is chosen, default 0.5"),
    USE_MMAP(Kind.BOOLEAN, "map the file rather than read it, default true"),
    N_GPU_LAYERS(Kind.INTEGER, "layers to offload, -1 for all, default 0"),
    FLASH_ATTN(Kind.BOOLEAN, "flash attention: true, false or auto, default auto"),
    CONT_BATCHING(Kind.BOOLEAN, "compute tasks side by side, default true"),
    CHAT_TEMPLATE(Kind.DATA, "Jinja text, the name of a variant, or JSON with system, prefix and postfix"),
    SYSTEM_PROMPT(Kind.TEXT, "first message of chats that bring no message of the system"),
    MAX_TOKENS(Kind.NUMBER, "tokens of an answer at most, default -1 (to the end of the context)"),
    TEMPERATURE(Kind.NUMBER, "0 is greedy, default the model's or 0.8"),
    TOP_K(Kind.NUMBER, "candidates kept, default the model's or 40"),
    TOP_P(Kind.NUMBER, "probability mass kept, default the model's or 0.95"),
    MIN_P(Kind.NUMBER, "smallest probability kept, default the model's or 0.05"),
    REPEAT_PENALTY(Kind.NUMBER, "for recent tokens, default the model's or 1 (off)"),
    REPEAT_LAST_N(Kind.NUMBER, "tokens that the penalties look at, default the model's or 64"),
    FREQUENCY_PENALTY(Kind.NUMBER, "for each occurrence, default 0 (off)"),
    PRESENCE_PENALTY(Kind.NUMBER, "for any occurrence, default 0 (off)"),
    SEED(Kind.NUMBER, "of the sampling, default -1 (random)"),
    LOGIT_BIAS(Kind.DATA, "JSON, a map of tokens to biases"),
    STOP(Kind.DATA, "text that ends an answer, or several as JSON"),
    IGNORE_EOS(Kind.BOOLEAN, "never end an answer by a token, default false"),
    N_KEEP(Kind.NUMBER, "tokens kept when the context is shifted"),
    CONTEXT_SHIFT(Kind.BOOLEAN, "go on when the context is full, default true"),
    CACHE_PROMPT(Kind.BOOLEAN, "reuse what the KV cache holds, default true"),
    TIMEOUT(Kind.INTEGER, "milliseconds until a task's deadline, or infinity, default none"),
    LORA(Kind.DATA, "JSON, adapters with id and scale"),
    PRIORITY(Kind.NUMBER, "of tasks, -100 to 100, default 0"),
    TYPICAL_P(Kind.NUMBER, "default 1 (off)"),
    TOP_N_SIGMA(Kind.NUMBER, "default -1 (off)"),
    DYNATEMP_RANGE(Kind.NUMBER, "default 0 (off)"),
    DYNATEMP_EXPONENT(Kind.NUMBER, "default 1"),
    XTC_PROBABILITY(Kind.NUMBER, "default the model's or 0 (off)"),
    XTC_THRESHOLD(Kind.NUMBER, "default the model's or 0.1"),
    DRY_MULTIPLIER(Kind.NUMBER, "default 0 (off)"),
    DRY_BASE(Kind.NUMBER, "default 1.75"),
    DRY_ALLOWED_LENGTH(Kind.NUMBER, "default 2"),
    DRY_PENALTY_LAST_N(Kind.NUMBER, "default -1 (the context)"),
    DRY_SEQUENCE_BREAKERS(Kind.DATA, "JSON, texts that no repetition crosses"),
    MIROSTAT(Kind.NUMBER, "0 (off), 1 or 2, default the model's or 0"),
    MIROSTAT_TAU(Kind.NUMBER, "default the model's or 5"),
    MIROSTAT_ETA(Kind.NUMBER, "default the model's or 0.1"),
    SAMPLERS(Kind.LIST, "with commas, in their order, default the model's or all"),
    N_PROBS(Kind.NUMBER, "likely tokens told beside each, default 0 (none)"),
    GRAMMAR(Kind.TEXT, "in GBNF, that answers keep to"),
    JSON_SCHEMA(Kind.DATA, "that answers are JSON of"),
    RESPONSE_FORMAT(Kind.DATA, "JSON, in place of both"),
    TOOLS(Kind.DATA, "JSON, that chats may call"),
    TOOL_CHOICE(Kind.DATA, "auto, none, required, or a function as JSON"),
    PARALLEL_TOOL_CALLS(Kind.BOOLEAN, "several calls in one answer, default true"),
    CHAT_TEMPLATE_KWARGS(Kind.DATA, "JSON, further variables of the template"),
    ENABLE_THINKING(Kind.BOOLEAN, "default the template's"),
    LLAMA_LIB(
            Kind.TEXT,
            "directory with the llama.cpp to use, or system, embedded or auto: the newest that is found, the default"),
    NATIVE_TIMEOUT(Kind.INTEGER, "milliseconds that native code may hang, or infinity, default 60000"),
    BRIDGE(Kind.PLACE, "socket of the line bridge; alone, or true: bridge.sock in run_dir; default none"),
    BRIDGE_MAX_CLIENTS(Kind.INTEGER, "its clients at a time, default 32"),
    BRIDGE_MAX_LINE_BYTES(Kind.INTEGER, "its longest line, default 1048576"),
    BRIDGE_MODE(Kind.TEXT, "permissions of its socket, octal, default 0600"),
    BRIDGE_GROUP(Kind.TEXT, "group of its socket, default that of the process"),
    BRIDGE_SECRET(Kind.TEXT, "file with what its clients must say first, default none"),
    BRIDGE_QUIT(Kind.TEXT, "what QUIT ends: connection or node, default connection"),
    RUN_DIR(Kind.TEXT, "directory of the pid file and the control socket"),
    LOG_FILE(Kind.TEXT, "log of a node that 'start' starts, default in run_dir"),
    LOG_LEVEL(Kind.TEXT, "debug, info, warning, error or none, default info"),
    DRAIN_TIMEOUT_MS(Kind.INTEGER, "time for running tasks at the end, default 30000"),
    RESULT_TTL_MS(Kind.INTEGER, "how long a result waits to be collected, default 300000"),
    MAX_RESULTS(Kind.INTEGER, "uncollected results, default 10000"),
    MAX_SESSIONS(Kind.INTEGER, "open sessions, default 10000"),
    MAX_TASKS(Kind.INTEGER, "tasks that wait or run, default 100000"),
    OWNER_SHARE(Kind.INTEGER, "percent of sessions, results, the queue and memory that one owner may hold, default 50");

    /** How its text in the environment or on the command line is read. */
    enum Kind {
        TEXT,
        INTEGER,
        /** An integer of any length, or a decimal fraction. */
        NUMBER,
        BOOLEAN,
        LIST,
        /** JSON where it is a list or a map; text otherwise. */
        DATA,
        /** A path, or whether there is one at all, which then has a default; on the command line it may stand alone. */
        PLACE
    }

    private final Kind kind;
    private final String help;

    Setting(Kind kind, String help) {
        this.kind = kind;
        this.help = help;
    }

    /** {@return its key in the file; those of {@code tls} are keys of a map there} */
    String key() {
        return this == SERVER_API_KEY ? "api_key" : name().toLowerCase(Locale.ROOT);
    }

    String option() {
        return "--" + key().replace('_', '-');
    }

    String variable() {
        // The engine has had this variable from the first.
        return this == LLAMA_LIB ? "LLAMA_NODE_LIB" : "LLAMA_NODE_" + name();
    }

    String help() {
        return help + " (" + variable() + ")";
    }

    /** {@return words that name the flag that was meant, or nothing} */
    static String hint(String flag) {
        Setting meant = meant(flag.replaceFirst("=.*", ""));
        return meant == null || !flag.startsWith("-") ? "" : " (did you mean '" + meant.option() + "'?)";
    }

    /** {@return words that name the variable that was meant, or nothing} */
    static String variableHint(String variable) {
        String name = variable.replaceFirst("^LLAMA_(NODE|ARG)_", "").toLowerCase(Locale.ROOT);
        Setting meant = meant(name);
        return meant == null ? "" : " (did you mean '" + meant.variable() + "'?)";
    }

    private static @Nullable Setting meant(String name) {
        List<String> keys = Stream.of(values()).map(Setting::key).toList();
        String close = CloseMatch.of(name, keys);
        return close == null ? null : values()[keys.indexOf(close)];
    }

    /** {@return whether its flag may stand alone, for {@code true}} */
    boolean mayStandAlone() {
        return kind == Kind.PLACE;
    }

    /** {@return what the file would hold; a text of the wrong kind stays text, which its check refuses} */
    Object value(String text) {
        return switch (kind) {
            case TEXT -> text;
            case INTEGER -> text.matches("-?[0-9]{1,18}") ? (Object) Long.parseLong(text) : text;
            case NUMBER -> number(text);
            case DATA ->
                text.stripLeading().startsWith("[") || text.stripLeading().startsWith("{")
                        ? ServiceConfigDecoder.value(key(), text)
                        : text;
            case BOOLEAN ->
                switch (text.toLowerCase(Locale.ROOT)) {
                    case "true" -> true;
                    case "false" -> false;
                    default -> text;
                };
            case PLACE -> text.equals("true") ? Boolean.TRUE : text.equals("false") ? Boolean.FALSE : (Object) text;
            case LIST ->
                text.isBlank()
                        ? List.of()
                        : Stream.of(text.split(",")).map(String::strip).toList();
        };
    }

    private static Object number(String text) {
        if (text.matches("-?[0-9]{1,20}")) {
            BigInteger number = new BigInteger(text);
            return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
        }
        return text.matches("-?[0-9]{1,20}\\.[0-9]{1,20}") ? (Object) Double.parseDouble(text) : text;
    }

    /** {@return other names of it, and what it excludes, which a source of less rank may have given} */
    private Set<String> displaced() {
        return switch (this) {
            case MAX_TOKENS -> Set.of("n_predict");
            case TIMEOUT -> Set.of("deadline_ms");
            case TYPICAL_P -> Set.of("typ_p");
            case N_PROBS -> Set.of("logprobs", "top_logprobs");
            case GRAMMAR -> Set.of("json_schema", "response_format");
            case JSON_SCHEMA -> Set.of("grammar", "response_format");
            case RESPONSE_FORMAT -> Set.of("grammar", "json_schema");
            default -> Set.of();
        };
    }

    /** Puts a value where the file would have it. */
    void put(Map<String, Object> tree, Object value) {
        tree.keySet().removeAll(displaced());
        if (!name().startsWith("TLS_")) {
            tree.put(key(), value);
            if (this == URL || this == COMMAND) {
                tree.put("engine", "llama_server");
            }
            return;
        }
        Map<String, Object> tls = new LinkedHashMap<>();
        if (tree.get("tls") instanceof Map<?, ?> given) {
            given.forEach((key, file) -> tls.put((String) key, file));
        }
        tls.put(key().substring("tls_".length()), value);
        tree.put("tls", tls);
    }
}
