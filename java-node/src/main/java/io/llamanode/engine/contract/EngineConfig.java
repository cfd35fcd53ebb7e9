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
 * @param similarity share of a prompt that a slot must hold, from 0 to 1, to be chosen for that rather than the one used
 *     longest ago; 0: the latter is always chosen
 * @param leastCopied tokens for which it pays to copy another sequence's cells
 * @param together whether several requests are computed side by side; else one has a slot at a time
 */
public record EngineConfig(
        int slots,
        int nCtx,
        int nBatch,
        int prefillShare,
        int turnTokens,
        long turnNanos,
        double similarity,
        int leastCopied,
        boolean together) {
    /** The {@code similarity} where nobody says another one; docs/decisions/scheduling.md has what was measured. */
    public static final double SIMILARITY = 0.5;

    /** The {@code leastCopied} where nobody says another one. */
    public static final int LEAST_COPIED = 16;

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
        if (!(similarity >= 0 && similarity <= 1) || leastCopied < 1) {
            throw new IllegalArgumentException("similarity %s, leastCopied %d".formatted(similarity, leastCopied));
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
        this(slots, nCtx, nBatch, prefillShare, 0, 0, SIMILARITY, LEAST_COPIED, true);
    }

    /**
     * The same with turns.
     *
     * @param tokens that a request generates before it leaves its slot to another customer who waits; 0: any number
     * @param nanos how long it generates before it does so; 0: for ever
     * @return the sizes
     */
    public EngineConfig withTurns(int tokens, long nanos) {
        return new EngineConfig(slots, nCtx, nBatch, prefillShare, tokens, nanos, similarity, leastCopied, together);
    }

    /**
     * The same with another choice of slots.
     *
     * @param share of a prompt that a slot must hold to be chosen for that, from 0 to 1
     * @return the sizes
     */
    public EngineConfig withSimilarity(double share) {
        return new EngineConfig(slots, nCtx, nBatch, prefillShare, turnTokens, turnNanos, share, leastCopied, together);
    }

    /**
     * The same with another price of copies.
     *
     * @param tokens for which a copy pays
     * @return the sizes
     */
    public EngineConfig withLeastCopied(int tokens) {
        return new EngineConfig(slots, nCtx, nBatch, prefillShare, turnTokens, turnNanos, similarity, tokens, together);
    }

    /**
     * The same with or without requests side by side.
     *
     * @param side whether several requests are computed side by side
     * @return the sizes
     */
    public EngineConfig withContinuousBatching(boolean side) {
        return new EngineConfig(
                slots, nCtx, nBatch, prefillShare, turnTokens, turnNanos, similarity, leastCopied, side);
    }
}
