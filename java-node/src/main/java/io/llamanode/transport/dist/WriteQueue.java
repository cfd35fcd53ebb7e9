package io.llamanode.transport.dist;

import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Bytes that wait for one peer: senders append and never wait, one writer takes all there is at once. */
final class WriteQueue {
    private static final int SMALL = 16 << 10;
    private static final int KEPT = 1 << 20;

    /** What became of a frame. */
    enum Offer { QUEUED, OVERFLOW, CLOSED }

    /** Bytes to write; of length 0 if nothing came for a while. */
    record Batch(byte[] bytes, int length) {}

    private static final Batch NOTHING = new Batch(new byte[0], 0);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final int limit;
    private byte[] pending = new byte[SMALL];
    private byte[] spare = new byte[SMALL];
    private int size;
    private int inFlight;
    private boolean waiting;
    private boolean finishing;
    private boolean closed;

    WriteQueue(int limit) {
        this.limit = limit;
    }

    /** Appends a frame, unless more than the limit waits already. */
    Offer offer(byte[] frame, int length) {
        lock.lock();
        try {
            if (closed || finishing) {
                return Offer.CLOSED;
            }
            long needed = (long) size + length;
            if ((long) size + inFlight > limit || needed > Integer.MAX_VALUE - 16) {
                return Offer.OVERFLOW;
            }
            if (needed > pending.length) {
                long grown = Math.min(Math.max(2L * pending.length, needed), Integer.MAX_VALUE - 16);
                pending = Arrays.copyOf(pending, (int) grown);
            }
            System.arraycopy(frame, 0, pending, size, length);
            size += length;
            if (waiting) {
                arrived.signal();
            }
            return Offer.QUEUED;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes all there is; the batch taken before counts as written and its array is used again.
     *
     * @param nanos how long to wait for something
     * @return the bytes; null when the queue is closed, or finished and empty
     */
    Batch take(long nanos) throws InterruptedException {
        lock.lock();
        try {
            inFlight = 0;
            if (spare.length > KEPT) {
                // A buffer that one large frame has grown is not kept for small ones.
                spare = new byte[SMALL];
            }
            long left = nanos;
            while (size == 0 && !closed && !finishing && left > 0) {
                waiting = true;
                left = arrived.awaitNanos(left);
                waiting = false;
            }
            if (closed || finishing && size == 0) {
                return null;
            }
            if (size == 0) {
                return NOTHING;
            }
            Batch batch = new Batch(pending, size);
            inFlight = size;
            size = 0;
            // The writer is done with the spare one: it held the batch before.
            pending = spare;
            spare = batch.bytes();
            return batch;
        } finally {
            lock.unlock();
        }
    }

    long queuedBytes() {
        lock.lock();
        try {
            return (long) size + inFlight;
        } finally {
            lock.unlock();
        }
    }

    /** Refuses further frames; the writer ends once it has written the rest. */
    void finish() {
        lock.lock();
        try {
            finishing = true;
            arrived.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Drops what waits; the writer ends. */
    void close() {
        lock.lock();
        try {
            closed = true;
            size = 0;
            arrived.signal();
        } finally {
            lock.unlock();
        }
    }
}
