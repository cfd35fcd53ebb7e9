package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** The functions of llama.h on contexts, other than those of {@link KvMemory}. */
public interface ContextFunctions {

    @CFunction("llama_free")
    void free(MemorySegment context);

    @CFunction(value = "llama_n_ctx", returnsAtOnce = true)
    int nCtx(MemorySegment context);

    @CFunction(value = "llama_n_batch", returnsAtOnce = true)
    int nBatch(MemorySegment context);

    @CFunction(value = "llama_n_ubatch", returnsAtOnce = true)
    int nUbatch(MemorySegment context);

    @CFunction(value = "llama_pooling_type", returnsAtOnce = true)
    int pooling(MemorySegment context);

    @CFunction("llama_decode")
    int decode(MemorySegment context, @Struct("llama_batch") MemorySegment batch);

    @CFunction("llama_encode")
    int encode(MemorySegment context, @Struct("llama_batch") MemorySegment batch);

    @CFunction("llama_get_logits_ith")
    MemorySegment logits(MemorySegment context, int index);

    @CFunction("llama_get_embeddings_ith")
    MemorySegment embeddings(MemorySegment context, int index);

    @CFunction("llama_get_embeddings_seq")
    MemorySegment sequenceEmbeddings(MemorySegment context, int seqId);

    @CFunction("llama_synchronize")
    void synchronize(MemorySegment context);
}
