package io.llamanode.grammar.automaton;

import java.util.Arrays;

/**
 * Nodes with one edge, by the bytes that it reads and the node that it leads to: what ends alike is written down once.
 *
 * <p>For one thread, and one grammar.
 */
final class Ends {
    private static final int FIRST_SIZE = 256;
    private static final int BYTE_BITS = 8;
    private static final int BITS = 32;
    private static final long MIX = 0x9E3779B97F4A7C15L;
    /** No key: a first byte is not behind the last. */
    private static final long FREE = 0xff00;

    private final Nodes nodes;
    private long[] keys = new long[FIRST_SIZE];
    private int[] values = new int[FIRST_SIZE];
    private int size;

    Ends(Nodes nodes) {
        this.nodes = nodes;
        Arrays.fill(keys, FREE);
    }

    /** {@return the node that reads a byte of a range, and leads to another one} */
    int node(int low, int high, int to) {
        long key = (long) to << 2 * BYTE_BITS | low << BYTE_BITS | high;
        int at = slot(key);
        if (keys[at] == key) {
            return values[at];
        }
        int node = nodes.add();
        nodes.bytes(node, low, high, to);
        if (2 * size == keys.length) {
            grow();
            at = slot(key);
        }
        keys[at] = key;
        values[at] = node;
        size++;
        return node;
    }

    private int slot(long key) {
        int mask = keys.length - 1;
        int at = (int) (key * MIX >>> BITS) & mask;
        while (keys[at] != FREE && keys[at] != key) {
            at = at + 1 & mask;
        }
        return at;
    }

    private void grow() {
        long[] before = keys;
        int[] found = values;
        keys = new long[2 * before.length];
        values = new int[keys.length];
        Arrays.fill(keys, FREE);
        for (int i = 0; i < before.length; i++) {
            if (before[i] != FREE) {
                int at = slot(before[i]);
                keys[at] = before[i];
                values[at] = found[i];
            }
        }
    }
}
