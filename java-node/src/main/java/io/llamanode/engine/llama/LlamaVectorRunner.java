package io.llamanode.engine.llama;

import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.vector.VectorRequest.Pooling;
import io.llamanode.engine.vector.VectorRunner;
import io.llamanode.llama.LlamaException;
import io.llamanode.llama.PoolingType;
import io.llamanode.llama.context.LlamaBatch;
import io.llamanode.llama.context.LlamaContext;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Computes vectors on a llama.cpp context.
 *
 * <p>A context pools in one way for good, and b4916 aborts where it pools the vectors of a decoder by
 * their mean. So embeddings come from a context that does not pool, and are pooled here, in whatever
 * way each request asks for; only scores need the rank head, which is a part of llama.cpp's pooling.
 *
 * <p>Who may call it: see {@link VectorRunner}.
 */
public final class LlamaVectorRunner implements VectorRunner {
    private final LlamaContext context;
    private final LlamaBatch batch;
    private final int maxTokens;
    private final boolean encodes;
    private final boolean ranks;
    private BooleanSupplier givenUp = () -> false;
    /** Whether cells may hold numbers that would spoil what is computed beside them. */
    private boolean spoiled;

    /**
     * Computes with a context, which belongs to it from now on.
     *
     * @param context yields embeddings, with pooling {@code NONE} or {@code RANK}; closed by {@link #close}
     * @param maxTokens tokens of one computation of several sequences, at most the context's batch
     */
    public LlamaVectorRunner(LlamaContext context, int maxTokens) {
        this.context = context;
        this.maxTokens = maxTokens;
        this.encodes = context.model().hasEncoder();
        this.ranks = context.pooling() == PoolingType.RANK;
        this.batch = new LlamaBatch(context.nBatch());
    }

    @Override
    public int maxSequences() {
        return context.nSeqMax();
    }

    @Override
    public int maxTokens() {
        return maxTokens;
    }

    @Override
    public List<float[]> compute(List<Sequence> sequences, BooleanSupplier wish) throws RunnerException {
        givenUp = wish;
        try {
            if (spoiled) {
                context.clearAllBut();
            } else {
                context.clear();
            }
            // Until its numbers are seen.
            spoiled = true;
            List<float[]> vectors = ranks ? scores(sequences) : embeddings(sequences);
            spoiled = !vectors.stream().allMatch(VectorRunner::isFinite);
            return vectors;
        } catch (LlamaException e) {
            throw LlamaRunner.failure(e);
        }
    }

    private List<float[]> embeddings(List<Sequence> sequences) {
        List<Pool> pools = new ArrayList<>(sequences.size());
        for (Sequence sequence : sequences) {
            pools.add(new Pool(sequence, context.model().embeddingWidth()));
        }
        embed(pools);
        return pools.stream().map(Pool::result).toList();
    }

    private List<float[]> scores(List<Sequence> sequences) {
        batch.clear();
        for (int s = 0; s < sequences.size(); s++) {
            int[] tokens = sequences.get(s).tokens();
            for (int i = 0; i < tokens.length; i++) {
                batch.add(tokens[i], i, s, true);
            }
        }
        run();
        List<float[]> scores = new ArrayList<>(sequences.size());
        for (int s = 0; s < sequences.size(); s++) {
            scores.add(new float[] {context.sequenceEmbedding(s).getAtIndex(ValueLayout.JAVA_FLOAT, 0)});
        }
        return scores;
    }

    /** A decoder may take a long text in several batches, whose earlier tokens are in its KV cache. */
    private void embed(List<Pool> pools) {
        batch.clear();
        List<Pool> owners = new ArrayList<>();
        for (int s = 0; s < pools.size(); s++) {
            Pool pool = pools.get(s);
            int[] tokens = pool.sequence.tokens();
            for (int i = 0; i < tokens.length; i++) {
                if (batch.size() == batch.capacity()) {
                    flush(owners);
                }
                // v0.5 puts out every token in any case, and complains where it was not asked to.
                batch.add(tokens[i], i, s, true);
                owners.add(pool.wants(i) ? pool : null);
            }
        }
        flush(owners);
    }

    private void flush(List<Pool> owners) {
        run();
        for (int i = 0; i < owners.size(); i++) {
            if (owners.get(i) != null) {
                owners.get(i).add(context.embeddings(i));
            }
        }
        owners.clear();
        batch.clear();
    }

    private void run() {
        if (encodes) {
            context.encode(batch, givenUp);
        } else {
            context.decode(batch, givenUp);
        }
    }

    @Override
    public void close() {
        batch.close();
        context.close();
    }

    /** Makes one vector of those of a text's tokens, which come in their order. */
    private static final class Pool {
        private final Sequence sequence;
        private final int width;
        private final float[] values;
        private int added;

        Pool(Sequence sequence, int width) {
            this.sequence = sequence;
            this.width = width;
            this.values = new float[sequence.pooling() == Pooling.NONE ? width * sequence.tokens().length : width];
        }

        boolean wants(int token) {
            return switch (sequence.pooling()) {
                case CLS -> token == 0;
                case LAST -> token == sequence.tokens().length - 1;
                case NONE, MEAN -> true;
                case RANK -> throw new IllegalArgumentException("pooling " + sequence.pooling());
            };
        }

        void add(MemorySegment vector) {
            if (sequence.pooling() == Pooling.MEAN) {
                for (int i = 0; i < width; i++) {
                    values[i] += vector.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                }
            } else {
                MemorySegment.copy(vector, ValueLayout.JAVA_FLOAT, 0, values, added * width, width);
            }
            added++;
        }

        float[] result() {
            if (sequence.pooling() == Pooling.MEAN) {
                for (int i = 0; i < width; i++) {
                    values[i] /= added;
                }
            }
            return values;
        }
    }
}
