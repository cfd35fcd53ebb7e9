package io.llamanode.service.contract.task;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The embeddings of some texts.
 *
 * <p>Never changes: for any thread.
 *
 * @param taskId the task
 * @param model id of the model
 * @param vectors of each text, in the order of the input: one, or with pooling {@code NONE} one a token, side by side
 * @param dimensions floats of a vector
 * @param pooling how the vectors of a text's tokens became one, or {@code null} if a server that does not tell ran the task
 * @param encoding how vectors are told
 * @param usage token counts; nothing is generated; {@code null} if a server that does not tell ran the task
 * @param queueMs milliseconds from the creation to the first computation
 * @param computeMs milliseconds from there to the end
 * @param startedAt system time of the creation in milliseconds
 */
public record EmbeddingResult(
        long taskId,
        String model,
        List<float[]> vectors,
        int dimensions,
        TaskInput.@Nullable Pooling pooling,
        TaskInput.Encoding encoding,
        GenerationResult.@Nullable Usage usage,
        double queueMs,
        double computeMs,
        long startedAt)
        implements TaskResult {}
