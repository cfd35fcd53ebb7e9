package io.llamanode.service.contract.task;

import org.jspecify.annotations.Nullable;

/**
 * What a finished task gave: a generated text, embeddings, or a ranking.
 *
 * <p>Never changes: for any thread.
 */
public sealed interface TaskResult permits GenerationResult, EmbeddingResult, RankingResult {
    /** {@return the task} */
    long taskId();

    /** {@return id of the model that ran it} */
    String model();

    /** {@return token counts, or {@code null} if a server that does not tell ran the task} */
    GenerationResult.@Nullable Usage usage();
}
