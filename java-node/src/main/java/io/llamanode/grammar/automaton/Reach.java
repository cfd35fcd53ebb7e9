package io.llamanode.grammar.automaton;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Which nodes are reached from one before anything is read. It keeps its room from one look to the next: they are many, and short.
 *
 * <p>For one thread at a time, and while no node is added.
 */
final class Reach {
    private static final int FIRST_SIZE = 16;

    private final Nodes nodes;
    /** By node, the last look that met it. */
    private final int[] met;

    private int look;
    private int[] reached = new int[FIRST_SIZE];
    private int size;

    Reach(Nodes nodes) {
        this.nodes = nodes;
        this.met = new int[nodes.size()];
    }

    /**
     * Looks.
     *
     * @param skips tells of a rule that is called whether it may be over at once
     */
    void from(int start, IntPredicate skips) {
        look++;
        size = 0;
        add(start);
        for (int i = 0; i < size; i++) {
            for (int edge = nodes.edge(reached[i]); edge >= 0; edge = nodes.next(edge)) {
                boolean skipped = switch (nodes.kind(edge)) {
                    case BYTES -> false;
                    case EMPTY -> true;
                    case CALL -> skips.test(nodes.first(edge));
                };
                if (skipped) {
                    add(nodes.target(edge));
                }
            }
        }
    }

    private void add(int node) {
        if (met[node] == look) {
            return;
        }
        met[node] = look;
        if (size == reached.length) {
            reached = Arrays.copyOf(reached, 2 * size);
        }
        reached[size++] = node;
    }

    /** {@return how many nodes the last look has met, the first among them} */
    int size() {
        return size;
    }

    /** {@return one of them} */
    int get(int place) {
        return reached[place];
    }

    /** {@return whether a node is one of them} */
    boolean contains(int node) {
        return met[node] == look;
    }
}
