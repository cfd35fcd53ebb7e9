package io.llamanode.grammar.automaton;

import java.util.Arrays;

/** A set of nodes with their stacks, as numbers, in the order of their coming. Kept from one step to the next. */
final class PlaceSet {
    private static final long FREE = -1;
    private static final int FIRST_SIZE = 64;
    private static final int BITS = 32;
    private static final long MIX = 0x9E3779B97F4A7C15L;

    private long[] table = new long[FIRST_SIZE];
    private long[] all = new long[FIRST_SIZE / 2];
    private int size;

    PlaceSet() {
        Arrays.fill(table, FREE);
    }

    static long place(int node, int stack) {
        return (long) node << BITS | stack;
    }

    /** {@return whether it was not there} */
    boolean add(long place) {
        if (2 * size == table.length) {
            grow();
        }
        int at = slot(place);
        if (table[at] == place) {
            return false;
        }
        table[at] = place;
        all[size++] = place;
        return true;
    }

    private int slot(long place) {
        int mask = table.length - 1;
        int at = (int) (place * MIX >>> BITS) & mask;
        while (table[at] != FREE && table[at] != place) {
            at = at + 1 & mask;
        }
        return at;
    }

    private void grow() {
        long[] before = all;
        table = new long[2 * table.length];
        Arrays.fill(table, FREE);
        all = Arrays.copyOf(before, table.length / 2);
        for (int i = 0; i < size; i++) {
            table[slot(before[i])] = before[i];
        }
    }

    int size() {
        return size;
    }

    void clear() {
        if (size > table.length / 8) {
            Arrays.fill(table, FREE);
        } else {
            // Backwards, so that no place is looked for behind one that has been cleared before it.
            for (int i = size - 1; i >= 0; i--) {
                table[slot(all[i])] = FREE;
            }
        }
        size = 0;
    }
}
