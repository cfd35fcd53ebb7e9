package io.llamanode.protocol;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.Secret;
import io.llamanode.service.contract.model.ServerConfig;
import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How a server that runs a model is spoken to; docs/protocol.md, section 2. */
public final class ServerDecoder {
    /** The engine whose models servers run. */
    static final String ENGINE = "llama_server";

    /** Every key that is read with that engine only. */
    public static final List<String> KEYS = List.of(
            "url",
            "command",
            "api_key",
            "use_openai",
            "lazy",
            "trust_content",
            "headers",
            "proxy",
            "cacertfile",
            "certfile",
            "keyfile",
            "connect_timeout_ms",
            "idle_timeout_ms",
            "request_timeout_ms",
            "server_connections",
            "fallback");

    private static final Pattern HEADER = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
    /** What this node says itself, or the client for it. */
    private static final List<String> OWN_HEADERS = List.of(
            "authorization",
            "content-length",
            "content-type",
            "accept",
            "host",
            "connection",
            "expect",
            "upgrade",
            "accept-encoding",
            "transfer-encoding",
            "te",
            "trailer");

    private static final int MOST_CONNECTIONS = 1_024;
    private static final int PORTS = 65_535;
    private static final int MOST_WORDS = 1_024;

    /** Where one is missing, which is said once all keys are read. */
    private static final URI MISSING = URI.create("http://localhost");

    private ServerDecoder() {}

    /**
     * Reads the keys of a model that a server runs.
     *
     * @param model its name there; empty or {@code null}: the only one
     * @param in the configuration
     */
    static ServerConfig decode(@Nullable InputValue model, Fields in) {
        List<String> command = command(in.get("command"));
        InputValue url = command == null ? in.wanted("url") : in.get("url");
        if (command != null) {
            refuseBeside(in);
        }
        String name = model == null ? "" : model.text();
        String key = in.nonEmptyText("api_key");
        if (key != null && !isHeaderText(key)) {
            throw FailureException.invalid("api_key: holds a character that no header can have");
        }
        Integer connections = in.integer("server_connections", 1, MOST_CONNECTIONS);
        String fallback = in.nonEmptyText("fallback");
        boolean useOpenai = in.flag("use_openai", true);
        boolean lazy = in.flag("lazy", false);
        boolean trust = in.flag("trust_content", false);
        InputValue proxy = in.get("proxy");
        ServerConfig.Timeouts usual = ServerConfig.Timeouts.DEFAULTS;
        return new ServerConfig(
                url == null ? MISSING : url(url),
                name.isEmpty() ? null : name,
                key == null ? null : new Secret(key),
                useOpenai,
                lazy,
                trust,
                headers(in.get("headers")),
                proxy == null ? null : proxy(proxy),
                tls(in),
                new ServerConfig.Timeouts(
                        or(in.milliseconds("connect_timeout_ms", 1), usual.connectMs()),
                        or(in.milliseconds("idle_timeout_ms", 1), usual.idleMs()),
                        or(in.milliseconds("request_timeout_ms", 1), usual.requestMs())),
                connections,
                fallback,
                command);
    }

    /** The program, and its arguments. */
    private static @Nullable List<String> command(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        if (value.isText() || !value.isList()) {
            throw value.mustBe("a list of texts, the program and its arguments");
        }
        List<InputValue> items = value.list();
        if (items.isEmpty()) {
            throw FailureException.invalid(value.path() + " must not be empty");
        }
        if (items.size() > MOST_WORDS) {
            throw FailureException.invalid(
                    "%s must have at most %d texts, not %d".formatted(value.path(), MOST_WORDS, items.size()));
        }
        List<String> words = items.stream().map(InputValue::nonEmptyText).toList();
        if (words.stream().anyMatch(word -> word.indexOf(0) >= 0)) {
            throw FailureException.invalid(value.path() + ": holds a character that no command can have");
        }
        refuseOwn(value, words);
        return words;
    }

