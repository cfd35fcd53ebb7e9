package io.llamanode.llama;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The native library is missing for this platform, cannot be loaded, or is not the expected one. */
public final class LibraryException extends LlamaException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** What a library that cannot be used was. */
    public enum Kind {
        /** Something is there, and does not serve. */
        UNUSABLE,
        /** Nothing is there. */
        ABSENT,
        /** Whoever started the process asked for it by name, so that no other one will do. */
        ASKED_FOR
    }

    private final Kind kind;

    /**
     * Makes one of something that does not serve.
     *
     * @param message a sentence for the caller
     */
    public LibraryException(String message) {
        this(Kind.UNUSABLE, message, null);
    }

    /**
     * Makes one of something that does not serve.
     *
     * @param message a sentence for the caller
     * @param cause what it comes from
     */
    public LibraryException(String message, Throwable cause) {
        this(Kind.UNUSABLE, message, cause);
    }

    /**
     * Makes one.
     *
     * @param kind what the library was
     * @param message a sentence for the caller
     * @param cause what it comes from, or {@code null}
     */
    public LibraryException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** {@return what the library was} */
    public Kind kind() {
        return kind;
    }
}
