package io.llamanode.grammar.automaton;

import io.llamanode.grammar.rule.Patience;
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
        BYTES(0),
        /** Reads nothing. */
        EMPTY(1),
        /** Reads a rule. */
        CALL(2);

        private static final Kind[] ALL = {BYTES, EMPTY, CALL};

        private final byte code;

        Kind(int code) {
            this.code = (byte) code;
        }
    }

    private static final int FIRST_SIZE = 256;
    private static final int NONE = -1;
    /** Nodes, a power of two and one less, between which it is asked whether the grammar is still wanted; edges, likewise. */
    private static final int ASKED = 0xff;

    private static final long EDGE_WEIGHT = 4L * Integer.BYTES + 1;
    private static final long EDGES_PER_NODE = 4;

    private final int most;
    /** The newest edge of each node. */
    private int[] newest = new int[FIRST_SIZE];

    private int size;
    /** A million objects would be looked through by the collector, bytes are not. */
    private byte[] kinds = new byte[FIRST_SIZE];
    /** The first and last byte, or the rule. */
    private int[] first = new int[FIRST_SIZE];

    private int[] last = new int[FIRST_SIZE];
    private int[] targets = new int[FIRST_SIZE];
    /** The edge of the same node that was added before. */
    private int[] before = new int[FIRST_SIZE];

    private int edges;
    private final BitSet ends = new BitSet();

    /** @param most nodes, and about four times as many edges */
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
        if ((size & ASKED) == 0) {
            Patience.check();
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
            if (edges >= EDGES_PER_NODE * most) {
                throw new GrammarLimitException("it takes more than %d edges between its states".formatted(edges));
            }
            kinds = Arrays.copyOf(kinds, 2 * edges);
            first = Arrays.copyOf(first, 2 * edges);
            last = Arrays.copyOf(last, 2 * edges);
            targets = Arrays.copyOf(targets, 2 * edges);
            before = Arrays.copyOf(before, 2 * edges);
        }
        if ((edges & ASKED) == 0) {
            Patience.check();
        }
        kinds[edges] = kind.code;
        first[edges] = low;
        last[edges] = high;
        targets[edges] = to;
        before[edges] = newest[from];
        newest[from] = edges++;
    }

    /** {@return bytes that they take, if only about} */
    long weight() {
        return (long) Integer.BYTES * newest.length + EDGE_WEIGHT * targets.length;
    }

    /** {@return how many edges there are, numbered from 0} */
    int edges() {
        return edges;
    }

    /** Tells bytes by their class from now on. */
    void classify(byte[] classes) {
        for (int edge = 0; edge < edges; edge++) {
            if (kinds[edge] == Kind.BYTES.code) {
                first[edge] = Byte.toUnsignedInt(classes[first[edge]]);
                last[edge] = Byte.toUnsignedInt(classes[last[edge]]);
            }
        }
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
        return Kind.ALL[kinds[edge]];
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
