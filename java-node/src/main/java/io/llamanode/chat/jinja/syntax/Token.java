package io.llamanode.chat.jinja.syntax;

/** A lexical element; {@code text} of a string is its decoded content. */
record Token(Kind kind, String text, int line) {
    enum Kind {
        DATA,
        BLOCK_BEGIN,
        BLOCK_END,
        OUTPUT_BEGIN,
        OUTPUT_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean is(Kind expected, String expectedText) {
        return kind == expected && text.equals(expectedText);
    }

    /** How error messages call it. */
    String describe() {
        return switch (kind) {
            case END -> "the end of the template";
            case DATA -> "text";
            case BLOCK_END -> "the end of the statement";
            case OUTPUT_END -> "the end of the expression";
            case STRING -> "a string";
            default -> "'" + text + "'";
        };
    }
}
