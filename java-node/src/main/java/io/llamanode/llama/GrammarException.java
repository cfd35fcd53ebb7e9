package io.llamanode.llama;

import java.io.Serial;

/** A grammar or a JSON schema is malformed or too large, or no token of the vocabulary can continue it. */
public final class GrammarException extends LlamaException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message a sentence for the caller
     */
    public GrammarException(String message) {
        super(message);
    }

    /**
     * Makes one.
     *
     * @param message a sentence for the caller
     * @param cause what it comes from
     */
    public GrammarException(String message, Throwable cause) {
        super(message, cause);
    }
}
