package io.llamanode.grammar.gbnf;

/** A text is no grammar in GBNF. The message says where, what was expected there and what was found. */
public final class GbnfException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int line;
    private final int column;
    private final String expected;

    GbnfException(int line, int column, String expected, String found) {
        super("line %d, column %d: expected %s, found %s".formatted(line, column, expected, found));
        this.line = line;
        this.column = column;
        this.expected = expected;
    }

    /** {@return the line of the fault, from 1 on} */
    public int line() {
        return line;
    }

    /** {@return the code point of that line at which the fault is, from 1 on} */
    public int column() {
        return column;
    }

    /** {@return what would have been right there} */
    public String expected() {
        return expected;
    }
}
