package io.llamanode.llama.log;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** Joins the pieces that llama.cpp logs to lines. The levels are those of {@code enum ggml_log_level}. */
final class LogLines {

    static final int INFO = 2;
    static final int WARN = 3;
    static final int ERROR = 4;
    static final int CONTINUATION = 5;

    private static final int MAX_LINE = 16_384;
    /**
     * Warnings of sizes that the callers of this package choose on purpose: more cells than a text has tokens, many
     * short texts in a context, embeddings that are pooled elsewhere. Nobody else could do anything about them.
     */
    private static final Pattern CHOSEN_SIZES = Pattern.compile(
            ".*: (n_ctx_(seq|pre_seq|per_seq) \\(\\d+\\) [<>] n_ctx_train .*|n_ctx is not divisible by n_seq_max .*"
                    + "|model default pooling_type is \\[-?\\d+], but \\[\\d+] was specified.*)");

    /** Receives a line without its end, and its level. */
    interface Sink {
        void line(int level, String line);
    }

    private final Sink sink;
    private final StringBuilder pending = new StringBuilder();
    private int pendingLevel = INFO;

    /** {@return whether a warning is about sizes that were chosen on purpose} */
    static boolean isOfChosenSizes(String line) {
        return CHOSEN_SIZES.matcher(line).matches();
    }

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
