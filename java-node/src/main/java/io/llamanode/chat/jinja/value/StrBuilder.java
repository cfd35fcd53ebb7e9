package io.llamanode.chat.jinja.value;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Builds a {@link Str}. With a runtime, it refuses to grow over the runtime's limits. */
public final class StrBuilder {
    private final @Nullable Runtime runtime;
    private final StringBuilder text = new StringBuilder();
    private int[] flips = new int[4];
    private int count;
    private boolean first = true;
    private boolean last = true;

    /**
     * Starts an empty string.
     *
     * @param runtime pays for it; null: no limits
     */
    public StrBuilder(@Nullable Runtime runtime) {
        this.runtime = runtime;
    }

    int length() {
        return text.length();
    }

    /** {@return origin of the last character; true when empty} */
    public boolean lastTrusted() {
        return last;
    }

    /**
     * Appends text of one origin.
     *
     * @param piece the text
     * @param trusted whether it is the template's own
     * @return this
     */
    public StrBuilder append(String piece, boolean trusted) {
        return append(piece, 0, piece.length(), trusted);
    }

    /**
     * Appends a string, whose characters keep their origins.
     *
     * @param piece the string
     * @return this
     */
    public StrBuilder append(Str piece) {
        return append(piece, 0, piece.text.length());
    }

    /**
     * Appends a part of a string, whose characters keep their origins.
     *
     * @param piece the string
     * @param from first index, in UTF-16 units
     * @param to index behind the last one
     * @return this
     */
    public StrBuilder append(Str piece, int from, int to) {
        for (int run = 0; run < piece.runs(); run++) {
            int start = Math.max(from, piece.runStart(run));
            int end = Math.min(to, piece.runEnd(run));
            if (start < end) {
                append(piece.text, start, end, piece.runTrusted(run));
            }
        }
        return this;
    }

    private StrBuilder append(String piece, int from, int to, boolean trusted) {
        if (from >= to) {
            return this;
        }
        if (runtime != null) {
            runtime.allocateChars(text.length(), to - from);
        }
        if (text.isEmpty()) {
            first = trusted;
        } else if (trusted != last) {
            if (count == flips.length) {
                flips = Arrays.copyOf(flips, count * 2);
            }
            flips[count++] = text.length();
        }
        last = trusted;
        text.append(piece, from, to);
        return this;
    }

    /** {@return the string so far} */
    public Str build() {
        return text.isEmpty() ? Str.EMPTY : new Str(text.toString(), first, Arrays.copyOf(flips, count));
    }
}
