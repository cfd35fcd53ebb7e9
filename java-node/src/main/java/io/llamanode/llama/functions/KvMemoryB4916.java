package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** {@code llama_kv_self_*} of b4916. */
interface KvMemoryB4916 extends KvMemory {

    @Override
    @CFunction("llama_kv_self_clear")
    void clear(MemorySegment context);

    @Override
    @CFunction("llama_kv_self_seq_rm")
    boolean seqRemove(MemorySegment context, int seqId, int from, int to);

    @Override
    @CFunction("llama_kv_self_seq_cp")
    void seqCopy(MemorySegment context, int source, int target, int from, int to);

    @Override
    @CFunction("llama_kv_self_seq_keep")
    void seqKeep(MemorySegment context, int seqId);

    @Override
    @CFunction("llama_kv_self_seq_add")
    void seqAdd(MemorySegment context, int seqId, int from, int to, int delta);

    @Override
    @CFunction("llama_kv_self_seq_pos_max")
    int seqPosMax(MemorySegment context, int seqId);

    @Override
    @CFunction(value = "llama_kv_self_can_shift", returnsAtOnce = true)
    boolean canShift(MemorySegment context);

    @Override
    @CFunction(value = "llama_kv_self_used_cells", returnsAtOnce = true)
    int usedCells(MemorySegment context);

    @Override
    @CFunction("llama_kv_self_update")
    void update(MemorySegment context);

    @Override
    @CFunction("llama_kv_self_defrag")
    void defragment(MemorySegment context);

    @Override
    default boolean needsDefragmenting() {
        return true;
    }

    @Override
    default boolean alwaysUnified() {
        return true;
    }
}
