package io.llamanode.service.model;

import io.llamanode.engine.Engine;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.llama.EncoderDecoderRunner;
import io.llamanode.engine.llama.LlamaRunner;
import io.llamanode.engine.llama.LlamaVocabulary;
import io.llamanode.engine.model.ModelRunner;
import io.llamanode.gguf.FileKind;
import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufException;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.MemoryEstimate;
import io.llamanode.llama.ContextException;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.ModelLoadException;
import io.llamanode.llama.ModelParams;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.PrefixSharing;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.model.FlashAttention;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.task.OptionValues;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads GGUF models with llama.cpp.
 *
 * <p>For the threads that {@link ModelLoader} names.
 */
public final class NativeModelLoader implements ModelLoader {
    private static final Logger LOG = LoggerFactory.getLogger(NativeModelLoader.class);

    private static final int DEFAULT_QUEUE = 1024;
    /** All layers, in llama.cpp's way of saying so. */
    private static final int ALL_LAYERS = 999;
    /** Prompt tokens of a step while others generate: about what doubles the time of a step of theirs. */
    private static final int PREFILL_SHARE = 32;

    /** What a task may generate before it leaves its slot to another owner: a long answer is over by then. */
    private static final int SLOT_TOKENS = 4096;
    /** How long it may do so: other owners wait a minute for each slot's turn at most. */
    private static final long SLOT_MS = 60_000;

    /** Cells that are copied in about the time in which a token of a prompt is computed; docs/decisions/scheduling.md. */
    private static final int COPIED_CELLS = 400;

    /** Tokens of context of a model whose adapter is in doubt. */
    private static final int PROBED_CONTEXT = 512;

    private final LlamaLibrary library;
    private final FileProbe files;

    /**
     * Loads with a native library; one loader serves all models.
     *
     * @param library the native library, open
     * @param files probes files where that is asked for
     */
    public NativeModelLoader(LlamaLibrary library, FileProbe files) {
        this.library = library;
        this.files = files;
    }

    @Override
    public void watch(Duration withoutProgress, Consumer<String> hung) {
        library.watch.start(withoutProgress, hung);
    }

    @Override
    public NodeStatus.Library library() {
        return new NodeStatus.Library(
                library.name(),
                library.version(),
                library.systemInfo(),
                library.path().map(Path::toString).orElse(null),
                library.why());
    }

    /**
     * Reads a model's header and looks whether there is room for it; loads nothing.
     *
     * @param config what would be loaded and how
     * @throws FailureException {@code model_load_failed}, {@code out_of_memory} or {@code invalid_argument}
     */
    public static void check(ModelConfig config) {
        GgufFile header = header(config);
        ModelTraits traits = ModelTraits.of(header, false);
        refuseWhatDoesNotFit(config, header, traits, ModelSizes.of(config, header, traits), 0);
    }

    @Override
    public Preview preview(ModelConfig config) {
        GgufFile header = header(config);
        boolean vocabOnly = vocabOnly(config);
        ModelTraits traits = ModelTraits.of(header, vocabOnly);
        ModelSizes sizes = ModelSizes.of(config, header, traits);
        return new Preview(
                ModelHeaders.read(header, vocabOnly),
                vocabOnly ? OptionalLong.of(0) : sizes.estimate(header, traits).counted());
    }

    @Override
    public void probe(ModelConfig config, @Nullable Path adapter, CompletableFuture<?> withdrawn) {
        GgufFile header = header(config);
        if (adapter == null) {
            probeModel(config, header, withdrawn);
        } else {
            probeAdapter(config, header, adapter, withdrawn);
        }
    }

