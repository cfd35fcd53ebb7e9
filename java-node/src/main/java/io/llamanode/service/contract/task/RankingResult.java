package io.llamanode.service.contract.task;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Documents by their relevance to a query.
 *
 * <p>Never changes: for any thread.
 *
 * @param taskId the task
 * @param model id of the model
 * @param scores of all documents, in the order of the input
 * @param best indexes of the best documents, best first; of equal scores the one that came first
 * @param usage token counts; nothing is generated; {@code null} if a server that does not tell ran the task
 * @param queueMs milliseconds from the creation to the first computation
 * @param computeMs milliseconds from there to the end
 * @param startedAt system time of the creation in milliseconds
 */
public record RankingResult(
        long taskId,
        String model,
        float[] scores,
        List<Integer> best,
        GenerationResult.@Nullable Usage usage,
        double queueMs,
        double computeMs,
        long startedAt)
        implements TaskResult {}
