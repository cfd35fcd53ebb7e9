package io.llamanode.engine.schedule;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Requests whose logits could not be used, or which may be the reason for those of others: where sequences share a cache,
 * what one of them wrote is multiplied by zero for the others, and a NaN times zero is a NaN. So each is computed alone,
 * with nothing of the others in doubt in the cache. Whose logits are of no use then is at fault itself.
 */
final class Suspects {
    private final Deque<Progress> line = new ArrayDeque<>();
    /** The one that is computed alone, until it is known what comes of it. */
    private @Nullable Progress alone;

    /** Puts a request in doubt; one that is already stays where it is. */
    void add(Progress progress) {
        if (!line.contains(progress)) {
            line.add(progress);
        }
    }

    /** {@return whether a request was in doubt; it is no more} */
    boolean remove(Progress progress) {
        if (progress == alone) {
            alone = null;
        }
        return line.remove(progress);
    }

    void clear() {
        line.clear();
        alone = null;
    }

    /**
     * A request is to be computed alone. {@return whether another one was before, and ended or waits with nobody knowing what
     * it left behind}
     */
    boolean begins(Progress progress) {
        boolean left = alone != null && alone != progress;
        alone = progress;
        return left;
    }

    /** {@return the slot of the one that is to be computed alone, or {@code null}} Those without a slot are in no doubt any more. */
    @Nullable
    Slot next(List<Slot> slots) {
        while (!line.isEmpty()) {
            for (Slot slot : slots) {
                if (slot.progress == line.peek()) {
                    return slot;
                }
            }
            line.remove();
        }
        return null;
    }
}
