package io.llamanode.engine.llama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.Recorder;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.sampling.ChainParams;
import io.llamanode.engine.sampling.ChainParams.Dry;
import io.llamanode.engine.sampling.ChainParams.Mirostat;
import io.llamanode.engine.sampling.ChainParams.Step;
import io.llamanode.engine.sampling.ChainParams.Xtc;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Probabilities;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingException;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.grammar.language.Language;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Chains of llama.cpp's samplers: on logits made by hand, and in an engine. */
@Tag("native")
class ChainTest extends SamplingFixture {
    private static final Xtc NO_XTC = new Xtc(0, 0.1f);
    private static final Dry NO_DRY = new Dry(0, 1.75f, 2, -1, List.of());
    private static final Mirostat NO_MIROSTAT = new Mirostat(0, 5, 0.1f);

    private static final ChainParams OFF = chain(Step.DEFAULT, 1, -1, 0, NO_XTC, NO_DRY, NO_MIROSTAT);

    private static ChainParams chain(
            List<Step> steps, float typicalP, float sigma, float range, Xtc xtc, Dry dry, Mirostat mirostat) {
        return new ChainParams(steps, typicalP, sigma, range, 1, xtc, dry, mirostat);
    }

    /** Logits of which only the first tokens' are not far below all others. */
    private float[] logits(float... first) {
        float[] all = new float[vocabulary.size()];
        Arrays.fill(all, -1000);
        System.arraycopy(first, 0, all, 0, first.length);
        return all;
    }

    private static SamplingParams plain(float temperature, int topK, float minP, long seed) {
        return new SamplingParams(temperature, topK, 1, minP, 1, 64, 0, 0, seed, Map.of());
    }

    /** {@return the tokens that 300 draws give} */
    private Set<Integer> drawn(SamplingParams params, ChainParams chain, float[] logits) {
        Set<Integer> drawn = new HashSet<>();
        try (Sampler sampler = samplers.sampler(params, chain, null)) {
            for (int i = 0; i < 300; i++) {
                drawn.add(sampler.sample(logits.clone()));
            }
        }
        return drawn;
    }

    private Set<Integer> drawn(ChainParams chain, float... first) {
        return drawn(plain(1, 0, 0, 1), chain, logits(first));
    }

    @Test
    void onlyWhatDiffersFromTheDefaultsNeedsAChain() {
        assertFalse(OFF.needed());
        assertTrue(chain(List.of(Step.TOP_K), 1, -1, 0, NO_XTC, NO_DRY, NO_MIROSTAT)
                .needed());
    }

