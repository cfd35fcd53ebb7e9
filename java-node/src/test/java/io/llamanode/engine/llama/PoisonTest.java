package io.llamanode.engine.llama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.Engine;
import io.llamanode.engine.Recorder;
import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.gguf.GgmlType;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.testmodel.PoisonedToken;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A model one of whose tokens is no number: whoever has it in a prompt fails, and nobody else notices, however cells are
 * shared and attention is computed.
 */
@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class PoisonTest {
    private static final int SLOTS = 3;
    private static final int N_CTX = 128;
    private static final int POISON = 290;

    @TempDir
    private Path folder;

    @Parameter
    private TestLibrary library;

    /** The weights of one token's embedding are not numbers. */
    private static Path write(Path file) throws IOException {
        SyntheticModels.write(SyntheticModels.tiny(), file);
        PoisonedToken.write(file, POISON);
        return file;
    }

    private Engine engine(LlamaModel model, boolean unified, boolean flash) {
        ContextParams base = ContextParams.generation(SLOTS * N_CTX + 96, 32, SLOTS, 1);
        ContextParams params = new ContextParams(
                base.nCtx(),
                base.nBatch(),
                base.nUbatch(),
                base.nSeqMax(),
                1,
                1,
                false,
                base.pooling(),
                // Who is computed with whom differs from run to run, and rounding must not tell that.
                flash ? GgmlType.F16 : GgmlType.F32,
                flash ? GgmlType.F16 : GgmlType.F32,
                flash,
                unified);
        return new Engine(
                "test",
                new LlamaRunner(LlamaContext.create(model, params), 32),
                new LlamaVocabulary(model.vocab()),
                new EngineConfig(SLOTS, N_CTX, 32, 16));
    }

    private static int[] prompt(int length, int seed) {
        int[] prompt = new int[length];
        for (int i = 0; i < length; i++) {
            prompt[i] = 260 + (i * 7 + seed * 13) % 28;
        }
        return prompt;
    }

    private static int[] poisoned(int length, int at) {
        int[] prompt = prompt(length, 99);
        prompt[at] = POISON;
        return prompt;
    }

    private static Recorder submit(Engine engine, long id, int[] prompt, int maxTokens) {
        Map<Integer, Float> bias = Map.of(POISON, Float.NEGATIVE_INFINITY, 2, Float.NEGATIVE_INFINITY);
        SamplingParams params = new SamplingParams(0, 40, 0.95f, 0.05f, 1, 64, 0, 0, 0, bias);
        Recorder recorder = new Recorder();
        assertTrue(engine.submit(
                new GenerationRequest(
                        id,
                        id,
                        "owner " + id,
                        prompt,
                        maxTokens,
                        params,
                        List.of(),
                        0,
                        true,
                        CacheUse.ALL,
                        GenerationRequest.NO_DEADLINE),
                recorder,
                () -> {}));
        return recorder;
    }

    private static List<String> alone(Engine engine) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Recorder recorder = submit(engine, 100 + i, prompt(20 + i, i), 40);
            recorder.outcome();
            texts.add(recorder.text());
        }
        return texts;
    }

    /**
     * @param length of the poisoned prompt: of one step, or of several, in which others generate
     * @param at where the poison is
     */
    @ParameterizedTest
    @CsvSource({
        "true, false, 10, 9", "true, false, 90, 3", "false, false, 10, 9", "false, false, 90, 3",
        "true, true, 10, 9", "true, true, 90, 3", "false, true, 90, 3", "true, false, 90, 85",
    })
    void whatOneSpoilsNobodyElseHears(boolean unified, boolean flash, int length, int at) throws Exception {
        library.open();
        try (LlamaModel model = library.load(write(folder.resolve("poison.gguf")))) {
            List<String> expected;
            Engine quiet = engine(model, unified, flash);
            quiet.start();
            expected = alone(quiet);
            quiet.close();
            Engine engine = engine(model, unified, flash);
            List<Recorder> beside = new ArrayList<>();
            List<Recorder> spoilt = new ArrayList<>();
            for (int round = 0; round < 5; round++) {
                beside.add(submit(engine, 10 + round, prompt(20 + round, round), 40));
                spoilt.add(submit(engine, 50 + round, poisoned(length, at), 5));
            }
            engine.start();
            for (Recorder one : spoilt) {
                assertEquals(FailureKind.DECODE_FAILED, one.failure());
            }
            for (int round = 0; round < 5; round++) {
                assertEquals(40, beside.get(round).outcome().completion().length);
                assertEquals(expected.get(round), beside.get(round).text(), "round " + round);
            }
            // Whoever gets a slot that was spoilt, and whoever is cancelled half way.
            Recorder given = submit(engine, 70, poisoned(100, 2), 5);
            engine.cancel(70, () -> {});
            given.ending.join();
            assertEquals(expected, alone(engine));
            engine.close();
        }
    }
}
