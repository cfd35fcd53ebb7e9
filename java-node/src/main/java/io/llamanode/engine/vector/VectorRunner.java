package io.llamanode.engine.vector;

import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.vector.VectorRequest.Pooling;
import java.util.List;

/**
 * Computes vectors: the seam between {@link VectorEngine} and a native context. Called by one thread,
 * and closed after the last call.
 */
public interface VectorRunner extends AutoCloseable {
    /**
     * One text.
     *
     * @param tokens its ids
     * @param pooling how its vectors become one
     */
    record Sequence(int[] tokens, Pooling pooling) {}

    /** {@return sequences of one computation at most} */
    int maxSequences();

    /** {@return tokens of one computation at most; a longer sequence comes alone} */
    int maxTokens();

    /**
     * @param sequences within the limits above
     * @return for each the pooled vector, or all vectors side by side where they are not pooled
     * @throws RunnerException if the computation failed; the next one may succeed
     */
    List<float[]> compute(List<Sequence> sequences) throws RunnerException;

    @Override
    void close();
}
