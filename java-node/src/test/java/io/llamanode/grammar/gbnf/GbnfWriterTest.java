package io.llamanode.grammar.gbnf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.Matching;
import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Grammar;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is written is read back as the same language. */
class GbnfWriterTest {
    private static void same(Language language, List<String> texts, List<String> others) {
        String written = GbnfWriter.write(language.rules());
        assertTrue(written.startsWith("root ::= "), written);
        Recognizer recognizer = new Recognizer(Automaton.of(Gbnf.parse(written), 100_000), Limits.DEFAULT);
        texts.forEach(text -> assertTrue(Matching.accepts(recognizer, text), text + " by " + written));
        others.forEach(text -> assertFalse(Matching.accepts(recognizer, text), text + " by " + written));
    }

    @Test
    void aPattern() {
        same(Language.regex("\\d{3}-(\\w+|)"), List.of("123-", "123-ab_"), List.of("12-", "123-?"));
        same(Language.regex("(?!no).*"), List.of("yes", "n", ""), List.of("no", "not"));
        same(
                Language.regex("[^\\]\\\\\"-]+"),
                List.of("a\u00e9\ud83d\ude00\n\u0000"),
                List.of("]", "\\", "\"", "-", ""));
        same(Language.regex("[\\s\\S]{2,}"), List.of("ab", "\n\n\n"), List.of("a"));
    }

    @Test
    void aListOfTexts() {
        same(
                Language.choice(List.of("yes", "yes, \"but\"", "no\\\n", "\ud83d\ude00")),
                List.of("yes", "yes, \"but\"", "no\\\n", "\ud83d\ude00"),
                List.of("", "yes, ", "no"));
    }

    @Test
    void rulesOfAnyName() {
        String gbnf = "root ::= a_rule root? | \"\" \n a_rule ::= [a-c]{2,3} | r0* \"!\"\n r0 ::= \"x\" | \"y\"+";
        same(Language.gbnf(gbnf.replace("a_rule", "a-rule")), List.of("", "ab", "xyy!abc"), List.of("a", "z!"));
    }

    @Test
    void whatStandsForNoTextCanNotBeWritten() {
        for (Expression nothing : List.of(
                Expression.NOTHING, new Expression.Sequence(List.of(new Expression.Text("a"), Expression.NOTHING)))) {
            assertThrows(
                    GrammarLimitException.class, () -> GbnfWriter.write(new Grammar("root", Map.of("root", nothing))));
        }
        assertEquals("root ::= \"\"\n", GbnfWriter.write(new Grammar("a", Map.of("a", Expression.EMPTY))));
    }
}
