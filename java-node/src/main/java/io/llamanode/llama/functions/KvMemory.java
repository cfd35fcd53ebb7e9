package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** The KV cache functions of one {@link ReleaseApi}; arguments are checked by the caller. */
public interface KvMemory {

    /**
     * {@code llama_memory_clear}, in b4916 {@code llama_kv_self_clear}: forgets everything, of all sequences.
     *
     * @param context whose cache it is, here and below
     */
    void clear(MemorySegment context);

    /**
     * The same, and zeroes what the cells hold, as b4916 does in any case.
     *
     * @param context whose cache it is
     */
    default void zero(MemorySegment context) {
        clear(context);
    }

    /**
     * {@code llama_memory_seq_rm}, in b4916 {@code llama_kv_self_seq_rm}: forgets a part of a sequence.
     *
     * @param context whose cache it is
     * @param seqId a sequence; -1: all
     * @param from first position forgotten; below 0: 0
     * @param to position behind the last one forgotten; below 0: to the end
     * @return whether it was done; {@code false} where a recurrent model would have to forget less than all
     */
    boolean seqRemove(MemorySegment context, int seqId, int from, int to);

    /**
     * {@code llama_memory_seq_cp}, in b4916 {@code llama_kv_self_seq_cp}: shares a part of a sequence with another one;
     * no cell is copied where all sequences share one cache.
     *
     * @param context whose cache it is
     * @param source a sequence
     * @param target the sequence that has these positions from here on as well
     * @param from first position; below 0: 0
     * @param to position behind the last one; below 0: to the end
     */
    void seqCopy(MemorySegment context, int source, int target, int from, int to);

    /**
     * {@code llama_memory_seq_keep}, in b4916 {@code llama_kv_self_seq_keep}: forgets all sequences but one.
     *
     * @param context whose cache it is
     * @param seqId the one
     */
    void seqKeep(MemorySegment context, int seqId);

    /**
     * {@code llama_memory_seq_add}, in b4916 {@code llama_kv_self_seq_add}: moves a part of a sequence to other
     * positions. What would come before position 0 is forgotten. The next computation, or {@link #update}, mends the
     * rotation of the keys.
     *
     * @param context whose cache it is; {@link #canShift}
     * @param seqId a sequence
     * @param from first position moved; below 0: 0
     * @param to position behind the last one moved; below 0: to the end
     * @param delta how far, backwards below 0
     */
    void seqAdd(MemorySegment context, int seqId, int from, int to, int delta);

    /**
     * {@code llama_memory_seq_pos_max}, in b4916 {@code llama_kv_self_seq_pos_max}.
     *
     * @param context whose cache it is
     * @param seqId a sequence
     * @return the last position of a sequence; -1 if it is empty, in b4916 0
     */
    int seqPosMax(MemorySegment context, int seqId);

    /**
     * {@code llama_memory_can_shift}, in b4916 {@code llama_kv_self_can_shift}.
     *
     * @param context whose cache it is
     * @return whether {@link #seqAdd} works: not with every architecture's positions
     */
    boolean canShift(MemorySegment context);

    /**
     * {@code llama_kv_self_used_cells} of b4916.
     *
     * @param context whose cache it is
     * @return how many cells hold a token
     * @throws io.llamanode.llama.UnsupportedException in v0.5 and later, which do not tell
     */
    int usedCells(MemorySegment context);

    /**
     * {@code llama_kv_self_update} of b4916: does now what was put off until the next computation. Nothing in later
     * releases, where each computation begins with it.
     *
     * @param context whose cache it is
     */
    void update(MemorySegment context);

    /** {@return whether the cells that a batch takes must lie side by side, as in b4916} */
    boolean needsDefragmenting();

    /**
     * {@code llama_kv_self_defrag} of b4916: asks that the next {@link #update} close the gaps between used cells.
     * Nothing in later releases, which do not need it.
     *
     * @param context whose cache it is
     */
    void defragment(MemorySegment context);

    /** {@return whether all sequences share one cache, whatever the parameters say} */
    boolean alwaysUnified();
}
