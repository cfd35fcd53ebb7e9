package io.llamanode.engine.vector;

import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.vector.VectorRequest.Pooling;
import java.util.List;

/**
 * Computes vectors: the seam between {@link VectorEngine} and a native context. Called by the engine's loop thread
 * only, and closed once, after that ended, by whoever closes the engine.
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
     * Computes sequences together; each starts at its own position 0, and none is remembered.
     *
     * @param sequences within the limits above
     * @return for each the pooled vector, or all vectors side by side where they are not pooled
     * @throws RunnerException if the computation failed; the next one may succeed
     */
    List<float[]> compute(List<Sequence> sequences) throws RunnerException;

    @Override
    void close();
}
