package io.llamanode.llama;

import java.io.Serial;

/** The native library is missing for this platform, cannot be loaded, or is not the expected one. */
public final class LibraryException extends LlamaException {

    @Serial
    private static final long serialVersionUID = 1L;

    LibraryException(String message) {
        super(message);
    }

    LibraryException(String message, Throwable cause) {
        super(message, cause);
    }
}
