package io.llamanode.transport.bridge;

import io.llamanode.transport.mailbox.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;

/** The way to a client: whole lines, one at a time, from any thread; and how its leaving is noticed while it is silent. */
final class LineWriter {
    /** White space that a JSON text may begin with. */
    private static final byte[] PROBE = {' '};

    private static final long PROBE_GAP_NANOS = 1_000_000_000L;

    private final SocketChannel channel;
    private final Runnable gone;
    private final Patience patience;
    private final ReentrantLock writing = new ReentrantLock();
    private long nextProbe = System.nanoTime();
    private volatile boolean inputEnded;
    private volatile boolean waits;

    /**
     * @param patience how long a client may take none of what is written; the writer begins and ends it
     * @param gone run when the client is found to have left
     */
    LineWriter(SocketChannel channel, Patience patience, Runnable gone) {
        this.channel = channel;
        this.patience = patience;
        this.gone = gone;
    }

    void write(byte[] line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(line);
        writing.lock();
        try {
            while (bytes.hasRemaining()) {
                patience.begin();
                channel.write(bytes);
            }
        } finally {
            patience.end();
            writing.unlock();
        }
    }

    /** The client sends no more. It may still read its answers, like {@code printf ... | nc -N}; a probe tells. */
    void inputEnded() {
        inputEnded = true;
        if (waits) {
            probe();
        }
    }

    /** Nothing will be written for a while, since a task goes on. */
    void beginWait() {
        waits = true;
        if (inputEnded) {
            probe();
        }
    }

    /**
     * {@return whether only writing tells that the client has left}
     *
     * @param blind whether nobody looks for what the client sends, and so for its end
     */
    boolean isWatched(boolean blind) {
        return inputEnded || blind;
    }

    /** An occasion to see whether a client is still there of which {@link #isWatched} is true. */
    void goesOn() {
        probe();
    }

    void endWait() {
        waits = false;
    }

    /**
     * Finds out whether a client of whom nothing more is read still reads: writing fails at once when it does
     * not. The blank that it gets otherwise belongs to the next line.
     */
    private void probe() {
        if (!writing.tryLock()) {
            // Somebody is writing, and will see it.
            return;
        }
        try {
            long now = System.nanoTime();
            if (now - nextProbe >= 0) {
                nextProbe = now + PROBE_GAP_NANOS;
                patience.begin();
                channel.write(ByteBuffer.wrap(PROBE));
            }
        } catch (IOException left) {
            gone.run();
        } finally {
            patience.end();
            writing.unlock();
        }
    }
}
