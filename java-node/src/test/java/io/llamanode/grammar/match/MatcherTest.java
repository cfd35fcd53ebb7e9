package io.llamanode.grammar.match;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.gbnf.Gbnf;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Grammar;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class MatcherTest {
    private static Matcher of(String gbnf) {
        return new Matcher(Gbnf.parse(gbnf), Limits.DEFAULT);
    }

    private static String read(String gbnf, String... pieces) {
        Matcher matcher = of(gbnf);
        List.of(pieces).forEach(matcher::read);
        return "%b %b %d %d %s"
                .formatted(
                        matcher.isComplete(),
                        matcher.isBeginning(),
                        matcher.bytes(),
                        matcher.characters(),
                        matcher.refused());
    }

    @Test
    void tellsHowFarATextKeepsToAGrammar() {
        String gbnf = "root ::= \"é\" [a-c]+ \"😀\"?";
        assertEquals("false true 0 0 null", read(gbnf));
        assertEquals("false true 2 1 null", read(gbnf, "é"));
        assertEquals("true true 4 3 null", read(gbnf, "éab"));
        assertEquals("true true 8 4 null", read(gbnf, "éab😀"));
        assertEquals("false false 4 3 d", read(gbnf, "éabdab"));
        assertEquals("false false 8 4 a", read(gbnf, "éab😀a"));
    }

    /** The first byte of a character can come, the second one can not. */
    @Test
    void stopsBeforeACharacterRatherThanInIt() {
        assertEquals("false false 1 1 ë", read("root ::= \"x\" \"é\"", "xë"));
        assertEquals("false false 0 0 😁", read("root ::= \"😀\"", "😁"));
    }

    @Test
    void piecesMayEndAnywhere() {
        String gbnf = "root ::= \"😀\" [a-z]*";
        assertEquals("false true 0 0 null", read(gbnf, "\ud83d"));
        assertEquals("true true 4 1 null", read(gbnf, "\ud83d", "\ude00"));
        assertEquals("true true 6 3 null", read(gbnf, "😀", "", "a", "b"));
        assertEquals("false false 5 2 1", read(gbnf, "😀a", "1b", "c"));
    }

    @Test
    void halfOfACharacterCanNotCome() {
        String gbnf = "root ::= .*";
        assertEquals("false false 1 1 null", read(gbnf, "a\ude00b"));
        assertEquals("false false 0 0 null", read(gbnf, "\ud83da"));
        assertEquals("false true 1 1 null", read(gbnf, "a\ud83d"));
    }

    @Test
    void nothingKeepsToAGrammarWithoutTexts() {
        Matcher matcher = new Matcher(new Grammar("root", Map.of("root", Expression.NOTHING)), Limits.DEFAULT);
        assertFalse(matcher.isBeginning());
        assertFalse(matcher.isComplete());
        assertFalse(matcher.read("a"));
        assertEquals(0, matcher.bytes());
    }

    @Test
    void whatNeverEndsIsNoBeginning() {
        assertEquals("false false 0 0 a", read("root ::= \"a\" root", "aa"));
        assertEquals("false false 1 1 c", read("root ::= \"b\" | \"b\" x\nx ::= \"c\" x", "bc"));
    }

    @Test
    void theEmptyTextMayBeAll() {
        Matcher matcher = of("root ::= \"\"");
        assertTrue(matcher.isComplete());
        assertTrue(matcher.isBeginning());
        assertFalse(matcher.read("a"));
    }

    @Test
    void whatTakesTooMuchIsGivenUp() {
        String many = "root ::= (\"a\" | x)* \"c\"\nx ::= x x x | \"a\"";
        assertThrows(
                GrammarLimitException.class,
                () -> new Matcher(Gbnf.parse(many), new Limits(50, 10, 1 << 20)).read("a".repeat(100)));
    }
}
