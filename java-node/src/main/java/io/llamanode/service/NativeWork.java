package io.llamanode.service;

import io.llamanode.engine.contract.EngineSnapshot;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.ServerReport;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelDefaults;
import io.llamanode.service.contract.model.ModelHeader;
import io.llamanode.service.contract.model.ModelInfo;
import io.llamanode.service.contract.task.AdapterScale;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TokenPiece;
import io.llamanode.service.contract.task.TokenText;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.prompt.DefaultChecks;
import io.llamanode.service.prompt.InForce;
import io.llamanode.service.prompt.Transcript;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The work of a model that this process has loaded. */
final class NativeWork implements ModelWork {
    private final LoadedModel model;
    private final ModelConfig config;

    /** @param config how it was loaded */
    NativeWork(LoadedModel model, ModelConfig config) {
        this.model = model;
        this.config = config;
    }

    @Override
    public ModelInfo info() {
        return model.info();
    }

    @Override
    public ModelHeader header() {
        return model.header();
    }

    @Override
    public @Nullable ServerReport server() {
        return null;
    }

    @Override
    public @Nullable String fallback() {
        return null;
    }

    @Override
    public void passesOn(Failure failure) {
        throw new IllegalStateException("no server refuses: " + failure);
    }

    @Override
    public ModelDefaults ofFile() {
        return new ModelDefaults(model.sampling(), ChatOptions.NONE, null);
    }

    @Override
    public void refuseUnfit(ModelDefaults defaults) {
        refuseExtra(defaults.options());
        DefaultChecks.refuseUnfit(model, defaults);
    }

    @Override
    public Map<String, Setting> settings(ModelDefaults defaults, Map<String, Origin> from) {
        return InForce.of(model, config, defaults, from);
    }

    @Override
    public boolean sendsDefaults() {
        return true;
    }

    @Override
    public Job prepare(Task task, TaskInput input, Transcript transcript, Tasks tasks) {
        refuseExtra(task.options);
        return switch (input) {
            case TaskInput.Generating text -> GenerationTasks.prepare(task, text, transcript, tasks);
            case TaskInput.Vectors vectors -> VectorTasks.prepare(task, vectors, tasks);
        };
    }

    private void refuseExtra(GenerationOptions options) {
        if (options.extra() != null && !options.extra().isEmpty()) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED,
                    "extra: is for models that a server runs; the node runs '%s' itself"
                            .formatted(model.info().id()));
        }
    }

    @Override
    public AdapterSet adapters(List<AdapterScale> wanted, Supplier<LoadedAdapters> loaded) {
        return loaded.get().set(wanted);
    }

    @Override
    public int[] tokenize(TokenText text) {
        requireTokenizer();
        return model.vocabulary().tokenize(text.content(), text.addSpecial(), text.parseSpecial());
    }

    @Override
    public List<TokenPiece> pieces(TokenText text) {
        int[] ids = tokenize(text);
        List<TokenPiece> pieces = new ArrayList<>(ids.length);
        for (int id : ids) {
            pieces.add(new TokenPiece(id, model.vocabulary().spelling(id)));
        }
        return pieces;
    }

    @Override
    public Integer vocabularySize() {
        return model.vocabulary().size();
    }

    @Override
    public String detokenize(int[] tokens, boolean special) {
        requireTokenizer();
        return model.vocabulary().detokenize(tokens, special);
    }

    private void requireTokenizer() {
        if (!model.info().capabilities().contains(Capability.TOKENIZE)) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED,
                    "model '%s' has no tokenizer".formatted(model.info().id()));
        }
    }

    @Override
    public String render(ChatTemplating request) {
        return model.render(request).text();
    }

    @Override
    public EngineSnapshot snapshot() {
        return model.engine() == null ? EngineSnapshot.NONE : model.engine().snapshot();
    }

    @Override
    public Long cacheBytesPerToken() {
        return model.cacheBytesPerToken();
    }

    @Override
    public void left(long cacheKey) {
        if (model.engine() != null) {
            model.engine().leave(cacheKey);
        }
    }

    @Override
    public LoadedModel loaded(String what) {
        return model;
    }

    @Override
    public void close() {
        model.close();
    }
}
