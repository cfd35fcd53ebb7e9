package io.llamanode.service.model;

import io.llamanode.account.Holding;
import io.llamanode.chat.ChatTemplate;
import io.llamanode.chat.tools.AnswerFormat;
import io.llamanode.engine.Engine;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.FakeModel;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.engine.sampling.Candidates;
import io.llamanode.engine.sampling.ChainParams;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.engine.sampling.TokenSampler;
import io.llamanode.engine.vector.VectorEngine;
import io.llamanode.engine.vector.VectorRunner;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.model.ModelHeader;
import io.llamanode.service.contract.model.ModelInfo;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.TaskInput;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** A loaded model whose engine runs a {@link FakeModel}; its template is {@code role:content;}. */
public final class FakeLoadedModel implements LoadedModel {
    public final FakeModel model = new FakeModel();
    /** Adapters that are not closed. */
    public final AtomicInteger adapters = new AtomicInteger();
    /** Run by each load of an adapter. */
    public volatile Runnable loadingAdapter = () -> {};
    /** Run before each sampler is made. */
    public volatile Runnable makingSampler = () -> {};
    /** Samplers that are not closed. */
    public final AtomicInteger samplers = new AtomicInteger();

    /** Samplers that were made. */
    public final AtomicInteger samplersMade = new AtomicInteger();
    /** What the samplers that were made were told of, in order. */
    public final List<Integer> accepted = Collections.synchronizedList(new ArrayList<>());
    /** What the last sampler was to do besides the common settings. */
    public volatile ChainParams chain;
    /** What the last sampler was to keep to. */
    public volatile Grammar grammar;
    /** What it is said to have, whatever the engine has. */
    public int nCtx;

    public Set<Capability> capabilities = EnumSet.allOf(Capability.class);
    public boolean reusesPrompts = true;
    /** Makes the vectors of both engines; without it there are none. */
    public VectorRunner vectors;
    /** What a vector has of floats. */
    public int width = 2;

    private final Candidates scratch = new Candidates();
    private VectorEngine vectorEngine;
    /** Real ones in place of the fake. */
    private ChatTemplates templates;

    private static final AnswerFormat PLAIN =
            ChatTemplate.parse("{{ messages[0].content }}").answerFormat();
    private final String id;
    private final Engine engine;
    private final int maxQueue;

    /**
     * @param id of the model
     * @param slots of its engine
     * @param maxQueue tasks that may wait
     */
    public FakeLoadedModel(String id, int slots, int maxQueue) {
        this(id, slots, maxQueue, 256);
    }

    /**
     * @param id of the model
     * @param slots of its engine
     * @param maxQueue tasks that may wait
     * @param nCtx tokens of each slot
     */
    public FakeLoadedModel(String id, int slots, int maxQueue, int nCtx) {
        this.id = id;
        this.maxQueue = maxQueue;
        this.nCtx = nCtx;
        this.engine = new Engine(id, model, model, new EngineConfig(slots, nCtx, Math.max(64, nCtx / 4), 16));
        engine.start();
    }

    /**
     * Renders with real templates from here on.
     *
     * @param source of the model's own
     * @param variants by name
     */
    public void useTemplates(String source, Map<String, String> variants) {
        templates = new ChatTemplates(id, source, variants, null, "", "");
    }

    /** What its file says. */
    public GenerationOptions sampling = GenerationOptions.NONE;

    @Override
    public GenerationOptions sampling() {
        return sampling;
    }

    @Override
    public Map<String, Setting> settings() {
        return Map.of("n_ctx", new Setting(nCtx, Origin.MODEL));
    }

    @Override
    public ModelInfo info() {
        return new ModelInfo(
                id,
                "/models/" + id,
                "fake",
                "fake",
                1,
                1,
                nCtx,
                256,
                engine.config().slots(),
                maxQueue,
                width,
                TaskInput.Pooling.MEAN,
                reusesPrompts,
                capabilities);
    }

    @Override
    public ModelHeader header() {
        return new ModelHeader(
                "/models/" + id, "fake", null, 1, "F32", 1, 1, 256, 2, 1, 257, "role:content;", info().capabilities());
    }

    @Override
    public Engine engine() {
        return engine;
    }

    @Override
    public VectorEngine embedder() {
        return vectorEngine("no embeddings");
    }

    @Override
    public VectorEngine ranker() {
        return vectorEngine("no scores");
    }

    private synchronized VectorEngine vectorEngine(String none) {
        if (vectors == null) {
            throw new FailureException(ErrorCode.UNSUPPORTED, none);
        }
        if (vectorEngine == null) {
            vectorEngine = new VectorEngine("vectors-" + id, vectors, true);
            vectorEngine.start();
        }
        return vectorEngine;
    }

    @Override
    public int[] pair(String query, String document) {
        return model.tokenize(query + document, false, false);
    }

    @Override
    public Adapter loadAdapter(Path path) {
        loadingAdapter.run();
        adapters.incrementAndGet();
        return adapters::decrementAndGet;
    }

    @Override
    public long cacheBytesPerToken() {
        return 100;
    }

    @Override
    public Vocabulary vocabulary() {
        return model;
    }

    @Override
    public Sampler sampler(SamplingParams params, ChainParams more, Grammar wanted, Holding holding) {
        makingSampler.run();
        if (wanted != null) {
            // As an engine does, which refuses what is none.
            wanted.language().rules();
        }
        chain = more;
        grammar = wanted;
        TokenSampler sampler = new TokenSampler(params, scratch);
        samplers.incrementAndGet();
        samplersMade.incrementAndGet();
        return new Sampler() {
            @Override
            public void accept(int token) {
                accepted.add(token);
                sampler.accept(token);
            }

            @Override
            public int sample(float[] logits) {
                return sampler.sample(logits);
            }

            @Override
            public void close() {
                samplers.decrementAndGet();
            }
        };
    }

    @Override
    public PromptText render(ChatTemplating request) {
        if (templates != null) {
            return templates.render(request);
        }
        PromptText.Builder text = new PromptText.Builder();
        for (Map<String, Object> message : request.messages()) {
            text.add(message.get("role") + ":", true)
                    .add(message.get("content").toString(), false)
                    .add("<eog>", true);
        }
        return request.addGenerationPrompt() ? text.add("assistant:", true).build() : text.build();
    }

    @Override
    public AnswerFormat answerFormat(ChatTemplating request) {
        return templates != null ? templates.answerFormat(request) : PLAIN;
    }

    @Override
    public void close() {
        engine.close();
        synchronized (this) {
            if (vectorEngine != null) {
                vectorEngine.close();
            }
        }
    }
}
