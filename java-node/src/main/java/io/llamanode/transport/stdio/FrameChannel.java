package io.llamanode.transport.stdio;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpOutputStream;
import io.llamanode.account.MemoryAccount;
import io.llamanode.protocol.launch.ControlEncoder;
import io.llamanode.protocol.launch.LogLevel;
import io.llamanode.term.LateTerm;
import io.llamanode.term.TermLimits;
import io.llamanode.term.TermScanner;
import io.llamanode.term.TermSize;
import io.llamanode.transport.mailbox.Budget;
import io.llamanode.transport.mailbox.Dispatcher;
import io.llamanode.transport.mailbox.FrameReader;
import io.llamanode.transport.mailbox.Load;
import io.llamanode.transport.mailbox.Patience;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Erlang's {@code {packet, 4}} frames of external terms over a pair of streams. One thread reads,
 * one writes; sending never blocks the caller. Methods are for any thread, within locks too, except those that say that they
 * wait.
 */
public final class FrameChannel {
    /** Longest frame that is read, in bytes. */
    public static final int MAX_FRAME = 16 << 20;

    /** What is written at once, bytes: the parent is seen to take that much. */
    private static final int PIECE = 16 << 10;

    private static final Duration PATIENCE = Duration.ofSeconds(15);
    /** For the parent to finish a frame. */
    private static final Duration READ = Duration.ofMinutes(10);
    /** How often in its time the parent is looked at. */
    private static final int LOOKS = 8;

    private static final int MAX_LOGS = 1024;
    private static final long MAX_LOG_BYTES = 4 << 20;
    private static final int BUFFER = 64 << 10;
    private static final byte[] NOTHING = {};
    private static final String LOGGER = FrameChannel.class.getPackageName();

    /** Receives frames and the end, all on the reading or the writing thread. */
    public interface Listener {
        /**
         * A frame came. This sees it first, undecoded.
         *
         * @param frame an external term, or what should be one
         * @return whether it is taken care of
         */
        default boolean taken(byte[] frame) {
            return false;
        }

        /**
         * A frame came that is too long, or for which there was no memory, and was read past. Only once there is a
         * {@link FrameChannel#source}.
         *
         * @param beginning of the frame
         * @param why the rest is not there
         */
        default void refused(byte[] beginning, FrameReader.Refusal why) {}

        /**
         * A frame came that {@link #taken} did not take.
         *
         * @param term what it holds
         */
        void received(OtpErlangObject term);

        /**
         * Nothing more will come or go; called exactly once.
         *
         * @param end why
         */
        void ended(End end);
    }

    /** Why a channel ended. */
    public sealed interface End {
        /** The parent closed its side, or is gone. */
        record Closed() implements End {}

        /**
         * The parent sent what is no frame, or takes nothing of what it asked for.
         *
         * @param message what is wrong
         */
        record Broken(String message) implements End {}
    }

    private final FrameInput in;
    private final Patience reading = new Patience(READ, this::unfinished);
    private final OutputStream out;
    /** Part of the heap for what waits to be sent. */
    private static final int OUTGOING = 4;

    private final Budget outgoing = Budget.ofHeap(OUTGOING);
    private final FrameQueue queue = new FrameQueue(MAX_LOGS, MAX_LOG_BYTES, outgoing);
    private final AtomicBoolean ended = new AtomicBoolean();
    private final AtomicBoolean started = new AtomicBoolean();
    private volatile Duration patience = PATIENCE;
    /** {@code null} until it is started, and before that nothing is read. */
    private volatile @Nullable Listener listener;

    /**
     * A channel over the two streams, which belong to it from now on.
     *
     * @param in what the parent writes
     * @param out what the parent reads
     */
    public FrameChannel(InputStream in, OutputStream out) {
        this.in = new FrameInput(in, reading);
        this.out = out;
    }

    /**
     * Changes how long the parent may take to finish a frame that it has begun to write. The channel ends then.
     *
     * @param time ten minutes otherwise
     */
    public void timeoutRead(Duration time) {
        reading.time(time);
    }

    private void unfinished() {
        end(
                Objects.requireNonNull(listener),
                new End.Broken("the parent has not written the rest of a frame for too long (timeout_read)"));
    }

