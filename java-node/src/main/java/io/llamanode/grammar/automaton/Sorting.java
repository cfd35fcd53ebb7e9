package io.llamanode.grammar.automaton;

/** Sorts numbers and tells where they were, without an object for each. Keeps no state: for any thread. */
final class Sorting {
    private Sorting() {}

    /**
     * Sorts from the bottom up by runs (merge sort), as most are a few, or in order already.
     *
     * @param keys which are sorted then
     * @return where each was before
     */
    static int[] order(long[] keys) {
        int[] order = new int[keys.length];
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        long[] spareKeys = null;
        int[] spareOrder = null;
        for (int width = 1; width < keys.length; width *= 2) {
            for (int low = 0; low + width < keys.length; low += 2 * width) {
                int middle = low + width;
                int high = Math.min(keys.length, middle + width);
                if (keys[middle - 1] <= keys[middle]) {
                    continue;
                }
                if (spareKeys == null || spareOrder == null) {
                    spareKeys = new long[keys.length];
                    spareOrder = new int[keys.length];
                }
                System.arraycopy(keys, low, spareKeys, low, width);
                System.arraycopy(order, low, spareOrder, low, width);
                int one = low;
                int two = middle;
                for (int at = low; one < middle; at++) {
                    if (two < high && keys[two] < spareKeys[one]) {
                        keys[at] = keys[two];
                        order[at] = order[two++];
                    } else {
                        keys[at] = spareKeys[one];
                        order[at] = spareOrder[one++];
                    }
                }
            }
        }
        return order;
    }
}
