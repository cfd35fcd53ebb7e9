package io.llamanode.service.model;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelHeader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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
     * Has a process of its own load a file and compute a little with it, so that what would end this process ends that
     * one. What is known of the same content, loaded in the same way, is not found out again. Slow; on the calling thread.
     *
     * @param model how the model is loaded
     * @param adapter a file of a LoRA adapter that is loaded with it; {@code null}: the model alone is in doubt
     * @param withdrawn completed, on any thread, when nobody waits any more: the process is killed
     * @throws FailureException {@code model_load_failed} if the file ended the process, or cannot be loaded there, {@code
     *     out_of_memory}, or {@code unsupported} where no process can be started
     * @throws java.util.concurrent.CancellationException if nobody waits any more
     */
    default void probe(ModelConfig model, @Nullable Path adapter, CompletableFuture<?> withdrawn) {
        throw new FailureException(ErrorCode.UNSUPPORTED, "probe: this node loads its files itself only");
    }

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
