package io.llamanode.service.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.model.FakeModel;
import io.llamanode.engine.sampling.ChainParams;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.SamplerOptions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GenerationDefaultsTest {
    private final FakeModel vocabulary = new FakeModel();

    private static GenerationOptions options(Long seed, Map<Integer, Float> bias, Boolean ignoreEos) {
        return GenerationDefaults.complete(
                Given.options(
                        "temperature",
                        0.5f,
                        "topK",
                        10,
                        "topP",
                        0.6f,
                        "minP",
                        0.1f,
                        "repeatPenalty",
                        1.2f,
                        "repeatLastN",
                        32,
                        "frequencyPenalty",
                        0.3f,
                        "presencePenalty",
                        0.4f,
                        "seed",
                        seed,
                        "logitBias",
                        bias,
                        "ignoreEos",
                        ignoreEos),
                GenerationOptions.NONE);
    }

    /** Those of docs/protocol.md, section 2. */
    @Test
    void whatNobodySaysHasADefault() {
        GenerationOptions all = GenerationDefaults.complete(GenerationOptions.NONE, GenerationOptions.NONE);
        assertEquals(-1, all.maxTokens());
        assertEquals(0.8f, all.temperature());
        assertEquals(40, all.topK());
        assertEquals(0.95f, all.topP());
        assertEquals(0.05f, all.minP());
        assertEquals(1f, all.repeatPenalty());
        assertEquals(64, all.repeatLastN());
        assertEquals(true, all.contextShift());
        assertEquals(true, all.cachePrompt());
        assertEquals(false, all.ignoreEos());
        assertEquals(new OutputFormat.Free(), all.format());
        assertEquals(0, all.priority());
        assertNull(all.seed());
        assertNull(all.timeoutMs());
    }

    @Test
    void aTaskGoesBeforeItsSessionAndThatBeforeTheDefaults() {
        GenerationOptions task = Given.options("maxTokens", 7);
        GenerationOptions session = Given.options("maxTokens", 8, "temperature", 0.1f);
        GenerationOptions all = GenerationDefaults.complete(task, session);
        assertEquals(7, all.maxTokens());
        assertEquals(0.1f, all.temperature());
        assertEquals(40, all.topK());
    }

    @Test
    void optionsBecomeParametersOfTheEngine() {
        assertEquals(
                new SamplingParams(0.5f, 10, 0.6f, 0.1f, 1.2f, 32, 0.3f, 0.4f, 17, Map.of(5, 2f)),
                GenerationDefaults.sampling(options(17L, Map.of(5, 2f), false), vocabulary));
    }

    /** So that it stays a small integer on every BEAM and whole in every JSON reader. */
    @Test
    void aDrawnSeedHas48Bits() {
        long seen = 0;
        for (int i = 0; i < 64; i++) {
            long seed = GenerationDefaults.sampling(options(null, null, null), vocabulary)
                    .seed();
            assertTrue(seed >= 0 && seed < 1L << 48, () -> "seed " + seed);
            seen |= seed;
        }
        assertNotEquals(0, seen >>> 32, "seeds of more than 32 bits are drawn");
    }

    @Test
    void noTokenIsBiasedThatIsNotThere() {
        SamplingParams last = GenerationDefaults.sampling(options(1L, Map.of(256, 1f), null), vocabulary);
        assertEquals(Map.of(256, 1f), last.logitBias());
        FailureException refused = assertThrows(
                FailureException.class,
                () -> GenerationDefaults.sampling(options(1L, Map.of(257, 1f), null), vocabulary));
        assertEquals(
                "logit_bias: there is no token 257; the vocabulary has 257 tokens",
                refused.failure().message());
    }

    @Test
    void anAnswerThatIgnoresItsEndNeverHasATokenThatEndsIt() {
        SamplingParams params =
                GenerationDefaults.sampling(options(1L, Map.of(5, 2f, FakeModel.EOG, 9f), true), vocabulary);
        assertEquals(Map.of(5, 2f, FakeModel.EOG, Float.NEGATIVE_INFINITY), params.logitBias());
    }

    @Test
    void theCommonSamplersNeedNoChain() {
        assertNull(GenerationDefaults.chain(SamplerOptions.DEFAULTS));
    }

    @Test
    void everyLessCommonSamplerIsAsked() {
        SamplerOptions options = new SamplerOptions(
                List.of(SamplerOptions.Name.XTC, SamplerOptions.Name.TOP_K),
                0.1f,
                0.2f,
                0.3f,
                0.4f,
                0.5f,
                0.6f,
                0.7f,
                0.8f,
                9,
                10,
                List.of("\n"),
                2,
                0.11f,
                0.12f);
        assertEquals(
                new ChainParams(
                        List.of(ChainParams.Step.XTC, ChainParams.Step.TOP_K),
                        0.1f,
                        0.2f,
                        0.3f,
                        0.4f,
                        new ChainParams.Xtc(0.5f, 0.6f),
                        new ChainParams.Dry(0.7f, 0.8f, 9, 10, List.of("\n")),
                        new ChainParams.Mirostat(2, 0.11f, 0.12f)),
                GenerationDefaults.chain(options));
    }

    @Test
    void everySamplerHasItsStep() {
        for (SamplerOptions.Name name : SamplerOptions.Name.values()) {
            SamplerOptions one = new SamplerOptions(
                    List.of(name), null, null, null, null, null, null, null, null, null, null, null, null, null, null);
            ChainParams chain = GenerationDefaults.chain(one.orElse(SamplerOptions.DEFAULTS));
            assertEquals(name.name(), chain.steps().getFirst().name());
        }
    }
}
