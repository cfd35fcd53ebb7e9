package io.llamanode.service.contract.model;

import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.task.TaskInput;
import java.util.Set;

/**
 * Facts of a loaded model.
 *
 * <p>Never changes: for any thread.
 *
 * @param id in requests
 * @param path of the file
 * @param architecture {@code general.architecture}
 * @param description as llama.cpp words it
 * @param nParams weights
 * @param sizeBytes of all tensors
 * @param nCtx tokens of context of each slot
 * @param nCtxTrain tokens the model was trained for
 * @param nParallel slots; texts side by side where the model does not generate
 * @param maxQueue tasks that may wait for a slot
 * @param nEmbd floats of an embedding
 * @param pooling of embeddings where a request does not say
 * @param reusesPrompts whether the KV cache of a prompt serves the next one that begins with it
 * @param capabilities what can be asked of it
 */
public record ModelInfo(
        String id,
        String path,
        String architecture,
        String description,
        long nParams,
        long sizeBytes,
        int nCtx,
        int nCtxTrain,
        int nParallel,
        int maxQueue,
        int nEmbd,
        TaskInput.Pooling pooling,
        boolean reusesPrompts,
        Set<Capability> capabilities) {}
