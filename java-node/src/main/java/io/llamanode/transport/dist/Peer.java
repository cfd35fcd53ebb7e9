package io.llamanode.transport.dist;

import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import io.llamanode.transport.mailbox.Budget;
import io.llamanode.transport.mailbox.Dispatcher;
import io.llamanode.transport.mailbox.FrameReader;
import io.llamanode.transport.mailbox.Load;
import io.llamanode.transport.mailbox.Patience;
import io.llamanode.transport.mailbox.Room;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An authenticated connection: one thread reads frames, one writes what senders have queued. Silence
 * longer than the tick time ends it, and so does a write of which the peer takes nothing for too long. How much waits for it
 * does not matter, as long as it takes some.
 */
final class Peer {
    private static final Logger LOG = LoggerFactory.getLogger(Peer.class);
    /** Most bytes of small frames that are written together. */
    private static final int BUFFER = 64 << 10;
    /** Bytes that are read at once; larger frames go past this buffer. */
    private static final int READ = 16 << 10;
    /** What is collected for writing at first; it grows where many frames come together. */
    private static final int COLLECTED = 4 << 10;
    /** Longest frame that is read past, bytes; a length beyond it is taken for an attack. */
    private static final int MAX_SKIPPED = 256 << 20;

    /** Bytes that are needed to make a byte of a large frame: its terms, and an array that grows. */
    private static final int MAKING = 4;

    private static final byte[] TICK = new byte[4];

    /** Takes what the connection brings. */
    interface Events {
        /** A frame without its length. */
        void onFrame(Peer peer, byte[] frame) throws IOException;

        /** The beginning of a frame that is not taken; the rest was read past. */
        void onRefused(Peer peer, byte[] beginning, FrameReader.Refusal why) throws IOException;

        /** The connection must end; called from any thread, any number of times. */
        void onFailure(Peer peer, String reason);

        /** The connection must end because the peer has taken nothing for too long, although something waits for it. */
        void onStall(Peer peer);
    }

    private final Handshake.Accepted identity;
    private final Link link;
    private final DistConfig config;
    private final ScheduledExecutorService timer;
    private final Events events;
    private final Dispatcher.Source source;
    private final Room making;
    private final WriteQueue queue;
    private final ConcurrentHashMap<Long, MonitorEntry> monitors = new ConcurrentHashMap<>();
    private final AtomicBoolean stallCheck = new AtomicBoolean();
    private final OutputStream out;
    private byte[] collected = new byte[COLLECTED];
    private Frame frame = new Frame();
    private final Thread writer;
    private final Thread reader = Thread.currentThread();
    private volatile boolean writing;
    private final AtomicLong progress = new AtomicLong();
    private volatile boolean down;

    /**
     * What all peers share.
     *
     * @param outgoing counts what waits for them
     * @param making where large frames are made
     */
    record Memory(Budget outgoing, Room making) {}

    /** A monitor that this node has on a process of the peer. */
    record MonitorEntry(OtpErlangPid pid, OtpErlangRef ref, Runnable onDown) {}

    Peer(
            Handshake.Accepted identity,
            Link link,
            DistConfig config,
            ScheduledExecutorService timer,
            Dispatcher.Source source,
            Memory memory,
            Events events) {
        this.identity = identity;
        this.link = link;
        this.config = config;
        this.timer = timer;
        this.events = events;
        this.source = source;
        this.making = memory.making();
        this.queue = new WriteQueue(memory.outgoing().share(identity.node()));
        this.out = link.out(progress::incrementAndGet);
        // Platform threads, as the reader: a virtual one wakes by way of the poller and a carrier, twice a call.
        this.writer = Thread.ofPlatform()
                .daemon()
                .name("dist-write-" + identity.node())
                .start(this::write);
    }

    String node() {
        return identity.node();
    }

    /** Where its messages come from, for whoever takes them. */
    Dispatcher.Source source() {
        return source;
    }

    /** Whether a pid's creation belongs to this incarnation of the node; 0 stands for any. */
    boolean isIncarnation(int creation) {
        return creation == 0 || identity.creation() == 0 || creation == identity.creation();
    }

    boolean understandsAliases() {
        return (identity.flags() & Dflags.ALIAS) != 0;
    }

    ConcurrentHashMap<Long, MonitorEntry> monitors() {
        return monitors;
    }

    long queuedBytes() {
        return queue.queuedBytes();
    }

    boolean isDown() {
        return down;
    }

    /** Claims the end of this peer; the caller holds the lock of the peers. */
    boolean markDown() {
        boolean first = !down;
        down = true;
        return first;
    }

    /** Writes or queues a frame that goes to this process or behind its messages; never waits. */
    boolean send(Object process, Frame frame) {
        try {
            return queue.offer(process, frame.bytes(), frame.size(), link::tryWrite) == WriteQueue.Offer.TAKEN;
        } catch (IOException e) {
            events.onFailure(this, "write: " + Reasons.of(e));
            return false;
        }
    }

    /** Queues a frame that the writer encodes when its turn comes; never waits. */
    boolean sendLate(Object process, Consumer<Frame> encoder, Load load) {
        return queue.offerLate(process, encoder, load) == WriteQueue.Offer.TAKEN;
    }

    /** Queues a frame that the writer encodes once it is woken, or tells later that there is room for it; never waits. */
    WriteQueue.Offer offer(Object process, Consumer<Frame> encoder, int weight, Runnable room) {
        return queue.offer(process, encoder, weight, room);
    }

    /** Lets the writer go on with what was offered. */
    void wake() {
        queue.wake();
    }

