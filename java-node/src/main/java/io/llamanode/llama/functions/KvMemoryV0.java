package io.llamanode.llama.functions;

import io.llamanode.llama.UnsupportedException;
import java.lang.foreign.MemorySegment;

/** {@code llama_memory_*} of v0.5 and later, which take a null pointer for the memory of an encoder, which has none. */
interface KvMemoryV0 extends KvMemory {

    /**
     * {@code llama_get_memory}.
     *
     * @param context asked
     * @return its memory, which lives as long; null for an encoder
     */
    @CFunction(value = "llama_get_memory", returnsAtOnce = true)
    MemorySegment of(MemorySegment context);

    /**
     * {@code llama_memory_clear}.
     *
     * @param memory of {@link #of}, here and below
     * @param data whether what the cells hold is zeroed as well
     */
    @CFunction("llama_memory_clear")
    void clearMemory(MemorySegment memory, boolean data);

    /** {@code llama_memory_seq_rm}, as {@link #seqRemove}. */
    @CFunction("llama_memory_seq_rm")
    boolean remove(MemorySegment memory, int seqId, int from, int to);

    /** {@code llama_memory_seq_cp}, as {@link #seqCopy}. */
    @CFunction("llama_memory_seq_cp")
    void copy(MemorySegment memory, int source, int target, int from, int to);

    /** {@code llama_memory_seq_keep}, as {@link #seqKeep}. */
    @CFunction("llama_memory_seq_keep")
    void keep(MemorySegment memory, int seqId);

    /** {@code llama_memory_seq_add}, as {@link #seqAdd}. */
    @CFunction("llama_memory_seq_add")
    void add(MemorySegment memory, int seqId, int from, int to, int delta);

    /** {@code llama_memory_seq_pos_max}, as {@link #seqPosMax}. */
    @CFunction("llama_memory_seq_pos_max")
    int posMax(MemorySegment memory, int seqId);

    /** {@code llama_memory_can_shift}, as {@link #canShift}. */
    @CFunction(value = "llama_memory_can_shift", returnsAtOnce = true)
    boolean shifts(MemorySegment memory);

    @Override
    default void clear(MemorySegment context) {
        clearMemory(of(context), false); // The cells are forgotten; what they hold need not be zeroed.
    }

    @Override
    default void zero(MemorySegment context) {
        clearMemory(of(context), true);
    }

    @Override
    default boolean seqRemove(MemorySegment context, int seqId, int from, int to) {
        return remove(of(context), seqId, from, to);
    }

    @Override
    default void seqCopy(MemorySegment context, int source, int target, int from, int to) {
        copy(of(context), source, target, from, to);
    }

    @Override
    default void seqKeep(MemorySegment context, int seqId) {
        keep(of(context), seqId);
    }

    @Override
    default void seqAdd(MemorySegment context, int seqId, int from, int to, int delta) {
        add(of(context), seqId, from, to, delta);
    }

    @Override
    default int seqPosMax(MemorySegment context, int seqId) {
        return posMax(of(context), seqId);
    }

    @Override
    default boolean canShift(MemorySegment context) {
        return shifts(of(context));
    }

    @Override
    default int usedCells(MemorySegment context) {
        throw new UnsupportedException("llama.cpp since v0.5 does not tell how many cells of the KV cache are used");
    }

    @Override
    default boolean needsDefragmenting() {
        return false; // Tokens of a batch take any free cells.
    }

    @Override
    default void update(MemorySegment context) {
        // Every decode call begins with it.
    }

    @Override
    default void defragment(MemorySegment context) {
        // Never needed.
    }

    @Override
    default boolean alwaysUnified() {
        return false;
    }
}
