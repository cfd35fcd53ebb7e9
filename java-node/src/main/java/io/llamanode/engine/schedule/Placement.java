package io.llamanode.engine.schedule;

import org.jspecify.annotations.Nullable;

/**
 * Where a request is to run, and what of its text is in the KV cache already, or soon will be.
 *
 * @param slot gets the request
 * @param reused tokens at the front of the text that need no evaluation as things stand
 * @param donor the slot to copy them from, or {@code null} if {@code slot} itself holds them
 * @param awaited a slot that evaluates more of the same text just now, which is worth waiting for, or {@code null}
 * @param promised tokens at the front of the text that {@code awaited} will hold; 0 if there is none
 */
record Placement(
        Slot slot,
        int reused,
        @Nullable Slot donor,
        @Nullable Slot awaited,
        int promised) {
    /** {@return tokens at the front of the text that the request need not evaluate, if nothing comes between} */
    int spared() {
        return Math.max(reused, promised);
    }
}
