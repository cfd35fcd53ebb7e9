package io.llamanode.grammar.regex;

/**
 * Regular expressions of ECMA-262 in Unicode mode, as JSON schema has them in {@code pattern}: a text matches if the expression
 * matches somewhere in it.
 *
 * <p>Anchors, word boundaries and lookaheads may stand anywhere but in a repetition that goes on behind them, where only
 * {@code (?:(?!no).)*} before the end is understood. A lazy repetition has the same texts as a greedy one. Identity escapes of any
 * character but letters and digits are taken, as engines do without Unicode mode (Annex B), and so are a brace and a bracket that
 * closes nothing.
 *
 * <p>Refused by name: references back, lookbehinds, flags in a group, letters behind a backslash that mean nothing, and the group
 * syntaxes of other languages.
 *
 * <p>Keeps no state: for any thread.
 */
public final class Pattern {
    private Pattern() {}

    /**
     * Reads a pattern.
     *
     * @param pattern as JSON schema has it, without slashes around it
     * @return the texts in which it matches somewhere
     * @throws PatternException if it is none, or has what is not supported
     */
    public static Regular parse(String pattern) throws PatternException {
        return new Translator(pattern).matches(new PatternParser(pattern).parse());
    }
}
