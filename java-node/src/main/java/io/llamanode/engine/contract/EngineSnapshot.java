package io.llamanode.engine.contract;

import java.util.List;

/**
 * The state of an engine after one of its steps.
 *
 * <p>Immutable: any thread.
 *
 * @param slots every slot
 * @param waiting requests without a slot
 * @param decodeCalls plans executed
 * @param times of the steps before the last one
 * @param promptTokens of admitted requests
 * @param cachedTokens of them that needed no evaluation
 * @param completionTokens sampled
 * @param contextShifts contexts that dropped their older half
 */
public record EngineSnapshot(
        List<SlotState> slots,
        int waiting,
        long decodeCalls,
        StepTimes times,
        long promptTokens,
        long cachedTokens,
        long completionTokens,
        long contextShifts) {

    /** Of no engine. */
    public static final EngineSnapshot NONE = new EngineSnapshot(List.of(), 0, 0, StepTimes.NONE, 0, 0, 0, 0);

    /** What a slot does. */
    public enum Phase {
        /** Nothing. */
        IDLE,
        /** Evaluates a prompt. */
        PREFILL,
        /** Generates. */
        DECODE
    }

    /**
     * One slot: the place of a sequence in the KV cache.
     *
     * @param id from 0
     * @param phase what it does
     * @param cacheKey whose KV cache it holds; 0: nobody's
     * @param requestId what it works for; 0 when idle
     * @param cachedTokens tokens in its KV cache
     */
    public record SlotState(int id, Phase phase, long cacheKey, long requestId, int cachedTokens) {}
}
