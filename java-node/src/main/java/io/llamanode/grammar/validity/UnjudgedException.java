package io.llamanode.grammar.validity;

/** A keyword can not be looked at: its value is none of those that the specification has, or its language is not known. */
final class UnjudgedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnjudgedException(String why) {
        super(why, null, false, false);
    }
}
