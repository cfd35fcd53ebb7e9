package io.llamanode.transport.dist;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Frames that wait for one peer: senders append and never wait, one writer takes all there is at once. */
final class WriteQueue {
    /** Longest frame that is written past the writer, bytes: what a socket takes at once. */
    private static final int DIRECT = 64 << 10;

    private static final int KEPT = 1 << 12;
    /** Bytes behind which a frame that can wait elsewhere is refused. */
    static final int FULL = 256 << 10;

    /** What became of a frame. */
    enum Offer {
        TAKEN,
        FULL,
        OVERFLOW,
        CLOSED
    }

    /** Writes without waiting. */
    @FunctionalInterface
    interface Direct {
        /** Writes the beginning of these bytes, as much as goes at once. {@return how many} */
        int write(byte[] bytes, int length) throws IOException;
    }

    /** What waits: bytes to be made by the writer, and what they count for until then. */
    private record Waiting(Consumer<Frame> encoder, int weight) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final int limit;
    private ArrayDeque<Waiting> pending = new ArrayDeque<>();
    private ArrayDeque<Waiting> taken = new ArrayDeque<>();
    private final ArrayDeque<Runnable> refused = new ArrayDeque<>();
    private long size;
    private long inFlight;
    private boolean waiting;
    private boolean finishing;
    private boolean closed;

    WriteQueue(int limit) {
        this.limit = limit;
    }

    /**
     * Takes a frame that can wait elsewhere and that the writer encodes, unless much waits here already. A writer that
     * waits is not woken before {@link #wake}, or the next frame of another kind.
     *
     * @param encoder run on the writer's thread
     * @param weight bytes of the frame, if only about
     * @param room given to {@link #roomFor} later if the answer is {@code FULL}
     */
    Offer offer(Consumer<Frame> encoder, int weight, Runnable room) {
        lock.lock();
        try {
            if (closed || finishing) {
                return Offer.CLOSED;
            }
            if (size + inFlight >= FULL) {
                refused.add(room);
                return Offer.FULL;
            }
            add(encoder, weight);
            return Offer.TAKEN;
        } finally {
            lock.unlock();
        }
    }

    /** Wakes a writer that waits, if there is something for it. */
    void wake() {
        lock.lock();
        try {
            if (waiting && !pending.isEmpty()) {
                arrived.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** {@return who was refused first, if there is room again; otherwise {@code null}} */
    @Nullable
    Runnable roomFor() {
        lock.lock();
        try {
            return size + inFlight >= FULL ? null : refused.poll();
        } finally {
            lock.unlock();
        }
    }

    /** What was taken is written; for the writer. */
    void written() {
        lock.lock();
        try {
            inFlight = 0;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes an encoded frame, unless more than the limit waits already. If nothing waits, it is written at once as far
     * as that goes without waiting, which spares the wake-up of the writer.
     *
     * @throws IOException if writing fails
     */
    Offer offer(byte[] frame, int length, Direct direct) throws IOException {
        lock.lock();
        try {
            if (closed || finishing) {
                return Offer.CLOSED;
            }
            if (size + inFlight > limit) {
                return Offer.OVERFLOW;
            }
            // A writer that waits has written everything it took.
            int written = waiting && pending.isEmpty() && length <= DIRECT ? direct.write(frame, length) : 0;
            if (written < length) {
                byte[] rest = Arrays.copyOfRange(frame, written, length);
                add(out -> out.verbatim(rest), rest.length);
                if (waiting) {
                    arrived.signal();
                }
            }
            return Offer.TAKEN;
        } finally {
            lock.unlock();
        }
    }

    private void add(Consumer<Frame> encoder, int weight) {
        pending.add(new Waiting(encoder, weight));
        size += weight;
    }

    /**
     * Waits for frames and takes all there are, those taken before having been {@link #written}.
     *
     * @param nanos how long to wait for something
     * @return whether {@link #next} gives some or, if nothing came for so long, none; {@code false} when the queue is
     *     closed, or finished and empty
     */
    boolean take(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long left = nanos;
            while (pending.isEmpty() && !closed && !finishing && left > 0) {
                waiting = true;
                left = arrived.awaitNanos(left);
                waiting = false;
            }
            if (closed || finishing && pending.isEmpty()) {
                return false;
            }
            ArrayDeque<Waiting> empty = taken;
            taken = pending;
            // Only a burst needs a long array.
            pending = taken.size() > KEPT ? new ArrayDeque<>() : empty;
            inFlight = size;
            size = 0;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Encodes the next of the frames that were taken; for the writer.
     *
     * @return whether there was one
     */
    boolean next(Frame frame) {
        Waiting next = taken.poll();
        if (next != null) {
            next.encoder().accept(frame);
        }
        return next != null;
    }

    long queuedBytes() {
        lock.lock();
        try {
            return size + inFlight;
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
            pending.clear();
            refused.clear();
            size = 0;
            arrived.signal();
        } finally {
            lock.unlock();
        }
    }
}
