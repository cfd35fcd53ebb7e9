package io.llamanode.llama;

import java.io.Serial;

/**
 * A decode or encode call failed. The context stays usable. After {@link Kind#NO_KV_SLOT} and
 * {@link Kind#INVALID_BATCH} the KV cache is as it was before the call; after the others it may hold the front of the
 * batch.
 */
public final class DecodeException extends LlamaException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** What failed. */
    public enum Kind {
        /** The KV cache has no room for the batch. */
        NO_KV_SLOT,
        /** llama.cpp refused the batch, as v0.5 does when the positions of a sequence are not consecutive. */
        INVALID_BATCH,
        /** An abort callback ended the computation. */
        ABORTED,
        /** A buffer could not be allocated. */
        OUT_OF_MEMORY,
        /** Anything else. */
        FAILED
    }

    private final Kind kind;
    private final int code;

    /**
     * Makes one.
     *
     * @param kind what failed
     * @param code what the native function returned
     * @param message a sentence for the caller
     */
    public DecodeException(Kind kind, int code, String message) {
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
