package io.llamanode.remote.answer;

import java.util.Objects;

/** An answer that can not be understood, or in which the server says that it failed. For any thread. */
public final class AnswerFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Ends an answer.
     *
     * @param message why, for the caller
     */
    public AnswerFault(String message) {
        // Expected, and told to the caller: the stack trace would cost more than it tells.
        super(message, null, false, false);
    }

    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}
