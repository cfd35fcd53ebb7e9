package io.llamanode.remote.line;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Shares the slots of a server out: one that a session had before goes to it again if it is free, for what it has cached there;
 * else one that nobody's session had, else the one whose session has not come for longest. Not safe for use by several threads.
 */
final class SlotTable {
    private static final class Slot {
        /** Whose cache it has; 0: nobody's. */
        long cacheKey;
        /** What runs on it; 0: nothing. */
        long task;

        long lastUse;
    }

    private final List<Slot> slots = new ArrayList<>();
    private long uses;

    SlotTable(int count) {
        resize(count);
    }

    /** More or fewer slots; those that are busy beyond the new number go when they are free. */
    void resize(int count) {
        while (slots.size() < count) {
            slots.add(new Slot());
        }
        while (slots.size() > count && slots.getLast().task == 0) {
            slots.removeLast();
        }
    }

    int size() {
        return slots.size();
    }

    /** {@return the number of the slot that the task has from now on, or {@code null} if none is free} */
    @Nullable
    Integer take(long task, long cacheKey, int most) {
        int best = -1;
        for (int i = 0; i < Math.min(most, slots.size()); i++) {
            Slot slot = slots.get(i);
            if (slot.task == 0 && (best < 0 || isBetter(slot, slots.get(best), cacheKey))) {
                best = i;
            }
        }
        if (best < 0) {
            return null;
        }
        Slot taken = slots.get(best);
        taken.task = task;
        taken.cacheKey = cacheKey;
        taken.lastUse = ++uses;
        return best;
    }

    private static boolean isBetter(Slot slot, Slot other, long cacheKey) {
        boolean own = cacheKey != 0 && slot.cacheKey == cacheKey;
        boolean otherOwn = cacheKey != 0 && other.cacheKey == cacheKey;
        if (own != otherOwn) {
            return own;
        }
        boolean nobodys = slot.cacheKey == 0;
        if (nobodys != (other.cacheKey == 0)) {
            return nobodys;
        }
        return slot.lastUse < other.lastUse;
    }

    void free(int slot) {
        if (slot < slots.size()) {
            slots.get(slot).task = 0;
        }
    }

    /** What a session had cached is nobody's from now on. */
    void forget(long cacheKey) {
        slots.stream().filter(slot -> slot.cacheKey == cacheKey).forEach(slot -> slot.cacheKey = 0);
    }

    /** {@return each slot as it is now} */
    List<ServerLine.SlotView> views() {
        List<ServerLine.SlotView> views = new ArrayList<>();
        for (int i = 0; i < slots.size(); i++) {
            views.add(new ServerLine.SlotView(i, slots.get(i).cacheKey, slots.get(i).task));
        }
        return views;
    }
}
