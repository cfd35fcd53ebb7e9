package io.llamanode.chat.jinja.value;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** An immutable string that knows for each of its characters whether it is trusted; equality ignores that. */
public final class Str implements Value, Comparable<Str> {
    /** The string without characters, which is trusted. */
    public static final Str EMPTY = new Str("", true, new int[0]);

    /** The characters. */
    public final String text;
    /** Origin of the first character; it alternates at each position in {@code flips}. */
    final boolean first;

    private final int[] flips;

    Str(String text, boolean first, int[] flips) {
        this.text = text;
        this.first = first;
        this.flips = flips;
    }

    /**
     * {@return a string of one origin}
     *
     * @param text the characters
     * @param trusted whether they are the template's own
     */
    public static Str of(String text, boolean trusted) {
        return text.isEmpty() ? EMPTY : new Str(text, trusted, EMPTY.flips);
    }

    /**
     * {@return a string of the template's own}
     *
     * @param text the characters
     */
    public static Str trusted(String text) {
        return of(text, true);
    }

    /** {@return whether there are no characters} */
    public boolean isEmpty() {
        return text.isEmpty();
    }

    /** {@return whether every character is trusted} */
    public boolean trusted() {
        return first && flips.length == 0;
    }

    /**
     * {@return the origin of the character at an index, in UTF-16 units}
     *
     * @param position from 0, below the length in UTF-16 units
     */
    public boolean trustedAt(int position) {
        int found = Arrays.binarySearch(flips, position);
        int passed = found >= 0 ? found + 1 : -found - 1;
        return first ^ ((passed & 1) == 1);
    }

    /** {@return number of runs of one origin; neighbours differ} */
    public int runs() {
        return text.isEmpty() ? 0 : flips.length + 1;
    }

    /**
     * {@return index of the first character of a run}
     *
     * @param run from 0, below {@link #runs}
     */
    public int runStart(int run) {
        return run == 0 ? 0 : flips[run - 1];
    }

    /**
     * {@return index behind the last character of a run}
     *
     * @param run from 0, below {@link #runs}
     */
    public int runEnd(int run) {
        return run == flips.length ? text.length() : flips[run];
    }

    /**
     * {@return the origin of a run}
     *
     * @param run from 0, below {@link #runs}
     */
    public boolean runTrusted(int run) {
        return first ^ ((run & 1) == 1);
    }

    /**
     * {@return the characters from one index to before another, in UTF-16 units; empty if there are none}
     *
     * @param from first index
     * @param to index behind the last one
     */
    public Str sub(int from, int to) {
        if (from >= to) {
            return EMPTY;
        }
        if (from == 0 && to == text.length()) {
            return this;
        }
        if (flips.length == 0) {
            return new Str(text.substring(from, to), first, flips);
        }
        StrBuilder builder = new StrBuilder(null);
        builder.append(this, from, to);
        return builder.build();
    }

    /**
     * {@return the string without these characters at its ends}
     *
     * @param left whether at its beginning
     * @param right whether at its end
     * @param chars the characters; null: white space
     */
    public Str strip(boolean left, boolean right, @Nullable String chars) {
        int from = 0;
        int to = text.length();
        while (left && from < to) {
            int c = text.codePointAt(from);
            if (!stripped(c, chars)) {
                break;
            }
            from += Character.charCount(c);
        }
        while (right && to > from) {
            int c = text.codePointBefore(to);
            if (!stripped(c, chars)) {
                break;
            }
            to -= Character.charCount(c);
        }
        return sub(from, to);
    }

    private static boolean stripped(int c, @Nullable String chars) {
        return chars == null ? isSpace(c) : chars.indexOf(c) >= 0;
    }

    /**
     * {@return Python's {@code str.isspace} for one code point}
     *
     * @param c the code point
     */
    public static boolean isSpace(int c) {
        return Character.isWhitespace(c) || c == 0x85 || c == 0xA0 || c == 0x2007 || c == 0x202F;
    }

    /** {@return length in code points, which is what Python counts} */
    public int length() {
        return text.codePointCount(0, text.length());
    }

    /** Lets a hash table survive keys made to collide. */
    @Override
    public int compareTo(Str other) {
        return text.compareTo(other.text);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Str that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
