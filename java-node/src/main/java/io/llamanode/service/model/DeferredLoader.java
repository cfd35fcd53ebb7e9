package io.llamanode.service.model;

import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.model.ModelConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Opens the native library when the first model is to be loaded, for a node that starts with models of servers only: it may never
 * need one. For any thread.
 */
public final class DeferredLoader implements ModelLoader {
    private final Supplier<ModelLoader> opener;
    private @Nullable ModelLoader opened;
    private @Nullable Duration withoutProgress;
    private @Nullable Consumer<String> hung;

    private DeferredLoader(Supplier<ModelLoader> opener) {
        this.opener = opener;
    }

    /**
     * Opens a library now if a model of the start needs it.
     *
     * @param models of the start
     * @param opener opens the library; what it throws ends the start, or fails the load that needs it
     * @return what loads models
     */
    public static ModelLoader of(List<ModelConfig> models, Supplier<ModelLoader> opener) {
        boolean remoteOnly = !models.isEmpty() && models.stream().allMatch(model -> model.server() != null);
        return remoteOnly ? new DeferredLoader(opener) : opener.get();
    }

    private synchronized ModelLoader open() {
        if (opened == null) {
            opened = opener.get();
            if (withoutProgress != null && hung != null) {
                opened.watch(withoutProgress, hung);
            }
        }
        return opened;
    }

    @Override
    public LoadedModel load(ModelConfig config, LoadProgress progress) {
        return open().load(config, progress);
    }

    @Override
    public Preview preview(ModelConfig config) {
        return open().preview(config);
    }

    @Override
    public void probe(ModelConfig model, @Nullable Path adapter, CompletableFuture<?> withdrawn) {
        open().probe(model, adapter, withdrawn);
    }

    @Override
    public synchronized void watch(Duration limit, Consumer<String> told) {
        withoutProgress = limit;
        hung = told;
        if (opened != null) {
            opened.watch(limit, told);
        }
    }

    @Override
    public synchronized NodeStatus.Library library() {
        return opened == null ? NodeStatus.Library.NONE : opened.library();
    }
}
