package io.llamanode.grammar.automaton;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The nodes of an automaton that is being built, with the edges between them. A node may have edges that read a byte, edges that
 * read nothing, and calls of rules, which go on at another node when the rule has been read.
 *
 * <p>For one thread at a time.
 */
final class Nodes {
    /** What an edge does. */
    enum Kind {
        /** Reads one byte of a range. */
        BYTES,
        /** Reads nothing. */
        EMPTY,
        /** Reads a rule. */
        CALL
    }

    private static final int FIRST_SIZE = 256;
    private static final int NONE = -1;

    private final int most;
    /** The newest edge of each node. */
    private int[] newest = new int[FIRST_SIZE];

    private int size;
    private Kind[] kinds = new Kind[FIRST_SIZE];
    /** The first and last byte, or the rule. */
    private int[] first = new int[FIRST_SIZE];

    private int[] last = new int[FIRST_SIZE];
    private int[] targets = new int[FIRST_SIZE];
    /** The edge of the same node that was added before. */
    private int[] before = new int[FIRST_SIZE];

    private int edges;
    private final BitSet ends = new BitSet();

    /** @param most nodes, and twice as many edges */
    Nodes(int most) {
        this.most = most;
    }

    /** @throws GrammarLimitException if there are too many */
    int add() {
        if (size == most) {
            throw new GrammarLimitException("it takes more than %d states".formatted(most));
        }
        if (size == newest.length) {
            newest = Arrays.copyOf(newest, 2 * size);
        }
        newest[size] = NONE;
        return size++;
    }

    /** The rule that a node stands in is over there; it has no edges. */
    int addEnd() {
        int node = add();
        ends.set(node);
        return node;
    }

    boolean isEnd(int node) {
        return ends.get(node);
    }

    int size() {
        return size;
    }

    void bytes(int from, int low, int high, int to) {
        edge(from, Kind.BYTES, low, high, to);
    }

    void empty(int from, int to) {
        edge(from, Kind.EMPTY, 0, 0, to);
    }

    void call(int from, int rule, int to) {
        edge(from, Kind.CALL, rule, rule, to);
    }

    private void edge(int from, Kind kind, int low, int high, int to) {
        if (edges == targets.length) {
            if (edges >= 2L * most) {
                throw new GrammarLimitException("it takes more than %d edges between its states".formatted(edges));
            }
            kinds = Arrays.copyOf(kinds, 2 * edges);
            first = Arrays.copyOf(first, 2 * edges);
            last = Arrays.copyOf(last, 2 * edges);
            targets = Arrays.copyOf(targets, 2 * edges);
            before = Arrays.copyOf(before, 2 * edges);
        }
        kinds[edges] = kind;
        first[edges] = low;
        last[edges] = high;
        targets[edges] = to;
        before[edges] = newest[from];
        newest[from] = edges++;
    }

    /** {@return the number of a node's first edge, negative if it has none} */
    int edge(int node) {
        return newest[node];
    }

    /** {@return the number of the next edge of the same node, negative behind the last} */
    int next(int edge) {
        return before[edge];
    }

    Kind kind(int edge) {
        return kinds[edge];
    }

    /** {@return the first byte, or the rule that is called} */
    int first(int edge) {
        return first[edge];
    }

    int last(int edge) {
        return last[edge];
    }

    int target(int edge) {
        return targets[edge];
    }
}
