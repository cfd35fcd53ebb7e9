package io.llamanode.grammar.automaton;

import io.llamanode.grammar.rule.Patience;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which rules each rule can begin with, before anything is read, and the groups of rules that begin with each other (strongly
 * connected components: Tarjan, "Depth-first search and linear graph algorithms", 1972).
 */
final class LeftCalls {
    private static final int UNSEEN = -1;

    private final int[][] calls;
    private final int[] index;
    private final int[] low;
    private final BitSet onPath = new BitSet();
    private final Deque<Integer> path = new ArrayDeque<>();
    private final List<int[]> groups = new ArrayList<>();
    private int next;

    private LeftCalls(int[][] calls) {
        this.calls = calls;
        this.index = new int[calls.length];
        this.low = new int[calls.length];
        Arrays.fill(index, UNSEEN);
        for (int rule = 0; rule < calls.length; rule++) {
            if (index[rule] == UNSEEN) {
                visit(rule);
            }
        }
    }

    /**
     * Finds the groups.
     *
     * @param calls what each rule can begin with
     * @return rules that begin with each other, a rule that begins with no such one alone; a group comes behind those that it
     *     can begin with
     */
    static List<int[]> groups(int[][] calls) {
        return new LeftCalls(calls).groups;
    }

    /** {@return the rules that each rule can begin with} */
    static int[][] calls(Nodes nodes, Rules rules, boolean[] nullable) {
        Reach reach = new Reach(nodes);
        int[][] calls = new int[rules.size()][];
        for (int rule = 0; rule < calls.length; rule++) {
            Patience.check();
            calls[rule] = switch (rules.get(rule)) {
                case Rules.Loop loop -> new int[] {loop.body()};
                case Rules.Permutation permutation -> permutation.members();
                case Rules.Between between -> calls(nodes, reach, between.start(), nullable);
            };
        }
        return calls;
    }

    private static int[] calls(Nodes nodes, Reach reach, int start, boolean[] nullable) {
        reach.from(start, rule -> nullable[rule]);
        IntStream.Builder called = IntStream.builder();
        for (int i = 0; i < reach.size(); i++) {
            for (int edge = nodes.edge(reach.get(i)); edge >= 0; edge = nodes.next(edge)) {
                if (nodes.kind(edge) == Nodes.Kind.CALL) {
                    called.add(nodes.first(edge));
                }
            }
        }
        return called.build().distinct().sorted().toArray();
    }

    /** With a stack of its own, as rules may begin with each other in a long line. */
    private void visit(int first) {
        Deque<int[]> visits = new ArrayDeque<>();
        visits.push(new int[] {first, 0});
        enter(first);
        while (!visits.isEmpty()) {
            int[] visit = visits.element();
            int rule = visit[0];
            if (visit[1] < calls[rule].length) {
                int called = calls[rule][visit[1]++];
                if (index[called] == UNSEEN) {
                    enter(called);
                    visits.push(new int[] {called, 0});
                } else if (onPath.get(called)) {
                    low[rule] = Math.min(low[rule], index[called]);
                }
            } else {
                visits.pop();
                if (!visits.isEmpty()) {
                    int caller = visits.element()[0];
                    low[caller] = Math.min(low[caller], low[rule]);
                }
                if (low[rule] == index[rule]) {
                    groups.add(leave(rule));
                }
            }
        }
    }

    private void enter(int rule) {
        index[rule] = next;
        low[rule] = next++;
        path.push(rule);
        onPath.set(rule);
    }

    private int[] leave(int first) {
        List<Integer> group = new ArrayList<>();
        int rule;
        do {
            rule = path.pop();
            onPath.clear(rule);
            group.add(rule);
        } while (rule != first);
        return group.stream().mapToInt(Integer::intValue).toArray();
    }
}
