package io.llamanode.llama;

/** How the embeddings of a sequence's tokens become one ({@code enum llama_pooling_type}). */
public enum PoolingType {
    /** What the model asks for. */
    MODEL(-1),
    /** Not at all: one embedding a token. */
    NONE(0),
    /** Their mean. */
    MEAN(1),
    /** That of the first token. */
    CLS(2),
    /** That of the last token. */
    LAST(3),
    /** A relevance score instead of an embedding. */
    RANK(4);

    private final int code;

    PoolingType(int code) {
        this.code = code;
    }

    /** {@return the number in {@code enum llama_pooling_type}} */
    public int code() {
        return code;
    }

    /**
     * The type with a number.
     *
     * @param code number in {@code enum llama_pooling_type}
     * @return the type; {@link #MODEL} for a number that has none
     */
    public static PoolingType of(int code) {
        for (PoolingType type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        return MODEL;
    }
}
