package io.llamanode.grammar.automaton;

import java.util.Arrays;
import java.util.List;

/**
 * What rules begin with.
 *
 * @param nullable by rule, whether it may be over before anything is read
 * @param calls by rule, the rules that it can begin with
 * @param groups of {@link LeftCalls}
 */
record Beginnings(boolean[] nullable, int[][] calls, List<int[]> groups) {
    static Beginnings of(Nodes nodes, Rules rules) {
        return of(nodes, rules, Nullability.of(nodes, rules));
    }

    /** If it is known which rules are nullable. */
    static Beginnings of(Nodes nodes, Rules rules, boolean[] nullable) {
        int[][] calls = LeftCalls.calls(nodes, rules, nullable);
        return new Beginnings(nullable, calls, LeftCalls.groups(calls));
    }

    /** {@return groups of rules that begin with each other, or with themselves} */
    List<int[]> recursive() {
        return groups.stream()
                .filter(group ->
                        group.length > 1 || Arrays.stream(calls[group[0]]).anyMatch(each -> each == group[0]))
                .toList();
    }
}
