package io.llamanode.grammar.gbnf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.automaton.State;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Texts against the grammars that tests write. */
final class Matching {
    static final int MOST_NODES = 100_000;

    private Matching() {}

    static Recognizer recognizer(String gbnf) {
        return new Recognizer(Automaton.of(Gbnf.parse(gbnf), MOST_NODES), Limits.DEFAULT);
    }

    static boolean matches(Recognizer recognizer, String text) {
        State state = recognizer.start();
        for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
            state = recognizer.next(state, Byte.toUnsignedInt(value));
            if (state == null) {
                return false;
            }
        }
        return state.isComplete();
    }

    static void check(String gbnf, List<String> good, List<String> bad) {
        Recognizer recognizer = recognizer(gbnf);
        good.forEach(text -> assertEquals(true, matches(recognizer, text), () -> gbnf + " of '" + text + "'"));
        bad.forEach(text -> assertEquals(false, matches(recognizer, text), () -> gbnf + " of '" + text + "'"));
    }
}
