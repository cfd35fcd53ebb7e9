package io.llamanode.transport.mailbox;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads frames whose length is known. Memory is taken as the bytes come, from what all sources share; a frame that is too long,
 * or for which there is no memory, is read past, all but its beginning. For the thread that reads the source.
 */
public final class FrameReader {
    /** What is read of a frame before anything is known of it, bytes; of one that is refused no more is kept. */
    static final int BEGINNING = 64 << 10;

    /** By how much the memory for a frame grows. */
    private static final int GROWTH = 4;

    /**
     * A frame, or its beginning.
     *
     * @param bytes of the frame; fewer than its length if the input has ended, or if it was refused
     * @param refused why it was read past, or {@code null}
     */
    public record Frame(byte[] bytes, @Nullable Refusal refused) {}

    /**
     * Why a frame was read past.
     *
     * @param busy whether it might be taken later
     * @param reason in words
     */
    public record Refusal(boolean busy, String reason) {}

    private final InputStream in;
    private final Dispatcher.Source source;
    private final int most;
    private final Patience patience;
    private long held;

    /**
     * A reader of frames.
     *
     * @param in what they come from
     * @param source charged for them
     * @param most longest frame that is taken, bytes
     * @param patience with the source, which is excused while it is the memory that is missing
     */
    public FrameReader(InputStream in, Dispatcher.Source source, int most, Patience patience) {
        this.in = in;
        this.source = source;
        this.most = (int) Math.min(most, source.most());
        this.patience = patience;
    }

    /**
     * Reads a frame, which counts as held until {@link #done}.
     *
     * @param length its bytes, not negative
     * @return the frame
     * @throws IOException if reading fails, or if the input ends within a frame that is read past
     * @throws InterruptedException if interrupted while waiting for memory
     */
    public Frame read(int length) throws IOException, InterruptedException {
        int size = Math.min(length, BEGINNING);
        hold(size);
        byte[] bytes = in.readNBytes(size);
        if (length > most) {
            return skip(bytes, length, new Refusal(false, "a message of " + length + " bytes is too long"));
        }
        while (size < length && bytes.length == size) {
            int next = (int) Math.min(length, (long) GROWTH * size);
            if (!reserve(next)) {
                byte[] beginning = Arrays.copyOf(bytes, BEGINNING);
                source.share().release(size - beginning.length);
                held = beginning.length;
                return skip(
                        beginning,
                        length - (size - BEGINNING),
                        new Refusal(
                                true, "a message of " + length + " bytes found no memory; many others are being read"));
            }
            byte[] larger = Arrays.copyOf(bytes, next);
            source.share().release(size);
            held = next;
            int read = in.readNBytes(larger, size, next - size);
            bytes = read < next - size ? Arrays.copyOf(larger, size + read) : larger;
            size = next;
        }
        return new Frame(bytes, null);
    }

    private boolean reserve(int bytes) throws InterruptedException {
        long asked = System.nanoTime();
        boolean taken = source.reserve(bytes);
        patience.excuse(System.nanoTime() - asked);
        return taken;
    }

    private void hold(int bytes) {
        source.share().charge(bytes);
        held = bytes;
    }

    private Frame skip(byte[] beginning, int length, Refusal why) throws IOException {
        try {
            in.skipNBytes(length - beginning.length);
        } catch (EOFException e) {
            throw new EOFException("the input ended inside a frame that was read past");
        }
        return new Frame(beginning, why);
    }

    /** The last frame was handled, or waits on the account of the dispatcher. */
    public void done() {
        source.share().release(held);
        held = 0;
    }
}