    /** What this process would refuse starts no other one. */
    private void probeModel(ModelConfig config, GgufFile header, CompletableFuture<?> withdrawn) {
        boolean vocabOnly = vocabOnly(config);
        try {
            LlamaModel.check(library, header, vocabOnly);
        } catch (ModelLoadException e) {
            throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, e.getMessage());
        }
        if (!vocabOnly) {
            ModelTraits traits = ModelTraits.of(header, false);
            ModelSizes sizes = ModelSizes.of(config, header, traits);
            sizes.refuseWhatCannotBeCounted(config.path().toString());
            ModelSizes.refuseProcess(config.path(), sizes.estimate(header, traits));
        }
        files.require(header, config, null, withdrawn);
    }

    /** The other process has the model once more, with as little context as will do; what is mapped, both have together. */
    private void probeAdapter(ModelConfig config, GgufFile model, Path adapter, CompletableFuture<?> withdrawn) {
        ModelTraits traits = ModelTraits.of(model, false);
        ModelConfig small = new ModelConfig(
                config.path(),
                null,
                Math.min(PROBED_CONTEXT, ModelSizes.of(config, model, traits).nCtx()),
                1,
                null,
                null,
                config.nThreads(),
                config.nThreadsBatch(),
                null,
                config.useMmap(),
                config.nGpuLayers());
        MemoryEstimate required = ModelSizes.of(small, model, traits).estimate(model, traits);
        ModelSizes.refuseProcess(adapter, mapped(config) ? required.withoutWeights() : required);
        files.require(model, small, header(adapter, GgufFile::read), withdrawn);
    }

    private static boolean mapped(ModelConfig config) {
        return config.useMmap() == null || config.useMmap();
    }

    private static boolean vocabOnly(ModelConfig config) {
        return Boolean.TRUE.equals(config.vocabOnly());
    }

    @Override
    public LoadedModel load(ModelConfig config, LoadProgress progress) {
        GgufFile header = header(config);
        boolean vocabOnly = vocabOnly(config);
        ModelTraits traits = ModelTraits.of(header, vocabOnly);
        ModelSizes sizes = ModelSizes.of(config, header, traits);
        if (!vocabOnly) {
            refuseWhatDoesNotFit(config, header, traits, sizes, library.contextAddresses());
        }
        LlamaModel model;
        try {
            int layers = config.nGpuLayers() == null ? 0 : config.nGpuLayers() < 0 ? ALL_LAYERS : config.nGpuLayers();
            boolean checked = Boolean.TRUE.equals(config.checkTensors());
            ModelParams params = new ModelParams(layers, mapped(config), false, vocabOnly, checked);
            model = LlamaModel.load(library, header, params, fraction -> {
                progress.at(fraction);
                return true;
            });
        } catch (ModelLoadException e) {
            throw NativeModel.failure(e);
        }
        LoadedModel loaded;
        try {
            loaded = start(config, model, traits, sizes);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
        try {
            ModelSizes.refuseWhatLeavesNothing(named(config, sizes));
        } catch (FailureException e) {
            loaded.close();
            throw e;
        }
        return loaded;
    }

    private static GgufFile header(ModelConfig config) {
        return header(config.path(), GgufFile::readModel);
    }

    private static GgufFile header(Path path, Function<Path, GgufFile> read) {
        FileKind.notAFile(path).ifPresent(why -> {
            throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, "path: " + why);
        });
        try {
            return read.apply(path);
        } catch (GgufException | UncheckedIOException e) {
            throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, Objects.requireNonNull(e.getMessage()));
        }
    }

    private static void refuseWhatDoesNotFit(
            ModelConfig config, GgufFile header, ModelTraits traits, ModelSizes sizes, long fixed) {
        sizes.refuseWhatCannotBeCounted(config.path().toString());
        ModelSizes.refuseWhatDoesNotFit(named(config, sizes), sizes.estimate(header, traits), fixed);
    }

    private static String named(ModelConfig config, ModelSizes sizes) {
        return "%s with n_ctx %d in %d slots".formatted(config.path(), sizes.nCtx(), sizes.slots());
    }

    private LoadedModel start(ModelConfig config, LlamaModel model, ModelTraits traits, ModelSizes sizes) {
        String id = config.effectiveId();
        // Who left the size to the file can do nothing about it.
        if (config.nCtx() != null && sizes.nCtx() > model.nCtxTrain() && model.nCtxTrain() > 0 && traits.generates()) {
            LOG.warn(
                    "model {}: n_ctx {} is more than the {} tokens it was trained with, and what goes beyond may be poor",
                    id,
                    sizes.nCtx(),
                    model.nCtxTrain());
        }
        int queue = config.maxQueue() != null ? config.maxQueue() : DEFAULT_QUEUE;
        Map<String, Setting> settings = settings(config, model, sizes, queue);
        LlamaVocabulary vocabulary = new LlamaVocabulary(model.vocab());
        VectorEngines vectors = new VectorEngines(
                id, model, traits, sizes, threads(config), batchThreads(config), flash(config), together(config));
        if (traits.generates()) {
            Engine engine = engine(id, config, model, vocabulary, sizes);
            return new NativeModel(
                    id, model, traits, sizes, engine, vectors, vocabulary, queue, config.chatTemplate(), settings);
        }
        // Made now, so that what does not fit fails here and not at the first request.
        if (traits.can(Capability.RERANK)) {
            vectors.ranker();
        } else if (traits.can(Capability.EMBEDDING)) {
            vectors.embedder();
        }
        return new NativeModel(
                id, model, traits, sizes, null, vectors, vocabulary, queue, config.chatTemplate(), settings);
    }

    private Engine engine(
            String id, ModelConfig config, LlamaModel model, LlamaVocabulary vocabulary, ModelSizes sizes) {
        if (model.hasEncoder() && config.flashAttn() == FlashAttention.ON) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED,
                    "flash_attn: a model with an encoder and a decoder has none; use auto or false");
        }
        LlamaContext context;
        try {
            context = LlamaContext.create(model, contextParams(config, sizes));
        } catch (ContextException e) {
            throw new FailureException(ErrorCode.OUT_OF_MEMORY, e.getMessage());
        } catch (IllegalArgumentException e) {
            throw FailureException.invalid(Objects.requireNonNull(e.getMessage()));
        }
        ModelRunner runner = model.hasEncoder()
                ? new EncoderDecoderRunner(context, sizes.nBatch())
                : new LlamaRunner(context, sizes.nBatch());
        int prefillShare = Math.min(PREFILL_SHARE, sizes.nBatch());
        EngineConfig engineConfig = new EngineConfig(sizes.slots(), sizes.nCtx(), sizes.nBatch(), prefillShare)
                .withTurns(slotTokens(config), TimeUnit.MILLISECONDS.toNanos(slotMs(config)))
                .withSimilarity(similarity(config))
                .withLeastCopied(leastCopied(sizes, runner))
                .withContinuousBatching(together(config));
        Engine engine = new Engine("engine-" + id, runner, vocabulary, engineConfig);
        try {
            engine.start();
        } catch (OutOfMemoryError e) {
            engine.close();
            throw e;
        }
        return engine;
    }

    private static boolean together(ModelConfig config) {
        return config.contBatching() == null || config.contBatching();
    }

    /** {@return what is said of flash attention, {@code null} for what llama.cpp takes by itself} */
    private static @Nullable Boolean flash(ModelConfig config) {
        return switch (config.flashAttn()) {
            case null -> null;
            case AUTO -> null;
            case ON -> true;
            case OFF -> false;
        };
    }

    private Map<String, Setting> settings(ModelConfig config, LlamaModel model, ModelSizes sizes, int queue) {
        ContextParams params = contextParams(config, sizes);
        Map<String, Setting> settings = new LinkedHashMap<>(sizes.settings(model.file()));
        settings.put("n_threads", new Setting(threads(config), Origin.AUTO));
        settings.put("n_threads_batch", new Setting(batchThreads(config), Origin.AUTO));
        settings.put(
                "n_gpu_layers", new Setting(config.nGpuLayers() != null ? config.nGpuLayers() : 0, Origin.DEFAULT));
        // The older library uses none by itself.
        boolean none = flash(config) == null && library.version().equals("b4916");
        FlashAttention asked = config.flashAttn() == null ? FlashAttention.AUTO : config.flashAttn();
        settings.put(
                "flash_attn", new Setting(none ? (Object) false : asked.value(), none ? Origin.AUTO : Origin.DEFAULT));
        settings.put("cont_batching", new Setting(together(config), Origin.DEFAULT));
        settings.put("use_mmap", new Setting(mapped(config), Origin.DEFAULT));
        settings.put("cache_type_k", new Setting(type(params.typeK()), Origin.DEFAULT));
        settings.put("cache_type_v", new Setting(type(params.typeV()), Origin.DEFAULT));
        settings.put("max_queue", new Setting(queue, Origin.DEFAULT));
        settings.put("slot_tokens", new Setting(slotTokens(config), Origin.DEFAULT));
        settings.put("slot_ms", new Setting(slotMs(config), Origin.DEFAULT));
        settings.put("slot_prompt_similarity", new Setting(similarity(config), Origin.DEFAULT));
        PrefixSharing sharing = config.sharePrefixes() != null ? config.sharePrefixes() : PrefixSharing.NODE;
        settings.put("share_prefixes", new Setting(new Setting.Word(sharing.wireName()), Origin.DEFAULT));
        return settings;
    }

    private static Setting.Word type(GgmlType type) {
        return new Setting.Word(type.name().toLowerCase(Locale.ROOT));
    }

    private static int slotTokens(ModelConfig config) {
        return config.slotTokens() != null ? config.slotTokens() : SLOT_TOKENS;
    }

    private static long slotMs(ModelConfig config) {
        return config.slotMs() != null ? config.slotMs() : SLOT_MS;
    }

    private static double similarity(ModelConfig config) {
        Double given = OptionValues.real(config.slotPromptSimilarity());
        return given != null ? given : EngineConfig.SIMILARITY;
    }

    /** Cells that are shared cost nothing; others are copied as a whole, with those that hold nothing. */
    private static int leastCopied(ModelSizes sizes, ModelRunner runner) {
        int computed = runner.sharesCells() ? 0 : sizes.nCtx() / COPIED_CELLS;
        return Math.max(EngineConfig.LEAST_COPIED, computed);
    }

    private int threads(ModelConfig config) {
        int cores = Runtime.getRuntime().availableProcessors();
        // Spinning threads need cores to themselves; one is left to everybody else.
        int defaultThreads = library.threadsSleep() ? cores : Math.max(1, cores - 1);
        return config.nThreads() != null ? config.nThreads() : defaultThreads;
    }

    private int batchThreads(ModelConfig config) {
        return config.nThreadsBatch() != null ? config.nThreadsBatch() : threads(config);
    }

    private ContextParams contextParams(ModelConfig config, ModelSizes sizes) {
        ContextParams base =
                ContextParams.generation((int) sizes.cells(), sizes.nBatch(), sizes.slots(), threads(config));
        return new ContextParams(
                base.nCtx(),
                base.nBatch(),
                sizes.nUbatch(),
                base.nSeqMax(),
                base.nThreads(),
                batchThreads(config),
                false,
                base.pooling(),
                base.typeK(),
                base.typeV(),
                flash(config),
                false); // Slots share no tokens.
    }
}
