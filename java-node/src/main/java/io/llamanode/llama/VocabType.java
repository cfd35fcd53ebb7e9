package io.llamanode.llama;

/** Kinds of tokenizers ({@code enum llama_vocab_type}); the ordinal is the native number. */
public enum VocabType {
    /** The model has no tokenizer. */
    NONE,
    /** SentencePiece with byte fallback. */
    SPM,
    /** Byte-level byte pair encoding. */
    BPE,
    /** WordPiece. */
    WPM,
    /** Unigram. */
    UGM,
    /** Greedy. */
    RWKV,
    /** The one of PLaMo-2. */
    PLAMO2,
    /** One this package does not know. */
    OTHER;

    /**
     * The type with a number.
     *
     * @param code number in {@code enum llama_vocab_type}
     * @return the type; {@link #OTHER} for a number that this package does not know
     */
    @SuppressWarnings("EnumOrdinal") // the order is that of llama.h
    public static VocabType of(int code) {
        return code >= 0 && code < OTHER.ordinal() ? values()[code] : OTHER;
    }
}
