package io.llamanode.engine.vector;

import io.llamanode.engine.contract.GenerationListener.FailureKind;
import java.util.List;

/**
 * Hears of one request: exactly one call, on the engine's loop thread, so that an implementation must
 * not block, nor close the engine; what it throws is logged.
 */
public interface VectorListener {
    /**
     * The request has its vectors; nothing follows.
     *
     * @param outcome what came of it
     */
    void finished(Outcome outcome);

    /**
     * The request ended without any; nothing follows.
     *
     * @param kind why there is nothing
     * @param message details
     */
    void failed(FailureKind kind, String message);

    /**
     * What a request gave. Durations are nanoseconds.
     *
     * @param vectors of each input, in their order
     * @param tokens of all inputs
     * @param queued from the submission to the first computation with an input of it
     * @param computed from there to the end
     */
    record Outcome(List<float[]> vectors, int tokens, long queued, long computed) {}
}
