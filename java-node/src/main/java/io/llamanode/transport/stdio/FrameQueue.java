package io.llamanode.transport.stdio;

import io.llamanode.transport.mailbox.Outbox;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Frames that wait for the writer. Log records are bounded in number and bytes and dropped beyond
 * that; what can wait elsewhere is refused while much waits here; all other frames are taken,
 * progress of the same thing replacing what waits. Large ones are made when they are given to the writer.
 *
 * <p>With a window, the writer gets no more than so many bytes that the reader has not acknowledged.
 */
final class FrameQueue {
    private static final class Frame {
        private final Supplier<byte[]> bytes;
        private final long weight;
        private final @Nullable Object subject;
        private final boolean isLog;
        private final boolean large;
        /** A later frame of the same subject is there. */
        private boolean obsolete;

        /**
         * @param bytes gives the whole frame, length prefix included; called by the writer
         * @param weight its bytes, if only about
         * @param subject {@code null}, or what a later frame with an equal subject makes obsolete
         * @param isLog whether it may be dropped
         * @param large whether it is only made when it is written
         */
        Frame(Supplier<byte[]> bytes, long weight, @Nullable Object subject, boolean isLog, boolean large) {
            this.bytes = bytes;
            this.weight = weight;
            this.subject = subject;
            this.isLog = isLog;
            this.large = large;
        }
    }

    /** Bytes of small frames that may wait before the next offer is refused. */
    private static final int FULL = 64 << 10;

    private static final int PREFIX = 4;
    /** What a frame goes behind that is for no process. */
    private static final Object NOBODY = new Object();

    private final int maxLogs;
    private final long maxLogBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Outbox<Frame> frames = new Outbox<>();
    private final Map<Object, Frame> subjects = new HashMap<>();
    private final Deque<Runnable> refused = new ArrayDeque<>();
    /** Bytes of small frames that wait, and of large ones. */
    private long queued;

    private long large;
    private long window = Long.MAX_VALUE;
    private long unacknowledged;
    private int logs;
    private long logBytes;
    private long dropped;
    private long progress;
    private boolean writing;
    private boolean closed;

    /**
     * @param maxLogs log records that may wait
     * @param maxLogBytes bytes of log records that may wait
     */
    FrameQueue(int maxLogs, long maxLogBytes) {
        this.maxLogs = maxLogs;
        this.maxLogBytes = maxLogBytes;
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
            progress++;
            unacknowledged = Math.max(0, unacknowledged - bytes);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The reader has taken some of a frame. */
    void progressed() {
        lock.lock();
        try {
            progress++;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Tells whether a reader that acknowledges moves.
     *
     * @return how often it has taken something so far; -1 if nothing waits for it, or it does not acknowledge
     */
    long progress() {
        lock.lock();
        try {
            return closed || window == Long.MAX_VALUE || !writing && frames.isEmpty() ? -1 : progress;
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
            add(NOBODY, new Frame(() -> bytes, bytes.length, null, true, false));
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a frame that can wait elsewhere. A writer that waits is not woken before {@link #wake}, or the next frame
     * of another kind.
     *
     * @param process that it is for
     * @param bytes makes the frame, on the writer's thread
     * @param weight its bytes, if only about
     * @param room given to {@link #roomFor} later if the frame is refused
     * @return whether it was taken
     */
    boolean offer(Object process, Supplier<byte[]> bytes, int weight, Runnable room) {
        lock.lock();
        try {
            if (!closed && queued >= FULL) {
                refused.add(room);
                return false;
            }
            if (!closed) {
                append(process, new Frame(bytes, weight, null, false, false));
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

    /** Takes a frame for nobody in particular, in place of one of the same subject that waits. */
    void put(byte[] bytes, @Nullable Object subject) {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            Frame frame = new Frame(() -> bytes, bytes.length, subject, false, false);
            if (subject != null) {
                Frame before = subjects.put(subject, frame);
                if (before != null) {
                    before.obsolete = true;
                    queued -= before.weight;
                }
            }
            add(NOBODY, frame);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a frame for a process, behind others for it.
     *
     * @param process that it is for, or behind whose frames it belongs
     * @param bytes gives the frame; called by the writer
     * @param weight its bytes, if only about
     * @param large whether it is worth being made no sooner than it is written
     */
    void put(Object process, Supplier<byte[]> bytes, long weight, boolean large) {
        lock.lock();
        try {
            if (!closed) {
                add(process, new Frame(bytes, weight, null, false, large));
            }
        } finally {
            lock.unlock();
        }
    }

    private void add(Object process, Frame frame) {
        append(process, frame);
        changed.signalAll();
    }

    private void append(Object process, Frame frame) {
        frames.add(frame, process, frame.large);
        if (frame.large) {
            large += frame.weight;
        } else {
            queued += frame.weight;
        }
    }

    /** {@return about the bytes of what waits} */
    long queuedBytes() {
        lock.lock();
        try {
            return queued + large;
        } finally {
            lock.unlock();
        }
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
        Frame frame = Objects.requireNonNull(frames.poll());
        while (frame.obsolete) {
            frame = Objects.requireNonNull(frames.poll(), "there is a newer one behind it");
        }
        if (frame.subject != null) {
            subjects.remove(frame.subject);
        }
        if (frame.large) {
            large -= frame.weight;
        } else {
            queued -= frame.weight;
        }
        if (frame.isLog) {
            logs--;
            logBytes -= frame.weight;
        }
        writing = true;
        progress++;
        Supplier<byte[]> maker = frame.bytes;
        return () -> {
            byte[] bytes = maker.get();
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
