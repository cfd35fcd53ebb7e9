package io.llamanode.engine.llama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.Recorder;
import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.GenerationListener.Outcome;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A sequence that begins with another one's cells says what it would say by itself, and neither disturbs the other. */
@Tag("native")
class SharedCellsTest extends SamplingFixture {
    private Outcome run(long session, int[] prompt, int maxTokens) {
        Recorder recorder = new Recorder();
        SamplingParams greedy = new SamplingParams(0, 0, 1, 0, 1, 0, 0, 0, 1, noEnd());
        assertTrue(engine.submit(
                new GenerationRequest(
                        session,
                        session,
                        "somebody",
                        prompt,
                        maxTokens,
                        greedy,
                        List.of(),
                        0,
                        true,
                        CacheUse.ALL,
                        GenerationRequest.NO_DEADLINE),
                recorder,
                () -> {}));
        return recorder.outcome();
    }

    /** {@return what a fresh context gives} */
    private int[] alone(int[] prompt, int maxTokens) {
        stop();
        start();
        int[] completion = run(1, prompt, maxTokens).completion();
        stop();
        start();
        return completion;
    }

    private int[] prompt(String end) {
        return vocabulary.tokenize("the quick brown fox jumps over the lazy dog ".repeat(3) + end, true, false);
    }

    private static int[] concat(int[] a, int[] b) {
        return IntStream.concat(Arrays.stream(a), Arrays.stream(b)).toArray();
    }

    @Test
    void aCopiedPrefixGivesTheAnswerOfAFreshEvaluation() {
        int[] expected = alone(prompt("why"), 30);
        run(1, prompt("who"), 30);
        Outcome second = run(2, prompt("why"), 30);
        assertTrue(second.cachedTokens() > 30, () -> "cached " + second.cachedTokens());
        assertArrayEquals(expected, second.completion());
    }

    @Test
    void neitherTheSourceNorTheCopyIsDisturbedWhenTheOtherGoesOn() {
        int[] first = concat(prompt("who"), alone(prompt("who"), 20));
        int[] later = concat(first, vocabulary.tokenize("and then", false, false));
        int[] expected = alone(later, 20);
        assertEquals(20, run(1, prompt("who"), 20).completion().length);
        // The copy goes on far past its context, which shifts it again and again.
        Outcome copy = run(2, prompt("why"), 700);
        assertTrue(copy.cachedTokens() > 30 && engine.snapshot().contextShifts() > 3);
        Outcome source = run(1, later, 20);
        assertEquals(first.length - 1, source.cachedTokens());
        assertArrayEquals(expected, source.completion());
    }

    @Test
    void theSourceMayShiftTooAndTheCopyStays() {
        int[] expected = alone(prompt("why did it jump"), 30);
        run(1, prompt("who"), 5);
        run(2, prompt("why"), 5);
        run(1, prompt("who"), 700);
        Outcome copy = run(2, prompt("why did it jump"), 30);
        assertTrue(copy.cachedTokens() > 30);
        assertArrayEquals(expected, copy.completion());
    }
}
