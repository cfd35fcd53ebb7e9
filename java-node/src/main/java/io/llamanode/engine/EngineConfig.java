package io.llamanode.engine;

/**
 * Sizes of an engine.
 *
 * @param slots sequences decoded side by side
 * @param nCtx tokens of context of each slot
 * @param nBatch tokens of one decode call at most
 * @param prefillShare prompt tokens of one step at most while other slots generate, until the engine has measured
 *     how many of them do not hold up the others' next token
 */
public record EngineConfig(int slots, int nCtx, int nBatch, int prefillShare) {
    /** Refuses sizes that no plan could respect. */
    public EngineConfig {
        if (slots < 1 || nCtx < 2 || nBatch < slots || prefillShare < 1) {
            throw new IllegalArgumentException(
                    "slots %d, nCtx %d, nBatch %d, prefillShare %d"
                            .formatted(slots, nCtx, nBatch, prefillShare));
        }
    }
}
