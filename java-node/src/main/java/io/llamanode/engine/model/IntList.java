package io.llamanode.engine.model;

import java.util.Arrays;

/** A growing array of token ids. For one thread. */
public final class IntList {
    private int[] items = new int[16];
    private int size;

    /** An empty list. */
    public IntList() {}

    /** {@return number of items} */
    public int size() {
        return size;
    }

    /**
     * {@return an item}
     *
     * @param index from 0, below the size
     */
    public int get(int index) {
        return items[index];
    }

    /**
     * Appends an item.
     *
     * @param item goes to the end
     */
    public void add(int item) {
        reserve(size + 1);
        items[size++] = item;
    }

    /**
     * Adds items of an array.
     *
     * @param source holds them
     * @param offset of the first
     * @param count how many
     */
    public void addAll(int[] source, int offset, int count) {
        reserve(size + count);
        System.arraycopy(source, offset, items, size, count);
        size += count;
    }

    /**
     * Adds the first items of another list.
     *
     * @param source holds them
     * @param count how many
     */
    public void addAll(IntList source, int count) {
        addAll(source.items, 0, count);
    }

    /**
     * Drops the last items; the room they took stays.
     *
     * @param newSize how many items stay, at most as many as there are
     */
    public void truncate(int newSize) {
        size = newSize;
    }

    /**
     * Removes items and closes the gap.
     *
     * @param from first of them
     * @param to first that stays
     */
    public void remove(int from, int to) {
        System.arraycopy(items, to, items, from, size - to);
        size -= to - from;
    }

    /**
     * {@return how many leading items agree}
     *
     * @param other token ids
     */
    public int commonPrefix(int[] other) {
        int length = Math.min(size, other.length);
        int mismatch = Arrays.mismatch(items, 0, length, other, 0, length);
        return mismatch < 0 ? length : mismatch;
    }

    /** {@return a copy} */
    public int[] toArray() {
        return Arrays.copyOf(items, size);
    }

    private void reserve(int wanted) {
        if (wanted > items.length) {
            items = Arrays.copyOf(items, Math.max(wanted, items.length + (items.length >> 1)));
        }
    }
}
