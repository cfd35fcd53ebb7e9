package io.llamanode.protocol.launch;

import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.protocol.Fields;
import io.llamanode.protocol.InputValue;
import io.llamanode.protocol.ModelDecoder;
import io.llamanode.protocol.ServerDecoder;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.model.Origins;
import io.llamanode.term.Shown;
import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Turns the configuration that a node is started with into a {@link LaunchConfig}. */
public final class ConfigDecoder {
    private static final int MAX_ATOM = 255;
    private static final int MAX = Integer.MAX_VALUE;
    private static final int WINDOW = 256 << 10;
    /** Each costs two threads. */
    private static final int MAX_CONNECTIONS = 10_000;
    /** A day. */
    private static final int MAX_SECONDS = 86_400;

    private static final String NOT_DISTRIBUTED = "nonode@nohost";
    private static final Map<String, LogLevel> LEVELS = new LinkedHashMap<>();

    static {
        for (LogLevel level : LogLevel.values()) {
            LEVELS.put(level.wireName(), level);
        }
    }

    private ConfigDecoder() {}

    /**
     * Reads what a node is started with.
     *
     * @param term the map of docs/protocol.md, section 7
     * @return the checked configuration
     * @throws FailureException {@code invalid_argument} naming the offending key; no message holds the cookie
     */
    public static LaunchConfig decode(OtpErlangObject term) {
        InputValue whole = InputValue.root("config", term);
        if (whole.isText() && !whole.isList()) {
            // Not shown: whatever it is, the cookie may be in it.
            throw FailureException.invalid("config must be a map or a list of {Key, Value}");
        }
        Fields in = new Fields(whole);
        return overPort(in.get("transport")) ? portLaunch(in) : launch(in, null);
    }

    /**
     * Reads the keys that every way of starting a node has, and refuses what is none of them, nor was asked for before.
     *
     * @param origins where they were given; {@code null}: by options
     */
    static LaunchConfig launch(Fields in, @Nullable Origins origins) {
        InputValue nodeName = in.wanted("node_name");
        InputValue cookie = in.wanted("cookie");
        String mailbox = atomText(in, "name");
        String bind = in.nonEmptyText("bind");
        int netTicktime = or(in.integer("net_ticktime", 1, MAX), 60);
        int timeoutRead = timeoutRead(in);
        int timeoutWrite = timeoutWrite(in);
        int maxConnections = or(in.integer("max_connections", 1, MAX_CONNECTIONS), 256);
        LogLevel level = level(in);
        NodeConfig node = node(in, origins);
        Integer port = in.integer("port", 0, 65_535);
        Boolean epmd = in.flag("epmd");
        List<String> allow = names(in.get("allow"));
        TlsFiles tls = tls(in.get("tls"));
        Path library = path(in.get("llama_lib"));
        Duration nativeTimeout = nativeTimeout(in);
        in.end();
        return new LaunchConfig(
                nodeName(Objects.requireNonNull(nodeName)),
                cookie(Objects.requireNonNull(cookie)),
                mailbox == null ? "llama_node" : mailbox,
                bind,
                netTicktime,
                timeoutRead,
                timeoutWrite,
                maxConnections,
                level,
                node,
                port,
                epmd,
                allow,
                tls,
                library,
                nativeTimeout,
                null);
    }

    /** Reads the keys of a node that has no distribution. */
    private static LaunchConfig portLaunch(Fields in) {
        int window = or(in.integer("window", 1, MAX), WINDOW);
        int timeoutRead = timeoutRead(in);
        int timeoutWrite = timeoutWrite(in);
        LogLevel level = level(in);
        NodeConfig node = node(in, null);
        Path library = path(in.get("llama_lib"));
        Duration nativeTimeout = nativeTimeout(in);
        in.end();
        return new LaunchConfig(
                NOT_DISTRIBUTED,
                null,
                null,
                null,
                0,
                timeoutRead,
                timeoutWrite,
                0,
                level,
                node,
                null,
                null,
                null,
                null,
                library,
                nativeTimeout,
                window);
    }

