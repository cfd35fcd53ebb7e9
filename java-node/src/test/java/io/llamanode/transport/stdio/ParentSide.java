package io.llamanode.transport.stdio;

import com.ericsson.otp.erlang.OtpErlangDecodeException;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpInputStream;
import io.llamanode.transport.TestTerms;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;

/** The parent's end of a channel. */
public final class ParentSide {
    private static final byte[] END = {};

    private final LinkedBlockingQueue<byte[]> given = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<OtpErlangObject> told = new LinkedBlockingQueue<>();
    private volatile CountDownLatch reads = new CountDownLatch(0);

    private final InputStream in = new InputStream() {
        private byte[] current = {};
        private int at;

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int length) {
            if (length == 0) {
                return 0;
            }
            try {
                if (at == current.length) {
                    current = given.take();
                    at = 0;
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            if (current == END) {
                given.add(END);
                return -1;
            }
            int count = Math.min(length, current.length - at);
            System.arraycopy(current, at, into, from, count);
            at += count;
            return count;
        }
    };

    private final OutputStream out = new OutputStream() {
        private ByteArrayOutputStream unread = new ByteArrayOutputStream();

        @Override
        public void write(int one) {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) {
            try {
                reads.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            unread.write(bytes, from, length);
        }

        @Override
        public void flush() throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(unread.toByteArray());
            // Where the heap is looked at, a buffer as large as a thousand answers would count.
            unread = new ByteArrayOutputStream();
            while (bytes.hasRemaining()) {
                byte[] frame = new byte[bytes.getInt()];
                bytes.get(frame);
                try (OtpInputStream term = new OtpInputStream(frame)) {
                    told.add(term.read_any());
                } catch (OtpErlangDecodeException e) {
                    throw new AssertionError(e);
                }
            }
        }
    };

    /** {@return the node's end, which is not started yet} */
    public FrameChannel channel() {
        return new FrameChannel(in, out);
    }

    /** Gives bytes, whatever they are. */
    void give(byte... bytes) {
        given.add(bytes);
    }

    /** Gives a frame of an external term. */
    public void frame(byte[] external) {
        give(ByteBuffer.allocate(4 + external.length)
                .putInt(external.length)
                .put(external)
                .array());
    }

    /** Gives a frame of a term. */
    public void frame(OtpErlangObject term) {
        frame(TestTerms.external(term));
    }

    /** Closes its side. */
    public void end() {
        given.add(END);
    }

    /** {@return the next frame of the node} */
    public OtpErlangObject take() throws InterruptedException {
        return told.take();
    }

    /** {@return whether every frame that came was taken} */
    boolean isEmpty() {
        return told.isEmpty();
    }

    /** Reads no more, until told to. */
    public void pause() {
        reads = new CountDownLatch(1);
    }

    /** Reads again. */
    public void goOn() {
        reads.countDown();
    }

    /** {@return how many bytes a frame of this term has, its length not counted} */
    static int size(OtpErlangObject term) {
        return TestTerms.external(term).length;
    }

    /** {@return these arrays, one behind the other} */
    static byte[] join(byte[]... parts) {
        byte[] all = {};
        for (byte[] part : parts) {
            int at = all.length;
            all = Arrays.copyOf(all, at + part.length);
            System.arraycopy(part, 0, all, at, part.length);
        }
        return all;
    }
}
