package io.llamanode.engine.llama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.Engine;
import io.llamanode.engine.Recorder;
import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationListener;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.testmodel.SyntheticModels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine on a real context, with a model of random weights. */
@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class LlamaRunnerTest {

    @Parameter
    private TestLibrary library;

    @TempDir
    private static Path folder;

    private static LlamaModel model;

    private LlamaVocabulary vocabulary;

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
    void requireLibrary() {
        library.open();
        vocabulary = new LlamaVocabulary(model.vocab());
    }

    private Engine engine(int slots, int nCtx) {
        return engine(slots, nCtx, 32);
    }

    /** @param spare cells beyond those of the slots */
    private Engine engine(int slots, int nCtx, int spare) {
        ContextParams params =
                ContextParams.generation(slots * nCtx + spare, 32, slots, 1).withKvUnified(false);
        LlamaRunner runner = new LlamaRunner(LlamaContext.create(model, params), 32);
        Engine engine = new Engine("test", runner, vocabulary, new EngineConfig(slots, nCtx, 32, 16));
        engine.start();
        return engine;
    }

    private GenerationRequest request(long id, String prompt, int maxTokens, SamplingParams sampling) {
        return new GenerationRequest(
                id,
                id,
                "somebody",
                vocabulary.tokenize(prompt, true, false),
                maxTokens,
                sampling,
                List.of(),
                4,
                true,
                CacheUse.ALL,
                GenerationRequest.NO_DEADLINE);
    }

    /** Never ends by itself. */
    private SamplingParams endless(long seed) {
        Map<Integer, Float> never = new HashMap<>();
        for (int token : vocabulary.endOfGenerationTokens()) {
            never.put(token, Float.NEGATIVE_INFINITY);
        }
        return new SamplingParams(1, 40, 1, 0, 1, 0, 0, 0, seed, never);
    }

    private static Recorder submit(Engine engine, GenerationRequest request) {
        Recorder recorder = new Recorder();
        assertTrue(engine.submit(request, recorder, () -> {}));
        return recorder;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 32, 512})
    void streamsGoOnFarPastTheirContextsInAFragmentedCache(int spare) {
        try (Engine engine = engine(3, 64, spare)) {
            List<Recorder> streams = new ArrayList<>();
            // Different lengths, so that the shifts come at different times and leave holes of one cell.
            for (int i = 1; i <= 3; i++) {
                streams.add(submit(engine, request(i, "ab".repeat(3 * i), 700, endless(i))));
            }
            for (int i = 4; i <= 12; i++) {
                streams.add(submit(engine, request(i, "xyz".repeat(i), 10 * i, endless(i))));
            }
            for (Recorder stream : streams) {
                assertEquals(Ending.LIMIT, stream.outcome().ending());
            }
            assertTrue(engine.snapshot().contextShifts() > 30);
        }
    }

    @Test
    void theSameSeedGivesTheSameTextAlone() {
        try (Engine engine = engine(1, 128)) {
            int[] first = submit(engine, request(1, "hello", 40, endless(7)))
                    .outcome()
                    .completion();
            int[] second = submit(engine, request(2, "hello", 40, endless(7)))
                    .outcome()
                    .completion();
            int[] other = submit(engine, request(3, "hello", 40, endless(8)))
                    .outcome()
                    .completion();
            assertEquals(box(first), box(second));
            assertTrue(!box(first).equals(box(other)));
        }
    }

    @Test
    void aReusedPrefixGivesTheTokensOfAFreshEvaluation() {
        try (Engine engine = engine(1, 128)) {
            GenerationRequest request = request(1, "the same prompt", 20, SamplingParams.GREEDY);
            int[] fresh = submit(engine, request).outcome().completion();
            GenerationListener.Outcome reused = submit(engine, request).outcome();
            assertEquals(request.prompt().length - 1, reused.cachedTokens());
            assertEquals(box(fresh), box(reused.completion()));
        }
    }

    private static List<Integer> box(int[] tokens) {
        return Arrays.stream(tokens).boxed().toList();
    }
}
