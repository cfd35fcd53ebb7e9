package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** The KV cache functions of one {@link ReleaseApi}; arguments are checked by the caller. */
public interface KvMemory {

    void clear(MemorySegment context);

    boolean seqRemove(MemorySegment context, int seqId, int from, int to);

    void seqCopy(MemorySegment context, int source, int target, int from, int to);

    void seqKeep(MemorySegment context, int seqId);

    void seqAdd(MemorySegment context, int seqId, int from, int to, int delta);

    int seqPosMax(MemorySegment context, int seqId);

    boolean canShift(MemorySegment context);

    int usedCells(MemorySegment context);

    void update(MemorySegment context);

    /** Whether the cells that a batch takes must lie side by side. */
    boolean needsDefragmenting();

    void defragment(MemorySegment context);

    /** Whether all sequences share one cache, whatever the parameters say. */
    boolean alwaysUnified();
}