    /** What the node gives itself, which would be given twice. */
    private static void refuseOwn(InputValue value, List<String> words) {
        boolean placed = words.stream().anyMatch(word -> word.contains("{port}"));
        for (String word : words) {
            String flag = word.replaceFirst("=.*", "");
            if (flag.equals("--api-key")) {
                throw FailureException.invalid(
                        "%s: --api-key can be read by every user of the machine; leave it out, and"
                                        .formatted(value.path())
                                + " the server gets a key in its environment, that of api_key or a random one");
            }
            if (!placed && (flag.equals("--port") || flag.equals("--host"))) {
                throw FailureException.invalid(
                        "%s: %s is added by the node, with a free port of 127.0.0.1; leave it out, or write {port} where the"
                                        .formatted(value.path(), flag)
                                + " port belongs");
            }
        }
    }

    /** It is on this machine, at a port that the node chooses. */
    private static void refuseBeside(Fields in) {
        for (String key : List.of("url", "proxy", "cacertfile", "certfile", "keyfile")) {
            if (in.get(key) != null) {
                throw FailureException.invalid(key + " and command exclude each other; give only one");
            }
        }
    }

    private static long or(@Nullable Long given, long otherwise) {
        return given == null ? otherwise : given;
    }

    private static ServerConfig.Tls tls(Fields in) {
        return new ServerConfig.Tls(file(in.get("cacertfile")), file(in.get("certfile")), file(in.get("keyfile")));
    }

    private static @Nullable Path file(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        try {
            return Path.of(value.nonEmptyText());
        } catch (InvalidPathException e) {
            throw value.mustBe("a path of a file");
        }
    }

    /**
     * Reads where something is.
     *
     * @param value text
     * @return the URL, of HTTP or HTTPS, with a host and without a name or password
     * @throws FailureException {@code invalid_argument} if it is none
     */
    public static URI url(InputValue value) {
        String text = value.nonEmptyText();
        try {
            URI url = URI.create(text);
            String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
            boolean fits = (scheme.equals("http") || scheme.equals("https"))
                    && url.getHost() != null
                    && url.getRawUserInfo() == null
                    && url.getRawQuery() == null
                    && url.getRawFragment() == null
                    && url.getPort() <= PORTS
                    && url.getPort() != 0;
            if (fits) {
                return url;
            }
        } catch (IllegalArgumentException e) {
            // Told below.
        }
        // Not shown: a password may stand in it.
        throw FailureException.invalid(
                value.path() + " must be a URL of http or https with a host, without a name, a password or a query");
    }

    private static URI proxy(InputValue value) {
        URI proxy = url(value);
        String path = proxy.getRawPath();
        if (!proxy.getScheme().equalsIgnoreCase("http") || !path.isEmpty() && !path.equals("/")) {
            throw value.mustBe("a URL of http without a path: the connection to a proxy is a plain one");
        }
        return proxy;
    }

    private static Map<String, Secret> headers(@Nullable InputValue value) {
        Map<String, Secret> headers = new LinkedHashMap<>();
        if (value != null) {
            value.entries().forEach((name, text) -> {
                if (!HEADER.matcher(name).matches() || OWN_HEADERS.contains(name.toLowerCase(Locale.ROOT))) {
                    throw FailureException.invalid("%s: '%s' is none that can be set".formatted(value.path(), name));
                }
                if (!text.isText()) {
                    // Not shown: it may be a secret.
                    throw FailureException.invalid("%s: '%s' must be text".formatted(value.path(), name));
                }
                if (!isHeaderText(text.text())) {
                    throw FailureException.invalid(
                            "%s: '%s' holds a character that no header can have".formatted(value.path(), name));
                }
                headers.put(name, new Secret(text.text()));
            });
        }
        return headers;
    }

    private static boolean isHeaderText(String text) {
        return text.chars().allMatch(c -> c >= ' ' && c < 0x7f);
    }
}
