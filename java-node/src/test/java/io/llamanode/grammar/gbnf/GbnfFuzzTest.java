package io.llamanode.grammar.gbnf;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.gbnf.GbnfFuzz.Ending;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Whatever text is given as a grammar, it is read or refused, and no byte takes it over a bound. */
class GbnfFuzzTest {
    private static final int TEXTS = 20_000;

    @Test
    void anyTextIsReadOrRefused() {
        Map<Ending, Integer> endings = new TreeMap<>();
        new GbnfFuzz(17).run(TEXTS, (_, ending) -> endings.merge(ending, 1, Integer::sum));
        // Else the texts would tell nothing.
        assertTrue(endings.get(Ending.FED) + endings.get(Ending.COMPLETE) > TEXTS / 5, endings::toString);
        assertTrue(endings.get(Ending.REFUSED) > TEXTS / 5, endings::toString);
        assertTrue(endings.get(Ending.LIMITED) < TEXTS / 10, endings::toString);
        assertTrue(endings.get(Ending.COMPLETE) > TEXTS / 20, endings::toString);
    }
}
