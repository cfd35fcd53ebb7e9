package io.llamanode.grammar.automaton;

import io.llamanode.grammar.rule.Expression;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Takes out left recursion: rules that begin with each other are read from the left end on. What one of them begins with is read
 * first; then comes whatever stands behind a rule just read in another one that begins with it, until the rule that was wanted
 * has been read. The texts stay the same, which is all that counts here.
 */
final class LeftRecursion {
    /** Turns of a repetition that begins with the rule it stands in. */
    private static final int MOST_TURNS = 256;

    private final Nodes nodes;
    private final Rules rules;
    private final boolean[] nullable;
    private final int[] group;
    private final BitSet members = new BitSet();
    /** Rules without their empty text. */
    private final Map<Integer, Integer> notEmpty = new HashMap<>();

    private LeftRecursion(Nodes nodes, Rules rules, boolean[] nullable, int[] group) {
        this.nodes = nodes;
        this.rules = rules;
        this.nullable = nullable;
        this.group = group;
        Arrays.stream(group).forEach(members::set);
    }

    /** {@return what the rules begin with then} */
    static Beginnings remove(Nodes nodes, Rules rules) {
        Beginnings before = Beginnings.of(nodes, rules);
        List<int[]> found = before.recursive();
        if (found.isEmpty()) {
            return before;
        }
        for (int[] group : found) {
            for (int rule : group) {
                if (rules.get(rule) instanceof Rules.Loop loop) {
                    writeOut(nodes, rules, rule, loop);
                }
                if (rules.get(rule) instanceof Rules.Permutation) {
                    throw new GrammarLimitException("members in any order begin with the rule that they stand in");
                }
            }
        }
        boolean[] nullable = before.nullable();
        for (int[] group : Beginnings.of(nodes, rules, nullable).recursive()) {
            new LeftRecursion(nodes, rules, nullable, group).remove();
        }
        return Beginnings.of(nodes, rules);
    }

    private static void writeOut(Nodes nodes, Rules rules, int rule, Rules.Loop loop) {
        boolean bounded = loop.max() != Expression.Repeat.NO_BOUND;
        int turns = bounded ? loop.max() : loop.min();
        if (turns > MOST_TURNS) {
            throw new GrammarLimitException(
                    "more than %d turns of a repetition begin with the rule that they stand in".formatted(MOST_TURNS));
        }
        int start = nodes.add();
        int end = nodes.addEnd();
        int at = start;
        for (int turn = 0; turn < turns; turn++) {
            if (turn >= loop.min()) {
                nodes.empty(at, end);
            }
            int next = nodes.add();
            nodes.call(at, loop.body(), next);
            at = next;
        }
        if (!bounded) {
            int again = nodes.add();
            nodes.empty(at, again);
            int next = nodes.add();
            nodes.call(again, loop.body(), next);
            nodes.empty(next, again);
            at = again;
        }
        nodes.empty(at, end);
        rules.set(rule, new Rules.Between(start, end));
    }

    private void remove() {
        Rules.Between[] before = Arrays.stream(group)
                .mapToObj(rule -> (Rules.Between) rules.get(rule))
                .toArray(Rules.Between[]::new);
        for (int wanted : group) {
            rules.set(wanted, new Copy().make(wanted, before));
        }
    }

    /** The bodies of all rules of the group once more, for one of them that is wanted. */
    private final class Copy {
        /** Nodes before which nothing has been read, and those behind something, by the node that they stand for. */
        private final Map<Integer, Integer> fresh = new HashMap<>();

        private final Map<Integer, Integer> read = new HashMap<>();
        private final Deque<Integer> openFresh = new ArrayDeque<>();
        private final Deque<Integer> openRead = new ArrayDeque<>();
        private final Map<Integer, Integer> have = new HashMap<>();

        Rules.Between make(int wanted, Rules.Between[] before) {
            int start = nodes.add();
            int end = nodes.addEnd();
            for (int rule : group) {
                have.put(rule, nodes.add());
            }
            for (Rules.Between each : before) {
                nodes.empty(start, fresh(each.start()));
            }
            while (!openFresh.isEmpty()) {
                copyFresh(openFresh.remove());
            }
            while (!openRead.isEmpty()) {
                copyRead(openRead.remove());
            }
            for (int i = 0; i < group.length; i++) {
                Integer last = read.get(before[i].end());
                if (last != null) {
                    nodes.empty(last, have(group[i]));
                }
            }
            nodes.empty(have(wanted), end);
            if (nullable[wanted]) {
                nodes.empty(start, end);
            }
            return new Rules.Between(start, end);
        }

        private int have(int rule) {
            return have.getOrDefault(rule, -1);
        }

        private int fresh(int node) {
            return fresh.computeIfAbsent(node, _ -> {
                openFresh.add(node);
                return nodes.add();
            });
        }

        private int read(int node) {
            return read.computeIfAbsent(node, _ -> {
                openRead.add(node);
                return nodes.add();
            });
        }

        private void copyFresh(int node) {
            int copy = fresh(node);
            for (int edge = nodes.edge(node); edge >= 0; edge = nodes.next(edge)) {
                int target = nodes.target(edge);
                switch (nodes.kind(edge)) {
                    case BYTES -> nodes.bytes(copy, nodes.first(edge), nodes.last(edge), read(target));
                    case EMPTY -> nodes.empty(copy, fresh(target));
                    case CALL -> {
                        int rule = nodes.first(edge);
                        if (members.get(rule)) {
                            nodes.empty(have(rule), read(target));
                        } else {
                            nodes.call(copy, nullable[rule] ? notEmpty(rule) : rule, read(target));
                        }
                        if (nullable[rule]) {
                            nodes.empty(copy, fresh(target));
                        }
                    }
                }
            }
        }

        private void copyRead(int node) {
            int copy = read(node);
            for (int edge = nodes.edge(node); edge >= 0; edge = nodes.next(edge)) {
                int target = read(nodes.target(edge));
                switch (nodes.kind(edge)) {
                    case BYTES -> nodes.bytes(copy, nodes.first(edge), nodes.last(edge), target);
                    case EMPTY -> nodes.empty(copy, target);
                    case CALL -> nodes.call(copy, nodes.first(edge), target);
                }
            }
        }
    }

    private int notEmpty(int rule) {
        return notEmpty.computeIfAbsent(rule, _ -> {
            int start = nodes.add();
            int end = nodes.addEnd();
            nodes.call(start, rule, end);
            return rules.addNotEmpty(new Rules.Between(start, end));
        });
    }
}
