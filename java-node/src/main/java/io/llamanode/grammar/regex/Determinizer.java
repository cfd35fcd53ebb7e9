package io.llamanode.grammar.regex;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Edge;
import io.llamanode.grammar.rule.Expression.Machine;
import io.llamanode.grammar.rule.Patience;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes a deterministic machine of a language: its states are the derivatives.
 *
 * <p>For one thread, and one language.
 */
final class Determinizer {
    /** More states are not made: a machine of them would take longer than a model waits. */
    static final int MOST_STATES = 10_000;

    private final Derivatives derivatives = new Derivatives();
    private final Map<Regular, Integer> numbers = new HashMap<>();
    private final List<Regular> states = new ArrayList<>();
    private final List<Map<Integer, CodePoints>> edges = new ArrayList<>();

    private Determinizer() {}

    static boolean isEmpty(Regular one) {
        if (isPositive(one)) {
            // The laws of the algebra leave nothing empty inside.
            return one.equals(Regular.NOTHING);
        }
        return !new Determinizer().explore(one, true);
    }

    static boolean contains(Regular one, String text) {
        Derivatives derivatives = new Derivatives();
        Regular left = one;
        for (int codePoint : text.codePoints().toArray()) {
            left = derivatives.of(left, codePoint);
        }
        return left.nullable;
    }

    static Machine machine(Regular one) {
        Determinizer determinizer = new Determinizer();
        determinizer.explore(one, false);
        return determinizer.trimmed();
    }

    /** {@return whether neither an intersection nor a complement is in it} */
    static boolean isPositive(Regular given) {
        Regular one = given;
        while (one instanceof Regular.Sequence sequence) {
            if (!isPositive(sequence.first)) {
                return false;
            }
            one = sequence.rest;
        }
        return switch (one) {
            case Regular.Empty _, Regular.Chars _ -> true;
            case Regular.Sequence _ -> throw new AssertionError("the end of a sequence is none");
            case Regular.Choice choice -> choice.all.stream().allMatch(Determinizer::isPositive);
            case Regular.Repeat repeat -> isPositive(repeat.body);
            case Regular.And _, Regular.Not _ -> false;
        };
    }

    /** {@return whether a state accepts; with {@code onlyFirst} no further state is looked at then} */
    private boolean explore(Regular root, boolean onlyFirst) {
        boolean accepts = false;
        number(root);
        for (int state = 0; state < states.size(); state++) {
            Patience.check();
            Regular from = states.get(state);
            accepts |= from.nullable;
            if (accepts && onlyFirst) {
                return true;
            }
            Map<Integer, CodePoints> out = new LinkedHashMap<>();
            for (CodePoints set : derivatives.classes(from)) {
                Regular to = derivatives.of(from, set.ranges().getFirst().first());
                if (!to.equals(Regular.NOTHING)) {
                    out.merge(number(to), set, CodePoints::or);
                }
            }
            edges.add(out);
        }
        return accepts;
    }

    private int number(Regular one) {
        Integer known = numbers.get(one);
        if (known != null) {
            return known;
        }
        if (states.size() == MOST_STATES) {
            throw new GrammarLimitException(
                    "its patterns and bounds combine to more than %d states".formatted(MOST_STATES));
        }
        numbers.put(one, states.size());
        states.add(one);
        return states.size() - 1;
    }

    /** Leaves out what leads nowhere. */
    private Machine trimmed() {
        BitSet alive = alive();
        int[] places = new int[states.size()];
        int count = 1;
        for (int state = alive.nextSetBit(1); state >= 0; state = alive.nextSetBit(state + 1)) {
            places[state] = count++;
        }
        List<List<Edge>> kept = new ArrayList<>();
        BitSet accepting = new BitSet();
        for (int state = 0; state < states.size(); state++) {
            if (state != 0 && !alive.get(state)) {
                continue;
            }
            List<Edge> out = new ArrayList<>();
            edges.get(state).forEach((target, set) -> {
                if (alive.get(target)) {
                    out.add(new Edge(new Expression.Chars(set), places[target]));
                }
            });
            accepting.set(kept.size(), states.get(state).nullable);
            kept.add(out);
        }
        return new Machine(kept, accepting);
    }

    private BitSet alive() {
        List<List<Integer>> sources = new ArrayList<>();
        states.forEach(_ -> sources.add(new ArrayList<>()));
        BitSet alive = new BitSet();
        Deque<Integer> open = new ArrayDeque<>();
        for (int state = 0; state < states.size(); state++) {
            for (int target : edges.get(state).keySet()) {
                sources.get(target).add(state);
            }
            if (states.get(state).nullable) {
                alive.set(state);
                open.add(state);
            }
        }
        while (!open.isEmpty()) {
            for (int source : sources.get(open.remove())) {
                if (!alive.get(source)) {
                    alive.set(source);
                    open.add(source);
                }
            }
        }
        return alive;
    }
}
