package io.llamanode.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logits that no token can be drawn by are refused, and they alone. */
class LogitsTest {
    private static final float NEVER = Float.NEGATIVE_INFINITY;

    @Test
    void everyFiniteNumberIsTaken() {
        assertDoesNotThrow(() -> Logits.refuseUnusable(new float[] {Float.MAX_VALUE, -Float.MAX_VALUE, 0, NEVER}));
        assertDoesNotThrow(() -> Logits.refuseUnusable(new float[] {NEVER, -Float.MAX_VALUE}));
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void oneThatIsNoNumberIsRefusedAndCounted(float bad) {
        SamplingException e =
                assertThrows(SamplingException.class, () -> Logits.refuseUnusable(new float[] {1, bad, 2, bad, NEVER}));
        assertTrue(e.getMessage().startsWith("the model computed logits of which 2 of 5 are NaN or infinite"));
        assertTrue(e.unusableLogits());
    }

    @Test
    void noFiniteOneIsRefused() {
        SamplingException e =
                assertThrows(SamplingException.class, () -> Logits.refuseUnusable(new float[] {NEVER, NEVER}));
        assertEquals("the model computed no finite logit", e.getMessage());
        assertTrue(e.unusableLogits());
    }

    @Test
    void whatWasAskedForIsNotTheFaultOfTheLogits() {
        assertFalse(new SamplingException("nothing is left").unusableLogits());
    }

    @Test
    void topPOfOneKeepsWhatWeighsNothing() {
        Candidates candidates = new Candidates();
        candidates.selectTopK(new float[] {0, -200, -300}, 3);
        candidates.keepTopP(1);
        assertEquals(3, candidates.size());
    }

    @Test
    void topPIsReachedByASumThatEqualsIt() {
        Candidates candidates = new Candidates();
        candidates.selectTopK(new float[] {3, 3, 3, 3}, 4);
        candidates.keepTopP(0.5f);
        assertEquals(List.of(0, 1), List.of(candidates.token(0), candidates.token(1)));
        assertEquals(2, candidates.size());
    }
}
