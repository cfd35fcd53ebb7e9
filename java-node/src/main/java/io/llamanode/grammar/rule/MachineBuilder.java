package io.llamanode.grammar.rule;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds a machine whose states are known by keys; the first one asked for is where it begins.
 *
 * <p>For one thread.
 *
 * @param <K> of the states
 */
public final class MachineBuilder<K> {
    private final Map<K, Integer> numbers = new HashMap<>();
    private final List<K> keys = new ArrayList<>();
    private final List<List<Expression.Edge>> edges = new ArrayList<>();
    private final BitSet accepting = new BitSet();

    /** Has no state yet. */
    public MachineBuilder() {}

    /**
     * {@return the number of a state, which is made if there is none such}
     *
     * @param key that it is known by
     */
    public int state(K key) {
        return numbers.computeIfAbsent(key, _ -> {
            keys.add(key);
            edges.add(new ArrayList<>());
            return edges.size() - 1;
        });
    }

    /** {@return how many states there are} */
    public int size() {
        return edges.size();
    }

    /**
     * {@return the key of a state}
     *
     * @param state its number
     */
    public K key(int state) {
        return keys.get(state);
    }

    /**
     * Adds a way.
     *
     * @param from number of a state
     * @param label what is read
     * @param to key of a state, which is made if there is none such
     */
    public void edge(int from, Expression label, K to) {
        edges.get(from).add(new Expression.Edge(label, state(to)));
    }

    /**
     * Lets a text end.
     *
     * @param state where it may
     */
    public void accept(int state) {
        accepting.set(state);
    }

    /** {@return the machine without what leads nowhere; {@link Expression#NOTHING} if no text can be read} */
    public Expression build() {
        return trimmed(edges, accepting, label -> !label.equals(Expression.NOTHING));
    }

    /** Decides on labels. */
    interface Test {
        boolean allows(Expression label);
    }

    /** {@return a machine without states that lead nowhere, and without edges that can not be read} */
    static Expression trimmed(List<List<Expression.Edge>> edges, BitSet accepting, Test test) {
        List<List<Integer>> back = new ArrayList<>();
        edges.forEach(_ -> back.add(new ArrayList<>()));
        for (int from = 0; from < edges.size(); from++) {
            for (Expression.Edge edge : edges.get(from)) {
                if (test.allows(edge.label())) {
                    back.get(edge.target()).add(from);
                }
            }
        }
        BitSet live = (BitSet) accepting.clone();
        List<Integer> work = new ArrayList<>(live.stream().boxed().toList());
        while (!work.isEmpty()) {
            for (int from : back.get(work.removeLast())) {
                if (!live.get(from)) {
                    live.set(from);
                    work.add(from);
                }
            }
        }
        if (!live.get(0)) {
            return Expression.NOTHING;
        }
        int[] moved = new int[edges.size()];
        int size = 0;
        for (int state = live.nextSetBit(0); state >= 0; state = live.nextSetBit(state + 1)) {
            moved[state] = size++;
        }
        List<List<Expression.Edge>> kept = new ArrayList<>();
        BitSet ends = new BitSet();
        for (int state = live.nextSetBit(0); state >= 0; state = live.nextSetBit(state + 1)) {
            List<Expression.Edge> own = new ArrayList<>();
            for (Expression.Edge edge : edges.get(state)) {
                if (live.get(edge.target()) && test.allows(edge.label())) {
                    own.add(new Expression.Edge(edge.label(), moved[edge.target()]));
                }
            }
            kept.add(own);
            ends.set(moved[state], accepting.get(state));
        }
        return new Expression.Machine(kept, ends);
    }
}
