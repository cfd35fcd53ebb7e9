package io.llamanode.service.model;

import io.llamanode.account.Holding;
import io.llamanode.chat.tools.AnswerFormat;
import io.llamanode.engine.Engine;
import io.llamanode.engine.llama.LlamaAdapter;
import io.llamanode.engine.llama.SamplerFactory;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.engine.sampling.ChainParams;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.engine.vector.VectorEngine;
import io.llamanode.gguf.FileKind;
import io.llamanode.gguf.MemoryEstimate;
import io.llamanode.llama.ModelLoadException;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.model.LoraAdapter;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.model.ModelHeader;
import io.llamanode.service.contract.model.ModelInfo;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.TemplateChoice;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A GGUF model on its engine. */
final class NativeModel implements LoadedModel {

    private final LlamaModel model;
    /** {@code null} if the model does not generate. */
    private final @Nullable Engine engine;

    private final VectorEngines vectors;
    private final Vocabulary vocabulary;
    private final long cacheBytesPerToken;
    private final SamplerFactory samplers;
    private final ModelInfo info;
    private final ModelHeader header;
    private final ChatTemplates templates;
    private final GenerationOptions sampling;
    private final Map<String, Setting> settings;

    /**
     * @param chatTemplate in place of the model's own, or {@code null}
     * @param settings what it was loaded with
     */
    NativeModel(
            String id,
            LlamaModel model,
            ModelTraits traits,
            ModelSizes sizes,
            @Nullable Engine engine,
            VectorEngines vectors,
            Vocabulary vocabulary,
            int maxQueue,
            @Nullable TemplateChoice chatTemplate,
            Map<String, Setting> settings) {
        this.model = model;
        this.engine = engine;
        this.vectors = vectors;
        this.header = ModelHeaders.read(model.file(), model.params().vocabOnly());
        this.vocabulary = vocabulary;
        int nCtx = sizes.nCtx();
        this.cacheBytesPerToken = MemoryEstimate.of(model.file(), nCtx, 1, 1, 1).kvCache() / nCtx;
        this.samplers = new SamplerFactory(model, vocabulary, nCtx);
        this.info = new ModelInfo(
                id,
                model.file().path().toString(),
                model.architecture(),
                model.description(),
                model.nParams(),
                model.sizeBytes(),
                sizes.nCtx(),
                model.nCtxTrain(),
                sizes.slots(),
                maxQueue,
                model.embeddingWidth(),
                traits.pooling(),
                traits.structure() != ModelTraits.Structure.ENCODER_DECODER,
                traits.capabilities());
        this.templates = new ChatTemplates(id, model, chatTemplate);
        this.sampling = FileSampling.read(model.file());
        this.settings = new LinkedHashMap<>(settings);
        this.settings.put("template", templates.setting());
    }

    @Override
    public GenerationOptions sampling() {
        return sampling;
    }

    @Override
    public Map<String, Setting> settings() {
        return settings;
    }

    @Override
    public ModelInfo info() {
        return info;
    }

    @Override
    public ModelHeader header() {
        return header;
    }

    @Override
    public @Nullable Engine engine() {
        return engine;
    }

    @Override
    public VectorEngine embedder() {
        return vectors.embedder();
    }

    @Override
    public VectorEngine ranker() {
        return vectors.ranker();
    }

    @Override
    public int[] pair(String query, String document) {
        return vectors.pair(query, document);
    }

    @Override
    public Adapter loadAdapter(Path path) {
        if (engine == null || model.hasEncoder()) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED,
                    "models of the architecture %s take no adapters".formatted(info.architecture()));
        }
        FileKind.notAFile(path).ifPresent(why -> {
            throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, "path: " + why);
        });
        try {
            return new LlamaAdapter(LoraAdapter.load(model, path));
        } catch (ModelLoadException e) {
            throw failure(e);
        } catch (UncheckedIOException e) {
            throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, Objects.requireNonNull(e.getMessage()));
        }
    }

    /** {@return what callers are told of a file that was not loaded, a model's or an adapter's} */
    static FailureException failure(ModelLoadException e) {
        return new FailureException(
                e.reason() == ModelLoadException.Reason.OUT_OF_MEMORY
                        ? ErrorCode.OUT_OF_MEMORY
                        : ErrorCode.MODEL_LOAD_FAILED,
                e.getMessage());
    }

    @Override
    public long cacheBytesPerToken() {
        return cacheBytesPerToken;
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public Sampler sampler(
            SamplingParams params, @Nullable ChainParams more, @Nullable Grammar grammar, @Nullable Holding holding) {
        return samplers.sampler(params, more, grammar, holding);
    }

    @Override
    public PromptText render(ChatTemplating request) {
        return templates.render(request);
    }

    @Override
    public AnswerFormat answerFormat(ChatTemplating request) {
        return templates.answerFormat(request);
    }

    @Override
    public void close() {
        vectors.close();
        if (engine != null) {
            engine.close();
        }
        model.close();
    }
}
