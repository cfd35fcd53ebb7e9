package io.llamanode.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Draws of whole vocabularies: their distribution, and what may never come. */
class VocabularyDrawTest {
    private static final int DRAWS = Integer.getInteger("llamanode.draws", 100_000);
    private static final float NEVER = Float.NEGATIVE_INFINITY;

    private final Candidates candidates = new Candidates();
    private final RandomGenerator random = new SplittableRandom(17);

    private int draw(float[] logits, float temperature, float topP, float minP) {
        return candidates.drawOfAll(logits, temperature, topP, minP, random);
    }

    private void assertDrawn(float[] logits, float temperature, float topP, float minP) {
        int[] counts = new int[logits.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[draw(logits, temperature, topP, minP)]++;
        }
        ChiSquare.assertDistribution(RandomLogits.distribution(logits, temperature, 0, topP, minP), counts);
    }

    /** From nearly even to a few tokens that have it all; vocabularies of one block, of several, and with a short last one. */
    @ParameterizedTest
    @CsvSource({
        "1100, 0.01, 1.0, 1.0,  0.0", "1100, 0.5, 1.0, 1.0,  0.0", "1100, 3, 1.5, 1.0,  0.0", "1100, 10, 0.7, 1.0, 0.0",
        "1100, 0.01, 1.0, 0.95, 0.0", "1100, 0.5, 0.8, 0.95, 0.0", "4000, 3, 1.5, 0.95, 0.0", "1100, 10, 3.0, 0.9, 0.0",
        "4000, 0.5, 1.0, 0.5,  0.0", "1100, 0.5, 2.0, 0.05, 0.0", "1100, 3, 5.0, 0.3,  0.0", "50, 1, 1.0, 0.8, 0.0",
        "1100, 0.01, 1.0, 1.0, 0.95", "1100, 0.5, 0.8, 1.0, 0.05", "1100, 3, 1.5, 1.0,  0.05", "50, 1, 1.0, 1.0, 0.2",
        "1100, 0.5, 1.0, 0.9,  0.2", "1100, 0.5, 2.0, 0.1,  0.01", "1100, 3, 1.0, 0.95, 0.1", "129, 1, 0.5, 0.7, 0.1"
    })
    void tokensComeAsOftenAsTheirProbabilitiesSay(int size, double spread, float temperature, float topP, float minP) {
        assertDrawn(RandomLogits.normal(size, spread, size), temperature, topP, minP);
    }

    @Test
    void equalsComeEvenlyAndOfANucleusTheFirst() {
        float[] logits = new float[2000];
        assertDrawn(logits, 1, 1, 0);
        // 0.50025 of 2000 is between two tokens, where no rounding matters.
        assertDrawn(logits, 0.5f, 0.50025f, 0);
        assertDrawn(logits, 1, 0.10025f, 1);
    }

    @Test
    void oneTokenThatStandsOutAndATailOfTheSameWeight() {
        float[] logits = new float[1001];
        Arrays.fill(logits, (float) Math.log(0.001));
        logits[700] = 0;
        assertDrawn(logits, 1, 1, 0);
        // Between two tokens of the tail.
        assertDrawn(logits, 1, 0.75025f, 0);
        assertDrawn(logits, 1, 0.4f, 0);
    }

    @Test
    void whatIsForbiddenHasNoShare() {
        float[] logits = RandomLogits.normal(3000, 1, 4);
        for (int i = 0; i < logits.length; i++) {
            // Whole blocks, too.
            if (i % 3 > 0 || i > 1000 && i < 1400) {
                logits[i] = NEVER;
            }
        }
        for (float[] setting : new float[][] {{1, 1, 0}, {0.8f, 0.9f, 0}, {1, 1, 0.1f}}) {
            assertDrawn(logits, setting[0], setting[1], setting[2]);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {1e-45f, 1e-30f, 0.01f, 1, 100, Float.MAX_VALUE})
    void whatIsForbiddenNeverComesAtAnyTemperature(float temperature) {
        float[] logits = new float[5000];
        Arrays.fill(logits, NEVER);
        logits[500] = 1;
        logits[4700] = 1;
        boolean[] came = new boolean[logits.length];
        for (int i = 0; i < 1000; i++) {
            came[draw(logits, temperature, 1, 0)] = true;
            came[draw(logits, temperature, 0.99f, 0.1f)] = true;
        }
        assertEquals(
                List.of(500, 4700),
                IntStream.range(0, came.length).filter(i -> came[i]).boxed().toList());
    }

    @Test
    void theLastTokenLeftComes() {
        for (int size : new int[] {1, 128, 129, 4000}) {
            float[] logits = new float[size];
            Arrays.fill(logits, NEVER);
            logits[size - 1] = -3;
            for (float p : new float[] {0, 1e-6f, 0.5f, Math.nextDown(1f), 1}) {
                assertEquals(size - 1, draw(logits, 1, p, 0));
                assertEquals(size - 1, draw(logits, 1, 1, p));
            }
        }
    }

    @Test
    void aNucleusHoldsTheBestHoweverSmallItIs() {
        float[] logits = RandomLogits.normal(3000, 1, 8);
        int best = candidates.best(logits);
        for (int i = 0; i < 200; i++) {
            assertEquals(best, draw(logits, 100, 0, 0));
            assertEquals(best, draw(logits, 100, 1e-6f, 0));
            assertEquals(best, draw(logits, 100, 1, 1));
        }
        // Equals, and such as the weights cannot tell from the best.
        float[] flat = new float[3000];
        Arrays.fill(flat, 3);
        for (int i = 0; i < 200; i++) {
            assertEquals(0, draw(flat, 1, 1e-6f, 0));
            flat[2999] = Math.nextUp(3f);
            assertTrue(List.of(0, 2999).contains(draw(flat, 1, 1e-6f, 0)));
            flat[2999] = 3;
        }
    }

    @Test
    void brokenLogitsAreRefused() {
        float negative = Float.intBitsToFloat(0xFFC00000); // What processors make of infinity less infinity.
        for (float broken : new float[] {Float.NaN, negative, Float.POSITIVE_INFINITY}) {
            float[] all = new float[300];
            Arrays.fill(all, broken);
            float[] one = RandomLogits.normal(300, 1, 2);
            one[150] = broken;
            for (float[] logits : List.of(all, one)) {
                assertThrows(
                        SamplingException.class, () -> draw(logits, 1, 0.5f, 0.5f), () -> broken + " is drawn from");
            }
        }
    }

    @Test
    void whereNoTokenMayComeSomeTokenIsDrawn() {
        float[] logits = new float[300];
        Arrays.fill(logits, NEVER);
        for (float p : new float[] {0.5f, 1}) {
            int token = draw(logits, 1, p, 1 - p);
            assertTrue(token >= 0 && token < logits.length, "token " + token);
        }
    }

    @Test
    void theSameRandomNumbersGiveTheSameTokensWhateverWasDrawnBefore() {
        float[] logits = RandomLogits.normal(3000, 1, 3);
        int[] tokens = tokens(logits, new Candidates());
        Candidates used = new Candidates();
        Random noise = new Random(1);
        for (int size : new int[] {10, 9000, 200}) {
            used.drawOfAll(RandomLogits.any(noise, size), 1, 0.5f, 0, random);
        }
        assertArrayEquals(tokens, tokens(logits, used));
    }

    private static int[] tokens(float[] logits, Candidates candidates) {
        RandomGenerator seeded = new SplittableRandom(5);
        return IntStream.range(0, 100)
                .map(i -> candidates.drawOfAll(logits, 1, 0.9f, 0.01f, seeded))
                .toArray();
    }
}
