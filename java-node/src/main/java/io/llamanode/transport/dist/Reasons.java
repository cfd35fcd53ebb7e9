package io.llamanode.transport.dist;

import java.io.EOFException;
import java.util.LinkedHashSet;
import java.util.Set;

/** Why a connection ended or did not come about, in words for the log. */
final class Reasons {
    /** The peer has ended the connection between two frames. */
    static final String CLOSED = "closed by the peer";
    /** This node ends. */
    static final String ENDING = "this node ends";

    private static final int MAX_CAUSES = 4;

    private Reasons() {}

    /** {@return whether nothing went wrong} */
    static boolean isOrderly(String reason) {
        return reason.equals(CLOSED) || reason.equals(ENDING);
    }

    /**
     * What an exception tells, its causes included: that of a failed TLS handshake may say no more than that it
     * failed. Some exceptions say nothing at all.
     *
     * @param thrown what ended the connection
     * @return never empty
     */
    static String of(Throwable thrown) {
        Set<String> told = new LinkedHashSet<>();
        Throwable cause = thrown;
        for (int i = 0; cause != null && i < MAX_CAUSES; i++, cause = cause.getCause()) {
            String message = words(cause);
            if (told.stream().noneMatch(before -> before.contains(message))) {
                told.add(message);
            }
        }
        return String.join(": ", told);
    }

    private static String words(Throwable thrown) {
        String message = thrown.getMessage();
        if (message != null && !message.isBlank()) {
            return message;
        }
        return thrown instanceof EOFException
                ? "closed by the peer within a frame"
                : thrown.getClass().getSimpleName();
    }
}
