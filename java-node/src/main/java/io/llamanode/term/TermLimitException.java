package io.llamanode.term;

/** Says why a term in external format is not decoded. Without a stack trace: senders can provoke it at will. */
public final class TermLimitException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * States the reason.
     *
     * @param reason fit for the sender's eyes
     */
    public TermLimitException(String reason) {
        super(reason, null, false, false);
    }

    /** {@return the reason, fit for the sender's eyes; never {@code null}} */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
