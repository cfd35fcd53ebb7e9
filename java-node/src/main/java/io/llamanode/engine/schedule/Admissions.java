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
