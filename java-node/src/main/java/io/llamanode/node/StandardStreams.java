package io.llamanode.node;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The process's standard streams, taken away from everything else in the process: frames go to a
 * copy of descriptor 1, while descriptor 1 itself leads to standard error from then on. So neither
 * Java nor native code can print between two frames.
 */
final class StandardStreams {
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final AtomicBoolean CLAIMED = new AtomicBoolean();

    private final InputStream input;
    private final OutputStream output;

    private StandardStreams(InputStream input, OutputStream output) {
        this.input = input;
        this.output = output;
    }

    /**
     * Takes the streams. To be called once, before anything may print.
     *
     * @return the only way to the original streams
     * @throws IOException if the descriptors cannot be duplicated
     * @throws IllegalStateException if they were claimed before
     */
    static StandardStreams claim() throws IOException {
        if (!CLAIMED.compareAndSet(false, true)) {
            throw new IllegalStateException("the standard streams are claimed already");
        }
        System.out.flush();
        int frames = Descriptors.dup(STDOUT);
        Descriptors.dup2(STDERR, STDOUT);
        System.setOut(System.err);
        System.setIn(InputStream.nullInputStream());
        return new StandardStreams(new FileInputStream(FileDescriptor.in), new DescriptorOutput(frames));
    }

    /** {@return what the parent writes; unbuffered} */
    InputStream input() {
        return input;
    }

    /** {@return what the parent reads; unbuffered, blocks while the parent does not read, for one thread at a time} */
    OutputStream output() {
        return output;
    }

    /** Writes to a descriptor that no Java object stands for. */
    private static final class DescriptorOutput extends OutputStream {
        private static final int BUFFER = 64 << 10;

        private final int fd;
        private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER);

        DescriptorOutput(int fd) {
            this.fd = fd;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            for (int done = 0; done < length; ) {
                int part = Math.min(BUFFER, length - done);
                MemorySegment.copy(bytes, offset + done, buffer, ValueLayout.JAVA_BYTE, 0, part);
                for (long at = 0; at < part; ) {
                    at += Descriptors.write(fd, buffer.asSlice(at, part - at));
                }
                done += part;
            }
        }
    }
}
