package io.llamanode.remote.http;

import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Why an exchange failed.
 *
 * <p>Never changes: for any thread.
 *
 * @param kind what it means for the request
 * @param message why, without the server's name
 */
public record Trouble(Kind kind, String message) {
    /** How the client says that a proxy would not connect. */
    private static final String NO_TUNNEL = "Tunnel failed";

    /** What a failure means for the request. */
    public enum Kind {
        /** Nobody is there, or nobody who can be trusted: the request was not sent. */
        UNREACHABLE,
        /** The connection was closed before anything of the answer came. */
        CLOSED,
        /** The connection was closed in the middle of the answer. */
        CUT,
        /** A time-out of the node passed. */
        TIMEOUT,
        /** The answer can not be used. */
        UNFIT
    }

    /**
     * Says what an exception of the client means.
     *
     * @param thrown by it
     * @param begun whether the answer had begun
     * @param proxy that was to connect, or {@code null}
     */
    static Trouble of(Throwable thrown, boolean begun, @Nullable URI proxy) {
        Throwable cause = thrown;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (!begun) {
            String unreachable = unreachable(cause);
            if (unreachable != null) {
                return new Trouble(
                        Kind.UNREACHABLE,
                        proxy == null ? unreachable : "through the proxy %s: %s".formatted(proxy, unreachable));
            }
            if (cause instanceof ProtocolException) {
                return new Trouble(Kind.UNFIT, "its answer does not begin as one of HTTP (" + said(cause) + ")");
            }
        }
        if (cause instanceof IOException && !begun) {
            return new Trouble(Kind.CLOSED, "it closed the connection before it answered (" + said(cause) + ")");
        }
        return new Trouble(Kind.CUT, "the connection ended in the middle of its answer (" + said(cause) + ")");
    }

    /** {@return why the request was never sent, or {@code null} if it may have been} */
    private static @Nullable String unreachable(Throwable thrown) {
        if (thrown instanceof HttpConnectTimeoutException) {
            return "it did not accept a connection in time (connect_timeout_ms)";
        }
        if (thrown instanceof ConnectException) {
            return notConnected(thrown);
        }
        if (thrown instanceof SSLException && !(thrown.getCause() instanceof SocketException)) {
            return "TLS: " + said(thrown);
        }
        String message = said(thrown);
        return thrown instanceof IOException && message.startsWith(NO_TUNNEL) ? message.toLowerCase(Locale.ROOT) : null;
    }

    private static String notConnected(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return "its name is not known";
            }
            if (cause.getMessage() != null) {
                return cause.getMessage().toLowerCase(Locale.ROOT);
            }
        }
        return "connection refused";
    }

    private static String said(Throwable cause) {
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }
}