    /** Runs the connection until it ends; on the thread that made this object. */
    void run() {
        String reason;
        try {
            reason = read();
        } catch (SocketTimeoutException silent) {
            reason = "no bytes for " + config.tickTime().toSeconds() + " s";
        } catch (IOException e) {
            reason = Reasons.of(e);
        } catch (InterruptedException e) {
            reason = "interrupted";
        } catch (RuntimeException | Error e) {
            LOG.error("reading from {}", node(), e);
            reason = e.toString();
        }
        events.onFailure(this, reason);
        link.release();
    }

    private String read() throws IOException, InterruptedException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(link.in(), READ));
        try (Patience patience = new Patience(config.readDeadline(), this::unfinished)) {
            return read(in, new FrameReader(in, source, config.maxFrameBytes(), patience), patience);
        }
    }

    private void unfinished() {
        events.onFailure(
                this,
                "it has not sent the rest of a message for %d ms (timeout_read)"
                        .formatted(config.readDeadline().toMillis()));
    }

    private String read(DataInputStream in, FrameReader frames, Patience patience)
            throws IOException, InterruptedException {
        while (true) {
            queue.awaitRoom();
            source.awaitRoom();
            int length;
            int first = in.read();
            if (first < 0) {
                return Reasons.CLOSED;
            }
            patience.begin();
            length = first << 24 | in.readUnsignedByte() << 16 | in.readUnsignedShort();
            if (length == 0) {
                patience.end();
                continue;
            }
            if (length < 0 || length > MAX_SKIPPED) {
                return "a frame of " + Integer.toUnsignedString(length) + " bytes, allowed are "
                        + config.maxFrameBytes();
            }
            try {
                FrameReader.Frame frame = frames.read(length);
                patience.end();
                if (frame.refused() != null) {
                    events.onRefused(this, frame.bytes(), frame.refused());
                } else if (frame.bytes().length < length) {
                    return "closed by the peer within a frame";
                } else {
                    events.onFrame(this, frame.bytes());
                }
            } finally {
                frames.done();
            }
        }
    }

    private void write() {
        long interval = config.tickInterval().toNanos();
        try {
            while (queue.take(interval)) {
                writeTaken();
                queue.written();
                for (Runnable room = queue.roomFor(); room != null; room = queue.roomFor()) {
                    room.run();
                }
            }
        } catch (IOException e) {
            events.onFailure(this, "write: " + Reasons.of(e));
        } catch (InterruptedException e) {
            events.onFailure(this, "interrupted");
        } catch (RuntimeException | Error e) {
            LOG.error("writing to {}", node(), e);
            events.onFailure(this, e.toString());
        }
    }

    /** Small frames are collected, so that a burst of them is one write. */
    private void writeTaken() throws IOException, InterruptedException {
        int used = 0;
        boolean any = false;
        for (WriteQueue.Waiting next = queue.next(); next != null; next = queue.next()) {
            any = true;
            if (next.large()) {
                write(collected, used);
                used = 0;
                writeLarge(next);
                continue;
            }
            next.encoder().accept(frame);
            if (used + frame.size() > collected.length && collected.length < BUFFER) {
                collected = Arrays.copyOf(collected, BUFFER);
            }
            if (used + frame.size() > BUFFER) {
                write(collected, used);
                used = 0;
            }
            if (frame.size() > BUFFER) {
                write(frame.bytes(), frame.size());
                // Its array has grown with one large frame and is not kept for small ones.
                frame = new Frame();
            } else {
                System.arraycopy(frame.bytes(), 0, collected, used, frame.size());
                used += frame.size();
            }
        }
        if (any) {
            write(collected, used);
        } else {
            write(TICK, TICK.length);
        }
    }

    /** What it is made of, and what is made of it, takes room that all peers share. */
    private void writeLarge(WriteQueue.Waiting large) throws IOException, InterruptedException {
        long taken = making.take(large.bytes() * MAKING);
        try {
            Frame made = new Frame();
            large.encoder().accept(made);
            long less = Math.max(0, taken - made.size());
            making.give(less);
            taken -= less;
            write(made.bytes(), made.size());
        } finally {
            making.give(taken);
        }
    }

    /** The peer's time begins anew with each write, and with each byte of it that it takes. */
    private void write(byte[] bytes, int length) throws IOException {
        if (length == 0) {
            return;
        }
        progress.incrementAndGet();
        writing = true;
        armStallCheck();
        out.write(bytes, 0, length);
        out.flush();
        writing = false;
    }

    /** At most one check is scheduled, and none while nothing is written. */
    private void armStallCheck() {
        if (stallCheck.compareAndSet(false, true)) {
            scheduleStallCheck(progress.get());
        }
    }

    private void scheduleStallCheck(long seen) {
        try {
            timer.schedule(() -> checkStall(seen), config.stallDeadline().toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException closing) {
            stallCheck.set(false);
        }
    }

    private void checkStall(long seen) {
        if (down) {
            return;
        }
        if (writing && progress.get() == seen) {
            events.onStall(this);
            return;
        }
        if (writing) {
            scheduleStallCheck(progress.get());
            return;
        }
        stallCheck.set(false);
        if (writing) {
            armStallCheck();
        }
    }

    /** Lets the writer finish, but no longer than this. */
    void drain(Duration patience) throws InterruptedException {
        queue.finish();
        writer.join(patience);
    }

    /** Refuses further frames. */
    void finish() {
        queue.finish();
    }

    /** Wakes both threads, which then end. Does not block. */
    void abort() {
        queue.close();
        try {
            link.close();
        } catch (IOException e) {
            LOG.debug("closing {}: {}", node(), e.getMessage());
        }
    }

    /** Waits until both threads have ended, unless called on one of them. */
    void join() throws InterruptedException {
        for (Thread thread : new Thread[] {reader, writer}) {
            if (thread != Thread.currentThread()) {
                thread.join();
            }
        }
    }
}
