package io.llamanode.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenSamplerTest {
    private static final int DRAWS = 100_000;

    private static SamplingParams params(float temperature, int topK, float topP, float minP, long seed) {
        return new SamplingParams(temperature, topK, topP, minP, 1, 0, 0, 0, seed, Map.of());
    }

    private static float[] randomLogits(int size, long seed) {
        Random random = new Random(seed);
        float[] logits = new float[size];
        for (int i = 0; i < size; i++) {
            logits[i] = (float) (random.nextGaussian() * 3);
        }
        return logits;
    }

    /** The distribution by the book: sort everything, then filter in llama.cpp's order. */
    private static double[] expected(float[] logits, float temperature, int topK, float topP, float minP) {
        List<Integer> order = IntStream.range(0, logits.length).boxed()
                .sorted(Comparator.<Integer>comparingDouble(i -> -logits[i]).thenComparingInt(i -> i))
                .toList();
        order = order.subList(0, topK > 0 ? Math.min(topK, order.size()) : order.size());
        float best = logits[order.getFirst()];
        double total = order.stream().mapToDouble(i -> Math.exp(logits[i] - best)).sum();
        int kept = 0;
        double sum = 0;
        while (kept < order.size() && (kept == 0 || topP >= 1 || sum < topP * total)) {
            sum += Math.exp(logits[order.get(kept)] - best);
            kept++;
        }
        List<Integer> nucleus = order.subList(0, kept).stream()
                .filter(i -> minP <= 0 || Math.exp(logits[i] - best) >= minP * (1 - 1e-6))
                .toList();
        double[] probabilities = new double[logits.length];
        double mass = nucleus.stream().mapToDouble(i -> Math.exp((logits[i] - best) / temperature)).sum();
        nucleus.forEach(i -> probabilities[i] = Math.exp((logits[i] - best) / temperature) / mass);
        return probabilities;
    }

    @ParameterizedTest
    @CsvSource({
        "1.0, 0, 1.0, 0.0", "0.8, 40, 0.95, 0.05", "1.5, 5, 1.0, 0.0", "1.0, 0, 0.9, 0.0",
        "0.7, 0, 1.0, 0.1", "2.0, 0, 0.5, 0.01", "0.3, 1000, 0.99, 0.0"
    })
    void drawsFromTheDistributionByTheBook(float temperature, int topK, float topP, float minP) {
        float[] logits = randomLogits(300, 5);
        double[] expected = expected(logits, temperature, topK, topP, minP);
        TokenSampler sampler = new TokenSampler(params(temperature, topK, topP, minP, 11), new Candidates());
        int[] counts = new int[logits.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.sample(logits.clone())]++;
        }
        // Pearson's chi-square; cells expected fewer than 5 times are pooled, as the test requires.
        double chiSquare = 0;
        int cells = 0;
        double pooledExpected = 0;
        double pooledCount = 0;
        for (int i = 0; i < counts.length; i++) {
            double e = expected[i] * DRAWS;
            if (e == 0) {
                assertEquals(0, counts[i], "token " + i + " was filtered out");
            } else if (e < 5) {
                pooledExpected += e;
                pooledCount += counts[i];
            } else {
                chiSquare += (counts[i] - e) * (counts[i] - e) / e;
                cells++;
            }
        }
        if (pooledExpected >= 5) {
            chiSquare += (pooledCount - pooledExpected) * (pooledCount - pooledExpected) / pooledExpected;
            cells++;
        }
        int freedom = Math.max(1, cells - 1);
        // Five standard deviations of a chi-square variable; the seed is fixed, so this cannot flake.
        assertTrue(chiSquare < freedom + 5 * Math.sqrt(2.0 * freedom), chiSquare + " at " + freedom);
    }

    @Test
    void greedyTakesTheFirstOfTheBest() {
        TokenSampler sampler = new TokenSampler(SamplingParams.GREEDY, new Candidates());
        assertEquals(2, sampler.sample(new float[] {1, 0, 7, 7, -3}));
    }

    @Test
    void theSameSeedGivesTheSameTokens() {
        assertArrayEquals(sequence(42), sequence(42));
        assertTrue(!Arrays.equals(sequence(42), sequence(43)));
    }

    private static int[] sequence(long seed) {
        TokenSampler sampler = new TokenSampler(params(1, 40, 0.95f, 0.05f, seed), new Candidates());
        float[] logits = randomLogits(1000, 3);
        return IntStream.range(0, 50).map(i -> sampler.sample(logits.clone())).toArray();
    }

    @Test
    void topKOfEqualLogitsKeepsTheFirst() {
        Candidates candidates = new Candidates();
        candidates.selectTopK(new float[] {1, 1, 1, 1, 1}, 3);
        assertEquals(List.of(0, 1, 2), IntStream.range(0, candidates.size()).mapToObj(candidates::token).toList());
    }

    @Test
    void biasForcesAndForbids() {
        float[] logits = {1, 5, 3};
        SamplingParams forbid = new SamplingParams(
                0, 0, 1, 0, 1, 0, 0, 0, 0, Map.of(1, Float.NEGATIVE_INFINITY));
        assertEquals(2, new TokenSampler(forbid, new Candidates()).sample(logits.clone()));
        SamplingParams force = new SamplingParams(0, 0, 1, 0, 1, 0, 0, 0, 0, Map.of(0, 100f));
        assertEquals(0, new TokenSampler(force, new Candidates()).sample(logits.clone()));
    }

    @Test
    void forbiddenTokensAreNeverDrawnWithoutTopK() {
        SamplingParams forbid = new SamplingParams(
                5, 0, 1, 0, 1, 0, 0, 0, 9, Map.of(1, Float.NEGATIVE_INFINITY));
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
    void aNegativeLogitIsMultipliedByTheRepeatPenalty() {
        SamplingParams penal = new SamplingParams(0, 0, 1, 0, 2f, -1, 0, 0, 0, Map.of());
        TokenSampler sampler = new TokenSampler(penal, new Candidates());
        sampler.accept(1);
        float[] logits = {0, -3};
        sampler.sample(logits);
        assertEquals(-6, logits[1]);
    }
}
