package io.llamanode.chat.tools.answer;

import java.util.List;

/** Text that arrives in pieces and is read from its front; what follows the mark can be read again. */
public final class Input {
    private static final int COMPACTION = 4096;

    private final StringBuilder text = new StringBuilder();
    private int at;
    /** Where reading may have to start again; -1: nowhere. */
    private int mark = -1;

    private boolean ended;
    /** What was looked for last, from where, and up to where it is not. */
    private String sought = "";

    private int soughtFrom;
    private int soughtTo;

    /** Nothing has arrived yet. */
    public Input() {}

    /** Whether a text stands at the front. */
    public enum Match {
        /** It did, and was read. */
        YES,

        /** It does not, and nothing was read. */
        NO,
        /** What has arrived may become it. */
        MORE
    }

    /**
     * Takes more text.
     *
     * @param more what follows the text so far
     */
    public void add(String more) {
        int gone = mark < 0 ? at : mark;
        if (gone > COMPACTION) {
            text.delete(0, gone);
            at -= gone;
            mark = mark < 0 ? -1 : 0;
            sought = "";
        }
        text.append(more);
    }

    /** Nothing more comes. */
    public void end() {
        ended = true;
    }

    /** {@return whether nothing more comes} */
    public boolean ended() {
        return ended;
    }

    /** {@return whether all that has arrived was read} */
    public boolean isEmpty() {
        return at == text.length();
    }

    /** {@return the character at the front, of which there must be one} */
    public char peek() {
        return text.charAt(at);
    }

    /**
     * {@return the character at a distance from the front, which must have arrived}
     *
     * @param distance from the front, in characters
     */
    public char peek(int distance) {
        return text.charAt(at + distance);
    }

    /**
     * {@return whether the first {@code count} characters of a text stand at a distance from the front; all must have
     * arrived}
     *
     * @param distance from the front, in characters
     * @param expected the text
     * @param count how much of it to compare
     */
    public boolean regionMatches(int distance, String expected, int count) {
        for (int i = 0; i < count; i++) {
            if (text.charAt(at + distance + i) != expected.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** {@return the character at the front, of which there must be one; it is read} */
    public char next() {
        return text.charAt(at++);
    }

    /** {@return number of characters that have arrived and are not read} */
    public int length() {
        return text.length() - at;
    }

    /**
     * {@return the first characters, which are read; so many must have arrived}
     *
     * @param count how many characters
     */
    public String take(int count) {
        String taken = text.substring(at, at + count);
        at += count;
        return taken;
    }

    /** Notes the front as the place to read again from. */
    public void mark() {
        mark = at;
    }

    /** Forgets the mark. */
    public void unmark() {
        mark = -1;
    }

    /** Reads again from the mark on. */
    public void rewind() {
        at = mark;
        mark = -1;
    }

    /** Reads white space, as far as it has arrived. */
    public void skipSpace() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    /**
     * {@return whether a text stands at the front; it is read if it does}
     *
     * @param literal the text
     */
    public Match literal(String literal) {
        int count = Math.min(literal.length(), length());
        for (int i = 0; i < count; i++) {
            if (text.charAt(at + i) != literal.charAt(i)) {
                return Match.NO;
            }
        }
        if (count < literal.length()) {
            return ended ? Match.NO : Match.MORE;
        }
        at += count;
        return Match.YES;
    }

    /**
     * As {@link #literal}, but the end of the input may cut it off.
     *
     * @param literal the text
     * @return whether it, or what is there of it at the input's end, stands at the front; it is read if it does
     */
    public Match closing(String literal) {
        if (ended && length() < literal.length() && regionMatches(0, literal, length())) {
            at = text.length();
            return Match.YES;
        }
        return literal(literal);
    }

    /**
     * {@return distance of a text from the front, or -1}
     *
     * @param wanted the text
     */
    public int find(String wanted) {
        // Asked again after more has arrived, it looks at that only.
        boolean again = wanted.equals(sought) && soughtFrom == at;
        int found = text.indexOf(wanted, again ? Math.max(at, soughtTo - wanted.length() + 1) : at);
        sought = wanted;
        soughtFrom = at;
        soughtTo = found < 0 ? text.length() : found;
        return found < 0 ? -1 : found - at;
    }

    /**
     * {@return number of characters at the end that may become one of these texts}
     *
     * @param wanted the texts
     */
    public int held(List<String> wanted) {
        if (ended) {
            return 0;
        }
        int longest = 0;
        for (String one : wanted) {
            for (int count = Math.min(one.length() - 1, length()); count > longest; count--) {
                if (endsWith(one, count)) {
                    longest = count;
                }
            }
        }
        return longest;
    }

    private boolean endsWith(String wanted, int count) {
        int start = text.length() - count;
        for (int i = 0; i < count; i++) {
            if (text.charAt(start + i) != wanted.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
