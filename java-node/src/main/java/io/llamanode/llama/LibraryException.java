package io.llamanode.llama;

import java.io.Serial;

/** The native library is missing for this platform, cannot be loaded, or is not the expected one. */
public final class LibraryException extends LlamaException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message a sentence for the caller
     */
    public LibraryException(String message) {
        super(message);
    }

    /**
     * Makes one.
     *
     * @param message a sentence for the caller
     * @param cause what it comes from
     */
    public LibraryException(String message, Throwable cause) {
        super(message, cause);
    }
}
