package io.llamanode.engine.vector;

import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.vector.VectorRequest.Pooling;
import java.util.List;
import java.util.function.BooleanSupplier;

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
     * @param givenUp whether nobody wants them any more; asked often on this thread while they are computed, or never where
     *     the computation cannot be ended; must be quick and throw nothing
     * @return for each the pooled vector, or all vectors side by side where they are not pooled; one with numbers that are
     *     not finite may have spoiled others of the same computation, but none of a later one
     * @throws RunnerException if the computation failed or was given up; the next one may succeed
     */
    List<float[]> compute(List<Sequence> sequences, BooleanSupplier givenUp) throws RunnerException;

    /**
     * Tells whether a vector can be used.
     *
     * @param vector numbers
     * @return whether all of them are finite
     */
    static boolean isFinite(float[] vector) {
        for (float value : vector) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    @Override
    void close();
}
