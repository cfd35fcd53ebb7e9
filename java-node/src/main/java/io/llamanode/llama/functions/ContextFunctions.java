package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** The functions of llama.h on contexts, other than those of {@link KvMemory}. */
public interface ContextFunctions {

    /**
     * {@code llama_free}: frees a context.
     *
     * @param context of {@code llama_init_from_model}; not to be used again
     */
    @CFunction("llama_free")
    void free(MemorySegment context);

    /**
     * {@code llama_n_ctx}.
     *
     * @param context asked
     * @return tokens that all its sequences can hold together
     */
    @CFunction(value = "llama_n_ctx", returnsAtOnce = true)
    int nCtx(MemorySegment context);

    /**
     * {@code llama_n_batch}.
     *
     * @param context asked
     * @return tokens that one call of {@link #decode} can take
     */
    @CFunction(value = "llama_n_batch", returnsAtOnce = true)
    int nBatch(MemorySegment context);

    /**
     * {@code llama_n_ubatch}.
     *
     * @param context asked
     * @return tokens that are computed at once; one embedding's text must fit in
     */
    @CFunction(value = "llama_n_ubatch", returnsAtOnce = true)
    int nUbatch(MemorySegment context);

    /**
     * {@code llama_pooling_type}.
     *
     * @param context asked
     * @return {@code enum llama_pooling_type}, what it is after the model has had its say
     */
    @CFunction(value = "llama_pooling_type", returnsAtOnce = true)
    int pooling(MemorySegment context);

    /**
     * {@code llama_decode}: computes a batch and adds its tokens to the KV cache. Blocks until the computation is done
     * or under way.
     *
     * @param context whose cache takes the tokens
     * @param batch a {@code llama_batch} of at most {@code n_batch} tokens
     * @return 0; above 0 a warning, as 1 where the cache has no room; below 0 an error. {@link
     *     ReleaseApi#decodeFailure} tells them apart
     */
    @CFunction("llama_decode")
    int decode(MemorySegment context, @Struct(BatchStruct.class) MemorySegment batch);

    /**
     * {@code llama_set_abort_callback}: lets a function end computations. Of the backends that this package knows, that of
     * the CPU alone asks it: behind each node of a graph, on the thread that called {@link #decode} or {@link #encode}.
     *
     * @param context whose computations
     * @param callback {@code bool (*)(void *)}, which lives as long as the context; {@code true} ends the computation
     * @param data what it is called with
     */
    @CFunction("llama_set_abort_callback")
    void setAbortCallback(MemorySegment context, MemorySegment callback, MemorySegment data);

    /**
     * {@code llama_encode}: computes a batch with the encoder and leaves the KV cache as it is.
     *
     * @param context of a model with an encoder
     * @param batch a {@code llama_batch} of at most {@code n_ubatch} tokens
     * @return 0, or below 0 for an error
     */
    @CFunction("llama_encode")
    int encode(MemorySegment context, @Struct(BatchStruct.class) MemorySegment batch);

    /**
     * {@code llama_state_seq_get_size}.
     *
     * @param context asked
     * @param seqId a sequence
     * @return bytes that {@link #stateSeqGet} writes of it
     */
    @CFunction("llama_state_seq_get_size")
    long stateSeqSize(MemorySegment context, int seqId);

    /**
     * {@code llama_state_seq_get_data}: writes what the cells of a sequence hold.
     *
     * @param context read
     * @param target room for it
     * @param size bytes of the room
     * @param seqId a sequence
     * @return bytes written; 0: it failed
     */
    @CFunction("llama_state_seq_get_data")
    long stateSeqGet(MemorySegment context, MemorySegment target, long size, int seqId);

    /**
     * {@code llama_state_seq_set_data}: puts such cells back, in place of what the sequence has.
     *
     * @param context changed
     * @param source what {@link #stateSeqGet} wrote
     * @param size bytes of it
     * @param seqId a sequence
     * @return bytes read; 0: it failed
     */
    @CFunction("llama_state_seq_set_data")
    long stateSeqSet(MemorySegment context, MemorySegment source, long size, int seqId);

    /**
     * {@code llama_get_logits_ith}.
     *
     * @param context of the last {@link #decode}
     * @param index of a token in the batch that asked for logits; -1: the last one that did
     * @return {@code n_vocab} floats, overwritten by the next call; null if there are none
     */
    @CFunction("llama_get_logits_ith")
    MemorySegment logits(MemorySegment context, int index);

    /**
     * {@code llama_get_embeddings_ith}.
     *
     * @param context of the last call, made with embeddings on and without pooling
     * @param index of a token in the batch that asked for output
     * @return one float a dimension, overwritten by the next call; null if there are none
     */
    @CFunction("llama_get_embeddings_ith")
    MemorySegment embeddings(MemorySegment context, int index);

    /**
     * {@code llama_get_embeddings_seq}.
     *
     * @param context of the last call, made with embeddings on and with pooling
     * @param seqId a sequence of the batch
     * @return one float a dimension, or the scores with pooling {@code RANK}; overwritten by the next call; null if
     *     there are none
     */
    @CFunction("llama_get_embeddings_seq")
    MemorySegment sequenceEmbeddings(MemorySegment context, int seqId);

    /**
     * {@code llama_synchronize}: waits until everything that was computed is there.
     *
     * @param context waited for
     */
    @CFunction("llama_synchronize")
    void synchronize(MemorySegment context);
}
