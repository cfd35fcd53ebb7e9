package io.llamanode.llama;

import java.io.Serial;

/** A context could not be created, mostly for lack of memory. The message ends with what llama.cpp logged. */
public final class ContextException extends LlamaException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message a sentence for the caller
     */
    public ContextException(String message) {
        super(message);
    }
}
