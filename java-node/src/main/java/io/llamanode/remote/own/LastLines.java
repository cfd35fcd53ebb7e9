package io.llamanode.remote.own;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * What a server writes, line by line: each is passed on, and the last ones are kept to say why it ended. However much is
 * written, and however long a line is, little is kept.
 *
 * <p>For one thread that reads; the last lines for any other.
 */
final class LastLines {
    private static final int LINES = 8;
    private static final int LINE = 2_000;

    private final UnaryOperator<String> clean;
    private final Consumer<String> log;
    private final Deque<String> last = new ArrayDeque<>();
    private final byte[] line = new byte[LINE];
    private int length;

    /**
     * @param clean strikes out of a line what nobody may see
     * @param log takes each line
     */
    LastLines(UnaryOperator<String> clean, Consumer<String> log) {
        this.clean = clean;
        this.log = log;
    }

    /** Reads to the end. */
    void read(InputStream in) throws IOException {
        byte[] part = new byte[8192];
        for (int count = in.read(part); count >= 0; count = in.read(part)) {
            for (int i = 0; i < count; i++) {
                take(part[i]);
            }
        }
        end();
    }

    private void take(byte b) {
        // Bars of progress return to the beginning of their line.
        if (b == '\n' || b == '\r') {
            end();
        } else if (length < LINE) {
            line[length++] = b;
        }
    }

    private void end() {
        String text = clean.apply(new String(line, 0, length, StandardCharsets.UTF_8).stripTrailing());
        length = 0;
        if (text.isEmpty()) {
            return;
        }
        synchronized (last) {
            last.addLast(text);
            if (last.size() > LINES) {
                last.removeFirst();
            }
        }
        log.accept(text);
    }

    /** {@return them, in one line; empty if nothing was said} */
    String joined() {
        synchronized (last) {
            return String.join("; ", last);
        }
    }
}
