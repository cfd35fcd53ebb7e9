package io.llamanode.node;

import io.llamanode.llama.watch.NativeWatch;
import io.llamanode.protocol.launch.ServiceConfigDecoder;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.Origins;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** What {@link ServiceNodeTest} starts as a process of its own: a service on a model that costs nothing. */
final class ServiceMain {
    static final String NAME = "service@localhost";

    private ServiceMain() {}

    /** @param args the directory of its files, then settings as in a configuration file, in JSON */
    public static void main(String[] args) {
        LogSetup.outlastShutdown();
        ExitStatus status = ExitStatus.OK;
        try {
            Map<String, Object> settings = new HashMap<>(ServiceConfigDecoder.parse("arguments", args[1]));
            settings.putIfAbsent("node_name", NAME);
            settings.putIfAbsent("epmd", false);
            NodePaths paths = NodePaths.of(NAME, args[0], null, Map.of());
            ServiceNode.run(
                    ServiceConfigDecoder.decode(settings, "secret", new Origins(Map.of(), Origin.FILE)),
                    paths,
                    launch -> {
                        if (launch.llamaLib() != null) {
                            throw new OutOfMemoryError("unable to create native thread");
                        }
                        return loader(FullSpeedNode.loader(launch));
                    });
        } catch (ExitException e) {
            System.err.println(e.getMessage());
            status = e.status();
        }
        System.err.flush();
        Runtime.getRuntime().halt(status.number());
    }

    static ModelLoader loader(ModelLoader any) {
        return new ModelLoader() {
            private final NativeWatch watch = new NativeWatch();

            @Override
            public LoadedModel load(ModelConfig config, LoadProgress progress) {
                if (config.path().equals(Path.of("missing.gguf"))) {
                    throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, "path: there is no file missing.gguf");
                }
                if (config.path().equals(Path.of("threadless.gguf"))) {
                    throw new OutOfMemoryError("unable to create native thread");
                }
                if (config.path().equals(Path.of("fills.gguf"))) {
                    FullHeap.fill();
                }
                LoadedModel loaded = any.load(config, progress);
                if (config.path().equals(Path.of("hangs.gguf"))) {
                    ((FakeLoadedModel) loaded).model.whileExecuting = plan -> hang();
                }
                return loaded;
            }

            @Override
            public void watch(Duration withoutProgress, Consumer<String> hung) {
                watch.start(withoutProgress, hung);
            }

            /** A native call of a runner that never returns. */
            private void hang() {
                watch.calls("hangs.gguf").begin("llama_decode");
                while (true) {
                    LockSupport.park();
                }
            }

            @Override
            public Preview preview(ModelConfig config) {
                return any.preview(config);
            }

            @Override
            public NodeStatus.Library library() {
                return any.library();
            }
        };
    }
}
