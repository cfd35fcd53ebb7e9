package io.llamanode.llama;

import io.llamanode.gguf.GgmlType;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a context is made ({@code llama_context_params}).
 *
 * @param nCtx cells of the KV cache, shared by all sequences; from 1, rounded up by llama.cpp to a multiple of 256,
 *     or of 32 by b4916 without {@code flashAttn}
 * @param nBatch most tokens of a decode call, from 1
 * @param nUbatch most tokens computed at once, 1 to {@code nBatch}
 * @param nSeqMax sequences, 1 to 64; their ids run from 0
 * @param nThreads threads for single tokens, 1 to 512
 * @param nThreadsBatch threads for more tokens at once, 1 to 512
 * @param embeddings whether decode calls yield embeddings instead of logits
 * @param pooling how they are pooled
 * @param typeK element type of cached keys
 * @param typeV element type of cached values; a quantized one needs {@code flashAttn}
 * @param flashAttn whether flash attention is used; {@code null}: v0.5 uses it where it can and b4916 does not
 * @param kvUnified whether any sequence may take any cell, rather than {@code nCtx / nSeqMax} of its own; separate
 *     sequences are computed faster side by side. With b4916 cells are never separate, but the limits of separate
 *     sequences hold there too: a token belongs to one, and copies are whole
 */
public record ContextParams(
        int nCtx,
        int nBatch,
        int nUbatch,
        int nSeqMax,
        int nThreads,
        int nThreadsBatch,
        boolean embeddings,
        PoolingType pooling,
        GgmlType typeK,
        GgmlType typeV,
        @Nullable Boolean flashAttn,
        boolean kvUnified) {

    /** The most threads that ggml accepts. */
    public static final int MAX_THREADS = 512;

    /** The most sequences of a context. */
    public static final int MAX_SEQUENCES = 64;

    private static final Set<GgmlType> CACHE_TYPES = EnumSet.of(
            GgmlType.F32,
            GgmlType.F16,
            GgmlType.BF16,
            GgmlType.Q8_0,
            GgmlType.Q4_0,
            GgmlType.Q4_1,
            GgmlType.Q5_0,
            GgmlType.Q5_1);

    private static final int MAX_CTX = Integer.MAX_VALUE - 1023; // Its padding must not overflow.

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException naming the one out of range
     */
    public ContextParams {
        range("nCtx", nCtx, 1, MAX_CTX);
        range("nBatch", nBatch, 1, 1 << 20);
        range("nUbatch", nUbatch, 1, nBatch);
        range("nSeqMax", nSeqMax, 1, MAX_SEQUENCES);
        range("nThreads", nThreads, 1, MAX_THREADS);
        range("nThreadsBatch", nThreadsBatch, 1, MAX_THREADS);
        if (!CACHE_TYPES.contains(typeK)) {
            throw new IllegalArgumentException("typeK is " + typeK + ", which no KV cache can have");
        }
        if (!CACHE_TYPES.contains(typeV)) {
            throw new IllegalArgumentException("typeV is " + typeV + ", which no KV cache can have");
        }
        if (typeV.isQuantized() && !Boolean.TRUE.equals(flashAttn)) {
            throw new IllegalArgumentException("typeV is " + typeV + ", which needs flashAttn");
        }
        if (pooling != PoolingType.MODEL && pooling != PoolingType.NONE && !embeddings) {
            throw new IllegalArgumentException("pooling is " + pooling + " without embeddings");
        }
    }

    /**
     * Parameters for text generation, with a cache of 16-bit floats.
     *
     * @param nCtx cells of the KV cache
     * @param nBatch most tokens of a decode call and of a computation
     * @param nSeqMax sequences
     * @param nThreads threads
     * @return the parameters
     */
    public static ContextParams generation(int nCtx, int nBatch, int nSeqMax, int nThreads) {
        return new ContextParams(
                nCtx,
                nBatch,
                nBatch,
                nSeqMax,
                nThreads,
                nThreads,
                false,
                PoolingType.MODEL,
                GgmlType.F16,
                GgmlType.F16,
                null,
                true);
    }

    /**
     * Parameters for embeddings, with every batch computed at once as pooling requires.
     *
     * @param nCtx cells of the KV cache
     * @param nBatch most tokens of a decode call
     * @param nSeqMax sequences
     * @param nThreads threads
     * @param pooling how embeddings are pooled
     * @return the parameters
     */
    public static ContextParams embedding(int nCtx, int nBatch, int nSeqMax, int nThreads, PoolingType pooling) {
        return new ContextParams(
                nCtx,
                nBatch,
                nBatch,
                nSeqMax,
                nThreads,
                nThreads,
                true,
                pooling,
                GgmlType.F16,
                GgmlType.F16,
                null,
                true);
    }

    /**
     * The same with cells of its own for every sequence, or without.
     *
     * @param unified whether any sequence may take any cell
     * @return the parameters
     */
    public ContextParams withKvUnified(boolean unified) {
        return new ContextParams(
                nCtx,
                nBatch,
                nUbatch,
                nSeqMax,
                nThreads,
                nThreadsBatch,
                embeddings,
                pooling,
                typeK,
                typeV,
                flashAttn,
                unified);
    }

    private static void range(String name, int value, int from, int to) {
        if (value < from || value > to) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be " + from + " to " + to);
        }
    }
}
