package io.llamanode.transport.bridge;

import io.llamanode.transport.mailbox.Patience;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Cuts what a client sends into lines, of which it never holds more than the limit. */
final class LineReader {
    private static final int BUFFER = 8 << 10;

    /** What a client sent up to an end of line. */
    sealed interface Line {
        /** @param text without its end */
        record Text(String text) implements Line {}

        /** @param reason why it is no line that can be read */
        record Bad(String reason) implements Line {}
    }

    private final ReadableByteChannel in;
    private final int limit;
    private final Patience patience;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).limit(0);

    /** @param patience how long a client may take to finish a line; the reader begins and ends it */
    LineReader(ReadableByteChannel in, int limit, Patience patience) {
        this.in = in;
        this.limit = limit;
        this.patience = patience;
    }

    /** {@return the next line, {@code null} at the end; a last line without an end counts} */
    @Nullable
    Line next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(80);
        boolean any = false;
        boolean tooLong = false;
        boolean halted = false;
        while (true) {
            if (!buffer.hasRemaining()) {
                if (any && !halted) {
                    halted = true;
                    patience.begin();
                }
                buffer.clear();
                int count = in.read(buffer);
                buffer.flip();
                if (count < 0) {
                    patience.end();
                    return any ? line(line, tooLong) : null;
                }
            }
            while (buffer.hasRemaining()) {
                byte b = buffer.get();
                any = true;
                if (b == '\n') {
                    if (halted) {
                        patience.end();
                    }
                    return line(line, tooLong);
                }
                tooLong |= line.size() >= limit;
                if (!tooLong) {
                    line.write(b);
                }
            }
        }
    }

    private Line line(ByteArrayOutputStream bytes, boolean tooLong) {
        if (tooLong) {
            return new Line.Bad("the line is longer than " + limit + " bytes");
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
            return new Line.Text(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
        } catch (CharacterCodingException e) {
            return new Line.Bad("the line is not UTF-8");
        }
    }
}
