package io.llamanode.grammar.automaton;

/**
 * What reading a text may take. A step over a bound is given up; what was found out so far is forgotten when it takes too much
 * memory, and found out again.
 *
 * @param work places and frames that one step may look at
 * @param depth rules that may stand in each other
 * @param memory bytes that states and stacks may take, if only about
 */
public record Limits(int work, int depth, long memory) {
    /** For the grammars of strangers: a step takes a few milliseconds at most. */
    public static final Limits DEFAULT = new Limits(20_000, 5_000, 16 << 20);
}
