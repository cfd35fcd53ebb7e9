package io.llamanode.transport.dist;

import io.llamanode.transport.mailbox.Budget;
import io.llamanode.transport.mailbox.Load;
import io.llamanode.transport.mailbox.Outbox;
import io.llamanode.transport.mailbox.Sources;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Frames that wait for one peer: senders append and never wait, whatever waits already. One writer takes what is small all at
 * once, and of what is large one frame at a time, which it makes when its turn comes.
 */
final class WriteQueue {
    /** Longest frame that is written past the writer, bytes: what a socket takes at once. */
    private static final int DIRECT = 64 << 10;

    private static final int KEPT = 1 << 12;
    /** Bytes behind which a frame that can wait elsewhere is refused; large frames wait apart and do not count. */
    static final int FULL = 256 << 10;

    /**
     * How often a reader that waits looks whether other peers have left more room, and a writer that has to tick whether a
     * frame is past it.
     */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** What became of a frame. */
    enum Offer {
        TAKEN,
        FULL,
        CLOSED
    }

    /** Writes without waiting. */
    @FunctionalInterface
    interface Direct {
        /** Writes the beginning of these bytes, as much as goes at once. {@return how many} */
        int write(byte[] bytes, int length) throws IOException;
    }

    /**
     * What waits.
     *
     * @param encoder makes the bytes; none if there is nothing to be said any more
     * @param load what it counts for until they are written; along with a large frame no other is taken
     */
    record Waiting(Consumer<Frame> encoder, Load load) {
        boolean large() {
            return load.large();
        }

