package io.llamanode.chat.jinja;

/** Parsing or rendering went over one of the {@link Limits}. */
public final class LimitException extends TemplateException {
    private static final long serialVersionUID = 1L;

    /**
     * Says which bound was gone over.
     *
     * @param message names the bound
     * @param line of the template, from 1; 0: no single line
     */
    public LimitException(String message, int line) {
        super(message, line);
    }
}
