package io.llamanode.llama.functions;

import static io.llamanode.llama.functions.NativeFunctions.unexpected;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;

/** {@code llama_kv_self_*} of b4916. */
final class KvMemoryB4916 implements KvMemory {

    private final NativeFunction clear;
    private final NativeFunction seqRemove;
    private final NativeFunction seqCopy;
    private final NativeFunction seqKeep;
    private final NativeFunction seqAdd;
    private final NativeFunction seqPosMax;
    private final NativeFunction canShift;
    private final NativeFunction usedCells;
    private final NativeFunction update;
    private final NativeFunction defragment;

    KvMemoryB4916(NativeFunctions f) {
        FunctionDescriptor ofContext = FunctionDescriptor.ofVoid(ADDRESS);
        clear = f.function("llama_kv_self_clear", ofContext);
        seqRemove = f.function(
                "llama_kv_self_seq_rm", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT));
        seqCopy = f.function(
                "llama_kv_self_seq_cp", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
        seqKeep = f.function("llama_kv_self_seq_keep", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT));
        seqAdd = f.function(
                "llama_kv_self_seq_add", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
        seqPosMax = f.function("llama_kv_self_seq_pos_max", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        canShift = f.getter("llama_kv_self_can_shift", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS));
        usedCells = f.getter("llama_kv_self_used_cells", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        update = f.function("llama_kv_self_update", ofContext);
        defragment = f.function("llama_kv_self_defrag", ofContext);
    }

    @Override
    public void clear(MemorySegment context) {
        try {
            clear.handle().invokeExact(context);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public boolean seqRemove(MemorySegment context, int seqId, int from, int to) {
        try {
            return (boolean) seqRemove.handle().invokeExact(context, seqId, from, to);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void seqCopy(MemorySegment context, int source, int target, int from, int to) {
        try {
            seqCopy.handle().invokeExact(context, source, target, from, to);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void seqKeep(MemorySegment context, int seqId) {
        try {
            seqKeep.handle().invokeExact(context, seqId);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void seqAdd(MemorySegment context, int seqId, int from, int to, int delta) {
        try {
            seqAdd.handle().invokeExact(context, seqId, from, to, delta);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int seqPosMax(MemorySegment context, int seqId) {
        try {
            return (int) seqPosMax.handle().invokeExact(context, seqId);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public boolean canShift(MemorySegment context) {
        try {
            return (boolean) canShift.handle().invokeExact(context);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int usedCells(MemorySegment context) {
        try {
            return (int) usedCells.handle().invokeExact(context);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void update(MemorySegment context) {
        try {
            update.handle().invokeExact(context);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void defragment(MemorySegment context) {
        try {
            defragment.handle().invokeExact(context);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public boolean needsDefragmenting() {
        return true;
    }

    @Override
    public boolean alwaysUnified() {
        return true;
    }
}
