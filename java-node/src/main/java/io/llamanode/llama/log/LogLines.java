package io.llamanode.llama.log;

import java.nio.charset.StandardCharsets;

/** Joins the pieces that llama.cpp logs to lines. The levels are those of {@code enum ggml_log_level}. */
final class LogLines {

    static final int INFO = 2;
    static final int WARN = 3;
    static final int ERROR = 4;
    static final int CONTINUATION = 5;

    private static final int MAX_LINE = 16_384;

    /** Receives a line without its end, and its level. */
    interface Sink {
        void line(int level, String line);
    }

    private final Sink sink;
    private final StringBuilder pending = new StringBuilder();
    private int pendingLevel = INFO;

    LogLines(Sink sink) {
        this.sink = sink;
    }

    /**
     * Takes a piece.
     *
     * @param level its level; {@link #CONTINUATION}: that of the piece before
     * @param bytes one char for each byte of UTF-8
     */
    synchronized void append(int level, String bytes) {
        if (level != CONTINUATION) {
            if (!pending.isEmpty() && level != pendingLevel) {
                flush();
            }
            pendingLevel = level;
        }
        int start = 0;
        for (int end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', start)) {
            pending.append(bytes, start, end);
            flush();
            start = end + 1;
        }
        pending.append(bytes, start, bytes.length());
        if (pending.length() > MAX_LINE) {
            flush();
        }
    }

    private void flush() {
        String line = new String(pending.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8)
                .stripTrailing();
        pending.setLength(0);
        if (!line.isEmpty()) {
            sink.line(pendingLevel, line);
        }
    }
}
