package io.llamanode.remote.http;

import org.jspecify.annotations.Nullable;

/**
 * The beginning of an answer.
 *
 * <p>Never changes: for any thread.
 *
 * @param status of HTTP
 * @param retryAfterMs milliseconds after which the server wants to be asked again, or {@code null} if it does not say
 * @param location where it redirects to, or {@code null}
 * @param coding what the body is packed with, such as {@code gzip}, or {@code null}
 */
public record Head(
        int status,
        @Nullable Long retryAfterMs,
        @Nullable String location,
        @Nullable String coding) {
    private static final int OK = 200;
    private static final int NEXT_CLASS = 300;

    /** {@return whether the answer is what was asked for} */
    public boolean isGood() {
        return status >= OK && status < NEXT_CLASS;
    }
}
