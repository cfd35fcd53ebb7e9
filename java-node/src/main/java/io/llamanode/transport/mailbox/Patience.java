package io.llamanode.transport.mailbox;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How long a peer may take for what it has begun: to send the rest of a message, or to take the rest of an answer. It is
 * looked at once in that time rather than for each message, so that beginning and ending cost next to nothing.
 *
 * <p>One thread begins and ends; any may change the time, or close.
 */
public final class Patience implements AutoCloseable {
    /** Its thread starts with the first message. */
    private static final ScheduledThreadPoolExecutor TIMER = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("patience").factory());

    static {
        TIMER.setRemoveOnCancelPolicy(true);
    }

    private final Runnable over;
    private volatile long nanos;
    /** When it was begun, {@link System#nanoTime()}; 0 while nothing is. */
    private volatile long began;
    /** Guarded by this object, as what follows is. */
    private @Nullable ScheduledFuture<?> look;

    private volatile boolean looking;
    private boolean closed;

    /**
     * Patience with a peer that has begun nothing yet.
     *
     * @param time that it may take for what it begins
     * @param over run once if it takes longer, on a thread that others wait for: must not block
     */
    public Patience(Duration time, Runnable over) {
        this.nanos = time.toNanos();
        this.over = over;
    }

    /** {@return patience that nothing exhausts} */
    public static Patience endless() {
        Patience endless = new Patience(Duration.ZERO, () -> {});
        endless.close();
        return endless;
    }

    /**
     * Changes the time.
     *
     * @param time that the peer may take
     */
    public synchronized void time(Duration time) {
        nanos = time.toNanos();
        if (look != null) {
            look.cancel(false);
            looking = false;
            lookIn(nanos);
        }
    }

    /** The peer has begun something, or has come so far with it that its time begins anew. */
    public void begin() {
        began = now();
        if (!looking) {
            lookIn(nanos);
        }
    }

    /** What was begun has ended. */
    public void end() {
        began = 0;
    }

    /**
     * What was begun could not go on for a reason that is not the peer's.
     *
     * @param time for how long, nanoseconds
     */
    public void excuse(long time) {
        if (began != 0) {
            began = began + time | 1;
        }
    }

    /** Never 0. */
    private static long now() {
        return System.nanoTime() | 1;
    }

    private synchronized void lookIn(long time) {
        if (!closed && !looking) {
            looking = true;
            look = TIMER.schedule(this::look, time, TimeUnit.NANOSECONDS);
        }
    }

    private void look() {
        long since = began;
        looking = false;
        if (since == 0) {
            // It may have begun something just now, and seen that somebody looks.
            if (began != 0) {
                lookIn(nanos);
            }
            return;
        }
        long left = nanos - (System.nanoTime() - since);
        if (left > 0) {
            lookIn(left);
        } else {
            close();
            over.run();
        }
    }

    /** Nothing is looked at any more. */
    @Override
    public synchronized void close() {
        closed = true;
        looking = true;
        if (look != null) {
            look.cancel(false);
        }
    }
}
