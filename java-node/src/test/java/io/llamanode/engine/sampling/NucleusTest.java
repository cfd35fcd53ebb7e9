package io.llamanode.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Membership against the definition, whether it is told from the best blocks or from all weights. */
class NucleusTest {
    private final VocabularyScan scan = new VocabularyScan();
    private final Nucleus nucleus = new Nucleus(scan);

    private void read(float[] logits, float p) {
        scan.read(logits);
        nucleus.of(logits, p);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 100, 128, 129, 1023, 1024, 1025, 5000})
    void itIsTheSmallestSetThatReachesTheLimit(int size) {
        Random random = new Random(size);
        for (int round = 0; round < 60; round++) {
            float[] logits = RandomLogits.any(random, size);
            float p = round % 4 == 0 ? 0.001f : 0.01f + 0.98f * random.nextFloat();
            List<Integer> order = RandomLogits.order(logits);
            double[] weights = RandomLogits.weights(logits);
            double wanted = p * Arrays.stream(weights).sum();
            read(logits, p);
            double before = 0;
            for (int rank = 0; rank < size; rank++) {
                int token = order.get(rank);
                if (round % 2 == 0 && rank < 100) {
                    read(logits, p); // So that the best blocks are asked first.
                }
                // Weights are exact to 2e-5, so at the border either answer is right.
                if (Math.abs(before - wanted) > 1e-4 * wanted && logits[token] != Float.NEGATIVE_INFINITY) {
                    assertEquals(before < wanted, nucleus.contains(token), "rank " + rank + " in round " + round);
                }
                before += weights[token];
            }
        }
    }

    /** What the best of each block weighed before would make the others heavier than they are. */
    @Test
    void logitsThatWereTakenBeforeDoNotCount() {
        float[] even = new float[64 * VocabularyScan.BLOCK];
        read(even, 0.5f);
        float[] steep = new float[even.length];
        Arrays.fill(steep, -20);
        steep[0] = 0;
        steep[1] = -1;
        read(steep, 0.5f);
        assertTrue(nucleus.contains(0));
        assertFalse(nucleus.contains(1), "the first has 0.73 of it");
    }

    @Test
    void ofEqualsTheFirstAreIn() {
        for (float level : new float[] {0, -0.0f, 7.5f, -1e-30f, 1e30f}) {
            float[] logits = new float[3000];
            Arrays.fill(logits, level);
            read(logits, 0.5f);
            assertTrue(nucleus.contains(0));
            assertTrue(nucleus.contains(1490));
            assertFalse(nucleus.contains(1510));
            assertFalse(nucleus.contains(2999));
        }
    }

    @Test
    void itEndsWhereTheLimitIsReachedExactly() {
        read(new float[] {3, 3}, 0.5f);
        assertTrue(nucleus.contains(0));
        assertFalse(nucleus.contains(1), "the first has half of it");
        for (float level : new float[] {3, -3}) {
            for (float p : new float[] {0.2f, 0.5f, 0.7f, 0.9f}) {
                for (int token = 0; token < 4; token++) {
                    read(new float[] {level, level, level, level}, p);
                    assertEquals(token < 4 * p, nucleus.contains(token));
                    assertEquals(token < 4 * p, nucleus.contains(token), "asked again");
                }
            }
        }
    }

    @Test
    void theTailCountsHoweverFarBelowItIs() {
        // Each of the others is a millionth of the best, and all together are three times as probable.
        float[] logits = new float[3_000_001];
        Arrays.fill(logits, (float) Math.log(1e-6));
        logits[1_234_567] = 0;
        read(logits, 0.3f);
        assertTrue(nucleus.contains(1_234_567));
        assertTrue(nucleus.contains(190_000));
        assertFalse(nucleus.contains(210_000));
        assertFalse(nucleus.contains(3_000_000));
    }
}
