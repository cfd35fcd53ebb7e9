package io.llamanode.grammar.automaton;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.IntPredicate;

/** Which nodes are reached from one before anything is read. Keeps no state: for any thread. */
final class Reach {
    private Reach() {}

    /**
     * Looks.
     *
     * @param skips tells of a rule that is called whether it may be over at once
     * @return the nodes, the first among them
     */
    static Set<Integer> from(Nodes nodes, int start, IntPredicate skips) {
        // Few of many: a set as long as all nodes would be cleared and looked through for each.
        Set<Integer> reached = new LinkedHashSet<>();
        Deque<Integer> open = new ArrayDeque<>();
        open.add(start);
        reached.add(start);
        while (!open.isEmpty()) {
            int node = open.removeLast();
            for (int edge = nodes.edge(node); edge >= 0; edge = nodes.next(edge)) {
                boolean skipped = switch (nodes.kind(edge)) {
                    case BYTES -> false;
                    case EMPTY -> true;
                    case CALL -> skips.test(nodes.first(edge));
                };
                if (skipped && reached.add(nodes.target(edge))) {
                    open.add(nodes.target(edge));
                }
            }
        }
        return reached;
    }
}
