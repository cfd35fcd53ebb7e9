package io.llamanode.grammar.automaton;

/** A grammar takes more states, depth or work than a bound allows. The message says which, as the end of a sentence. */
public final class GrammarLimitException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * A bound was met.
     *
     * @param message which one
     */
    public GrammarLimitException(String message) {
        super(message);
    }
}
