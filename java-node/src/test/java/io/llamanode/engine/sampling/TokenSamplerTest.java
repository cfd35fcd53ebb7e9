package io.llamanode.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenSamplerTest {
    private static final int DRAWS = Integer.getInteger("llamanode.draws", 100_000);

    private static SamplingParams params(float temperature, int topK, float topP, float minP, long seed) {
        return new SamplingParams(temperature, topK, topP, minP, 1, 0, 0, 0, seed, Map.of());
    }

    @ParameterizedTest
    @CsvSource({
        "1.0, 0, 1.0, 0.0",
        "0.8, 40, 0.95, 0.05",
        "1.5, 5, 1.0, 0.0",
        "1.0, 40, 0.5, 0.0",
        "1.0, 0, 0.9, 0.0",
        "0.7, 0, 1.0, 0.1",
        "2.0, 0, 0.5, 0.01",
        "0.3, 1000, 0.99, 0.0"
    })
    void drawsFromTheDistributionByTheBook(float temperature, int topK, float topP, float minP) {
        float[] logits = RandomLogits.normal(300, 3, 5);
        TokenSampler sampler = new TokenSampler(params(temperature, topK, topP, minP, 11), new Candidates());
        int[] counts = new int[logits.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.sample(logits.clone())]++;
        }
        ChiSquare.assertDistribution(RandomLogits.distribution(logits, temperature, topK, topP, minP), counts);
    }

    @Test
    void greedyTakesTheFirstOfTheBest() {
        TokenSampler sampler = new TokenSampler(SamplingParams.GREEDY, new Candidates());
        assertEquals(2, sampler.sample(new float[] {1, 0, 7, 7, -3}));
    }

    @Test
    void withoutTemperatureNothingIsLeftToChance() {
        for (long seed = 0; seed < 20; seed++) {
            TokenSampler sampler = new TokenSampler(params(0, 0, 1, 0, seed), new Candidates());
            assertEquals(1, sampler.sample(new float[] {0, 3, 3, 3, 1}), "seed " + seed);
        }
    }

    @Test
    void theSameSeedGivesTheSameTokens() {
        assertArrayEquals(sequence(42), sequence(42));
        assertTrue(!Arrays.equals(sequence(42), sequence(43)));
    }

    private static int[] sequence(long seed) {
        TokenSampler sampler = new TokenSampler(params(1, 40, 0.95f, 0.05f, seed), new Candidates());
        float[] logits = RandomLogits.normal(1000, 3, 3);
        return IntStream.range(0, 50).map(i -> sampler.sample(logits.clone())).toArray();
    }

    @Test
    void topKOfEqualLogitsKeepsTheFirst() {
        Candidates candidates = new Candidates();
        candidates.selectTopK(new float[] {1, 1, 1, 1, 1}, 3);
        assertEquals(
                List.of(0, 1, 2),
                IntStream.range(0, candidates.size())
                        .mapToObj(candidates::token)
                        .toList());
    }

    @Test
    void biasForcesAndForbids() {
        float[] logits = {1, 5, 3};
        SamplingParams forbid = new SamplingParams(0, 0, 1, 0, 1, 0, 0, 0, 0, Map.of(1, Float.NEGATIVE_INFINITY));
        assertEquals(2, new TokenSampler(forbid, new Candidates()).sample(logits.clone()));
        SamplingParams force = new SamplingParams(0, 0, 1, 0, 1, 0, 0, 0, 0, Map.of(0, 100f));
        assertEquals(0, new TokenSampler(force, new Candidates()).sample(logits.clone()));
    }

    @Test
    void forbiddenTokensAreNeverDrawnWithoutTopK() {
        SamplingParams forbid = new SamplingParams(5, 0, 1, 0, 1, 0, 0, 0, 9, Map.of(1, Float.NEGATIVE_INFINITY));
        TokenSampler sampler = new TokenSampler(forbid, new Candidates());
        for (int i = 0; i < 1000; i++) {
            assertTrue(sampler.sample(new float[] {1, 50, 3}) != 1);
        }
    }

    @Test
    void penaltiesFollowTheWindow() {
        SamplingParams penal = new SamplingParams(0, 0, 1, 0, 2f, 2, 0.5f, 0.25f, 0, Map.of());
        TokenSampler sampler = new TokenSampler(penal, new Candidates());
        sampler.accept(3);
        sampler.accept(0);
        sampler.accept(1);
        sampler.accept(1);
        float[] logits = {4, 4, 4, -4};
        sampler.sample(logits);
        assertArrayEquals(new float[] {4, 4 / 2f - 2 * 0.5f - 0.25f, 4, -4}, logits);
    }

    @Test
    void ofATokenThatCameTwiceOneLeavesTheWindowAtATime() {
        SamplingParams penal = new SamplingParams(0, 0, 1, 0, 1, 3, 1, 0, 0, Map.of());
        TokenSampler sampler = new TokenSampler(penal, new Candidates());
        for (int token : new int[] {1, 1, 2}) {
            sampler.accept(token);
        }
        for (float[] expected : new float[][] {{0, -2, -1, 0}, {0, -1, -1, -1}, {-1, 0, -1, -1}}) {
            float[] logits = new float[4];
            sampler.sample(logits);
            assertArrayEquals(expected, logits);
            sampler.accept(expected[3] == 0 ? 3 : 0);
        }
    }

    @Test
    void asManyCandidatesAsTokensAreAllTokens() {
        float[] logits = RandomLogits.normal(40, 1, 6);
        TokenSampler sampler = new TokenSampler(params(1, 40, 1, 0, 3), new Candidates());
        int[] counts = new int[logits.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.sample(logits.clone())]++;
        }
        ChiSquare.assertDistribution(RandomLogits.distribution(logits, 1, 0, 1, 0), counts);
    }

    @Test
    void aNegativeLogitIsMultipliedByTheRepeatPenalty() {
        SamplingParams penal = new SamplingParams(0, 0, 1, 0, 2f, -1, 0, 0, 0, Map.of());
        TokenSampler sampler = new TokenSampler(penal, new Candidates());
        sampler.accept(1);
        float[] logits = {0, -3};
        sampler.sample(logits);
        assertEquals(-6, logits[1]);
    }
}
