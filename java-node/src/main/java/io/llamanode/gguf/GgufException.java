package io.llamanode.gguf;

import java.io.Serial;

/** A file cannot be read as GGUF. The message is a sentence that names the file. */
public final class GgufException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** What is wrong with the file. */
    public enum Reason {
        /** There is no such file, or it is not a regular file. */
        MISSING,
        /** It exists and cannot be read. */
        UNREADABLE,
        /** It has no bytes. */
        EMPTY,
        /** It does not start with the magic number of GGUF. */
        NOT_GGUF,
        /** A GGUF version other than 2 and 3, or big endian. */
        UNSUPPORTED_VERSION,
        /** It ends before its header or its tensors do. */
        TRUNCATED,
        /** Its header contradicts the format. */
        MALFORMED
    }

    private final Reason reason;

    /**
     * Makes one.
     *
     * @param reason what is wrong with the file
     * @param message a sentence that names the file
     */
    public GgufException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /**
     * Makes one.
     *
     * @param reason what is wrong with the file
     * @param message a sentence that names the file
     * @param cause what it comes from
     */
    public GgufException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** {@return what is wrong with the file} */
    public Reason reason() {
        return reason;
    }

    /** {@return what is wrong with the file, in a sentence; never {@code null}} */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
