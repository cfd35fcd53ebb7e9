package io.llamanode.grammar;

import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.automaton.State;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Grammar;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Reads texts by an expression, as a model's answer is read. */
public final class Matching {
    private static final int MOST_NODES = 500_000;

    private final Recognizer recognizer;

    /**
     * Makes a reader.
     *
     * @param expression without references
     */
    public Matching(Expression expression) {
        Grammar grammar = new Grammar("root", Map.of("root", expression));
        recognizer = new Recognizer(Automaton.of(grammar, MOST_NODES), Limits.DEFAULT);
    }

    /**
     * Reads a text.
     *
     * @param text any
     * @return whether it can be read to its end
     */
    public boolean accepts(String text) {
        return accepts(recognizer, text);
    }

    /**
     * Reads a text.
     *
     * @param recognizer of a grammar
     * @param text any
     * @return whether it can be read to its end
     */
    public static boolean accepts(Recognizer recognizer, String text) {
        State state = recognizer.start();
        for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
            state = recognizer.next(state, Byte.toUnsignedInt(value));
            if (state == null) {
                return false;
            }
        }
        return state.isComplete();
    }
}
