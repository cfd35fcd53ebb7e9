package io.llamanode.grammar.gbnf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.grammar.Matching;
import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import java.util.List;

/** Texts against the grammars that tests write. */
final class GbnfTexts {
    static final int MOST_NODES = 100_000;

    private GbnfTexts() {}

    static Recognizer recognizer(String gbnf) {
        return new Recognizer(Automaton.of(Gbnf.parse(gbnf), MOST_NODES), Limits.DEFAULT);
    }

    static void check(String gbnf, List<String> good, List<String> bad) {
        Recognizer recognizer = recognizer(gbnf);
        good.forEach(text -> assertEquals(true, Matching.accepts(recognizer, text), () -> gbnf + " of '" + text + "'"));
        bad.forEach(text -> assertEquals(false, Matching.accepts(recognizer, text), () -> gbnf + " of '" + text + "'"));
    }
}
