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

    int code() {
        return code;
    }

    static PoolingType of(int code) {
        for (PoolingType type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        return MODEL;
    }
}
