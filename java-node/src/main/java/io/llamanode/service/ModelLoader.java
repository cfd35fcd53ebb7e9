package io.llamanode.service;

/** Loads models. */
public interface ModelLoader {
    /**
     * Loads a model and starts its engine. Slow; on the calling thread.
     *
     * @param config what and how
     * @param progress told of fractions from 0 to 1
     * @return the model
     * @throws FailureException {@code model_load_failed}, {@code out_of_memory}, {@code
     *     invalid_argument} or {@code unsupported}; nothing stays loaded
     */
    LoadedModel load(ModelConfig config, LoadProgress progress);

    /** {@return the native library} */
    NodeStatus.Library library();

    /** Hears how far a load has come. */
    @FunctionalInterface
    interface LoadProgress {
        /** @param fraction from 0 to 1 */
        void at(float fraction);
    }
}
