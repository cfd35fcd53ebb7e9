package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.queue.WaitingLine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How long a request may keep a slot that somebody else waits for: a number of tokens or a time, whichever passes first.
 * It generates in every turn of its own at least one token, so that all get on, however short the turns are.
 */
final class Turns {
    private final int tokens;
    private final long nanos;

    Turns(EngineConfig config) {
        tokens = config.turnTokens();
        nanos = config.turnNanos();
    }

    /** {@return the slot that its request has to leave to others, or {@code null}} Of several, the one with the oldest turn. */
    @Nullable
    Slot over(List<Slot> slots, WaitingLine<GenerationRequest> waiting, long now) {
        Slot oldest = null;
        for (Slot slot : slots) {
            if (!slot.idle()
                    && over(slot.progress(), now)
                    && (oldest == null || slot.lastUse < oldest.lastUse)
                    && waiting.hasOthersThan(slot.work().customer())) {
                oldest = slot;
            }
        }
        return oldest;
    }

    /** Notes when requests generate for the first time in their slots. */
    void see(List<Slot> slots, long now) {
        for (Slot slot : slots) {
            if (!slot.idle()) {
                slot.progress().turnNanos(now);
            }
        }
    }

    private boolean over(Progress progress, long now) {
        return progress.turnTokens > 0
                && (tokens > 0 && progress.turnTokens >= tokens || nanos > 0 && progress.turnNanos(now) >= nanos);
    }
}
