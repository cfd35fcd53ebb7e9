package io.llamanode.engine.schedule;

import io.llamanode.engine.model.AdapterSet;
import java.util.List;

/**
 * Whose turn it is among requests of different adapters. A step computes one set only, and a change of it costs
 * (v0.5 lays out its buffers anew), so a set keeps its turn for some steps while others wait.
 */
final class AdapterTurns {
    private static final int STEPS = 8;

    private AdapterSet current = AdapterSet.NONE;
    private int steps;
    private int lastSlot;

    /** {@return the set of the next step} */
    AdapterSet next(List<Slot> slots) {
        boolean wanted = false;
        Slot other = null;
        for (int i = 1; i <= slots.size(); i++) {
            Slot slot = slots.get((lastSlot + i) % slots.size());
            if (slot.idle()) {
                continue;
            }
            if (slot.work().adapters().equals(current)) {
                wanted = true;
            } else if (other == null) {
                other = slot;
            }
        }
        if (other != null && (!wanted || steps >= STEPS)) {
            current = other.work().adapters();
            lastSlot = other.id;
            steps = 0;
        }
        steps++;
        return current;
    }
}
