package io.llamanode.service.contract;

/**
 * The remote process that a session or task belongs to. The transport knows what it is; the
 * service only needs {@code equals} and {@code hashCode}.
 *
 * <p>Never changes: for any thread.
 */
public interface Owner {
    /** {@return where the process is, such as its BEAM; {@code equals} tells peers apart} */
    default Object peer() {
        return "";
    }

    /** {@return the process as a log line shows it} */
    @Override
    String toString();
}
