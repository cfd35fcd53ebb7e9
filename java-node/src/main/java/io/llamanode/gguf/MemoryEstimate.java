package io.llamanode.gguf;

import java.util.Arrays;
import java.util.OptionalLong;

/**
 * What a model and its context take, in bytes, before anything is allocated. Rather more than less: callers use it to
 * refuse what would not fit, since Linux grants memory it does not have and then kills the process that touches it.
 * All sums saturate at {@link Long#MAX_VALUE}.
 *
 * @param weights all tensors; file pages of a mapped model count too, since it is slow without them
 * @param kvCache keys, values and the bookkeeping of cells
 * @param compute intermediate results of a computation
 * @param output logits or embeddings that a batch puts out
 */
public record MemoryEstimate(long weights, long kvCache, long compute, long output) {

    // llama_kv_cell (two ints, two more, a std::set) and one node of its set, measured with b4916.
    private static final long CELL_BYTES = 64 + 48;
    private static final long GRAPH_BYTES = 8L << 20; // Nodes, leaves and hash tables of the computation graph.

    /**
     * Estimates a model with a cache of 16-bit floats and without flash attention.
     *
     * @param file the model
     * @param nCtxTotal cells of the KV cache, of all slots together
     * @param nBatch most tokens of a decode call
     * @param nUbatch most tokens computed at once
     * @param nParallel slots
     * @return the estimate
     */
    public static MemoryEstimate of(GgufFile file, long nCtxTotal, int nBatch, int nUbatch, int nParallel) {
        return of(file, nCtxTotal, nBatch, nUbatch, nParallel, GgmlType.F16, GgmlType.F16, false);
    }

    /**
     * Estimates a model.
     *
     * @param file the model
     * @param nCtxTotal cells of the KV cache, of all slots together
     * @param nBatch most tokens of a decode call
     * @param nUbatch most tokens computed at once
     * @param nParallel slots
     * @param typeK element type of cached keys
     * @param typeV element type of cached values
     * @param flashAttn whether flash attention is used
     * @return the estimate
     */
    public static MemoryEstimate of(
            GgufFile file,
            long nCtxTotal,
            int nBatch,
            int nUbatch,
            int nParallel,
            GgmlType typeK,
            GgmlType typeV,
            boolean flashAttn) {
        Shape shape = Shape.of(file);
        long cells = sum(Math.max(0, nCtxTotal), 255) / 256 * 256;
        long tokens = Math.max(1, Math.min(Math.min(nUbatch, nBatch), cells));
        long outputs = Math.max(nParallel, 1);
        return new MemoryEstimate(
                file.tensorBytes(),
                shape.kvCache(cells, nParallel, typeK, typeV),
                shape.compute(cells, tokens, flashAttn),
                product(outputs, sum(shape.nVocab, shape.nEmbd), Float.BYTES));
    }

    /**
     * The same with room for other outputs, as embeddings need it, which every token of a batch puts out.
     *
     * @param file the model
     * @param outputs tokens of a batch that put out something
     * @return the estimate
     */
    public MemoryEstimate withOutputs(GgufFile file, int outputs) {
        Shape shape = Shape.of(file);
        return new MemoryEstimate(
                weights, kvCache, compute, product(Math.max(outputs, 1), sum(shape.nVocab, shape.nEmbd), Float.BYTES));
    }

    /** {@return the same for a further context of a model that is loaded already} */
    public MemoryEstimate withoutWeights() {
        return new MemoryEstimate(0, kvCache, compute, output);
    }

    /**
     * {@return what is taken for certain: computations often take less than their estimate}
     *
     * @param fixed bytes that a context takes in any case
     */
    public MemoryEstimate atLeast(long fixed) {
        return new MemoryEstimate(weights, kvCache, fixed, output);
    }

    /** {@return the sum of all parts, bytes} */
    public long total() {
        return sum(weights, kvCache, compute, output);
    }

    /** {@return the sum of all parts, bytes; empty where it is saturated, which is nobody's size} */
    public OptionalLong counted() {
        long total = total();
        return total == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(total);
    }

