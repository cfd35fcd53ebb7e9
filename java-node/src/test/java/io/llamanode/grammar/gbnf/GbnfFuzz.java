package io.llamanode.grammar.gbnf;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.automaton.State;
import java.util.Random;
import java.util.function.BiConsumer;

/** Random and mutated texts as grammars, by each of which some random bytes are read. */
public final class GbnfFuzz {
    private static final int BYTES = 16;
    /** What one step may add before the bound is looked at. */
    private static final long SLACK = 4 << 20;

    /** How a text ended. */
    public enum Ending {
        /** It is no grammar. */
        REFUSED,
        /** It, or a byte, would have taken more than a bound allows. */
        LIMITED,
        /** Bytes were read by it. */
        FED,
        /** Bytes were read by it that are a text. */
        COMPLETE
    }

    private final Random random;
    private final RandomGbnf texts;

    /** @param seed of the texts and the bytes */
    public GbnfFuzz(long seed) {
        this.random = new Random(seed);
        this.texts = new RandomGbnf(random);
    }

    /**
     * Reads texts.
     *
     * @param count of them
     * @param each told of each text how it ended
     * @throws AssertionError if one ended in no such way
     */
    public void run(int count, BiConsumer<String, Ending> each) {
        for (int i = 0; i < count; i++) {
            String text = texts.next();
            Ending ending;
            try {
                ending = feed(text);
            } catch (GbnfException e) {
                ending = Ending.REFUSED;
            } catch (GrammarLimitException e) {
                ending = Ending.LIMITED;
            } catch (RuntimeException | StackOverflowError e) {
                throw new AssertionError("text %d: %s".formatted(i, text), e);
            }
            each.accept(text, ending);
        }
    }

    private Ending feed(String text) {
        Recognizer recognizer = GbnfTexts.recognizer(text);
        State state = recognizer.start();
        for (int i = 0; i < BYTES; i++) {
            State next = null;
            // Most bytes are nothing to a grammar: any that can come is looked for, from a random one on.
            int first = random.nextInt(256);
            for (int k = 0; k < 256 && next == null; k++) {
                next = recognizer.next(state, first + k & 0xff);
            }
            if (recognizer.weight() > Limits.DEFAULT.memory() + SLACK) {
                throw new IllegalStateException("its states take " + recognizer.weight());
            }
            if (next == null) {
                break;
            }
            state = recognizer.current(next);
        }
        return state.isComplete() ? Ending.COMPLETE : Ending.FED;
    }
}
