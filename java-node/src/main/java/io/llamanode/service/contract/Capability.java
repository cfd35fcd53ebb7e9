package io.llamanode.service.contract;

/**
 * What a model can do, as its file says.
 *
 * <p>Never changes: for any thread.
 */
public enum Capability {
    /** Continues a text. */
    COMPLETION,
    /** Answers a conversation with its own chat template. */
    CHAT,
    /** Turns texts into vectors. */
    EMBEDDING,
    /** Scores documents against a query. */
    RERANK,
    /** Fills the gap between a prefix and a suffix. */
    INFILL,
    /** Splits texts into tokens and joins them. */
    TOKENIZE
}