    /**
     * Changes how long the parent may take nothing of what waits for it, once it acknowledges what it takes. The channel
     * ends then.
     *
     * @param time 15 seconds otherwise
     */
    public void timeoutWrite(Duration time) {
        patience = time;
    }

    /**
     * From here on frames are messages of a source: it is charged for them, they are not read while it has too much, and
     * one that is too long is refused rather than being the end of the channel.
     *
     * @param messages charged for the frames
     */
    public void source(Dispatcher.Source messages) {
        in.source(messages);
    }

    /**
     * Starts reading and writing, on daemon threads. What was sent before goes out now.
     *
     * @param listener receives what comes
     * @throws IllegalStateException if it was started before
     */
    public void start(Listener listener) {
        if (!started.compareAndSet(false, true)) {
            throw new IllegalStateException("the channel is started already");
        }
        this.listener = listener;
        Thread.ofPlatform().daemon().name("stdio-writer").start(() -> write(listener));
        Thread.ofVirtual().name("stdio-watch").start(() -> watch(listener));
        Thread.ofPlatform()
                .daemon()
                .name("stdio-reader")
                .stackSize(TermLimits.STACK_BYTES)
                .start(() -> read(listener));
    }

    /**
     * Sends a frame that must arrive; it is made on the writing thread.
     *
     * @param term what it holds
     */
    public void send(OtpErlangObject term) {
        queue.put(() -> encode(term), TermSize.of(term));
    }

    /**
     * Sends a frame that must arrive, as {@link #send(Object, OtpErlangObject, Load)}.
     *
     * @param process that it is for, or behind whose frames it belongs: an owner of the node's account
     * @param term what it holds
     */
    public void send(Object process, OtpErlangObject term) {
        send(process, term, Load.late(0, term));
    }

    /**
     * Sends a frame that must arrive. A large one, or one with a {@link LateTerm}, is made on the writing thread when its turn
     * comes, large ones in turn with those for other processes.
     *
     * @param process that it is for, or behind whose frames it belongs: an owner of the node's account
     * @param term what it holds
     * @param late what it counts for, if it is made when it is written; otherwise {@code null}
     */
    public void send(Object process, OtpErlangObject term, @Nullable Load late) {
        if (late == null) {
            byte[] frame = encode(term);
            queue.put(process, () -> frame, Load.made(frame.length));
        } else {
            queue.put(process, () -> encode(term), late);
        }
    }

    /**
     * Tells whether more waits for a process than should: more than all others leave of a quarter of the heap.
     *
     * @param process that frames are for
     * @return bytes that this takes; 0 if it is not too much
     */
    public long tooMuchFor(Object process) {
        return queue.tooMuchFor(process);
    }

    /**
     * Shows in the node's account what waits to be sent from now on.
     *
     * @param account of the node
     * @param peerOf gives where a process is that frames are for, as the account knows it
     */
    public void showIn(MemoryAccount account, Function<Object, Object> peerOf) {
        queue.peers(peerOf);
        outgoing.showIn(account);
    }

    /**
     * Sends a frame that can wait, unless much waits to be sent already. The writing thread may wait for {@link #flush}
     * before it begins.
     *
     * @param process that it is for
     * @param term makes what it holds, on the writing thread; {@code null} if there is nothing to be said any more
     * @param weight its bytes, if only about
     * @param room run once there is room again, on the writing thread; only if this returns {@code false}
     * @return whether it was taken
     */
    public boolean offer(Object process, Supplier<@Nullable OtpErlangObject> term, int weight, Runnable room) {
        return queue.offer(process, () -> encodeIfAny(term.get()), weight, room);
    }

    private static byte[] encodeIfAny(@Nullable OtpErlangObject term) {
        return term == null ? NOTHING : encode(term);
    }

    /** Sends what was offered. */
    public void flush() {
        queue.wake();
    }

    /**
     * Sends no more than the parent has room for, from here on.
     *
     * @param bytes of frames, without their lengths, that may be on their way
     */
    public void limit(long bytes) {
        queue.limit(bytes);
    }

    /**
     * The parent has handled frames.
     *
     * @param bytes of them, without their lengths
     */
    public void acknowledged(long bytes) {
        queue.acknowledged(bytes);
    }

