package io.llamanode.gguf;

import static io.llamanode.gguf.GgufException.Reason.MALFORMED;
import static io.llamanode.gguf.GgufException.Reason.TRUNCATED;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Little-endian values from a file, buffered; no length is trusted before the file is known to have it. */
final class GgufInput {

    private static final int BUFFER_BYTES = 1 << 16;

    private final Path path;
    private final FileChannel channel;
    private final long size;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private long bufferEnd;

    GgufInput(Path path, FileChannel channel, long position) throws IOException {
        this.path = path;
        this.channel = channel;
        this.size = channel.size();
        this.bufferEnd = position;
        buffer.limit(0);
    }

    long size() {
        return size;
    }

    long position() {
        return bufferEnd - buffer.remaining();
    }

    long remaining() {
        return size - position();
    }

    void require(long bytes, String what) {
        if (bytes > remaining()) {
            throw new GgufException(TRUNCATED, path + " is truncated: it ends inside " + what);
        }
    }

    byte int8() throws IOException {
        fill(Byte.BYTES);
        return buffer.get();
    }

    short int16() throws IOException {
        fill(Short.BYTES);
        return buffer.getShort();
    }

    int int32() throws IOException {
        fill(Integer.BYTES);
        return buffer.getInt();
    }

    long int64() throws IOException {
        fill(Long.BYTES);
        return buffer.getLong();
    }

    /** The length of a string, checked against a limit and the rest of the file. */
    int length(int limit, String what) throws IOException {
        long length = int64();
        if (length < 0 || length > limit) {
            throw new GgufException(
                    MALFORMED,
                    path + " claims " + Long.toUnsignedString(length) + " bytes for " + what + "; at most " + limit
                            + " are accepted");
        }
        require(length, what);
        return (int) length;
    }

    String string(int limit, String what) throws IOException {
        byte[] bytes = new byte[length(limit, what)];
        read(bytes, bytes.length);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Reads into the beginning of an array. */
    void read(byte[] bytes, int length) throws IOException {
        int done = 0;
        while (done < length) {
            fill(1);
            int n = Math.min(buffer.remaining(), length - done);
            buffer.get(bytes, done, n);
            done += n;
        }
    }

    /** Passes over bytes that the file is known to have. */
    void skip(long bytes) {
        if (bytes <= buffer.remaining()) {
            buffer.position(buffer.position() + (int) bytes);
        } else {
            bufferEnd = position() + bytes;
            buffer.limit(0);
        }
    }

    private void fill(int bytes) throws IOException {
        if (buffer.remaining() >= bytes) {
            return;
        }
        require(bytes, "its header");
        buffer.compact();
        while (buffer.position() < bytes) {
            int n = channel.read(buffer, bufferEnd);
            if (n < 0) {
                throw new GgufException(TRUNCATED, path + " is truncated: it shrank while being read");
            }
            bufferEnd += n;
        }
        buffer.flip();
    }
}