    @Test
    void topNSigmaKeepsWhatIsNearTheLargest() {
        float[] logits = new float[vocabulary.size()];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = i % 2; // A standard deviation of a half.
        }
        logits[7] = 3;
        logits[8] = 2.9f;
        ChainParams chain = chain(Step.DEFAULT, 1, 0.5f, 0, NO_XTC, NO_DRY, NO_MIROSTAT);
        assertEquals(Set.of(7, 8), drawn(plain(1, 0, 0, 1), chain, logits));
        // What is ruled out has no part in the deviation.
        for (int i = 100; i < logits.length; i++) {
            logits[i] = Float.NEGATIVE_INFINITY;
        }
        assertEquals(Set.of(7, 8), drawn(plain(1, 0, 0, 1), chain, logits));
    }

    @Test
    void typicalSamplingDropsTheLikeliestWhereItIsNotTypical() {
        // One token of 0.4 and sixty of 0.01: an entropy of 3.1, to which those of 0.01 are nearer.
        float[] first = new float[61];
        Arrays.fill(first, (float) Math.log(0.01));
        first[0] = (float) Math.log(0.4);
        assertTrue(drawn(OFF, first).contains(0));
        assertFalse(drawn(chain(Step.DEFAULT, 0.3f, -1, 0, NO_XTC, NO_DRY, NO_MIROSTAT), first)
                .contains(0));
    }

    @Test
    void xtcExcludesAllButTheLeastOfTheTopChoices() {
        ChainParams always = chain(Step.DEFAULT, 1, -1, 0, new Xtc(1, 0.1f), NO_DRY, NO_MIROSTAT);
        assertEquals(Set.of(0, 1, 2), drawn(OFF, 3, 2, 1.5f));
        assertEquals(Set.of(2), drawn(always, 3, 2, 1.5f));
    }

    @Test
    void dynamicTemperatureIsLowWhereTheModelIsSure() {
        ChainParams dynamic = chain(Step.DEFAULT, 1, -1, 20, NO_XTC, NO_DRY, NO_MIROSTAT);
        float[] logits = logits(12, 4, 4, 4);
        assertEquals(Set.of(0), drawn(plain(20, 4, 0, 1), dynamic, logits));
        assertEquals(Set.of(0, 1, 2, 3), drawn(plain(20, 4, 0, 1), OFF, logits));
    }

    @Test
    void theOrderOfTheSamplersIsTheOneAskedFor() {
        // At a temperature of 10 the second token is within min_p; before it, it is not.
        ChainParams after = chain(List.of(Step.TEMPERATURE, Step.MIN_P), 1, -1, 0, NO_XTC, NO_DRY, NO_MIROSTAT);
        ChainParams before = chain(List.of(Step.MIN_P, Step.TEMPERATURE), 1, -1, 0, NO_XTC, NO_DRY, NO_MIROSTAT);
        ChainParams none = chain(List.of(), 1, -1, 0, NO_XTC, NO_DRY, NO_MIROSTAT);
        assertEquals(Set.of(0, 1), drawn(plain(10, 0, 0.3f, 1), after, logits(3, 0)));
        assertEquals(Set.of(0), drawn(plain(10, 0, 0.3f, 1), before, logits(3, 0)));
        // What is not listed is not applied.
        assertEquals(Set.of(0, 1), drawn(plain(0, 1, 1, 1), none, logits(1, 0)));
    }

    @Test
    void mirostatTakesTheSurpriseThatIsAimedAt() {
        for (int version = 1; version <= 2; version++) {
            ChainParams calm = chain(Step.DEFAULT, 1, -1, 0, NO_XTC, NO_DRY, new Mirostat(version, 0, 1));
            ChainParams wild = chain(Step.DEFAULT, 1, -1, 0, NO_XTC, NO_DRY, new Mirostat(version, 5, 0.1f));
            float[] logits = new float[vocabulary.size()];
            for (int i = 0; i < logits.length; i++) {
                logits[i] = (float) -Math.log(i + 1.0);
            }
            assertTrue(drawn(plain(1, 0, 0, 1), wild, logits).size() > 20);
            // It settles on the likeliest after its first steps.
            try (Sampler sampler = samplers.sampler(plain(1, 0, 0, 1), calm, null)) {
                for (int i = 0; i < 50; i++) {
                    sampler.sample(logits.clone());
                }
                for (int i = 0; i < 50; i++) {
                    assertEquals(0, sampler.sample(logits.clone()));
                }
            }
        }
    }

    @Test
    void dryPenalisesWhatWouldRepeatASequence() {
        ChainParams dry = chain(Step.DEFAULT, 1, -1, 0, NO_XTC, new Dry(100, 1.75f, 2, -1, List.of()), NO_MIROSTAT);
        int[] said = {270, 271, 272, 273, 270, 271, 272};
        float[] logits = logits();
        logits[273] = 5;
        logits[274] = 4;
        assertEquals(273, afterwards(OFF, said, logits));
        assertEquals(274, afterwards(dry, said, logits));
        // A breaker within the sequence makes it no repetition.
        String breaker = new String(vocabulary.piece(272), StandardCharsets.UTF_8);
        ChainParams broken =
                chain(Step.DEFAULT, 1, -1, 0, NO_XTC, new Dry(100, 1.75f, 2, -1, List.of(breaker)), NO_MIROSTAT);
        assertEquals(273, afterwards(broken, said, logits));
    }

    private int afterwards(ChainParams chain, int[] said, float[] logits) {
        try (Sampler sampler = samplers.sampler(plain(0, 0, 0, 1), chain, null)) {
            for (int token : said) {
                sampler.accept(token);
            }
            return sampler.sample(logits.clone());
        }
    }

    @Test
    void logitsThatAreNoNumbersFailTheChoice() {
        float[] logits = logits(1);
        logits[5] = Float.NaN;
        try (Sampler sampler = samplers.sampler(plain(1, 0, 0, 1), OFF, null)) {
            assertThrows(SamplingException.class, () -> sampler.sample(logits));
        }
    }

    @Test
    void theSameSeedGivesTheSameAnswerWhateverRunsBeside() {
        ChainParams all = chain(
                Step.DEFAULT,
                0.9f,
                3,
                0.5f,
                new Xtc(0.5f, 0.05f),
                new Dry(0.8f, 1.75f, 2, -1, List.of("\n")),
                NO_MIROSTAT);
        ChainParams mirostat = chain(Step.DEFAULT, 1, -1, 0, NO_XTC, NO_DRY, new Mirostat(2, 5, 0.1f));
        for (ChainParams chain : List.of(all, mirostat)) {
            int[] alone = completion(chain, 7).outcome().completion();
            List<Recorder> beside = List.of(completion(chain, 8), completion(chain, -1), completion(chain, 7));
            assertArrayEquals(alone, beside.get(2).outcome().completion());
            assertNotEquals(
                    Arrays.toString(alone),
                    Arrays.toString(beside.get(0).outcome().completion()));
            assertNotEquals(
                    Arrays.toString(alone),
                    Arrays.toString(beside.get(1).outcome().completion()));
        }
    }

    private Recorder completion(ChainParams chain, long seed) {
        SamplingParams params = params(seed, noEnd());
        return submit(40, params, samplers.sampler(params, chain, null));
    }

    @Test
    void aGrammarHoldsForAChainToo() {
        ChainParams chain = chain(Step.DEFAULT, 0.9f, 2, 0, new Xtc(0.9f, 0.01f), NO_DRY, NO_MIROSTAT);
        SamplingParams params = params(1, noEnd());
        Recorder answer = submit(
                -1, params, samplers.sampler(params, chain, Grammar.strict(Language.gbnf("root ::= [a-f]{30}"))));
        assertEquals(Ending.EOS, answer.outcome().ending());
        assertTrue(answer.text().matches("[a-f]{30}"), answer.text());
    }

    @Test
    void probabilitiesAreThoseOfTheModel() {
        SamplingParams params = params(3, noEnd());
        List<Probabilities.Entry> entries =
                submit(10, params, 5, null).outcome().probabilities();
        assertEquals(10, entries.size());
        for (Probabilities.Entry entry : entries) {
            assertEquals(5, entry.top().size());
            float before = 0;
            double sum = 0;
            for (Probabilities.Entry top : entry.top()) {
                assertTrue(sum == 0 || top.logprob() <= before);
                before = top.logprob();
                sum += Math.exp(top.logprob());
            }
            assertTrue(sum < 1 && entry.logprob() < 0);
        }
        int[] completion = submit(10, params, 0, null).outcome().completion();
        assertArrayEquals(
                completion,
                entries.stream().mapToInt(Probabilities.Entry::token).toArray());
        assertEquals(List.of(), submit(10, params, null).outcome().probabilities());
    }

    @Test
    void theProbabilitiesOfAllTokensSumToOne() {
        Probabilities probabilities = new Probabilities();
        float[] logits = {1, 2, 3, Float.NEGATIVE_INFINITY};
        probabilities.read(logits);
        Probabilities.Entry entry = probabilities.of(1, 9);
        assertEquals(
                List.of(2, 1, 0, 3),
                entry.top().stream().map(Probabilities.Entry::token).toList());
        assertEquals(
                1,
                entry.top().stream().mapToDouble(top -> Math.exp(top.logprob())).sum(),
                1e-6);
        assertEquals(Math.log(Math.exp(2) / (Math.exp(1) + Math.exp(2) + Math.exp(3))), entry.logprob(), 1e-6);
        assertEquals(-Float.MAX_VALUE, entry.top().get(3).logprob());
    }
}
