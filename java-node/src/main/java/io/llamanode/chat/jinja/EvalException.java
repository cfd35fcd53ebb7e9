package io.llamanode.chat.jinja;

/** Wrong operands or arguments; the interpreter adds the line, which operations do not know. */
final class EvalException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    EvalException(String message) {
        super(message, null, false, false);
    }
}
