package io.llamanode.service.contract;

import java.util.Objects;

/**
 * Why a request or task failed, as the caller will see it.
 *
 * <p>Never changes: for any thread.
 *
 * @param code one of the fixed codes
 * @param message what went wrong, naming the offending key or thing
 */
public record Failure(ErrorCode code, String message) {
    /** Refuses nulls. */
    public Failure {
        Objects.requireNonNull(code);
        Objects.requireNonNull(message);
    }

    /** {@return this failure as an exception to throw} */
    public FailureException asException() {
        return new FailureException(this);
    }
}
