package io.llamanode.engine.contract;

/**
 * Sizes of an engine.
 *
 * <p>Immutable: any thread.
 *
 * @param slots sequences decoded side by side
 * @param nCtx tokens of context of each slot
 * @param nBatch tokens of one decode call at most
 * @param prefillShare prompt tokens of one step while other slots generate: at least at the beginning of a
 *     prompt, and at most until a step was measured; otherwise as many as do not hold up the others' next token
 */
public record EngineConfig(int slots, int nCtx, int nBatch, int prefillShare) {
    /**
     * Refuses sizes that no plan could respect.
     *
     * @throws IllegalArgumentException naming them
     */
    public EngineConfig {
        if (slots < 1 || nCtx < 2 || nBatch < slots || prefillShare < 1) {
            throw new IllegalArgumentException(
                    "slots %d, nCtx %d, nBatch %d, prefillShare %d".formatted(slots, nCtx, nBatch, prefillShare));
        }
    }
}
