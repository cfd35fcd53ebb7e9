package io.llamanode.transport.stdio;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Frames that wait for the writer. Log records are bounded in number and bytes and dropped beyond
 * that; what can wait elsewhere is refused while much waits here; all other frames are taken,
 * progress of the same thing replacing what waits, up to a limit at which the reader has to be given up.
 *
 * <p>With a window, the writer gets no more than so many bytes that the reader has not acknowledged.
 */
final class FrameQueue {
    /**
     * @param bytes gives the whole frame, length prefix included; called by the writer
     * @param weight its bytes, if only about
     * @param subject {@code null}, or what a later frame with an equal subject makes obsolete
     * @param isLog whether it may be dropped
     */
    private record Frame(
            Supplier<byte[]> bytes, int weight, @Nullable Object subject, boolean isLog) {
        Frame(byte[] bytes, @Nullable Object subject, boolean isLog) {
            this(() -> bytes, bytes.length, subject, isLog);
        }
    }

    /** Bytes of frames that may wait before the next offer is refused. */
    private static final int FULL = 64 << 10;

    private static final int PREFIX = 4;

    private final int maxLogs;
    private final long maxLogBytes;
    private final long maxBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Frame> frames = new ArrayDeque<>();
    private final Deque<Runnable> refused = new ArrayDeque<>();
    private long queued;
    private long window = Long.MAX_VALUE;
    private long unacknowledged;
    private int logs;
    private long logBytes;
    private long dropped;
    private boolean writing;
    private boolean closed;

    /**
     * @param maxLogs log records that may wait
     * @param maxLogBytes bytes of log records that may wait
     * @param maxBytes bytes of all frames that may wait
     */
    FrameQueue(int maxLogs, long maxLogBytes, long maxBytes) {
        this.maxLogs = maxLogs;
        this.maxLogBytes = maxLogBytes;
        this.maxBytes = maxBytes;
    }

    /** From here on no more than so many bytes are on their way, lengths not counted. */
    void limit(long bytes) {
        lock.lock();
        try {
            window = bytes;
        } finally {
            lock.unlock();
        }
    }

    /** The reader has handled so many bytes, lengths not counted. */
    void acknowledged(long bytes) {
        lock.lock();
        try {
            unacknowledged = Math.max(0, unacknowledged - bytes);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Takes a log record, or drops and counts it. */
    boolean offerLog(byte[] bytes) {
        lock.lock();
        try {
            if (closed || logs >= maxLogs || logBytes + bytes.length > maxLogBytes) {
                dropped++;
                return false;
            }
            logs++;
            logBytes += bytes.length;
            add(new Frame(bytes, null, true));
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a frame that can wait elsewhere. A writer that waits is not woken before {@link #wake}, or the next frame
     * of another kind.
     *
     * @param bytes makes the frame, on the writer's thread
     * @param weight its bytes, if only about
     * @param room given to {@link #roomFor} later if the frame is refused
     * @return whether it was taken
     */
    boolean offer(Supplier<byte[]> bytes, int weight, Runnable room) {
        lock.lock();
        try {
            if (!closed && queued >= FULL) {
                refused.add(room);
                return false;
            }
            if (!closed) {
                append(new Frame(bytes, weight, null, false));
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** {@return who was refused first, if the next offer would be taken; otherwise {@code null}} */
    @Nullable
    Runnable roomFor() {
        lock.lock();
        try {
            return queued >= FULL ? null : refused.poll();
        } finally {
            lock.unlock();
        }
    }

    /** Takes any other frame. {@return whether the limit of all frames is still kept} */
    boolean put(byte[] bytes, @Nullable Object subject) {
        lock.lock();
        try {
            if (closed) {
                return true;
            }
            if (subject != null) {
                frames.removeIf(frame -> {
                    boolean obsolete = subject.equals(frame.subject());
                    queued -= obsolete ? frame.weight() : 0;
                    return obsolete;
                });
            }
            add(new Frame(bytes, subject, false));
            return queued <= maxBytes;
        } finally {
            lock.unlock();
        }
    }

    private void add(Frame frame) {
        append(frame);
        changed.signalAll();
    }

    private void append(Frame frame) {
        frames.add(frame);
        queued += frame.weight();
    }

    /** Wakes a writer that waits, if there is something for it. */
    void wake() {
        lock.lock();
        try {
            if (!writing && !frames.isEmpty()) {
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for a frame that the reader has room for.
     *
     * @return gives it, to be called before the next one is taken; {@code null} when closed
     */
    @Nullable
    Supplier<byte[]> take() throws InterruptedException {
        lock.lock();
        try {
            writing = false;
            changed.signalAll();
            while ((frames.isEmpty() || unacknowledged >= window) && !closed) {
                changed.await();
            }
            return closed ? null : next();
        } finally {
            lock.unlock();
        }
    }

    /** {@return the next frame; {@code null} if there is none that the reader has room for} */
    @Nullable
    Supplier<byte[]> poll() {
        lock.lock();
        try {
            return closed || frames.isEmpty() || unacknowledged >= window ? null : next();
        } finally {
            lock.unlock();
        }
    }

    private Supplier<byte[]> next() {
        Frame frame = frames.remove();
        queued -= frame.weight();
        if (frame.isLog()) {
            logs--;
            logBytes -= frame.weight();
        }
        writing = true;
        return () -> {
            byte[] bytes = frame.bytes().get();
            lock.lock();
            try {
                unacknowledged += bytes.length - PREFIX;
            } finally {
                lock.unlock();
            }
            return bytes;
        };
    }

    /** {@return how many log records were dropped in all} */
    long dropped() {
        lock.lock();
        try {
            return dropped;
        } finally {
            lock.unlock();
        }
    }

    /** {@return whether everything was written before the time passed} */
    boolean awaitDrained(long time, TimeUnit unit) throws InterruptedException {
        long left = unit.toNanos(time);
        lock.lock();
        try {
            while (!closed && (writing || !frames.isEmpty())) {
                if (left <= 0) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            return !writing && frames.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Drops what waits and takes nothing more. */
    void close() {
        lock.lock();
        try {
            closed = true;
            refused.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
