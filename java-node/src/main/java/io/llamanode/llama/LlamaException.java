package io.llamanode.llama;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The native library failed. */
public sealed class LlamaException extends RuntimeException
        permits ContextException, DecodeException, LibraryException, ModelLoadException, UnsupportedException {

    @Serial
    private static final long serialVersionUID = 1L;

    LlamaException(String message) {
        super(message);
    }

    LlamaException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** {@return what went wrong; never {@code null}} */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
