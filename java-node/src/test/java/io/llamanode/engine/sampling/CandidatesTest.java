package io.llamanode.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Selections against their definitions, on vocabularies of many sizes and shapes. */
class CandidatesTest {
    private static final float NEVER = Float.NEGATIVE_INFINITY;

    /** Peaked, flat, with many equals, and with forbidden tokens. */
    private static float[] logits(Random random, int size) {
        float spread = new float[] {0.01f, 1, 3, 10}[random.nextInt(4)];
        boolean equals = random.nextInt(4) == 0;
        boolean forbidden = random.nextInt(4) == 0;
        float[] logits = new float[size];
        for (int i = 0; i < size; i++) {
            float logit = (float) random.nextGaussian() * spread;
            logits[i] = forbidden && random.nextInt(3) > 0 ? NEVER : equals ? Math.round(logit) : logit;
        }
        logits[random.nextInt(size)] = equals ? 2 : 0.5f;
        return logits;
    }

    private static List<Integer> sorted(float[] logits) {
        return IntStream.range(0, logits.length).boxed()
                .sorted(Comparator.<Integer>comparingDouble(i -> -logits[i]).thenComparingInt(i -> i))
                .toList();
    }

    private static List<Integer> chosen(Candidates candidates) {
        return IntStream.range(0, candidates.size()).mapToObj(candidates::token).toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 100, 128, 129, 1000, 5000})
    void theBestIsTheFirstOfTheGreatest(int size) {
        Random random = new Random(size);
        Candidates candidates = new Candidates();
        for (int round = 0; round < 100; round++) {
            float[] logits = logits(random, size);
            assertEquals(sorted(logits).getFirst(), candidates.best(logits));
        }
    }

    @Test
    void zerosAreEqualWhateverTheirSign() {
        assertEquals(1, new Candidates().best(new float[] {-1, -0.0f, 0.0f, -0.0f}));
        assertEquals(1, new Candidates().best(new float[] {-1, 0.0f, -0.0f}));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 100, 128, 129, 1000, 5000})
    void topKIsTheBeginningOfTheSortedVocabulary(int size) {
        Random random = new Random(size);
        Candidates candidates = new Candidates();
        for (int round = 0; round < 100; round++) {
            float[] logits = logits(random, size);
            int k = 1 + random.nextInt(Math.min(size, round % 2 == 0 ? 60 : size));
            candidates.selectTopK(logits, k);
            assertEquals(sorted(logits).subList(0, k), chosen(candidates));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 100, 128, 129, 1000, 5000})
    void topPIsTheSmallestSetThatReachesTheMass(int size) {
        Random random = new Random(size);
        Candidates candidates = new Candidates();
        for (int round = 0; round < 100; round++) {
            float[] logits = logits(random, size);
            float p = 0.01f + 0.98f * random.nextFloat();
            candidates.selectTopP(logits, p);
            List<Integer> order = sorted(logits);
            Set<Integer> chosen = Set.copyOf(chosen(candidates));
            assertEquals(candidates.size(), chosen.size());
            // Weights are exact to about 1e-5, so at the border one token more or less is right as well.
            assertTrue(mass(logits, chosen) >= p - 1e-4, "enough");
            Set<Integer> fewer = order.subList(0, chosen.size() - 1).stream().collect(Collectors.toSet());
            assertTrue(fewer.isEmpty() || mass(logits, fewer) < p + 1e-4, "no more than enough");
            float least = chosen.stream().map(i -> logits[i]).min(Float::compare).orElseThrow();
            assertTrue(IntStream.range(0, size).allMatch(i -> logits[i] <= least || chosen.contains(i)), "the best ones");
        }
    }

    private static double mass(float[] logits, Set<Integer> tokens) {
        float best = logits[sorted(logits).getFirst()];
        double total = 0;
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            double weight = Math.exp(logits[i] - best);
            total += weight;
            sum += tokens.contains(i) ? weight : 0;
        }
        return sum / total;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 100, 129, 1000})
    void minPKeepsWhatIsProbableEnough(int size) {
        Random random = new Random(size);
        Candidates candidates = new Candidates();
        for (int round = 0; round < 100; round++) {
            float[] logits = logits(random, size);
            float p = 0.001f + random.nextFloat() * 0.9f;
            candidates.selectMinP(logits, p);
            float best = logits[sorted(logits).getFirst()];
            List<Integer> expected = IntStream.range(0, size).boxed()
                    .filter(i -> logits[i] >= best + (float) Math.log(p)).toList();
            assertEquals(expected, chosen(candidates));
        }
    }

    @Test
    void nothingForbiddenIsEverDrawn() {
        float[] logits = new float[5000];
        Arrays.fill(logits, NEVER);
        logits[500] = 1;
        logits[4700] = 1;
        Candidates candidates = new Candidates();
        for (double uniform : new double[] {0, 1e-18, 0.25, 0.5, 0.75, Math.nextDown(1.0)}) {
            int token = candidates.drawOfAll(logits, 1, uniform);
            assertTrue(token == 500 || token == 4700, "token " + token + " at " + uniform);
        }
        assertEquals(500, candidates.drawOfAll(logits, 1, 0));
        assertEquals(4700, candidates.drawOfAll(logits, 1, Math.nextDown(1.0)));
    }

    @Test
    void brokenLogitsGiveSomeToken() {
        float[] logits = new float[300];
        Arrays.fill(logits, Float.NaN);
        Candidates candidates = new Candidates();
        int token = candidates.drawOfAll(logits, 1, 0.5);
        assertTrue(token >= 0 && token < logits.length);
        candidates.selectTopP(logits, 0.9f);
        assertNotEquals(0, candidates.size());
        candidates.selectTopK(logits, 40);
        token = candidates.draw(1, 0.5);
        assertTrue(token >= 0 && token < logits.length);
    }

    @Test
    void keysHaveTheOrderOfFloats() {
        float[] ascending = {NEVER, -3e38f, -1, -1e-40f, -0.0f, 0, 1e-40f, 1, 3e38f, Float.POSITIVE_INFINITY};
        for (int i = 1; i < ascending.length; i++) {
            assertTrue(VocabularyScan.key(ascending[i - 1]) < VocabularyScan.key(ascending[i]));
            assertEquals(ascending[i], VocabularyScan.value(VocabularyScan.key(ascending[i])));
        }
    }

    @Test
    void weightsAreExponentials() {
        int count = 2000;
        float[] logits = new float[count];
        for (int i = 0; i < count; i++) {
            logits[i] = -i * 0.04f;
        }
        Weights weights = new Weights();
        double sum = weights.weigh(logits, count, 0, 1);
        double expected = 0;
        for (int i = 0; i < count; i++) {
            double exact = Math.exp(logits[i]);
            expected += exact;
            double tolerance = logits[i] > -20 ? 2e-5 : 1e-3;
            assertEquals(exact, weights.at(i), exact * tolerance, "at " + logits[i]);
        }
        assertEquals(expected, sum, expected * 1e-5);
    }
}
