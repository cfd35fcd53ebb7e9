package io.llamanode.service;

import io.llamanode.account.MemoryAccount;
import io.llamanode.engine.model.FakeModel;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.OwnerMonitor;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** A service on fake models, for tests of what stands above it. Any path ending in {@code .gguf} loads. */
public final class FakeService {
    private FakeService() {}

    /** {@return whether this thread has the service's lock, which others wait for} */
    public static boolean isDecidedHere(LlamaService service) {
        return service.isDecidedHere();
    }

    /**
     * @param monitor watches owners
     * @param script prepares each model before its engine starts
     * @return a ready service with a model named {@code fake}
     */
    public static LlamaService start(OwnerMonitor monitor, Consumer<FakeModel> script) {
        return start(monitor, script, MemoryAccount.ofHeap(100));
    }

    /**
     * @param monitor watches owners
     * @param script prepares each model before its engine starts
     * @param account of what requests hold
     * @return a ready service with a model named {@code fake}
     */
    public static LlamaService start(OwnerMonitor monitor, Consumer<FakeModel> script, MemoryAccount account) {
        return start(monitor, model -> {}, script, account);
    }

    /**
     * @param monitor watches owners
     * @param prepare does the same with what is around a model
     * @param script prepares each model before its engine starts
     * @return a ready service with a model named {@code fake}
     */
    public static LlamaService start(
            OwnerMonitor monitor, Consumer<FakeLoadedModel> prepare, Consumer<FakeModel> script) {
        return start(monitor, prepare, script, MemoryAccount.ofHeap(100));
    }

    private static LlamaService start(
            OwnerMonitor monitor,
            Consumer<FakeLoadedModel> prepare,
            Consumer<FakeModel> script,
            MemoryAccount account) {
        ModelLoader loader = new ModelLoader() {
            @Override
            public LoadedModel load(ModelConfig config, LoadProgress progress) {
                if (!config.path().toString().endsWith(".gguf")) {
                    throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, "path: there is no file " + config.path());
                }
                FakeLoadedModel model = new FakeLoadedModel(config.effectiveId(), 2, 64);
                prepare.accept(model);
                script.accept(model.model);
                return model;
            }

            @Override
            public Preview preview(ModelConfig config) {
                throw new UnsupportedOperationException();
            }

            @Override
            public NodeStatus.Library library() {
                return new NodeStatus.Library("fake", "0", "");
            }
        };
        LlamaService service =
                new LlamaService(new NodeConfig(List.of(), 60_000, 10, 10, 1000, 100), loader, monitor, account);
        Answer<Void> loaded = new Answer<>();
        service.loadModel(null, ModelConfig.of(Path.of("fake.gguf")), fraction -> {}, loaded);
        loaded.value();
        service.ready();
        return service;
    }
}
