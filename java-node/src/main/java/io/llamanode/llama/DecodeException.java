package io.llamanode.llama;

import java.io.Serial;

/** A decode or encode call failed. The KV cache is as it was before the call; the context stays usable. */
public final class DecodeException extends LlamaException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** What failed. */
    public enum Kind {
        /** The KV cache has no room for the batch. */
        NO_KV_SLOT,
        /** An abort callback ended the computation. */
        ABORTED,
        /** A buffer could not be allocated. */
        OUT_OF_MEMORY,
        /** Anything else. */
        FAILED
    }

    private final Kind kind;
    private final int code;

    DecodeException(Kind kind, int code, String message) {
        super(message);
        this.kind = kind;
        this.code = code;
    }

    /** {@return what failed} */
    public Kind kind() {
        return kind;
    }

    /** {@return what the native function returned} */
    public int code() {
        return code;
    }
}
