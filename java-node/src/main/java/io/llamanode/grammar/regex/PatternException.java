package io.llamanode.grammar.regex;

/** A pattern is none, or says what is not supported. The message tells what, where, and is the end of a sentence. */
public final class PatternException extends Exception {
    private static final long serialVersionUID = 1;

    PatternException(String message) {
        super(message);
    }
}
