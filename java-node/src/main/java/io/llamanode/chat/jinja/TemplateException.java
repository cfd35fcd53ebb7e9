package io.llamanode.chat.jinja;

/** A template that cannot be parsed or rendered. */
public sealed class TemplateException extends RuntimeException permits RaisedException, LimitException {
    private static final long serialVersionUID = 1L;

    private final int line;

    /**
     * Makes an exception whose message ends with the line.
     *
     * @param message what is wrong, naming the construct
     * @param line line of the template from 1, or 0 when no single line is at fault
     */
    public TemplateException(String message, int line) {
        super(line > 0 ? message + " (template line " + line + ")" : message);
        this.line = line;
    }

    /**
     * The line at fault.
     *
     * @return line of the template from 1, or 0 when no single line is at fault
     */
    public int line() {
        return line;
    }

    /** {@return what is wrong, and the line where there is one; never {@code null}} */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