    private static @Nullable Duration nativeTimeout(Fields in) {
        Long given = in.timeout("native_timeout");
        return given == null ? Duration.ofMinutes(1) : given < 0 ? null : Duration.ofMillis(given);
    }

    private static int timeoutRead(Fields in) {
        return or(in.integer("timeout_read", 1, MAX_SECONDS), 600);
    }

    private static int timeoutWrite(Fields in) {
        return or(in.integer("timeout_write", 1, MAX_SECONDS), 15);
    }

    private static NodeConfig node(Fields in, @Nullable Origins origins) {
        InputValue listed = in.get("models");
        List<ModelConfig> models = listed == null ? List.of() : models(listed);
        Long ttl = in.milliseconds("result_ttl_ms", 0);
        return new NodeConfig(
                models,
                ttl == null ? 300_000 : ttl,
                or(in.integer("max_results", 0, MAX), 10_000),
                or(in.integer("max_sessions", 0, MAX), 10_000),
                or(in.integer("max_tasks", 0, MAX), 100_000),
                or(in.integer("owner_share", 1, 100), 50),
                ModelDecoder.shared(in, models),
                origins,
                urls(in.get("remote_models")));
    }

    private static List<URI> urls(@Nullable InputValue value) {
        return value == null
                ? List.of()
                : value.list().stream().map(ServerDecoder::url).toList();
    }

    private static LogLevel level(Fields in) {
        InputValue level = in.get("log_level");
        return level == null ? LogLevel.INFO : level(level);
    }

    private static @Nullable List<String> names(@Nullable InputValue value) {
        return value == null
                ? null
                : value.list().stream().map(InputValue::nonEmptyText).toList();
    }

    private static @Nullable TlsFiles tls(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        Fields in = new Fields(value);
        TlsFiles files = new TlsFiles(
                file(in.require("certfile", "keyfile", "cacertfile")),
                file(in.require("keyfile", "cacertfile")),
                file(in.require("cacertfile")));
        in.end();
        return files;
    }

    static @Nullable Path path(@Nullable InputValue value) {
        return value == null ? null : file(value);
    }

    private static Path file(InputValue value) {
        try {
            return Path.of(value.nonEmptyText());
        } catch (InvalidPathException e) {
            throw value.mustBe("a path of a file");
        }
    }

    private static int or(@Nullable Integer given, int otherwise) {
        return given == null ? otherwise : given;
    }

    private static boolean overPort(@Nullable InputValue value) {
        if (value == null) {
            return false;
        }
        return switch (value.text()) {
            case "port" -> true;
            case "distribution" -> false;
            default -> throw value.mustBe("port or distribution");
        };
    }

    private static String nodeName(InputValue value) {
        String name = value.text();
        int at = name.indexOf('@');
        if (at < 1 || at == name.length() - 1 || at != name.lastIndexOf('@') || isTooLong(name)) {
            throw value.mustBe("a full node name, name@host");
        }
        return name;
    }

    private static String cookie(InputValue value) {
        if (!value.isText() || value.text().isEmpty() || isTooLong(value.text())) {
            throw FailureException.invalid("cookie must be text of 1 to " + MAX_ATOM + " characters");
        }
        return value.text();
    }

    private static @Nullable String atomText(Fields in, String key) {
        String text = in.nonEmptyText(key);
        if (text != null && isTooLong(text)) {
            throw FailureException.invalid(key + " must have at most " + MAX_ATOM + " characters");
        }
        return text;
    }

    private static boolean isTooLong(String name) {
        return name.codePointCount(0, name.length()) > MAX_ATOM;
    }

    private static LogLevel level(InputValue value) {
        LogLevel level = LEVELS.get(value.text());
        if (level == null) {
            throw value.mustBe(Shown.oneOf(LEVELS.keySet()));
        }
        return level;
    }

    private static List<ModelConfig> models(InputValue value) {
        List<ModelConfig> models = new ArrayList<>();
        for (InputValue item : value.list()) {
            models.add(ModelDecoder.listed(new Fields(item)));
        }
        return List.copyOf(models);
    }
}
