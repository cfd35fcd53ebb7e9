package io.llamanode.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Selections against their definitions, on vocabularies of many sizes and shapes. */
class CandidatesTest {
    private static final float NEVER = Float.NEGATIVE_INFINITY;

    private static List<Integer> chosen(Candidates candidates) {
        return IntStream.range(0, candidates.size()).mapToObj(candidates::token).toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 100, 128, 129, 1000, 5000})
    void theBestIsTheFirstOfTheGreatest(int size) {
        Random random = new Random(size);
        Candidates candidates = new Candidates();
        for (int round = 0; round < 100; round++) {
            float[] logits = RandomLogits.any(random, size);
            assertEquals(RandomLogits.order(logits).getFirst(), candidates.best(logits));
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
            float[] logits = RandomLogits.any(random, size);
            int k = 1 + random.nextInt(Math.min(size, round % 2 == 0 ? 60 : size));
            candidates.selectTopK(logits, k);
            assertEquals(RandomLogits.order(logits).subList(0, k), chosen(candidates));
        }
    }

    @Test
    void topPKeepsTheFewestThatReachIt() {
        Candidates candidates = new Candidates();
        for (int kept = 1; kept <= 4; kept++) {
            candidates.selectTopK(new float[] {7, 7, 7, 7}, 4);
            candidates.keepTopP(kept / 4f);
            assertEquals(IntStream.range(0, kept).boxed().toList(), chosen(candidates));
        }
        candidates.selectTopK(new float[] {7, 7, 7, 7}, 4);
        candidates.keepTopP(0);
        assertEquals(List.of(0), chosen(candidates), "one in any case");
    }

    @Test
    void minPKeepsWhatIsAtLeastThatProbable() {
        Candidates candidates = new Candidates();
        float[] logits = {0, (float) Math.log(0.5), -1, NEVER};
        candidates.selectTopK(logits, 4);
        candidates.keepMinP(0);
        assertEquals(4, candidates.size());
        candidates.keepMinP(0.5f);
        assertEquals(List.of(0, 1), chosen(candidates));
        candidates.keepMinP(2);
        assertEquals(List.of(0), chosen(candidates), "the best in any case");
    }

    @Test
    void aNumberDrawsTheTokenInWhoseShareItIs() {
        Candidates candidates = new Candidates();
        candidates.selectTopK(new float[] {1, 1, 1, 1}, 4);
        for (int i = 0; i < 4; i++) {
            assertEquals(i, candidates.draw(1, i / 4.0));
            assertEquals(i, candidates.draw(1, Math.nextDown((i + 1) / 4.0)));
        }
        float[] logits = RandomLogits.normal(6000, 2, 9);
        List<Integer> order = RandomLogits.order(logits).subList(0, 5000);
        double[] weights = RandomLogits.weights(logits);
        double total = order.stream().mapToDouble(i -> weights[i]).sum();
        candidates.selectTopK(logits, 5000);
        double before = 0;
        for (int rank = 0; rank < 5000; rank++) {
            double weight = weights[order.get(rank)];
            // In its middle, as far as the middle is farther from the borders than the sum is exact.
            if (rank % 7 == 0 && weight > 1e-3 * total / 5000) {
                int drawn = order.indexOf(candidates.draw(1, (before + weight / 2) / total));
                assertEquals(rank, drawn, 3 + 2e-5 * total / weight, "rank " + rank);
            }
            before += weight;
        }
    }

    @Test
    void whereRoundingLeavesARestTheLastThatMayComeIsDrawn() {
        Candidates candidates = new Candidates();
        // As floats these add up to more than they are.
        candidates.selectTopK(new float[] {0, (float) Math.log(7e-8), NEVER, NEVER}, 4);
        assertEquals(1, candidates.draw(1, Math.nextDown(1.0)));
        candidates.selectTopK(new float[] {NEVER, NEVER}, 2);
        assertEquals(0, candidates.draw(1, 0.5));
    }

    @Test
    void brokenLogitsAreRefused() {
        float[] logits = new float[300];
        logits[299] = Float.NaN;
        Candidates candidates = new Candidates();
        assertThrows(SamplingException.class, () -> candidates.selectTopK(logits, 40));
        SamplingException e = assertThrows(SamplingException.class, () -> candidates.best(logits));
        assertTrue(e.getMessage().contains("1 of 300 are NaN or infinite"), e.getMessage());
    }

    /** Whoever selects looks at few more tokens than it wants. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 100, 128, 129, 1000, 1024, 1025, 5000})
    void enoughTokensReachAKeyAndNotManyMore(int size) {
        float[] logits = RandomLogits.normal(size, 3, size);
        VocabularyScan scan = new VocabularyScan();
        scan.read(logits);
        for (int k = 1; k <= size; k += 1 + k / 5) {
            int least = scan.reachedBy(k);
            long reached = IntStream.range(0, size)
                    .filter(token -> scan.keyOf(token) >= least)
                    .count();
            assertTrue(reached >= k, "enough");
            if (k > scan.blocks()) {
                assertTrue(reached <= 2 * k, reached + " for " + k);
            } else {
                long blocks = IntStream.range(0, scan.blocks())
                        .filter(block -> scan.maximum(block) >= least)
                        .count();
                assertEquals(k, blocks, "the blocks of the best");
            }
        }
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
            double tolerance = logits[i] > -43 ? exact * 2e-5 : 1e-18;
            assertEquals(exact, weights.at(i), tolerance, "at " + logits[i]);
        }
        assertEquals(expected, sum, expected * 1e-5);
    }
}
