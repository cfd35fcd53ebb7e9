package io.llamanode.llama;

import java.io.Serial;

/** A model could not be loaded. The message is a sentence that names the file. */
public final class ModelLoadException extends LlamaException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** Why the load failed. */
    public enum Reason {
        /** No such regular file. */
        MISSING,
        /** The file cannot be read. */
        UNREADABLE,
        /** The file has no bytes. */
        EMPTY,
        /** Not a GGUF file, or one of a version that is not supported. */
        NOT_GGUF,
        /** The file ends too early. */
        TRUNCATED,
        /** The header contradicts the format or itself. */
        MALFORMED,
        /** The library does not know the model's architecture. */
        UNKNOWN_ARCHITECTURE,
        /** The progress listener asked to stop. */
        CANCELLED,
        /** There was no memory for it; the message ends with what llama.cpp logged. */
        OUT_OF_MEMORY,
        /** llama.cpp refused the file; the message ends with what it logged. */
        REFUSED
    }

    private final Reason reason;

    /**
     * Makes one.
     *
     * @param reason why the load failed
     * @param message a sentence for the caller
     */
    public ModelLoadException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /**
     * Makes one.
     *
     * @param reason why the load failed
     * @param message a sentence for the caller
     * @param cause what it comes from
     */
    public ModelLoadException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** {@return why the load failed} */
    public Reason reason() {
        return reason;
    }
}
