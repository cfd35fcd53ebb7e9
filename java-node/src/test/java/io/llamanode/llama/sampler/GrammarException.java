package io.llamanode.llama.sampler;

import java.io.Serial;

/** A grammar or a JSON schema is malformed, or would do harm to llama.cpp's own parser. */
public final class GrammarException extends RuntimeException {

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
