package io.llamanode.transport.stdio;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Frames that wait for the writer. Log records are bounded in number and bytes and dropped beyond
 * that; other frames are few and always taken, progress of the same thing replacing what waits.
 */
final class FrameQueue {
    /**
     * @param bytes the whole frame, length prefix included
     * @param subject {@code null}, or what a later frame with an equal subject makes obsolete
     * @param isLog whether it may be dropped
     */
    private record Frame(byte[] bytes, Object subject, boolean isLog) {}

    private final int maxLogs;
    private final long maxLogBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Frame> frames = new ArrayDeque<>();
    private int logs;
    private long logBytes;
    private long dropped;
    private boolean writing;
    private boolean closed;

    FrameQueue(int maxLogs, long maxLogBytes) {
        this.maxLogs = maxLogs;
        this.maxLogBytes = maxLogBytes;
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
            frames.add(new Frame(bytes, null, true));
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Takes any other frame. */
    void put(byte[] bytes, Object subject) {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            if (subject != null) {
                frames.removeIf(frame -> subject.equals(frame.subject()));
            }
            frames.add(new Frame(bytes, subject, false));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** {@return the next frame, once there is one; {@code null} when closed} */
    byte[] take() throws InterruptedException {
        lock.lock();
        try {
            writing = false;
            changed.signalAll();
            while (frames.isEmpty() && !closed) {
                changed.await();
            }
            if (closed) {
                return null;
            }
            Frame frame = frames.remove();
            if (frame.isLog()) {
                logs--;
                logBytes -= frame.bytes().length;
            }
            writing = true;
            return frame.bytes();
        } finally {
            lock.unlock();
        }
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
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
