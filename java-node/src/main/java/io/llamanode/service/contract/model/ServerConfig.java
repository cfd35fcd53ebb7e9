package io.llamanode.service.contract.model;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A server that runs a model, and how it is spoken to. What is {@code null} was not given.
 *
 * <p>Never changes: for any thread.
 *
 * @param url of the server, without the paths of its endpoints
 * @param model its name there; {@code null}: the only one, or the first that it lists
 * @param apiKey sent as a bearer token
 * @param useOpenai whether OpenAI's endpoints are preferred to a llama-server's own
 * @param lazy whether a server that is not there yet fails no start
 * @param trustContent whether texts that spell control tokens are sent as they are
 * @param headers sent with every request
 * @param proxy that is connected to in place of the server
 * @param tls files that a TLS connection takes
 * @param timeouts how long what may take
 * @param maxConnections tasks that run at once at most
 * @param fallback id of another model of the node, which does what this server refuses; {@code null}: none
 * @param command that starts the server as a child of this process, which then says where it is; {@code null}: it runs by itself
 */
public record ServerConfig(
        URI url,
        @Nullable String model,
        @Nullable Secret apiKey,
        boolean useOpenai,
        boolean lazy,
        boolean trustContent,
        Map<String, Secret> headers,
        @Nullable URI proxy,
        Tls tls,
        Timeouts timeouts,
        @Nullable Integer maxConnections,
        @Nullable String fallback,
        @Nullable List<String> command) {
    /** Segments of a path that nobody takes for others: none is {@code .} or {@code ..}. */
    private static final Pattern PLAIN = Pattern.compile("(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*");

    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;

    /**
     * Files in PEM.
     *
     * @param cacertfile authorities in place of the system's
     * @param certfile the node's certificate, where the server asks for one
     * @param keyfile its key; {@code null}: in the same file
     */
    public record Tls(
            @Nullable Path cacertfile,
            @Nullable Path certfile,
            @Nullable Path keyfile) {
        /** The system's authorities, and no certificate. */
        public static final Tls SYSTEM = new Tls(null, null, null);
    }

    /**
     * Milliseconds.
     *
     * @param connectMs to connect
     * @param idleMs between two parts of an answer that has begun
     * @param requestMs for a request with its answer
     */
    public record Timeouts(long connectMs, long idleMs, long requestMs) {
        /** Five seconds, a minute, ten minutes. */
        public static final Timeouts DEFAULTS = new Timeouts(5_000, 60_000, 600_000);
    }

    /**
     * Tells whether a request may name this server: it must be at one of the places that the node allows, and can not name
     * files of the node.
     *
     * @param allowed beginnings of URLs
     * @return why not, naming the key, or {@code null} if it may
     */
    public @Nullable String refusedFor(List<URI> allowed) {
        if (command != null) {
            return "command: can not be set by a request; it belongs to the node's configuration";
        }
        if (!tls.equals(Tls.SYSTEM)) {
            return "cacertfile, certfile and keyfile can not be set by a request; they belong to the node's configuration";
        }
        if (allowed.stream().noneMatch(this::isWithin)) {
            return "url: a request may not name this server; the node's remote_models does not allow it";
        }
        return proxy == null ? null : "proxy: can not be set by a request; it belongs to the node's configuration";
    }

    private boolean isWithin(URI prefix) {
        // As they are sent. What a server or a proxy may decode, and find something else in, is allowed nowhere below a
        // prefix.
        String path = url.getRawPath().endsWith("/") ? url.getRawPath() : url.getRawPath() + "/";
        String allowed = prefix.getRawPath();
        String below = allowed.endsWith("/") ? allowed : allowed + "/";
        return url.getScheme().equalsIgnoreCase(prefix.getScheme())
                && url.getHost().equalsIgnoreCase(prefix.getHost())
                && port(url) == port(prefix)
                && path.startsWith(below)
                && PLAIN.matcher(path.substring(below.length())).matches();
    }

    private static int port(URI at) {
        if (at.getPort() >= 0) {
            return at.getPort();
        }
        return at.getScheme().equalsIgnoreCase("https") ? HTTPS_PORT : HTTP_PORT;
    }

    /**
     * The same server with another model.
     *
     * @param name of the model there, or {@code null} for the only one
     * @return the configuration
     */
    public ServerConfig named(@Nullable String name) {
        return with(url, name, apiKey);
    }

    private ServerConfig with(URI place, @Nullable String name, @Nullable Secret key) {
        return new ServerConfig(
                place,
                name,
                key,
                useOpenai,
                lazy,
                trustContent,
                headers,
                proxy,
                tls,
                timeouts,
                maxConnections,
                fallback,
                command);
    }

    /**
     * A server without a key, with everything else as it is by default.
     *
     * @param url of it
     * @return the configuration
     */
    public static ServerConfig of(URI url) {
        return new ServerConfig(
                url, null, null, true, false, false, Map.of(), null, Tls.SYSTEM, Timeouts.DEFAULTS, null, null, null);
    }

    /**
     * The same server elsewhere, with another key.
     *
     * @param there its URL
     * @param key sent as a bearer token
     * @return the configuration
     */
    public ServerConfig at(URI there, Secret key) {
        return with(there, model, key);
    }

    /** {@return what names it before it is there: its URL, or the program that is started} */
    public String place() {
        return command == null ? url.toString() : command.getFirst();
    }
}