        long bytes() {
            return load.bytes();
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Condition written = lock.newCondition();
    private final Sources held;
    private final Outbox<Waiting> pending = new Outbox<>();
    private ArrayDeque<Waiting> taken = new ArrayDeque<>();
    private final ArrayDeque<Runnable> refused = new ArrayDeque<>();
    /** Weight of small frames that wait or are being written. */
    private long small;

    private long smallInFlight;
    /** All that were taken, the small ones among them. */
    private List<Waiting> inFlight = new ArrayList<>();

    private long rounds;
    private boolean burst;
    private boolean waiting;
    /** Somebody writes past the writer, who waits as long. */
    private boolean passing;
    /** The end of a frame that did not go past the writer: before whatever came meanwhile. */
    private @Nullable Waiting rest;

    private boolean finishing;
    private boolean closed;

    /** @param share counts what waits */
    WriteQueue(Budget.Share share) {
        this.held = new Sources(share);
    }

    /**
     * Takes a frame that can wait elsewhere and that the writer encodes, unless much waits here already. A writer that
     * waits is not woken before {@link #wake}, or the next frame of another kind.
     *
     * @param process that gets it
     * @param encoder run on the writer's thread
     * @param weight bytes of the frame, if only about
     * @param room given to {@link #roomFor} later if the answer is {@code FULL}
     */
    Offer offer(Object process, Consumer<Frame> encoder, int weight, Runnable room) {
        lock.lock();
        try {
            if (closed || finishing) {
                return Offer.CLOSED;
            }
            if (small >= FULL) {
                refused.add(room);
                return Offer.FULL;
            }
            add(process, new Waiting(encoder, Load.made(weight)));
            return Offer.TAKEN;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a frame that must arrive, which the writer encodes when its turn comes.
     *
     * @param process that gets it, or behind whose messages it belongs
     * @param encoder run on the writer's thread
     * @param load what it counts for
     */
    Offer offerLate(Object process, Consumer<Frame> encoder, Load load) {
        lock.lock();
        try {
            if (closed || finishing) {
                return Offer.CLOSED;
            }
            add(process, new Waiting(encoder, load));
            signal();
            return Offer.TAKEN;
        } finally {
            lock.unlock();
        }
    }

    /** Wakes a writer that waits, if there is something for it. */
    void wake() {
        lock.lock();
        try {
            if (!isEmpty()) {
                signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Wakes a writer that waits; not before it could go on. */
    private void signal() {
        if (waiting && !passing) {
            arrived.signal();
        }
    }

    /** {@return who was refused first, if there is room again; otherwise {@code null}} */
    @Nullable
    Runnable roomFor() {
        lock.lock();
        try {
            return small >= FULL ? null : refused.poll();
        } finally {
            lock.unlock();
        }
    }

    /** What was taken is written; for the writer. */
    void written() {
        lock.lock();
        try {
            // None, if it was closed meanwhile.
            for (Waiting done : inFlight) {
                held.remove(done.load());
            }
            forgetInFlight();
            small -= smallInFlight;
            smallInFlight = 0;
            rounds++;
            written.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void forgetInFlight() {
        if (inFlight.size() > KEPT) {
            // Only a burst needs a long array.
            inFlight = new ArrayList<>();
        } else {
            inFlight.clear();
        }
    }

    /**
     * Takes an encoded frame. If nothing waits, it is written at once as far as that goes without waiting, which spares the
     * wake-up of the writer. Others can append meanwhile.
     *
     * @param process that gets it, or behind whose messages it belongs
     * @throws IOException if writing fails
     */
    Offer offer(Object process, byte[] frame, int length, Direct direct) throws IOException {
        lock.lock();
        try {
            if (closed || finishing) {
                return Offer.CLOSED;
            }
            // A writer that waits has written everything it took.
            if (!waiting || passing || !isEmpty() || length > DIRECT) {
                add(process, verbatim(frame, 0, length));
                signal();
                return Offer.TAKEN;
            }
            passing = true;
        } finally {
            lock.unlock();
        }
        // If that fails, the connection does.
        int done = length;
        try {
            done = direct.write(frame, length);
        } finally {
            passed(frame, done, length);
        }
        return Offer.TAKEN;
    }

    /** Nobody writes past the writer any more: it goes on with what is left, and with what came meanwhile. */
    private void passed(byte[] frame, int done, int length) {
        lock.lock();
        try {
            passing = false;
            if (done < length && !closed) {
                Waiting left = verbatim(frame, done, length);
                held.add(left.load());
                small += left.bytes();
                rest = left;
            }
            if (!isEmpty() || closed || finishing) {
                signal();
            }
        } finally {
            lock.unlock();
        }
    }

    private static Waiting verbatim(byte[] frame, int from, int to) {
        byte[] bytes = Arrays.copyOfRange(frame, from, to);
        return new Waiting(out -> out.verbatim(bytes), Load.made(bytes.length));
    }

    private void add(Object process, Waiting frame) {
        pending.add(frame, process, frame.large());
        held.add(frame.load());
        small += frame.large() ? 0 : frame.bytes();
    }

    /**
     * Waits for frames and takes all small ones there are, or up to the next large one, those taken before having been
     * {@link #written}.
     *
     * @param nanos how long to wait for something
     * @return whether {@link #next} gives some or, if nothing came for so long, none; {@code false} when the queue is
     *     closed, or finished and empty
     */
    boolean take(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long left = nanos;
            while (!closed && (passing || isEmpty() && !finishing && left > 0)) {
                waiting = true;
                // Nobody wakes it for the end of a frame that went past it whole.
                long most = passing ? Math.max(left, LOOK_NANOS) : left;
                left -= most - arrived.awaitNanos(most);
                waiting = false;
            }
            if (closed || finishing && isEmpty()) {
                return false;
            }
            if (burst) {
                // Only a burst needs a long array.
                taken = new ArrayDeque<>();
            }
            Waiting next = rest == null ? pending.poll() : rest;
            rest = null;
            while (next != null) {
                taken.add(next);
                inFlight.add(next);
                smallInFlight += next.large() ? 0 : next.bytes();
                next = next.large() ? null : pending.poll();
            }
            burst = taken.size() > KEPT;
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean isEmpty() {
        return rest == null && pending.isEmpty();
    }

    /** {@return the next of the frames that were taken; for the writer} */
    @Nullable
    Waiting next() {
        return taken.poll();
    }

    /**
     * Waits, if more waits here than this peer should have, until some of it is written: what is asked for while others are
     * still waiting to be told what they asked for is answered no sooner than they are.
     */
    void awaitRoom() throws InterruptedException {
        lock.lock();
        try {
            long seen = rounds;
            while (!closed && rounds == seen && held.share().isOver()) {
                var _ = written.awaitNanos(LOOK_NANOS);
            }
        } finally {
            lock.unlock();
        }
    }

    long queuedBytes() {
        return held.share().held();
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
            rest = null;
            refused.clear();
            small = 0;
            smallInFlight = 0;
            forgetInFlight();
            held.clear();
            arrived.signal();
            written.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
