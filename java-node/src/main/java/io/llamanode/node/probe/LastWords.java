package io.llamanode.node.probe;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The last lines of a process's standard error that tell why it ended. Of a virtual machine that crashed, these are what
 * it said before, the signal, and where; the rest of its report is of no use to anybody here. However much is written,
 * little is kept.
 *
 * <p>For one thread that reads, and for any other once that one has ended.
 */
final class LastWords {
    private static final int LINES = 3;
    private static final int LINE = 300;

    /** The signal, or the frame it came in, in a report of a crash. */
    private static final Pattern TELLING = Pattern.compile("#\\s+(SIG[A-Z]+ .*|[CVJjv]\\s+\\[?\\S.*)");

    private final Deque<String> last = new ArrayDeque<>();
    private final List<String> crash = new ArrayList<>();
    private final byte[] line = new byte[LINE];
    private int length;
    private boolean crashed;

    /** Reads to the end. */
    void read(InputStream in) {
        byte[] part = new byte[4096];
        try {
            for (int count = in.read(part); count >= 0; count = in.read(part)) {
                for (int i = 0; i < count; i++) {
                    take(part[i]);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            end();
        }
    }

    private void take(byte b) {
        if (b == '\n') {
            end();
        } else if (length < LINE) {
            line[length++] = b;
        }
    }

    private void end() {
        String text = new String(line, 0, length, StandardCharsets.UTF_8).strip();
        length = 0;
        if (text.startsWith("#")) {
            crashed = true;
            if (TELLING.matcher(text).matches() && crash.size() < LINES - 1) {
                crash.add(text.substring(1).strip());
            }
        } else if (!crashed && !text.isEmpty()) {
            last.addLast(text);
            if (last.size() > LINES) {
                last.removeFirst();
            }
        }
    }

    /** {@return them, in one line; empty if nothing was said} */
    @Override
    public String toString() {
        List<String> all = new ArrayList<>(last);
        all.addAll(crash);
        return String.join("; ", all);
    }
}
