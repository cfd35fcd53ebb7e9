package io.llamanode.service.model;

import io.llamanode.gguf.GgufFile;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelConfig;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Finds out in another process whether a file can be loaded. For the thread that loads. */
@FunctionalInterface
public interface FileProbe {
    /** Of a process that cannot start another one of its kind. */
    FileProbe NONE = (model, config, adapter, withdrawn) -> {
        throw new FailureException(
                ErrorCode.UNSUPPORTED,
                "probe: the process that probes is started by priv/bin/llama-node, which did not start this one");
    };

    /**
     * Passes a file that can be loaded, with all that {@link ModelLoader#probe} says.
     *
     * @param model header of the model
     * @param config how it is loaded
     * @param adapter header of an adapter, if that is in doubt rather than the model
     * @param withdrawn completed when nobody waits any more
     * @throws FailureException says why it cannot
     * @throws java.util.concurrent.CancellationException if nobody waits any more
     */
    void require(GgufFile model, ModelConfig config, @Nullable GgufFile adapter, CompletableFuture<?> withdrawn);
}
