package io.llamanode.llama;

import java.io.Serial;

/** The loaded release of llama.cpp, or the model's file, does not allow this. The message names which. */
public final class UnsupportedException extends LlamaException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message a sentence for the caller
     */
    public UnsupportedException(String message) {
        super(message);
    }
}
