package io.llamanode.engine.model;

import org.jspecify.annotations.Nullable;

/**
 * Executes plans: the seam between the scheduler, which is pure, and whatever computes logits.
 *
 * <p>{@code execute} and {@code forget} are called by the engine's loop thread only. What it can is asked before that
 * runs, by whoever makes the engine; {@code close} is called once, after the loop's end, by whoever closes it.
 */
public interface ModelRunner extends AutoCloseable {
    /**
     * Applies the changes of the KV cache and decodes the batch.
     *
     * @param plan at most {@code nBatch} tokens
     * @param outputs told of the logits of each span that wants them, before this returns
     * @throws RunnerException if the batch could not be decoded; the sequences of the plan are then
     *     in an unknown state
     */
    void execute(BatchPlan plan, Outputs outputs) throws RunnerException;

    /**
     * Lets go of an adapter that no plan to come has.
     *
     * @param adapter may have been set by an earlier plan
     */
    void forget(Adapter adapter);

    /** {@return whether a sequence can forget positions in its middle and close the gap} */
    boolean canShift();

    /** {@return whether a sequence can forget its last positions only; recurrent models cannot} */
    boolean canTruncate();

    /**
     * {@return whether a copied sequence shares its cells with its source, so that what moves in one moves in both}
     */
    boolean sharesCells();

    @Override
    void close();

    /** Receives logits. */
    @FunctionalInterface
    interface Outputs {
        /**
         * Takes the logits that a span asked for.
         *
         * @param span index of the span in {@link BatchPlan#spans()}
         * @param logits one value a token of the vocabulary; the receiver may change it, and it is
         *     overwritten after the call
         */
        void logits(int span, float[] logits);
    }

    /** A batch could not be decoded. */
    final class RunnerException extends Exception {
        private static final long serialVersionUID = 1L;

        /**
         * Ends one computation; a later one may succeed.
         *
         * @param message what happened
         * @param cause the binding's exception, or {@code null}
         */
        public RunnerException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }

        /** {@return what happened; never {@code null}} */
        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }
}
