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
 * @param turnTokens tokens that a request generates before it leaves its slot to another customer who waits; 0: any number
 * @param turnNanos how long it generates before it does so; 0: for ever
 */
public record EngineConfig(int slots, int nCtx, int nBatch, int prefillShare, int turnTokens, long turnNanos) {
    /**
     * Refuses sizes that no plan could respect.
     *
     * @throws IllegalArgumentException naming them
     */
    public EngineConfig {
        if (slots < 1 || nCtx < 2 || nBatch < slots || prefillShare < 1 || turnTokens < 0 || turnNanos < 0) {
            throw new IllegalArgumentException(
                    "slots %d, nCtx %d, nBatch %d, prefillShare %d, turnTokens %d, turnNanos %d"
                            .formatted(slots, nCtx, nBatch, prefillShare, turnTokens, turnNanos));
        }
    }

    /**
     * Sizes of an engine whose requests keep their slots until they end.
     *
     * @param slots sequences decoded side by side
     * @param nCtx tokens of context of each slot
     * @param nBatch tokens of one decode call at most
     * @param prefillShare prompt tokens of one step while other slots generate
     */
    public EngineConfig(int slots, int nCtx, int nBatch, int prefillShare) {
        this(slots, nCtx, nBatch, prefillShare, 0, 0);
    }

    /**
     * The same with turns.
     *
     * @param tokens that a request generates before it leaves its slot to another customer who waits; 0: any number
     * @param nanos how long it generates before it does so; 0: for ever
     * @return the sizes
     */
    public EngineConfig withTurns(int tokens, long nanos) {
        return new EngineConfig(slots, nCtx, nBatch, prefillShare, tokens, nanos);
    }
}
