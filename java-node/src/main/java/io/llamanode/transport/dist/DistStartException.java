package io.llamanode.transport.dist;

import java.util.Objects;

/**
 * The node could not be started. Nothing stays open.
 *
 * <p>Never changes: for any thread.
 */
public final class DistStartException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What stood in the way. */
    public enum Reason {
        /** The address cannot be listened on. */
        BIND_FAILED,
        /** Nothing answers at epmd's port. */
        EPMD_ABSENT,
        /** A node of this name is registered in epmd. */
        NAME_TAKEN
    }

    private final Reason reason;

    DistStartException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = Objects.requireNonNull(reason);
    }

    /**
     * What stood in the way.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }

    /** {@return what stood in the way, in a sentence; never {@code null}} */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
