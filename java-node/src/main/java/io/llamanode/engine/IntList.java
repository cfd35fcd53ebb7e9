package io.llamanode.engine;

import java.util.Arrays;

/** A growing array of token ids. */
final class IntList {
    private int[] items = new int[16];
    private int size;

    int size() {
        return size;
    }

    int get(int index) {
        return items[index];
    }

    void add(int item) {
        reserve(size + 1);
        items[size++] = item;
    }

    void addAll(int[] source, int offset, int count) {
        reserve(size + count);
        System.arraycopy(source, offset, items, size, count);
        size += count;
    }

    /** Adds the first items of another list. */
    void addAll(IntList source, int count) {
        addAll(source.items, 0, count);
    }

    void truncate(int newSize) {
        size = newSize;
    }

    /** Removes {@code from} (inclusive) to {@code to} (exclusive). */
    void remove(int from, int to) {
        System.arraycopy(items, to, items, from, size - to);
        size -= to - from;
    }

    /** {@return how many leading items agree with {@code other}} */
    int commonPrefix(int[] other) {
        int length = Math.min(size, other.length);
        int mismatch = Arrays.mismatch(items, 0, length, other, 0, length);
        return mismatch < 0 ? length : mismatch;
    }

    int[] toArray() {
        return Arrays.copyOf(items, size);
    }

    private void reserve(int wanted) {
        if (wanted > items.length) {
            items = Arrays.copyOf(items, Math.max(wanted, items.length + (items.length >> 1)));
        }
    }
}
