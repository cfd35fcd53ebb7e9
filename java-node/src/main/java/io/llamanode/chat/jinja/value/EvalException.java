package io.llamanode.chat.jinja.value;

/** Wrong operands or arguments; the interpreter adds the line, which operations do not know. */
public final class EvalException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Says what is wrong, naming the operation.
     *
     * @param message a sentence without the line
     */
    public EvalException(String message) {
        super(message, null, false, false);
    }

    /** {@return what is wrong, naming the operation; never {@code null}} */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
