package io.llamanode.transport.stdio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class FrameChannelTest {
    /** {@code stop} as a frame. */
    private static final byte[] STOP = {0, 0, 0, 7, (byte) 131, 119, 4, 's', 't', 'o', 'p'};

    private final BlockingQueue<Object> seen = new LinkedBlockingQueue<>();

    private class Recorder implements FrameChannel.Listener {
        @Override
        public void received(OtpErlangObject term) {
            seen.add(term);
        }

        @Override
        public void ended(FrameChannel.End end) {
            seen.add(end);
        }
    }

    @Test
    void receivesAFrameThenTheEnd() throws Exception {
        new FrameChannel(new ByteArrayInputStream(STOP), OutputStream.nullOutputStream()).start(new Recorder());
        assertEquals(new OtpErlangAtom("stop"), seen.take());
        assertEquals(new FrameChannel.End.Closed(), seen.take());
    }

    @Test
    void whatAListenerThrowsEndsTheChannel() throws Exception {
        new FrameChannel(new ByteArrayInputStream(STOP), OutputStream.nullOutputStream()).start(new Recorder() {
            @Override
            public void received(OtpErlangObject term) {
                throw new IllegalStateException("no");
            }
        });
        assertEquals(
                new FrameChannel.End.Broken("a frame could not be handled: java.lang.IllegalStateException: no"),
                seen.take());
    }

    @Test
    void endsOnceWhenBothDirectionsFail() throws Exception {
        BlockingQueue<String> orders = new LinkedBlockingQueue<>();
        BlockingQueue<Thread> readers = new LinkedBlockingQueue<>();
        FrameChannel channel = new FrameChannel(
                new InputStream() {
                    @Override
                    public int read() throws IOException {
                        readers.add(Thread.currentThread());
                        try {
                            throw new IOException(orders.take());
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    }
                },
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("gone");
                    }
                });
        channel.send(new OtpErlangAtom("ready"));
        channel.start(new Recorder());
        assertEquals(new FrameChannel.End.Closed(), seen.take());
        assertFalse(channel.awaitSent(1, TimeUnit.MINUTES), "it was lost");
        orders.add("gone as well");
        readers.take().join();
        assertTrue(seen.isEmpty(), "told twice");
    }

    @Test
    void startsOnce() {
        FrameChannel channel = new FrameChannel(new ByteArrayInputStream(STOP), OutputStream.nullOutputStream());
        channel.start(new Recorder());
        assertThrows(IllegalStateException.class, () -> channel.start(new Recorder()));
    }
}
