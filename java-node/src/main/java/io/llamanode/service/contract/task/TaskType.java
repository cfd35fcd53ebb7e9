package io.llamanode.service.contract.task;

/**
 * What a task does.
 *
 * <p>Never changes: for any thread.
 */
public enum TaskType {
    /** Continues a prompt. */
    COMPLETION,
    /** Answers a conversation, rendered by the model's chat template. */
    CHAT,
    /** Turns texts into vectors. */
    EMBEDDING,
    /** Scores documents against a query. */
    RERANK,
    /** Fills the gap between a prefix and a suffix. */
    INFILL
}
