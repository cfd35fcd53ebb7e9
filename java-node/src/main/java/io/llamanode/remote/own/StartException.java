package io.llamanode.remote.own;

/** A server could not be started. The message says why, and is clean of secrets. */
public final class StartException extends Exception {
    private static final long serialVersionUID = 1L;

    StartException(String message) {
        super(message, null, false, false);
    }
}
