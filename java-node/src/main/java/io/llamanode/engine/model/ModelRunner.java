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
     * @throws AbandonedException if the outputs gave it up; the changes of the KV cache were made, and of the batch nobody
     *     knows how much
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

    /**
     * {@return whether a sequence whose cells are lost can be computed anew from its prompt and answer alike; not where the
     * two go different ways}
     */
    default boolean canResume() {
        return true;
    }

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

        /**
         * {@return whether nobody wants the batch any more} Asked often while it is computed, on the thread that executes, or
         * never where the computation cannot be ended; must be quick and throw nothing.
         */
        default boolean givenUp() {
            return false;
        }
    }

    /** A batch was not decoded to its end, because nobody wanted it any more. */
    final class AbandonedException extends RunnerException {
        private static final long serialVersionUID = 1L;

        /**
         * Ends one computation, as its outputs wished.
         *
         * @param cause the binding's exception, or {@code null}
         */
        public AbandonedException(@Nullable Throwable cause) {
            super("nobody wants it any more", cause);
        }
    }

    /** A batch could not be decoded for want of memory; a smaller one may be, or the same one later. */
    final class MemoryException extends RunnerException {
        private static final long serialVersionUID = 1L;

        /**
         * Ends one computation.
         *
         * @param message what happened
         * @param cause the binding's exception, or {@code null}
         */
        public MemoryException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** A batch could not be decoded. */
    sealed class RunnerException extends Exception permits AbandonedException, MemoryException {
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
