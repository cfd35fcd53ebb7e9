package io.llamanode.remote.http;

import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLException;

/**
 * Why an exchange failed.
 *
 * <p>Never changes: for any thread.
 *
 * @param kind what it means for the request
 * @param message why, without the server's name
 */
public record Trouble(Kind kind, String message) {
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
     */
    static Trouble of(Throwable thrown, boolean begun) {
        Throwable cause = thrown;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof HttpConnectTimeoutException) {
            return new Trouble(Kind.UNREACHABLE, "it did not accept a connection in time (connect_timeout_ms)");
        }
        if (cause instanceof ConnectException) {
            return new Trouble(Kind.UNREACHABLE, unreachable(cause));
        }
        if (cause instanceof SSLException) {
            return new Trouble(Kind.UNREACHABLE, "TLS: " + said(cause));
        }
        if (cause instanceof IOException && !begun) {
            return new Trouble(Kind.CLOSED, "it closed the connection before it answered (" + said(cause) + ")");
        }
        return new Trouble(Kind.CUT, "the connection ended in the middle of its answer (" + said(cause) + ")");
    }

    private static String unreachable(Throwable thrown) {
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
