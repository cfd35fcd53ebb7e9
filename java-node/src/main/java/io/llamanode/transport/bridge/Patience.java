package io.llamanode.transport.bridge;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Ends what takes longer than it may. It may begin and end thousands of times a second: one timer waits at most, and looks
 * again later if what it waited for has ended and something else has begun.
 */
final class Patience {
    private final long nanos;
    private final Runnable over;
    private long since;
    private boolean waiting;
    private boolean scheduled;

    /**
     * @param bound how long something may take
     * @param over run when it takes longer; on a thread of its own, perhaps again
     */
    Patience(Duration bound, Runnable over) {
        this.nanos = bound.toNanos();
        this.over = over;
    }

    /** Something begins, or has come further: it has the whole time from now on. */
    synchronized void begin() {
        since = System.nanoTime();
        waiting = true;
        if (!scheduled) {
            scheduled = true;
            look(nanos);
        }
    }

    synchronized void end() {
        waiting = false;
    }

    private void look(long later) {
        CompletableFuture.delayedExecutor(later, TimeUnit.NANOSECONDS).execute(() -> {
            if (isOver()) {
                over.run();
            }
        });
    }

    private synchronized boolean isOver() {
        scheduled = false;
        if (!waiting) {
            return false;
        }
        long left = nanos - (System.nanoTime() - since);
        if (left > 0) {
            scheduled = true;
            look(left);
            return false;
        }
        return true;
    }
}
