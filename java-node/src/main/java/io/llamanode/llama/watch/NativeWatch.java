package io.llamanode.llama.watch;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Notices a native call that does not get on: in a driver that never answers, on a disk that is gone, in an endless loop.
 * Nothing else would, as other threads of the process still answer.
 *
 * <p>It looks {@value #LOOKS} times in the time that a call may take without progress, and only while a call runs. A call
 * counts as hung when its counter was found in the same place so often, not when a clock says so: while the whole process
 * stood still, its calls could not get on. So one is found after the given time at the earliest, and half as much again
 * at the latest.
 *
 * <p>Safe for use by several threads.
 */
public final class NativeWatch {
    static final int LOOKS = 4;

    private final Set<WatchedCalls> watched = ConcurrentHashMap.newKeySet();
    private volatile @Nullable Thread thread;
    /** Whether the thread waits for a call to begin. */
    private volatile boolean resting;

    /** A watch that watches nobody yet. */
    public NativeWatch() {}

    /**
     * Watches the calls of one more thing.
     *
     * @param subject what it is, for whoever reads that one of its calls hangs
     * @return what its calls tell of themselves by, to be closed when there are no more
     */
    public WatchedCalls calls(String subject) {
        WatchedCalls calls = new WatchedCalls(this, subject);
        watched.add(calls);
        return calls;
    }

    /**
     * Begins to look; a second call does nothing.
     *
     * @param withoutProgress how long a call may take without getting on; from 1 millisecond
     * @param hung told once, on the watch's own thread, of the first call that does not, as words for a sentence
     */
    public synchronized void start(Duration withoutProgress, Consumer<String> hung) {
        if (thread == null) {
            long nanos = Math.max(1, withoutProgress.toNanos() / LOOKS);
            thread = Thread.ofPlatform().daemon().name("native-watch").start(() -> watch(nanos, hung));
        }
    }

    private void watch(long nanos, Consumer<String> hung) {
        WatchedCalls found = null;
        while (found == null) {
            resting = true;
            while (!anyRuns()) {
                LockSupport.park(this);
            }
            resting = false;
            long end = System.nanoTime() + nanos;
            for (long left = nanos; left > 0; left = end - System.nanoTime()) {
                LockSupport.parkNanos(this, left);
            }
            found = look();
        }
        hung.accept(found.toString());
    }

    /** {@return a number that is another one once any call has begun, got on or ended} */
    public long moves() {
        long moves = 0;
        for (WatchedCalls calls : watched) {
            moves += calls.count();
        }
        return moves;
    }

    /** A call has begun. */
    void wake() {
        if (resting) {
            LockSupport.unpark(thread);
        }
    }

    void forget(WatchedCalls calls) {
        watched.remove(calls);
    }

    /** {@return the thread that looks} */
    Thread thread() {
        return Objects.requireNonNull(thread);
    }

    private boolean anyRuns() {
        for (WatchedCalls calls : watched) {
            if (WatchedCalls.runs(calls.count())) {
                return true;
            }
        }
        return false;
    }

    /** {@return what does not get on, or {@code null}} Package-private so that tests can look without waiting. */
    @Nullable
    WatchedCalls look() {
        for (WatchedCalls calls : watched) {
            long count = calls.count();
            if (!WatchedCalls.runs(count) || count != calls.seen) {
                calls.seen = count;
                calls.unmoved = 0;
            } else if (++calls.unmoved == LOOKS) {
                return calls;
            }
        }
        return null;
    }
}
