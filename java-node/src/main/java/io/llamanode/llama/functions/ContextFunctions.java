package io.llamanode.llama.functions;

import static io.llamanode.llama.functions.NativeFunctions.unexpected;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;

/** The functions of llama.h on contexts, other than those of {@link KvMemory}. */
public final class ContextFunctions {

    private final NativeFunction free;
    private final NativeFunction nCtx;
    private final NativeFunction nBatch;
    private final NativeFunction nUbatch;
    private final NativeFunction pooling;
    private final NativeFunction decode;
    private final NativeFunction encode;
    private final NativeFunction logits;
    private final NativeFunction embeddings;
    private final NativeFunction sequenceEmbeddings;
    private final NativeFunction synchronize;

    public ContextFunctions(NativeFunctions f) {
        free = f.function("llama_free", FunctionDescriptor.ofVoid(ADDRESS));
        nCtx = f.getter("llama_n_ctx", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        nBatch = f.getter("llama_n_batch", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        nUbatch = f.getter("llama_n_ubatch", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        pooling = f.getter("llama_pooling_type", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        decode = f.function("llama_decode", FunctionDescriptor.of(JAVA_INT, ADDRESS, BatchStruct.LAYOUT));
        encode = f.function("llama_encode", FunctionDescriptor.of(JAVA_INT, ADDRESS, BatchStruct.LAYOUT));
        logits = f.function("llama_get_logits_ith", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
        embeddings = f.function("llama_get_embeddings_ith", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
        sequenceEmbeddings = f.function("llama_get_embeddings_seq", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
        synchronize = f.function("llama_synchronize", FunctionDescriptor.ofVoid(ADDRESS));
    }

    public void free(MemorySegment context) {
        try {
            free.handle().invokeExact(context);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int nCtx(MemorySegment context) {
        try {
            return (int) nCtx.handle().invokeExact(context);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int nBatch(MemorySegment context) {
        try {
            return (int) nBatch.handle().invokeExact(context);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int nUbatch(MemorySegment context) {
        try {
            return (int) nUbatch.handle().invokeExact(context);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int pooling(MemorySegment context) {
        try {
            return (int) pooling.handle().invokeExact(context);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int decode(MemorySegment context, MemorySegment batch) {
        try {
            return (int) decode.handle().invokeExact(context, batch);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int encode(MemorySegment context, MemorySegment batch) {
        try {
            return (int) encode.handle().invokeExact(context, batch);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment logits(MemorySegment context, int index) {
        try {
            return (MemorySegment) logits.handle().invokeExact(context, index);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment embeddings(MemorySegment context, int index) {
        try {
            return (MemorySegment) embeddings.handle().invokeExact(context, index);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment sequenceEmbeddings(MemorySegment context, int seqId) {
        try {
            return (MemorySegment) sequenceEmbeddings.handle().invokeExact(context, seqId);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public void synchronize(MemorySegment context) {
        try {
            synchronize.handle().invokeExact(context);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }
}
