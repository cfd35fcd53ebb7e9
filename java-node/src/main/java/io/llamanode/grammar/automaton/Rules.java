package io.llamanode.grammar.automaton;

import io.llamanode.grammar.rule.Arrangement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The rules of an automaton that is being built: where each begins and ends among the nodes, and which repeat another.
 *
 * <p>For one thread at a time.
 */
final class Rules {
    /** Members stand one behind the other with nothing between. */
    static final int NO_SEPARATOR = -1;

    /** A rule that is read between two nodes, or by reading another rule several times. */
    sealed interface Rule {}

    /**
     * What is read from one node to another.
     *
     * @param start the first node
     * @param end the last one
     */
    record Between(int start, int end) implements Rule {}

    /**
     * What is read by reading a rule several times.
     *
     * @param body number of that rule, which is {@link Between} two nodes
     * @param min times
     * @param max times, or {@link io.llamanode.grammar.rule.Expression.Repeat#NO_BOUND}
     */
    record Loop(int body, int min, int max) implements Rule {}

    /**
     * What is read by reading several rules in any order.
     *
     * @param arrangement which of them may come, and when
     * @param members numbers of the rules, each {@link Between} two nodes
     * @param separator number of the rule that stands between two of them, or {@link #NO_SEPARATOR}
     */
    record Permutation(Arrangement arrangement, int[] members, int separator) implements Rule {}

    private final List<Rule> rules = new ArrayList<>();
    /** Rules of which only texts that are not empty count. */
    private final BitSet notEmpty = new BitSet();

    int add(Rule rule) {
        rules.add(rule);
        return rules.size() - 1;
    }

    /** Adds a rule of which the empty text does not count, whatever stands between its nodes. */
    int addNotEmpty(Between rule) {
        int number = add(rule);
        notEmpty.set(number);
        return number;
    }

    boolean isNotEmpty(int number) {
        return notEmpty.get(number);
    }

    void set(int number, Rule rule) {
        rules.set(number, rule);
    }

    Rule get(int number) {
        return rules.get(number);
    }

    int size() {
        return rules.size();
    }
}
