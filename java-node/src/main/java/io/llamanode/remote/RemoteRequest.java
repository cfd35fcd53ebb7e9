package io.llamanode.remote;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What a server is asked for.
 *
 * <p>Not to be changed once it is submitted.
 *
 * @param id of the task
 * @param customer whose it is
 * @param priority higher ones go first
 * @param cacheKey whose conversation the server may have cached; 0: nobody's
 * @param deadline {@link System#nanoTime()} after which it fails, or {@link #NO_DEADLINE}
 * @param path of the endpoint
 * @param body of the request
 * @param isText whether the answer is a text that comes in parts, rather than one value
 */
public record RemoteRequest(
        long id,
        Object customer,
        int priority,
        long cacheKey,
        long deadline,
        String path,
        ObjectNode body,
        boolean isText) {
    /** A deadline that never passes. */
    public static final long NO_DEADLINE = Long.MAX_VALUE;
}
