package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.GenerationRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a request is to run, and what of its prompt is in the KV cache already.
 *
 * @param slot gets the request
 * @param reused tokens at the front of the prompt that need no evaluation
 * @param donor the slot to copy them from, or {@code null} if {@code slot} itself holds them
 */
record Placement(Slot slot, int reused, @Nullable Slot donor) {
    /** Tokens for which it pays to take another sequence's cells, which v0.5 copies as a whole. */
    static final int LEAST_SHARED = 16;

    /**
     * @param canTruncate whether a sequence can forget its last positions only
     * @return the best placement, or {@code null} while every slot is busy
     */
    static @Nullable Placement of(GenerationRequest request, List<Slot> slots, boolean canTruncate) {
        return of(request, request.prompt(), slots, canTruncate);
    }

    /**
     * @param text what is to be in the cache, of which the last token is evaluated in any case
     * @param canTruncate whether a sequence can forget its last positions only
     * @return the best placement, or {@code null} while every slot is busy
     */
    static @Nullable Placement of(GenerationRequest request, int[] text, List<Slot> slots, boolean canTruncate) {
        Slot slot = slotFor(request, slots);
        if (slot == null) {
            return null;
        }
        int own = own(request, text, slot, canTruncate);
        Slot donor = null;
        int most = Math.max(own, 0) + LEAST_SHARED - 1;
        if (request.reuseCache() && canTruncate) {
            for (Slot other : slots) {
                int common = other == slot ? 0 : common(request, text, other);
                if (common > most) {
                    donor = other;
                    most = common;
                }
            }
        }
        return new Placement(slot, donor == null ? own : most, donor);
    }

    /** The idle slot that holds the request's own cache, else an empty one, else the least recently used. */
    private static @Nullable Slot slotFor(GenerationRequest request, List<Slot> slots) {
        Slot best = null;
        for (Slot slot : slots) {
            if (!slot.idle()) {
                continue;
            }
            if (request.cacheKey() != 0 && slot.cacheKey == request.cacheKey()) {
                return slot;
            }
            if (best == null || rank(slot) < rank(best)) {
                best = slot;
            }
        }
        return best;
    }

    private static long rank(Slot slot) {
        return slot.cached.size() == 0 ? -1 : slot.lastUse;
    }

    private static int own(GenerationRequest request, int[] text, Slot slot, boolean canTruncate) {
        if (!request.reuseCache()) {
            return 0;
        }
        int common = common(request, text, slot);
        boolean owned = request.cacheKey() != 0 && slot.cacheKey == request.cacheKey();
        if (!owned && common < LEAST_SHARED) {
            return 0;
        }
        return canTruncate || owned && common == slot.cached.size() ? common : 0;
    }

    /** The last token is always evaluated: sampling needs the logits after it. */
    private static int common(GenerationRequest request, int[] text, Slot slot) {
        if (!slot.adapters.equals(request.adapters())) {
            return 0;
        }
        return Math.min(slot.cached.commonPrefix(text), text.length - 1);
    }

    /** {@return tokens of the prompt that a slot holds, whichever becomes free} */
    static int afterwards(GenerationRequest request, List<Slot> slots, boolean canTruncate) {
        int most = 0;
        for (Slot slot : slots) {
            most = Math.max(most, own(request, request.prompt(), slot, canTruncate));
        }
        return most;
    }
}
