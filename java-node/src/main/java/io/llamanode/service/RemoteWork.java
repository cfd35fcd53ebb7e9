package io.llamanode.service;

import io.llamanode.engine.contract.EngineSnapshot;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.remote.RemoteModel;
import io.llamanode.remote.probe.ServerFacts;
import io.llamanode.remote.request.ServerKind;
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
import io.llamanode.service.contract.model.ServerConfig;
import io.llamanode.service.contract.task.AdapterScale;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TokenPiece;
import io.llamanode.service.contract.task.TokenText;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.prompt.InForce;
import io.llamanode.service.prompt.RemotePrompts;
import io.llamanode.service.prompt.Transcript;
import io.llamanode.service.threads.PrepareThreads;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The work of a model that a server runs. */
final class RemoteWork implements ModelWork {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteWork.class);

    private static final int MAX_QUEUE = 1_024;

    private final String id;
    private final ModelConfig config;
    private final ServerConfig server;
    private final RemoteModel model;
    private final RemotePrompts prompts;
    private final RemoteTasks jobs;
    private final PrepareThreads threads = PrepareThreads.ofServer();
    private final AtomicLong passedOn = new AtomicLong();
    /** Whether the last task was, of which the log has told. */
    private final AtomicBoolean passing = new AtomicBoolean();

    /** Asked for at each task, and put together when the server says something else. */
    private volatile @Nullable Told told;

    private record Told(@Nullable ServerFacts facts, int slots, ModelInfo info) {}

    private RemoteWork(String id, ModelConfig config, ServerConfig server, RemoteModel model) {
        this.id = id;
        this.config = config;
        this.server = server;
        this.model = model;
        this.prompts = new RemotePrompts(model, config.nCtx());
        this.jobs = new RemoteTasks(id, model, prompts, this::answers);
    }

    /**
     * Finds out what a server is. Slow.
     *
     * @throws FailureException {@code model_load_failed}, {@code unauthorized}, {@code invalid_argument}
     */
    static RemoteWork open(ModelConfig config, ServerConfig server) {
        RemoteModel model = RemoteModel.open(server, config.nParallel());
        ServerFacts known = model.known();
        String id = config.id() != null
                ? config.id()
                : server.model() != null
                        ? server.model()
                        : known == null ? "default" : Objects.requireNonNull(model.shown(known.model()));
        return new RemoteWork(id, config, server, model);
    }

    @Override
    public ModelInfo info() {
        ServerFacts known = model.known();
        int slots = model.state().size();
        Told last = told;
        if (last == null || last.slots() != slots || !Objects.equals(last.facts(), known)) {
            last = new Told(known, slots, info(known, slots));
            told = last;
        }
        return last.info();
    }

    private ModelInfo info(@Nullable ServerFacts known, int slots) {
        Integer nCtx = config.nCtx() != null ? config.nCtx() : known == null ? null : known.nCtx();
        return new ModelInfo(
                id,
                model.url(),
                "",
                "",
                0,
                0,
                nCtx == null ? 0 : nCtx,
                0,
                slots,
                config.maxQueue() == null ? MAX_QUEUE : config.maxQueue(),
                0,
                TaskInput.Pooling.NONE,
                true,
                known == null ? Set.of(Capability.values()) : known.capabilities());
    }

    @Override
    public @Nullable ModelHeader header() {
        return null;
    }

    @Override
    public ModelDefaults ofFile() {
        return ModelDefaults.NONE;
    }

    @Override
    public void refuseUnfit(ModelDefaults defaults) {
        prompts.refuseUnfit(defaults);
    }

    @Override
    public Map<String, Setting> settings(ModelDefaults defaults, Map<String, Origin> from) {
        return InForce.of(info(), sendsDefaults(), config, defaults, from);
    }

    @Override
    public boolean sendsDefaults() {
        ServerFacts known = model.known();
        return known != null && known.kind() == ServerKind.LLAMA_SERVER;
    }

    @Override
    public ServerReport server() {
        ServerFacts known = model.known();
        String trouble = model.trouble();
        if (known == null) {
            return new ServerReport(
                    model.url(),
                    null,
                    null,
                    null,
                    trouble,
                    model.pid(),
                    model.trustsContent(),
                    config.nCtx(),
                    null,
                    null,
                    null,
                    null,
                    null,
                    Set.of(),
                    elsewhere());
        }
        return new ServerReport(
                model.url(),
                known.kind().wireName(),
                model.shown(known.model()),
                model.shown(known.build()),
                trouble,
                model.pid(),
                model.trustsContent(),
                config.nCtx() != null ? config.nCtx() : known.nCtx(),
                known.nCtxTrain(),
                known.nVocab(),
                known.nEmbd(),
                known.nParams(),
                known.sizeBytes(),
                known.capabilities(),
                elsewhere());
    }

    private ServerReport.@Nullable Fallback elsewhere() {
        return fallback() == null ? null : new ServerReport.Fallback(fallback(), passedOn.get());
    }

    @Override
    public @Nullable String fallback() {
        return server.fallback();
    }

    @Override
    public void passesOn(Failure failure) {
        passedOn.incrementAndGet();
        if (!passing.getAndSet(true)) {
            LOG.warn("tasks of model {} go to {}: {}", id, fallback(), failure.message());
        }
    }

    private void answers() {
        if (passing.get() && passing.getAndSet(false)) {
            LOG.info("tasks of model {} are done by its server again", id);
        }
    }

    @Override
    public Job prepare(Task task, TaskInput input, Transcript transcript, Tasks tasks) {
        return jobs.prepare(task, input, transcript, tasks);
    }

    /** A server that does not answer holds up those alone who ask it. */
    @Override
    public PrepareThreads threads() {
        return threads;
    }

    @Override
    public AdapterSet adapters(List<AdapterScale> wanted, Supplier<LoadedAdapters> loaded) {
        // The server has them, and knows them by name when the request is written.
        return AdapterSet.NONE;
    }

    @Override
    public int[] tokenize(TokenText text) {
        return model.questions().tokenize(text.content(), text.addSpecial(), text.parseSpecial());
    }

    @Override
    public List<TokenPiece> pieces(TokenText text) {
        return model.questions().pieces(text.content(), text.addSpecial(), text.parseSpecial());
    }

    @Override
    public @Nullable Integer vocabularySize() {
        ServerFacts known = model.known();
        return known == null ? null : known.nVocab();
    }

    @Override
    public String detokenize(int[] tokens, boolean special) {
        return prompts.detokenize(tokens, special);
    }

    @Override
    public String render(ChatTemplating request) {
        if (request.template() != null) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED, "chat_template: the server renders with its own template");
        }
        if (!request.addGenerationPrompt()) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED,
                    "add_generation_prompt: the server always renders the beginning of an answer");
        }
        return model.questions().render(request.messages(), request.toolList(), request.templateKwargs());
    }

    @Override
    public EngineSnapshot snapshot() {
        return jobs.snapshot();
    }

    @Override
    public @Nullable Long cacheBytesPerToken() {
        return null;
    }

    @Override
    public void left(long cacheKey) {
        model.state().forget(cacheKey);
    }

    @Override
    public LoadedModel loaded(String what) {
        throw new FailureException(ErrorCode.UNSUPPORTED, "%s: model '%s' is run by a server".formatted(what, id));
    }

    @Override
    public void close() {
        threads.close();
        model.close();
        jobs.close();
    }
}