    /**
     * Sends how far a model is loaded; replaces what waits to be sent for the same path.
     *
     * @param path of the model
     * @param fraction from 0 to 1
     */
    public void progress(String path, double fraction) {
        queue.put(encode(ControlEncoder.progress(path, fraction)), path);
    }

    /**
     * Sends a log record, or drops and counts it if the parent reads too slowly.
     *
     * @param level any but {@link LogLevel#NONE}
     * @param logger name of the logger
     * @param message the text
     * @return whether it was taken
     */
    public boolean log(LogLevel level, String logger, String message) {
        return queue.offerLog(encode(ControlEncoder.log(level, logger, message)));
    }

    /** {@return how many log records were dropped} */
    public long droppedLogs() {
        return queue.dropped();
    }

    /**
     * Waits until everything sent was written.
     *
     * @param time how long at most
     * @param unit of it
     * @return whether it was
     * @throws InterruptedException if interrupted
     */
    public boolean awaitSent(long time, TimeUnit unit) throws InterruptedException {
        return queue.awaitDrained(time, unit);
    }

    private void end(Listener listener, End end) {
        if (ended.compareAndSet(false, true)) {
            listener.ended(end);
        }
    }

    private void read(Listener listener) {
        try {
            while (true) {
                // What waits is a reason not to read on only as long as nothing that comes could change it.
                queue.awaitRoom();
                byte[] frame = in.next(listener);
                if (frame == null) {
                    end(listener, new End.Closed());
                    return;
                }
                if (!listener.taken(frame)) {
                    listener.received(FrameInput.decode(frame));
                }
            }
        } catch (FrameInput.BrokenFrameException e) {
            end(listener, new End.Broken(e.getMessage()));
        } catch (IOException e) {
            end(listener, new End.Closed());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            // A defect of the listener must not leave a node that hears nothing any more.
            end(listener, new End.Broken("a frame could not be handled: " + e));
        }
    }

    private static byte[] encode(OtpErlangObject term) {
        OtpOutputStream frame = new OtpOutputStream();
        frame.write4BE(0);
        frame.write1(TermScanner.VERSION);
        frame.write_any(term);
        frame.poke4BE(0, frame.size() - 4L);
        return frame.toByteArray();
    }

    private void write(Listener listener) {
        long reported = 0;
        try (BufferedOutputStream buffered = new BufferedOutputStream(out, BUFFER)) {
            for (Supplier<byte[]> frame = queue.take(); frame != null; frame = queue.take()) {
                for (Supplier<byte[]> more = frame; more != null; more = queue.poll()) {
                    byte[] bytes = more.get();
                    for (int at = 0; at < bytes.length; at += PIECE) {
                        buffered.write(bytes, at, Math.min(PIECE, bytes.length - at));
                        queue.progressed();
                    }
                }
                buffered.flush();
                for (Runnable room = queue.roomFor(); room != null; room = queue.roomFor()) {
                    room.run();
                }
                long dropped = queue.dropped();
                if (dropped > reported) {
                    reported = dropped;
                    String message =
                            dropped + " log records in all were dropped because they were not read fast enough";
                    queue.put(encode(ControlEncoder.log(LogLevel.WARNING, LOGGER, message)), FrameChannel.class);
                }
            }
        } catch (IOException e) {
            end(listener, new End.Closed());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            queue.close();
        }
    }

    /** A parent that takes what it asked for slowly is waited for; one that takes nothing is given up. */
    private void watch(Listener listener) {
        long seen = -1;
        long since = System.nanoTime();
        try {
            while (!ended.get()) {
                Duration whole = patience;
                Thread.sleep(whole.dividedBy(LOOKS));
                long progress = queue.progress();
                if (progress < 0 || progress != seen) {
                    seen = progress;
                    since = System.nanoTime();
                } else if (System.nanoTime() - since >= whole.toNanos()) {
                    long bytes = queue.queuedBytes();
                    queue.close();
                    end(
                            listener,
                            new End.Broken("the parent has taken nothing for %d ms, and %d bytes wait for it"
                                    .formatted(whole.toMillis(), bytes)));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
