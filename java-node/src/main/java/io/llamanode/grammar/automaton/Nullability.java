package io.llamanode.grammar.automaton;

import io.llamanode.grammar.rule.Patience;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Finds the rules that may be over before anything is read. A rule is looked at again when one that it waited for is such. */
final class Nullability {
    private final Rules rules;
    private final boolean[] nullable;
    private final Reach reach;
    /** The rules that wait for a rule. */
    private final List<List<Integer>> waiting = new ArrayList<>();

    private Nullability(Nodes nodes, Rules rules) {
        this.rules = rules;
        this.nullable = new boolean[rules.size()];
        this.reach = new Reach(nodes);
        for (int rule = 0; rule < rules.size(); rule++) {
            waiting.add(new ArrayList<>());
        }
    }

    static boolean[] of(Nodes nodes, Rules rules) {
        Nullability found = new Nullability(nodes, rules);
        Deque<Integer> open = new ArrayDeque<>();
        for (int rule = 0; rule < rules.size(); rule++) {
            open.add(rule);
        }
        while (!open.isEmpty()) {
            Patience.check();
            int rule = open.remove();
            if (!found.nullable[rule] && !rules.isNotEmpty(rule) && found.look(rule)) {
                found.nullable[rule] = true;
                open.addAll(found.waiting.get(rule));
            }
        }
        return found.nullable;
    }

    private boolean look(int rule) {
        return switch (rules.get(rule)) {
            case Rules.Loop(int body, int min, int _) -> min == 0 || isNullable(body, rule);
            case Rules.Permutation permutation ->
                permutation.arrangement().mayEnd(permutation.arrangement().begin());
            case Rules.Between(int start, int end) -> {
                reach.from(start, called -> isNullable(called, rule));
                yield reach.contains(end);
            }
        };
    }

    private boolean isNullable(int asked, int by) {
        if (!nullable[asked]) {
            waiting.get(asked).add(by);
        }
        return nullable[asked];
    }
}