    /**
     * The parameters that determine sizes.
     *
     * @param headsKv heads of keys and values, summed over all layers
     */
    private record Shape(
            long nLayer,
            long nEmbd,
            long nFf,
            long nHead,
            long headsKv,
            long headK,
            long headV,
            long nVocab,
            long state) {

        static Shape of(GgufFile file) {
            long nLayer = positive(file, "block_count", 1);
            long nEmbd = positive(file, "embedding_length", 1);
            long[] heads = perLayer(file, "attention.head_count", nLayer, 1);
            long nHead = Math.max(1, Arrays.stream(heads).max().orElse(1));
            long[] headsKv = perLayer(file, "attention.head_count_kv", nLayer, nHead);
            long head = nEmbd / nHead;
            long inner = positive(file, "ssm.inner_size", 0);
            long state = product(inner, sum(positive(file, "ssm.conv_kernel", 0), positive(file, "ssm.state_size", 0)));
            return new Shape(
                    nLayer,
                    nEmbd,
                    Arrays.stream(perLayer(file, "feed_forward_length", nLayer, product(4, nEmbd)))
                            .max()
                            .orElse(nEmbd),
                    nHead,
                    Arrays.stream(headsKv).reduce(0, MemoryEstimate::sum),
                    positive(file, "attention.key_length", head),
                    positive(file, "attention.value_length", head),
                    file.array("tokenizer.ggml.tokens")
                            .map(GgufValue.Array::count)
                            .orElse(positive(file, "vocab_size", 0)),
                    state);
        }

        long kvCache(long cells, int nParallel, GgmlType typeK, GgmlType typeV) {
            if (state > 0) {
                return product(nLayer, state, nParallel, Float.BYTES);
            }
            return sum(
                    product(cells, bytes(typeK, product(headsKv, headK))),
                    product(cells, bytes(typeV, product(headsKv, headV))),
                    product(cells, CELL_BYTES));
        }

        /**
         * Tensors of a graph share memory where their lives do not overlap, so that the largest stage counts:
         * the attention scores, the feed-forward layer, or the logits.
         */
        long compute(long cells, long tokens, boolean flashAttn) {
            long mask = product(cells, sum(tokens, 63) / 64 * 64, Float.BYTES);
            long scores = flashAttn ? mask : product(cells, tokens, nHead, Float.BYTES);
            long feedForward = product(3, nFf, tokens, Float.BYTES);
            long logits = product(nVocab, tokens, Float.BYTES);
            long residual = product(8, nEmbd, tokens, Float.BYTES);
            return sum(Math.max(scores, Math.max(feedForward, logits)), mask, residual, GRAPH_BYTES);
        }

        private static long bytes(GgmlType type, long elements) {
            return product(sum(elements, type.blockElements() - 1) / type.blockElements(), type.blockBytes());
        }

        private static long positive(GgufFile file, String suffix, long otherwise) {
            long value = file.parameter(suffix).orElse(otherwise);
            return value < 0 ? Long.MAX_VALUE : value;
        }

        private static long[] perLayer(GgufFile file, String suffix, long nLayer, long otherwise) {
            int[] values = file.ints(file.architecture() + "." + suffix);
            if (values.length > 0) {
                return Arrays.stream(values).mapToLong(Integer::toUnsignedLong).toArray();
            }
            long[] same = new long[(int) Math.min(nLayer, 4096)];
            Arrays.fill(same, positive(file, suffix, otherwise));
            return same;
        }
    }

    private static long sum(long... terms) {
        long sum = 0;
        for (long term : terms) {
            sum = term > Long.MAX_VALUE - sum ? Long.MAX_VALUE : sum + term;
        }
        return sum;
    }

    private static long sum(long a, long b) {
        return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
    }

    private static long product(long... factors) {
        long product = 1;
        for (long factor : factors) {
            if (factor == 0) {
                return 0;
            }
            product = product > Long.MAX_VALUE / factor ? Long.MAX_VALUE : product * factor;
        }
        return product;
    }
}
