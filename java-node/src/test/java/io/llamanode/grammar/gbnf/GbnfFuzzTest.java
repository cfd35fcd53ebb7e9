package io.llamanode.grammar.gbnf;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.automaton.State;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever text is given as a grammar, it is read or refused, and no byte takes it over a bound. */
class GbnfFuzzTest {
    private static final int TEXTS = 20_000;
    private static final int BYTES = 16;
    private static final long SLACK = 4 << 20;

    @Test
    void anyTextIsReadOrRefused() {
        Random random = new Random(17);
        RandomGbnf texts = new RandomGbnf(random);
        Tally tally = new Tally();
        for (int i = 0; i < TEXTS; i++) {
            String text = texts.next();
            try {
                feed(text, random, tally);
            } catch (GbnfException e) {
                tally.refused++;
            } catch (GrammarLimitException e) {
                tally.limited++;
            } catch (RuntimeException | StackOverflowError e) {
                throw new AssertionError("text %d: %s".formatted(i, text), e);
            }
        }
        // Else the texts would tell nothing.
        assertTrue(tally.fed > TEXTS / 5, tally::toString);
        assertTrue(tally.refused > TEXTS / 5, tally::toString);
        assertTrue(tally.limited < TEXTS / 10, tally::toString);
        assertTrue(tally.complete > TEXTS / 20, tally::toString);
    }

    /** How texts ended. */
    private static final class Tally {
        private int fed;
        private int refused;
        private int limited;
        private int complete;

        @Override
        public String toString() {
            return "%d fed, %d refused, %d over a bound, %d complete".formatted(fed, refused, limited, complete);
        }
    }

    private static void feed(String text, Random random, Tally tally) {
        Recognizer recognizer = GbnfTexts.recognizer(text);
        State state = recognizer.start();
        tally.fed++;
        for (int i = 0; i < BYTES; i++) {
            State next = null;
            // Most bytes are nothing to a grammar: any that can come is looked for, from a random one on.
            int first = random.nextInt(256);
            for (int k = 0; k < 256 && next == null; k++) {
                next = recognizer.next(state, first + k & 0xff);
            }
            assertTrue(recognizer.weight() < Limits.DEFAULT.memory() + SLACK, text);
            if (next == null) {
                break;
            }
            state = recognizer.current(next);
        }
        if (state.isComplete()) {
            tally.complete++;
        }
    }
}
