package io.llamanode.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a filter leaves is chosen among, and nothing else. */
class ConstrainedSamplerTest {
    private static final float NEVER = Float.NEGATIVE_INFINITY;
    private static final int END = 4;

    private final FakeFilter filter = new FakeFilter();

    /** Allows some tokens, and remembers what it was asked and told. */
    private static final class FakeFilter implements TokenFilter {
        Set<Integer> allowed = Set.of();
        final List<Integer> accepted = new ArrayList<>();
        int masks;
        boolean closed;

        @Override
        public boolean allows(int token) {
            return allowed.contains(token);
        }

        @Override
        public int mask(float[] logits) {
            masks++;
            for (int token = 0; token < logits.length; token++) {
                if (!allowed.contains(token)) {
                    logits[token] = NEVER;
                }
            }
            return allowed.size();
        }

        @Override
        public void accept(int token) {
            assertTrue(allows(token));
            accepted.add(token);
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    /** Takes the best, and spoils the logits as samplers may. */
    private static final class Greedy implements Sampler {
        final Set<Integer> forbidden;
        final List<Integer> accepted = new ArrayList<>();
        boolean closed;

        Greedy(Integer... forbidden) {
            this.forbidden = Set.of(forbidden);
        }

        @Override
        public void accept(int token) {
            accepted.add(token);
        }

        @Override
        public int sample(float[] logits) {
            forbidden.forEach(token -> logits[token] = NEVER);
            int best = new Candidates().best(logits);
            logits[0] = 1000;
            return best;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private Sampler sampler(Sampler free, int... ends) {
        return new ConstrainedSampler(free, filter, ends, new float[5]);
    }

    private static float[] logits() {
        return new float[] {0, 1, 2, 3, -1};
    }

    @Test
    void aTokenThatMayComeIsTakenWithoutAskingOfTheOthers() {
        filter.allowed = Set.of(3);
        assertEquals(3, sampler(new Greedy()).sample(logits()));
        assertEquals(0, filter.masks);
        assertEquals(List.of(3), filter.accepted);
    }

    @Test
    void otherwiseTheBestOfThoseThatMayCome() {
        filter.allowed = Set.of(0, 1);
        assertEquals(1, sampler(new Greedy()).sample(logits()), "as if the first choice had changed nothing");
        assertEquals(List.of(1), filter.accepted);
    }

    @Test
    void whereTheSamplerRulesOutWhatIsLeftTheAnswerEnds() {
        filter.allowed = Set.of(1, END);
        assertEquals(END, sampler(new Greedy(1), END).sample(logits()));
        assertEquals(List.of(END), filter.accepted);
    }

    @Test
    void theFirstEndThatMayComeIsTaken() {
        filter.allowed = Set.of(2, END);
        assertEquals(2, sampler(new Greedy(2, END), 1, 2, END).sample(logits()));
    }

    @Test
    void noTokenAtAllIsAFailureOfTheRequest() {
        for (Set<Integer> allowed : List.of(Set.<Integer>of(), Set.of(1))) {
            filter.allowed = allowed;
            Sampler sampler = sampler(new Greedy(1), END);
            SamplingException failure = assertThrows(SamplingException.class, () -> sampler.sample(logits()));
            assertEquals("no token of the vocabulary can continue the grammar", failure.getMessage());
        }
        assertEquals(List.of(), filter.accepted);
    }

    @Test
    void thePromptIsForTheFreeSamplerOnly() {
        Greedy free = new Greedy();
        sampler(free).accept(9);
        assertEquals(List.of(9), free.accepted);
        assertEquals(List.of(), filter.accepted);
    }

    @Test
    void bothAreClosedTogether() {
        Greedy free = new Greedy();
        sampler(free).close();
        assertTrue(free.closed && filter.closed);
    }

    @Test
    void aLogitOfTheFirstChoiceIsThatOfTheSecond() {
        filter.allowed = Set.of(0, 2);
        float[] logits = logits();
        SamplingParams biased = new SamplingParams(0, 0, 1, 0, 1, 0, 0, 0, 0, Map.of(0, 1.5f));
        assertEquals(2, sampler(new TokenSampler(biased, new Candidates())).sample(logits), "added once only");
        assertArrayEquals(new float[] {1.5f, NEVER, 2, NEVER, NEVER}, logits);
    }
}
