package io.llamanode.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.sampling.Probabilities.Entry;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ProbabilitiesTest {
    private final Probabilities probabilities = new Probabilities();

    private Entry of(float[] logits, int token, int alternatives) {
        probabilities.read(logits);
        return probabilities.of(token, alternatives);
    }

    @Test
    void theLogarithmsAreThoseOfTheWholeVocabulary() {
        float[] logits = RandomLogits.normal(1000, 3, 2);
        double[] expected = RandomLogits.distribution(logits, 1, 0, 1, 0);
        for (int token = 0; token < logits.length; token++) {
            assertEquals(Math.log(expected[token]), of(logits, token, 0).logprob(), 1e-4);
        }
        // However large the logits are.
        assertEquals(-Math.log(2), of(new float[] {1e9f, 1e9f}, 1, 0).logprob(), 1e-6);
        assertEquals(-Math.log(2), of(new float[] {-1e9f, -1e9f}, 1, 0).logprob(), 1e-6);
    }

    @Test
    void theLikeliestAreToldBesideTheChosenOne() {
        float[] logits = RandomLogits.normal(300, 3, 3);
        List<Integer> order = RandomLogits.order(logits);
        Entry entry = of(logits, 7, 4);
        assertEquals(7, entry.token());
        assertEquals(order.subList(0, 4), entry.top().stream().map(Entry::token).toList());
        for (Entry one : entry.top()) {
            assertEquals(of(logits, one.token(), 0), one, "alike, and without any of its own");
        }
        assertEquals(List.of(), of(logits, 7, 0).top());
    }

    @Test
    void noMoreAreToldThanThereAre() {
        Entry entry = of(new float[] {1, 3, 2}, 0, 20);
        assertEquals(List.of(1, 2, 0), entry.top().stream().map(Entry::token).toList());
        assertEquals(
                1,
                entry.top().stream().mapToDouble(one -> Math.exp(one.logprob())).sum(),
                1e-6);
    }

    @Test
    void theyAreThoseBeforeASamplerChangedTheLogits() {
        float[] logits = {1, 2};
        Entry before = of(logits, 0, 2);
        probabilities.read(logits);
        logits[0] = 100;
        assertEquals(before, probabilities.of(0, 2));
    }

    @Test
    void oneInstanceServesVocabulariesOfAnySize() {
        for (int size : new int[] {10, 500, 3}) {
            float[] logits = new float[size];
            assertTrue(IntStream.range(0, size)
                    .allMatch(token -> Math.abs(of(logits, token, 0).logprob() + Math.log(size)) < 1e-6));
        }
    }

    @Test
    void whatCannotComeHasAFiniteLogarithm() {
        assertEquals(
                -Float.MAX_VALUE,
                of(new float[] {0, Float.NEGATIVE_INFINITY}, 1, 0).logprob());
    }
}
