package io.llamanode.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.sampling.ChainParams.Dry;
import io.llamanode.engine.sampling.ChainParams.Mirostat;
import io.llamanode.engine.sampling.ChainParams.Step;
import io.llamanode.engine.sampling.ChainParams.Xtc;
import io.llamanode.grammar.language.Language;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the settings of a choice say of themselves. */
class SamplingDataTest {
    private static final Language A = Language.gbnf("root ::= \"a\"");

    private static boolean needed(
            List<Step> steps, float typicalP, float sigma, float range, float xtc, float dry, int mirostat) {
        return new ChainParams(
                        steps,
                        typicalP,
                        sigma,
                        range,
                        1,
                        new Xtc(xtc, 0.1f),
                        new Dry(dry, 1.75f, 2, -1, List.of()),
                        new Mirostat(mirostat, 5, 0.1f))
                .needed();
    }

    @ParameterizedTest
    @CsvSource({
        "1,    -1,  0,   0,   0,   0, false",
        "1,    0,   0,   0,   0,   0, false",
        "0.99, -1,  0,   0,   0,   0, true",
        "1,    0.1, 0,   0,   0,   0, true",
        "1,    -1,  0.1, 0,   0,   0, true",
        "1,    -1,  0,   0.1, 0,   0, true",
        "1,    -1,  0,   0,   0.1, 0, true",
        "1,    -1,  0,   0,   0,   1, true"
    })
    void aChainIsNeededForWhatThePlainSamplerDoesNotDo(
            float typicalP, float sigma, float range, float xtc, float dry, int mirostat, boolean needed) {
        assertEquals(needed, needed(Step.DEFAULT, typicalP, sigma, range, xtc, dry, mirostat));
    }

    @Test
    void aChainIsNeededForStepsInAnotherOrder() {
        assertTrue(needed(Step.DEFAULT.reversed(), 1, -1, 0, 0, 0, 0));
        assertTrue(needed(List.of(), 1, -1, 0, 0, 0, 0));
    }

    @ParameterizedTest
    @CsvSource({
        "1,   64, 0,    0,    false",
        "1.1, 64, 0,    0,    true",
        "1,   64, 0.1,  0,    true",
        "1,   64, 0,    -0.1, true",
        "1.1, -1, 0,    0,    true",
        "1.1, 0,  0.1,  0.1,  false"
    })
    void logitsAreChangedByAPenaltyInAWindow(
            float repeat, int lastN, float frequency, float presence, boolean penalizes) {
        assertEquals(
                penalizes, new SamplingParams(1, 0, 1, 0, repeat, lastN, frequency, presence, 0, Map.of()).penalizes());
    }

    @Test
    void anEmptyTriggerIsRefused() {
        assertEquals(
                "empty trigger",
                assertThrows(IllegalArgumentException.class, () -> new Grammar(A, List.of("a", "")))
                        .getMessage());
    }

    @Test
    void aGrammarIsThatOfItsBeginning() {
        List<String> triggers = new ArrayList<>(List.of("<"));
        Set<Integer> controls = new HashSet<>(Set.of(1));
        Grammar grammar = new Grammar(A, triggers, controls);
        triggers.add("");
        controls.add(2);
        assertEquals(List.of("<"), grammar.triggers());
        assertEquals(Set.of(1), grammar.controls());
        assertEquals(Set.of(), new Grammar(A, triggers.subList(0, 1)).controls());
    }

    @Test
    void aStrictGrammarHoldsFromTheBeginning() {
        assertEquals(new Grammar(A, List.of(), Set.of()), Grammar.strict(A));
    }

    @Test
    void whyNothingCanBeChosenIsAlwaysTold() {
        Throwable cause = new IllegalStateException();
        SamplingException failure = new SamplingException("why", cause);
        assertEquals("why", failure.getMessage());
        assertEquals(cause, failure.getCause());
        assertEquals("why", new SamplingException("why").getMessage());
        assertEquals("null", new SamplingException(null).getMessage());
    }
}
