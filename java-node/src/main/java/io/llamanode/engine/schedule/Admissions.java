package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.GenerationRequest;

/** Hears who gets and who leaves a slot. Called by the scheduler while it plans. */
@FunctionalInterface
public interface Admissions {
    /**
     * A request has its first slot.
     *
     * @param slot that it has
     */
    void admitted(Slot slot);

    /**
     * A request that waited for what another one was evaluating has got it, or some of it.
     *
     * @param slot that it has
     * @param tokens of its prompt that it need not evaluate, besides those known when it was admitted
     */
    default void found(Slot slot, int tokens) {}

    /**
     * A request has left its slot to others, and waits for its next turn.
     *
     * @param request goes on later
     */
    default void paused(GenerationRequest request) {}

    /**
     * A request that was paused has a slot again.
     *
     * @param slot that it has
     */
    default void resumed(Slot slot) {}
}
