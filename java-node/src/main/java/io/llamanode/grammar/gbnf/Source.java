package io.llamanode.grammar.gbnf;

import java.util.function.IntPredicate;

/** The text of a grammar, and how far it has been read. For one thread. */
final class Source {
    /** Behind the last character. */
    static final int END = -1;

    private final String text;
    private int at;

    Source(String text) {
        this.text = text;
    }

    int at() {
        return at;
    }

    /** {@return the character that comes next, or {@link #END}} */
    int peek() {
        return at < text.length() ? text.codePointAt(at) : END;
    }

    /** {@return the character behind the one that comes next, or {@link #END}} */
    int peekSecond() {
        int second = at < text.length() ? at + Character.charCount(peek()) : text.length();
        return second < text.length() ? text.codePointAt(second) : END;
    }

    boolean next(int wanted) {
        boolean found = peek() == wanted;
        if (found) {
            skip();
        }
        return found;
    }

    boolean next(String wanted) {
        boolean found = text.startsWith(wanted, at);
        if (found) {
            at += wanted.length();
        }
        return found;
    }

    void skip() {
        if (at < text.length()) {
            at += Character.charCount(peek());
        }
    }

    /** {@return all that comes next of such characters, which may be nothing} */
    String takeWhile(IntPredicate wanted) {
        int start = at;
        while (at < text.length() && wanted.test(peek())) {
            skip();
        }
        return text.substring(start, at);
    }

    /** Passes over blanks and comments, and over line ends if these mean nothing here. */
    void skipSpace(boolean lineEnds) {
        while (true) {
            int next = peek();
            if (next == '#') {
                takeWhile(each -> each != '\n' && each != '\r' && each != 0);
            } else if (next == ' ' || next == '\t' || lineEnds && (next == '\n' || next == '\r')) {
                skip();
            } else {
                return;
            }
        }
    }

    /** {@return that something else was expected where the text has been read to} */
    GbnfException expected(String what) {
        return expected(what, at);
    }

    GbnfException expected(String what, int place) {
        int line = 1;
        int start = 0;
        for (int i = 0; i < place; i++) {
            char each = text.charAt(i);
            boolean first = each == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n';
            if ((each == '\n' || each == '\r') && !first) {
                line++;
                start = i + 1;
            }
        }
        return new GbnfException(line, text.codePointCount(start, place) + 1, what, found(place));
    }

    private String found(int place) {
        if (place >= text.length()) {
            return "the end of the grammar";
        }
        int found = text.codePointAt(place);
        if (found == '\n' || found == '\r') {
            return "the end of the line";
        }
        boolean visible = !Character.isISOControl(found) && Character.getType(found) != Character.SURROGATE;
        return visible ? "'%s'".formatted(Character.toString(found)) : "U+%04X".formatted(found);
    }
}
