package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** The KV cache functions of one {@link ReleaseApi}; arguments are checked by the caller. */
public interface KvMemory {

    /**
     * Forgets everything, of all sequences.
     *
     * @param context whose cache it is, here and below
     */
    void clear(MemorySegment context);

    /**
     * Forgets a part of a sequence.
     *
     * @param context whose cache it is
     * @param seqId a sequence; -1: all
     * @param from first position forgotten; below 0: 0
     * @param to position behind the last one forgotten; below 0: to the end
     * @return whether it was done; {@code false} where a recurrent model would have to forget less than all
     */
    boolean seqRemove(MemorySegment context, int seqId, int from, int to);

    /**
     * Shares a part of a sequence with another one; no cell is copied where all sequences share one cache.
     *
     * @param context whose cache it is
     * @param source a sequence
     * @param target the sequence that has these positions from here on as well
     * @param from first position; below 0: 0
     * @param to position behind the last one; below 0: to the end
     */
    void seqCopy(MemorySegment context, int source, int target, int from, int to);

    /**
     * Forgets all sequences but one.
     *
     * @param context whose cache it is
     * @param seqId the one
     */
    void seqKeep(MemorySegment context, int seqId);

    /**
     * Moves a part of a sequence to other positions; the rotation of its keys is mended by the next computation, or
     * {@link #update}.
     *
     * @param context whose cache it is; {@link #canShift}
     * @param seqId a sequence
     * @param from first position moved; below 0: 0
     * @param to position behind the last one moved; below 0: to the end
     * @param delta how far, backwards below 0
     */
    void seqAdd(MemorySegment context, int seqId, int from, int to, int delta);

    /**
     * {@return the last position of a sequence; -1 if it is empty, in b4916 0}
     *
     * @param context whose cache it is
     * @param seqId a sequence
     */
    int seqPosMax(MemorySegment context, int seqId);

    /**
     * {@return whether {@link #seqAdd} works: not with every architecture's positions}
     *
     * @param context whose cache it is
     */
    boolean canShift(MemorySegment context);

    /**
     * {@return how many cells hold a token}
     *
     * @param context whose cache it is
     */
    int usedCells(MemorySegment context);

    /**
     * Does now what was put off until the next computation.
     *
     * @param context whose cache it is
     */
    void update(MemorySegment context);

    /** {@return whether the cells that a batch takes must lie side by side} */
    boolean needsDefragmenting();

    /**
     * Asks that the next {@link #update} close the gaps between used cells.
     *
     * @param context whose cache it is
     */
    void defragment(MemorySegment context);

    /** {@return whether all sequences share one cache, whatever the parameters say} */
    boolean alwaysUnified();
}
