package io.llamanode.transport.stdio;

import io.llamanode.transport.mailbox.Budget;
import io.llamanode.transport.mailbox.Load;
import io.llamanode.transport.mailbox.Outbox;
import io.llamanode.transport.mailbox.Sources;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
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
        private final Object process;
        private final Supplier<byte[]> bytes;
        private final Load load;
        private final @Nullable Object subject;
        private final boolean isLog;
        /** A later frame of the same subject is there. */
        private boolean obsolete;
        /** Charged for it as long as it waits. */
        private @Nullable Sources line;

        /**
         * @param process that it is for
         * @param bytes gives the whole frame, length prefix included; called by the writer
         * @param load what it counts for
         * @param subject {@code null}, or what a later frame with an equal subject makes obsolete
         * @param isLog whether it may be dropped
         */
        Frame(Object process, Supplier<byte[]> bytes, Load load, @Nullable Object subject, boolean isLog) {
            this.process = process;
            this.bytes = bytes;
            this.load = load;
            this.subject = subject;
            this.isLog = isLog;
        }

        private long weight() {
            return load.bytes();
        }

        /** In the heap until it is written. */
        private Load held() {
            return new Load(load.bytes(), load.own() + OVERHEAD, load.shared(), load.source(), load.large());
        }
    }

    /** Bytes of small frames that may wait before the next offer is refused. */
    private static final int FULL = 64 << 10;

    private static final int PREFIX = 4;
    /** What a frame takes beside its bytes. */
    private static final int OVERHEAD = 128;

    /** What a frame goes behind that is for no process. */
    private static final Object NOBODY = "the node itself";

    private static final Object PEER = "the port";

    private final int maxLogs;
    private final long maxLogBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Budget budget;
    /** While little waits, nobody asks for whom. */
    private final Sources little;
    /** What waits for each process beyond that. */
    private final Map<Object, Sources> lines = new HashMap<>();
    /** The one that the writer has. */
    private @Nullable Frame written;

    private final Outbox<Frame> frames = new Outbox<>();
    private final Map<Object, Frame> subjects = new HashMap<>();
    private final Deque<Runnable> refused = new ArrayDeque<>();
    /** Bytes of small frames that wait, and of large ones. */
    private long queued;

    private long large;
    private Function<Object, Object> peerOf = process -> PEER;
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
     * @param budget what waits, with its places in the heap, is a share in it for each process
     */
    FrameQueue(int maxLogs, long maxLogBytes, Budget budget) {
        this.budget = budget;
        this.little = new Sources(budget.share(NOBODY, PEER));
        this.maxLogs = maxLogs;
        this.maxLogBytes = maxLogBytes;
    }

    /** From here on what waits for a process counts with what else its peer holds. */
    void peers(Function<Object, Object> of) {
        lock.lock();
        try {
            peerOf = of;
        } finally {
            lock.unlock();
        }
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
            add(new Frame(NOBODY, () -> bytes, Load.made(bytes.length), null, true));
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
                append(new Frame(process, bytes, Load.made(weight), null, false));
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

    /** Takes a frame for nobody in particular, which the writer makes. */
    void put(Supplier<byte[]> bytes, long weight) {
        put(NOBODY, bytes, Load.made(weight));
    }

    /** Takes a frame for nobody in particular, in place of one of the same subject that waits. */
    void put(byte[] bytes, @Nullable Object subject) {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            Frame frame = new Frame(NOBODY, () -> bytes, Load.made(bytes.length), subject, false);
            if (subject != null) {
                Frame before = subjects.put(subject, frame);
                if (before != null) {
                    before.obsolete = true;
                    queued -= before.weight();
                }
            }
            add(frame);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a frame for a process, behind others for it.
     *
     * @param process that it is for, or behind whose frames it belongs
     * @param bytes gives the frame; called by the writer
     * @param load what it counts for
     */
    void put(Object process, Supplier<byte[]> bytes, Load load) {
        lock.lock();
        try {
            if (!closed) {
                add(new Frame(process, bytes, load, null, false));
            }
        } finally {
            lock.unlock();
        }
    }

    private void add(Frame frame) {
        append(frame);
        changed.signalAll();
    }

    private void append(Frame frame) {
        boolean isLarge = frame.load.large();
        frames.add(frame, frame.process, isLarge);
        frame.line = queued + large < FULL && !isLarge
                ? little
                : lines.computeIfAbsent(
                        frame.process, process -> new Sources(budget.share(process, peerOf.apply(process))));
        frame.line.add(frame.held());
        if (isLarge) {
            large += frame.weight();
        } else {
            queued += frame.weight();
        }
    }

    /** The writer asks for more only once it has written what it had. */
    private void written() {
        if (written != null) {
            left(written);
            written = null;
            changed.signalAll();
        }
    }

    private void left(Frame frame) {
        Sources line = Objects.requireNonNull(frame.line);
        line.remove(frame.held());
        if (line.share().held() == 0) {
            lines.remove(frame.process, line);
        }
    }

    /** {@return the bytes that what waits for a process takes, if that is more than it should; otherwise 0} */
    long tooMuchFor(Object process) {
        lock.lock();
        try {
            Sources line = lines.get(process);
            return line != null && line.share().isOver() ? line.share().held() : 0;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits while what waits takes too much in all, as long as the writer can go on without being told what the reader has
     * handled.
     */
    void awaitRoom() throws InterruptedException {
        lock.lock();
        try {
            while (!closed && budget.isFull() && unacknowledged < window) {
                changed.await();
            }
        } finally {
            lock.unlock();
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
            written();
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
            written();
            return closed || frames.isEmpty() || unacknowledged >= window ? null : next();
        } finally {
            lock.unlock();
        }
    }

    private Supplier<byte[]> next() {
        Frame frame = Objects.requireNonNull(frames.poll());
        while (frame.obsolete) {
            left(frame);
            frame = Objects.requireNonNull(frames.poll(), "there is a newer one behind it");
        }
        written = frame;
        if (frame.subject != null) {
            subjects.remove(frame.subject);
        }
        if (frame.load.large()) {
            large -= frame.weight();
        } else {
            queued -= frame.weight();
        }
        if (frame.isLog) {
            logs--;
            logBytes -= frame.weight();
        }
        writing = true;
        progress++;
        Supplier<byte[]> maker = frame.bytes;
        return () -> {
            byte[] bytes = maker.get();
            lock.lock();
            try {
                // Nothing at all, if there was nothing to be said any more.
                unacknowledged += Math.max(0, bytes.length - PREFIX);
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
            lines.values().forEach(Sources::clear);
            little.clear();
            written = null;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
