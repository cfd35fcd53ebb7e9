package io.llamanode.engine.llama;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.Engine;
import io.llamanode.engine.Recorder;
import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.testmodel.SyntheticModels;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** An engine of four slots on a model of random weights, which says anything as likely as anything else. */
@ParameterizedClass
@EnumSource(TestLibrary.class)
abstract class SamplingFixture {
    static final int SLOTS = 4;
    static final int N_CTX = 256;

    @TempDir
    static Path folder;

    static LlamaModel model;

    @Parameter
    TestLibrary library;

    LlamaVocabulary vocabulary;
    SamplerFactory samplers;
    Engine engine;
    private long ids;

    @BeforeParameterizedClassInvocation
    static void load(TestLibrary library) {
        model = library.loadForAll(() -> SyntheticModels.write(SyntheticModels.tiny(), folder.resolve("tiny.gguf")));
    }

    @AfterParameterizedClassInvocation
    static void unload() {
        if (model != null) {
            model.close();
        }
    }

    @BeforeEach
    void start() {
        library.open();
        vocabulary = new LlamaVocabulary(model.vocab());
        samplers = new SamplerFactory(model, vocabulary, N_CTX);
        ContextParams params =
                ContextParams.generation(SLOTS * N_CTX + 32, 32, SLOTS, 1).withKvUnified(false);
        engine = new Engine(
                "test",
                new LlamaRunner(LlamaContext.create(model, params), 32),
                vocabulary,
                new EngineConfig(SLOTS, N_CTX, 32, 16));
        engine.start();
    }

    @AfterEach
    void stop() {
        if (engine != null) {
            engine.close();
        }
    }

    static SamplingParams params(long seed, Map<Integer, Float> bias) {
        return new SamplingParams(1, 40, 0.95f, 0.05f, 1.1f, 64, 0, 0, seed, bias);
    }

    /** {@return biases that rule out every token that ends a generation} */
    Map<Integer, Float> noEnd() {
        Map<Integer, Float> never = new HashMap<>();
        for (int token : vocabulary.endOfGenerationTokens()) {
            never.put(token, Float.NEGATIVE_INFINITY);
        }
        return never;
    }

    Recorder submit(int maxTokens, SamplingParams params, Sampler sampler) {
        return submit(maxTokens, params, GenerationRequest.NO_PROBABILITIES, sampler);
    }

    /** A request in a session of its own. */
    Recorder submit(int maxTokens, SamplingParams params, int alternatives, Sampler sampler) {
        Recorder recorder = new Recorder();
        int[] prompt = vocabulary.tokenize("tell", true, false);
        long id = ++ids;
        if (sampler != null) {
            for (int token : prompt) {
                sampler.accept(token);
            }
        }
        assertTrue(engine.submit(
                new GenerationRequest(
                        id,
                        id,
                        "somebody",
                        prompt,
                        maxTokens,
                        params,
                        List.of(),
                        0,
                        true,
                        CacheUse.ALL,
                        GenerationRequest.NO_DEADLINE,
                        0,
                        AdapterSet.NONE,
                        alternatives,
                        sampler),
                recorder,
                () -> {}));
        return recorder;
    }

    static String text(Recorder answer) {
        answer.outcome();
        return answer.text();
    }
}
