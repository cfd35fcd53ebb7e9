package io.llamanode.transport.stdio;

import com.ericsson.otp.erlang.OtpErlangDecodeException;
import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.term.TermLimitException;
import io.llamanode.term.TermLimits;
import io.llamanode.term.TermReader;
import io.llamanode.term.TermScanner;
import io.llamanode.transport.mailbox.Dispatcher;
import io.llamanode.transport.mailbox.FrameReader;
import io.llamanode.transport.mailbox.Patience;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the parent writes, as frames. For the thread that reads, except {@link #source}. */
final class FrameInput {
    /** Longest frame that is read past, bytes; a length beyond it is that of something else. */
    private static final int MAX_SKIPPED = 256 << 20;

    private final DataInputStream in;
    private final Patience patience;
    private volatile Dispatcher.@Nullable Source source;
    private volatile @Nullable FrameReader reader;

    /** @param patience with the parent, for each frame that it begins */
    FrameInput(InputStream in, Patience patience) {
        this.patience = patience;
        this.in = new DataInputStream(in);
    }

    /** From here on frames are messages of this source, which is charged for them. */
    void source(Dispatcher.Source messages) {
        source = messages;
        reader = new FrameReader(in, messages, FrameChannel.MAX_FRAME, patience);
    }

    /** {@return the next frame that is not refused, or {@code null} at the end between two frames} */
    byte @Nullable [] next(FrameChannel.Listener listener) throws IOException, InterruptedException {
        while (true) {
            FrameReader frames = reader;
            if (frames != null) {
                // The last one was handled, or waits for that.
                frames.done();
                Objects.requireNonNull(source).awaitRoom();
            }
            int first = in.read();
            if (first < 0) {
                return null;
            }
            patience.begin();
            long length;
            try {
                length = (long) first << 24 | in.readUnsignedByte() << 16 | in.readUnsignedShort();
            } catch (EOFException e) {
                throw new BrokenFrameException("the input ended inside the length of a frame");
            }
            if (length > (frames == null ? FrameChannel.MAX_FRAME : MAX_SKIPPED)) {
                throw tooLong(length);
            }
            // Grows with what really comes, whatever the prefix says.
            FrameReader.Frame frame = frames == null
                    ? new FrameReader.Frame(in.readNBytes((int) length), null)
                    : frames.read((int) length);
            patience.end();
            if (frame.refused() != null) {
                listener.refused(frame.bytes(), frame.refused());
            } else if (frame.bytes().length < length) {
                throw new BrokenFrameException(
                        "the input ended after " + frame.bytes().length + " of " + length + " bytes of a frame");
            } else {
                return frame.bytes();
            }
        }
    }

    private static BrokenFrameException tooLong(long length) {
        return new BrokenFrameException(
                "a frame of " + length + " bytes is over the limit of " + FrameChannel.MAX_FRAME);
    }

    /** Bounded by the frame's length, by refusing compressed terms, and by catching what deep nesting does. */
    static OtpErlangObject decode(byte[] frame) throws BrokenFrameException {
        try {
            TermScanner.check(frame, 0, frame.length, TermLimits.DEFAULT);
        } catch (TermLimitException e) {
            throw new BrokenFrameException("a frame does not hold an acceptable external term: " + e.getMessage());
        }
        try {
            return TermReader.read(frame, 0, frame.length);
        } catch (OtpErlangDecodeException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
            throw new BrokenFrameException("a frame does not hold a valid external term");
        }
    }

    /** What came is no frame. */
    static final class BrokenFrameException extends IOException {
        private static final long serialVersionUID = 1L;

        BrokenFrameException(String message) {
            super(message);
        }

        /** {@return what is wrong with it; never {@code null}} */
        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }
}
