package io.llamanode.service;

import io.llamanode.engine.Engine;
import io.llamanode.engine.EngineConfig;
import io.llamanode.engine.LlamaRunner;
import io.llamanode.engine.LlamaVocabulary;
import io.llamanode.gguf.FreeMemory;
import io.llamanode.gguf.GgufException;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.MemoryEstimate;
import io.llamanode.llama.ContextException;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.LlamaContext;
import io.llamanode.llama.LlamaLibrary;
import io.llamanode.llama.LlamaModel;
import io.llamanode.llama.ModelLoadException;
import io.llamanode.llama.ModelParams;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads GGUF models with llama.cpp. */
public final class NativeModelLoader implements ModelLoader {
    private static final Logger LOG = LoggerFactory.getLogger(NativeModelLoader.class);

    private static final int DEFAULT_CONTEXT = 4096;
    private static final int DEFAULT_SLOTS = 4;
    private static final int DEFAULT_BATCH = 512;
    private static final int DEFAULT_QUEUE = 1024;
    /** All layers, in llama.cpp's way of saying so. */
    private static final int ALL_LAYERS = 999;
    /** Prompt tokens of a step while others generate: about what doubles the time of a step of theirs. */
    private static final int PREFILL_SHARE = 32;

    private final LlamaLibrary library;

    /** @param library the native library, open */
    public NativeModelLoader(LlamaLibrary library) {
        this.library = library;
    }

    @Override
    public NodeStatus.Library library() {
        return new NodeStatus.Library(library.name(), library.version(), library.systemInfo());
    }

    @Override
    public LoadedModel load(ModelConfig config, LoadProgress progress) {
        GgufFile header = header(config);
        Sizes sizes = Sizes.of(config, header);
        refuseWhatDoesNotFit(config, header, sizes);
        LlamaModel model;
        try {
            int layers = config.nGpuLayers() == null ? 0 : config.nGpuLayers() < 0 ? ALL_LAYERS : config.nGpuLayers();
            boolean mapped = config.useMmap() == null || config.useMmap();
            model = LlamaModel.load(config.path(), new ModelParams(layers, mapped, false, false), fraction -> {
                progress.at(fraction);
                return true;
            });
        } catch (ModelLoadException e) {
            throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, e.getMessage());
        }
        try {
            return start(config, model, sizes);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    private static GgufFile header(ModelConfig config) {
        if (!Files.isRegularFile(config.path())) {
            throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, "path: there is no file " + config.path());
        }
        try {
            return GgufFile.read(config.path());
        } catch (GgufException | UncheckedIOException e) {
            throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, e.getMessage());
        }
    }

    /** What the configuration and the model's header make of the sizes. */
    private record Sizes(int nCtx, int slots, int nBatch, int nUbatch) {
        static Sizes of(ModelConfig config, GgufFile header) {
            int trained = (int) Math.min(Integer.MAX_VALUE, header.parameter("context_length").orElse(DEFAULT_CONTEXT));
            int nCtx = config.nCtx() != null ? config.nCtx() : Math.min(Math.max(trained, 2), DEFAULT_CONTEXT);
            if (nCtx < 2) {
                throw FailureException.invalid("n_ctx: %d leaves no room for a prompt and an answer".formatted(nCtx));
            }
            int slots = config.nParallel() != null ? config.nParallel() : DEFAULT_SLOTS;
            // A batch must hold a token of every slot.
            int nBatch = Math.max(slots, config.nBatch() != null ? config.nBatch() : DEFAULT_BATCH);
            int nUbatch = config.nUbatch() != null ? config.nUbatch() : DEFAULT_BATCH;
            // No computation is larger than what all slots hold together.
            return new Sizes(nCtx, slots, nBatch, (int) Math.min(Math.min(nUbatch, nBatch), (long) nCtx * slots));
        }

        /** Cells of all slots, and the free ones without which a fragmented cache cannot be put in order. */
        long cells() {
            return (long) nCtx * slots + nUbatch;
        }
    }

    private static void refuseWhatDoesNotFit(ModelConfig config, GgufFile header, Sizes sizes) {
        long required = MemoryEstimate.of(header, sizes.cells(), sizes.nBatch(), sizes.nUbatch(), sizes.slots()).total();
        OptionalLong available = FreeMemory.available();
        if (sizes.cells() > Integer.MAX_VALUE / 2 || available.isPresent() && required > available.getAsLong()) {
            throw new FailureException(
                    ErrorCode.OUT_OF_MEMORY,
                    "%s with n_ctx %d in %d slots needs about %d bytes; %s are available"
                            .formatted(
                                    config.path(),
                                    sizes.nCtx(),
                                    sizes.slots(),
                                    required,
                                    available.isPresent() ? available.getAsLong() : "an unknown number"));
        }
    }

    private static LoadedModel start(ModelConfig config, LlamaModel model, Sizes sizes) {
        if (!model.hasDecoder() || model.hasEncoder()) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED, "models of architecture %s do not complete text".formatted(model.architecture()));
        }
        LlamaContext context;
        try {
            context = model.newContext(contextParams(config, sizes));
        } catch (ContextException e) {
            throw new FailureException(ErrorCode.OUT_OF_MEMORY, e.getMessage());
        } catch (IllegalArgumentException e) {
            throw FailureException.invalid(e.getMessage());
        }
        LlamaVocabulary vocabulary = new LlamaVocabulary(model.vocab());
        String id = ModelRegistry.id(config);
        int prefillShare = Math.min(PREFILL_SHARE, sizes.nBatch());
        int queue = config.maxQueue() != null ? config.maxQueue() : DEFAULT_QUEUE;
        EngineConfig engineConfig =
                new EngineConfig(sizes.slots(), sizes.nCtx(), sizes.nBatch(), prefillShare);
        Engine engine = new Engine(
                "engine-" + id, new LlamaRunner(context, sizes.nBatch()), vocabulary, engineConfig);
        engine.start();
        LOG.info("model {} is ready: {}, {} slots of {} tokens", id, model.description(), sizes.slots(), sizes.nCtx());
        return new NativeModel(id, model, engine, vocabulary, queue);
    }

    private static ContextParams contextParams(ModelConfig config, Sizes sizes) {
        int cores = Runtime.getRuntime().availableProcessors();
        int threads = config.nThreads() != null ? config.nThreads() : cores;
        int batchThreads = config.nThreadsBatch() != null ? config.nThreadsBatch() : threads;
        ContextParams base =
                ContextParams.generation((int) sizes.cells(), sizes.nBatch(), sizes.slots(), threads);
        return new ContextParams(
                base.nCtx(),
                base.nBatch(),
                sizes.nUbatch(),
                base.nSeqMax(),
                threads,
                batchThreads,
                false,
                base.pooling(),
                base.typeK(),
                base.typeV(),
                base.flashAttn());
    }
}
