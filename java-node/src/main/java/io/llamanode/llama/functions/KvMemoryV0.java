package io.llamanode.llama.functions;

import static io.llamanode.llama.functions.NativeFunctions.unexpected;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.llamanode.llama.UnsupportedException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;

/** {@code llama_memory_*} of v0.5 and later, which take a null pointer for the memory of an encoder, which has none. */
final class KvMemoryV0 implements KvMemory {

    private final NativeFunction memory;
    private final NativeFunction clear;
    private final NativeFunction seqRemove;
    private final NativeFunction seqCopy;
    private final NativeFunction seqKeep;
    private final NativeFunction seqAdd;
    private final NativeFunction seqPosMax;
    private final NativeFunction canShift;

    KvMemoryV0(NativeFunctions f) {
        memory = f.getter("llama_get_memory", FunctionDescriptor.of(ADDRESS, ADDRESS));
        clear = f.function("llama_memory_clear", FunctionDescriptor.ofVoid(ADDRESS, JAVA_BOOLEAN));
        seqRemove = f.function(
                "llama_memory_seq_rm", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT));
        seqCopy = f.function(
                "llama_memory_seq_cp", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
        seqKeep = f.function("llama_memory_seq_keep", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT));
        seqAdd = f.function(
                "llama_memory_seq_add", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
        seqPosMax = f.function("llama_memory_seq_pos_max", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        canShift = f.getter("llama_memory_can_shift", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS));
    }

    private MemorySegment of(MemorySegment context) throws Throwable {
        return (MemorySegment) memory.handle().invokeExact(context);
    }

    @Override
    public void clear(MemorySegment context) {
        try {
            clear.handle()
                    .invokeExact(of(context), false); // The cells are forgotten; what they hold need not be zeroed.
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public boolean seqRemove(MemorySegment context, int seqId, int from, int to) {
        try {
            return (boolean) seqRemove.handle().invokeExact(of(context), seqId, from, to);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void seqCopy(MemorySegment context, int source, int target, int from, int to) {
        try {
            seqCopy.handle().invokeExact(of(context), source, target, from, to);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void seqKeep(MemorySegment context, int seqId) {
        try {
            seqKeep.handle().invokeExact(of(context), seqId);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void seqAdd(MemorySegment context, int seqId, int from, int to, int delta) {
        try {
            seqAdd.handle().invokeExact(of(context), seqId, from, to, delta);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int seqPosMax(MemorySegment context, int seqId) {
        try {
            return (int) seqPosMax.handle().invokeExact(of(context), seqId);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public boolean canShift(MemorySegment context) {
        try {
            return (boolean) canShift.handle().invokeExact(of(context));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int usedCells(MemorySegment context) {
        throw new UnsupportedException("llama.cpp since v0.5 does not tell how many cells of the KV cache are used");
    }

    @Override
    public boolean needsDefragmenting() {
        return false; // Tokens of a batch take any free cells.
    }

    @Override
    public void update(MemorySegment context) {
        // Every decode call begins with it.
    }

    @Override
    public void defragment(MemorySegment context) {
        // Never needed.
    }

    @Override
    public boolean alwaysUnified() {
        return false;
    }
}
