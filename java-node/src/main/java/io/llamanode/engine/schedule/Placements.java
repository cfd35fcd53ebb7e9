package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds slots for requests, and what slots hold of their texts. Looks once at each slot for a request that comes; keeps no state. */
final class Placements {
    /** Tokens in common with what somebody else left, below which two texts count as having nothing in common. */
    private static final int LEAST_COMMON = 16;

    private final EngineConfig config;
    private final boolean canTruncate;

    /** @param canTruncate whether a sequence can forget its last positions only */
    Placements(EngineConfig config, boolean canTruncate) {
        this.config = config;
        this.canTruncate = canTruncate;
    }

    /**
     * @param text what is to be in the cache, of which the last token is evaluated in any case
     * @return the best placement, or {@code null} while every slot is busy
     */
    @Nullable
    Placement place(GenerationRequest request, int[] text, List<Slot> slots) {
        Slot slot = slotFor(request, text, slots);
        if (slot == null) {
            return null;
        }
        int own = own(request, text, slot);
        Placement best = copied(request, text, slots, slot, own);
        int most = best.reused() + config.leastCopied() - 1;
        if (canTruncate) {
            for (Slot other : slots) {
                int promised = other == slot ? 0 : promised(request, text, other);
                if (promised > most) {
                    best = new Placement(slot, own, null, other, promised);
                    most = promised;
                }
            }
        }
        return best;
    }

    /**
     * @param slot that the request has or gets
     * @param own tokens at the front of the text that it holds
     * @return the same slot with the most that can be had from another one, if that is worth a copy
     */
    Placement copied(GenerationRequest request, int[] text, List<Slot> slots, Slot slot, int own) {
        Slot donor = null;
        int most = own + config.leastCopied() - 1;
        if (canTruncate) {
            for (Slot other : slots) {
                int common = other == slot ? 0 : common(request, text, other);
                if (common > most) {
                    donor = other;
                    most = common;
                }
            }
        }
        return new Placement(slot, donor == null ? own : most, donor, null, 0);
    }

    /** {@return tokens of the prompt that a slot holds, whichever becomes free} */
    int afterwards(GenerationRequest request, List<Slot> slots) {
        int most = 0;
        for (Slot slot : slots) {
            most = Math.max(most, own(request, request.prompt(), slot));
        }
        return most;
    }

    /**
     * {@return an idle slot, or {@code null}} The one with the request's own cells; else, of those that no session will come
     * back for, the one that has most of the text, if that is enough; else the one used longest ago.
     */
    private @Nullable Slot slotFor(GenerationRequest request, int[] text, List<Slot> slots) {
        Slot kept = null;
        int most = -1;
        Slot alike = null;
        int likeness = 0;
        Slot oldest = null;
        for (Slot slot : slots) {
            if (!slot.idle()) {
                continue;
            }
            int own = own(request, text, slot);
            if (owns(request, slot)) {
                if (own > most) {
                    kept = slot;
                    most = own;
                }
            } else if (slot.cacheKey == 0 && own > 0) {
                if (own > likeness || own == likeness && alike != null && slot.lastUse < alike.lastUse) {
                    alike = slot;
                    likeness = own;
                }
            }
            if (oldest == null || goesBefore(slot, oldest)) {
                oldest = slot;
            }
        }
        if (kept != null) {
            return kept;
        }
        return alike != null && suits(alike, likeness, text) ? alike : oldest;
    }

    /** {@return whether less is lost with this slot than with that one} */
    private static boolean goesBefore(Slot slot, Slot other) {
        boolean spared = isSpared(slot);
        return spared == isSpared(other) ? rank(slot) < rank(other) : !spared;
    }

    private static boolean isSpared(Slot slot) {
        return slot.cacheKey != 0 && slot.cached.size() > 0;
    }

    private static long rank(Slot slot) {
        return slot.cached.size() == 0 ? -1 : slot.lastUse;
    }

    /**
     * {@return whether a slot has enough of a text to be chosen for that} Where what it has can be copied as well, it must not
     * lose much more: that may be a conversation which goes on.
     */
    private boolean suits(Slot slot, int common, int[] text) {
        if (config.similarity() <= 0 || common < config.similarity() * (text.length - 1)) {
            return false;
        }
        int lost = slot.cached.size() - common;
        return lost <= common || lost < config.leastCopied() || common < config.leastCopied() || !canTruncate;
    }

    /** {@return the tokens at the front of a text for which a slot's own cells serve} */
    private int own(GenerationRequest request, int[] text, Slot slot) {
        int common = common(request, text, slot);
        if (!owns(request, slot) && common < Math.min(LEAST_COMMON, text.length - 1)) {
            return 0;
        }
        // What cannot be cut back is of use as a whole only.
        return canTruncate || common == slot.cached.size() ? common : 0;
    }

    private static boolean owns(GenerationRequest request, Slot slot) {
        return request.cacheKey() != 0 && request.cacheUse() != CacheUse.NOTHING && slot.cacheKey == request.cacheKey();
    }

    private static boolean mayTake(GenerationRequest request, Slot slot) {
        return owns(request, slot)
                || switch (request.cacheUse().atMost(slot.lends)) {
                    case NOTHING, KEY -> false;
                    case CUSTOMER -> request.customer().equals(slot.customer);
                    case ALL -> true;
                };
    }

    /** The last token is always evaluated: sampling needs the logits after it. */
    private static int common(GenerationRequest request, int[] text, Slot slot) {
        if (!slot.adapters.equals(request.adapters()) || !mayTake(request, slot)) {
            return 0;
        }
        return Math.min(Math.min(slot.cached.commonPrefix(text), slot.genuine), text.length - 1);
    }

    /** {@return tokens at the front of a text that a slot will hold, as it is evaluating them} */
    private static int promised(GenerationRequest request, int[] text, Slot slot) {
        if (!slot.prefilling() || !slot.adapters.equals(request.adapters()) || !mayTake(request, slot)) {
            return 0;
        }
        return Math.min(slot.progress().text.commonPrefix(text), text.length - 1);
    }
}
