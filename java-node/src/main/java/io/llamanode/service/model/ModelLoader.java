package io.llamanode.service.model;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelHeader;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * Loads models.
 *
 * <p>For the thread that loads, one call at a time; {@code preview} and {@code library} for any thread.
 */
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

    /**
     * What a load would come to, told from the file's header. Slow; on the calling thread.
     *
     * @param header what the file tells
     * @param requiredBytes of memory, estimated; empty if they are more than can be counted
     */
    record Preview(ModelHeader header, OptionalLong requiredBytes) {}

    /**
     * Reads a file's header and computes what a load would need, without loading a weight.
     *
     * @param config what and how
     * @return what a load would come to
     * @throws FailureException {@code model_load_failed} or {@code invalid_argument}
     */
    Preview preview(ModelConfig config);

    /**
     * Watches native calls from here on, so that one that hangs does not go unnoticed. Does nothing where none can.
     *
     * @param withoutProgress how long one may run without getting on
     * @param hung told once of the first that does not, as words for a sentence; on a thread of its own
     */
    default void watch(Duration withoutProgress, Consumer<String> hung) {}

    /** {@return the native library} */
    NodeStatus.Library library();

    /** Hears how far a load has come. */
    @FunctionalInterface
    interface LoadProgress {
        /**
         * Hears that a load has come further; called on the thread that loads, so it must be quick.
         *
         * @param fraction from 0 to 1
         */
        void at(float fraction);
    }
}
