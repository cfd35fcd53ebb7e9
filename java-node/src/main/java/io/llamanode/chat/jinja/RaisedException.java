package io.llamanode.chat.jinja;

/** The template itself refused its input with {@code raise_exception}. */
public final class RaisedException extends TemplateException {
    private static final long serialVersionUID = 1L;

    private final String raised;

    /**
     * Carries the template's own words.
     *
     * @param raised the argument of {@code raise_exception}
     * @param line of the template, from 1
     */
    public RaisedException(String raised, int line) {
        super("The chat template refused the input: " + raised, line);
        this.raised = raised;
    }

    /**
     * The template's own words.
     *
     * @return the argument of {@code raise_exception}
     */
    public String raised() {
        return raised;
    }
}
