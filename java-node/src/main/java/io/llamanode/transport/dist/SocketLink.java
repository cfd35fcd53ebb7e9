package io.llamanode.transport.dist;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A TCP connection in non-blocking mode: an answer can be written by the thread that has it, as far as the socket takes it. */
final class SocketLink implements Link {
    /** Bytes that are read or written at once: each thread keeps native memory for as many. */
    private static final int AT_ONCE = 64 << 10;
    /** How often a full socket is tried. */
    private static final long LOOK_MS = 100;

    private final SocketChannel channel;
    private final long silence;
    private final Selector readable;
    /** Made when the socket is full for the first time. */
    private @Nullable Selector writable;

    private boolean closed;

    /**
     * @param channel connected; from here on in non-blocking mode
     * @param silence how long the peer may send nothing
     */
    SocketLink(SocketChannel channel, Duration silence) throws IOException {
        this.channel = channel;
        this.silence = silence.toMillis();
        channel.configureBlocking(false);
        readable = selector(SelectionKey.OP_READ);
    }

    private Selector selector(int operation) throws IOException {
        Selector selector = Selector.open();
        try {
            channel.register(selector, operation);
            return selector;
        } catch (IOException | RuntimeException e) {
            selector.close();
            throw e;
        }
    }

    @Override
    public InputStream in() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int at, int length) throws IOException {
                ByteBuffer buffer = ByteBuffer.wrap(into, at, Math.min(length, AT_ONCE));
                int count = channel.read(buffer);
                while (count == 0 && length > 0) {
                    if (select(readable, silence) == 0 && channel.isOpen()) {
                        throw new SocketTimeoutException("silent for %d ms".formatted(silence));
                    }
                    count = channel.read(buffer);
                }
                return count;
            }
        };
    }

    @Override
    public OutputStream out(Runnable progress) {
        return new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                write(new byte[] {(byte) one}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                ByteBuffer buffer = ByteBuffer.wrap(bytes, from, length);
                int end = from + length;
                while (buffer.position() < end) {
                    buffer.limit(Math.min(end, buffer.position() + AT_ONCE));
                    if (channel.write(buffer) == 0) {
                        // A full socket counts as writable once a third is free again. A peer that reads slowly takes
                        // bytes
                        // before that, and each of them shows that it lives.
                        select(writable(), LOOK_MS);
                    } else {
                        progress.run();
                    }
                }
            }
        };
    }

    private synchronized Selector writable() throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        if (writable == null) {
            writable = selector(SelectionKey.OP_WRITE);
        }
        return writable;
    }

    /** {@return how many are ready, 0 if the time passed or the link was closed} */
    private static int select(Selector selector, long millis) throws IOException {
        try {
            return selector.select(key -> {}, millis);
        } catch (ClosedSelectorException e) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public int tryWrite(byte[] bytes, int length) throws IOException {
        return channel.write(ByteBuffer.wrap(bytes, 0, length));
    }

    /** A channel that a selector knows keeps its descriptor until the selectors are closed, which would wait for a reader. */
    @Override
    public void close() throws IOException {
        channel.close();
        readable.wakeup();
        synchronized (this) {
            closed = true;
            if (writable != null) {
                writable.wakeup();
            }
        }
    }

    @Override
    public void release() {
        close(readable);
        Selector second;
        synchronized (this) {
            closed = true;
            second = writable;
        }
        if (second != null) {
            close(second);
        }
    }

    private static void close(Selector selector) {
        try {
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
