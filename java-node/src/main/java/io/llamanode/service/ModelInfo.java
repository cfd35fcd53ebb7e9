package io.llamanode.service;

/**
 * Facts of a loaded model.
 *
 * @param id in requests
 * @param path of the file
 * @param architecture {@code general.architecture}
 * @param description as llama.cpp words it
 * @param nParams weights
 * @param sizeBytes of all tensors
 * @param nCtx tokens of context of each slot
 * @param nCtxTrain tokens the model was trained for
 * @param maxQueue tasks that may wait for a slot
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
        int maxQueue) {}
