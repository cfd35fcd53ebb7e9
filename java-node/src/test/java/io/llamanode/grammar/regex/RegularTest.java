package io.llamanode.grammar.regex;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.Matching;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Languages combine as sets of texts do. */
class RegularTest {
    @Test
    void someTextsAreTheyAndNoOthers() {
        List<String> texts = List.of("a", "ab", "", "abc", "b", "é😀", "é");
        Regular some = Regular.literals(texts);
        texts.forEach(text -> assertTrue(some.contains(text), text));
        List.of("c", "ac", "abcd", "😀", "é😀a").forEach(text -> assertTrue(!some.contains(text), text));
        assertEquals(Regular.NOTHING, Regular.literals(List.of()));
        assertEquals(Regular.literal("x"), Regular.literals(List.of("x")));
    }

    @Test
    void intersectionUnionComplementAndLengthAreThoseOfSets() throws PatternException {
        Random random = new Random(5);
        RandomPatterns source = new RandomPatterns(random, false);
        for (int i = 0; i < 400; i++) {
            String one = "^" + source.pattern(1) + "$";
            String two = source.pattern(1);
            int min = random.nextInt(3);
            int max = min + random.nextInt(3);
            Regular first = Pattern.parse(one);
            Regular second = Pattern.parse(two);
            Regular bounded = first.and(Regular.length(min, max));
            Regular both = first.and(second.not()).or(second.and(Regular.length(min, max)));
            Matching matching = new Matching(both.expression(Expression.Chars::new));
            boolean some = false;
            for (int k = 0; k < 20; k++) {
                String text = source.text();
                long length = text.codePoints().count();
                boolean inSecond = second.contains(text);
                boolean fits = min <= length && length <= max;
                assertEquals(first.contains(text) && fits, bounded.contains(text), () -> one + " of a length: " + text);
                boolean expected = first.contains(text) && !inSecond || inSecond && fits;
                assertEquals(expected, both.contains(text), () -> one + " and " + two + ": " + text);
                assertEquals(expected, matching.accepts(text), () -> one + " and " + two + ": " + text);
                some |= expected;
            }
            assertTrue(!some || !both.isEmpty());
        }
    }

    @Test
    void whatIsInBothOfNothingInCommonIsEmpty() throws PatternException {
        assertTrue(Pattern.parse("^a+$").and(Pattern.parse("^b+$")).isEmpty());
        assertTrue(Pattern.parse("^(?:ab)+$")
                .and(Pattern.parse("^(?:aba)+$").and(Regular.length(1, 5)))
                .isEmpty());
        assertTrue(!Pattern.parse("^(?:ab)+$").and(Regular.length(4, 4)).isEmpty());
        assertTrue(Regular.length(3, 2).isEmpty());
        assertTrue(Regular.literal("a").and(Regular.literal("a").not()).isEmpty());
        assertEquals(
                Expression.NOTHING,
                Pattern.parse("^x[ab]+$").and(Pattern.parse("^x[cd]+$")).expression(Expression.Chars::new));
    }

    @Test
    void noWayLeadsToWhereNoTextGoesOn() throws PatternException {
        Expression dead = Pattern.parse("^(?:foo\\bbar|x)$").expression(Expression.Chars::new);
        assertEquals(new Expression.Chars(CodePoints.of('x')), dead);
    }

    @Test
    void lengthsStayRepetitions() throws PatternException {
        Regular length = Regular.length(0, 5000);
        assertEquals(
                new Expression.Repeat(new Expression.Chars(CodePoints.ALL), 0, 5000),
                length.expression(Expression.Chars::new));
        Expression bounded =
                Pattern.parse("^[a-z]+$").and(Regular.length(2, 100_000)).expression(Expression.Chars::new);
        assertEquals(new Expression.Repeat(new Expression.Chars(CodePoints.range('a', 'z')), 2, 100_000), bounded);
        // A length that the pattern keeps anyhow is not looked at.
        assertEquals(Pattern.parse("^a.{3}b$"), Pattern.parse("^a.{3}b$").and(Regular.length(1, 4000)));
        Regular url = Pattern.parse("^https?://[a-z]+$").and(Regular.length(0, 2000));
        assertTrue(Determinizer.isPositive(url));
        assertTrue(url.contains("https://" + "a".repeat(1992)) && url.contains("http://" + "a".repeat(1993)));
        assertTrue(!url.contains("https://" + "a".repeat(1993)) && !url.contains("http://" + "a".repeat(1994)));
        assertInstanceOf(
                Expression.Machine.class,
                Pattern.parse("a.*b").and(Regular.length(2, 9)).expression(Expression.Chars::new));
    }

    @Test
    void machinesAreDeterministicAndAllOfTheirStatesLeadOn() throws PatternException {
        Expression.Machine machine =
                Pattern.parse("foo").and(Pattern.parse("bar")).machine();
        for (List<Expression.Edge> edges : machine.states()) {
            CodePoints seen = CodePoints.NONE;
            for (Expression.Edge edge : edges) {
                CodePoints set = ((Expression.Chars) edge.label()).set();
                assertTrue(seen.and(set).isEmpty());
                seen = seen.or(set);
            }
            assertTrue(!edges.isEmpty());
        }
        assertEquals(1, machine.accepting().cardinality());
    }

    @Test
    void machinesHaveABound() throws PatternException {
        Regular large = Pattern.parse("^(?:\\S+\\s+){0,999}\\S+$").and(Regular.length(0, 100_000));
        GrammarLimitException limit = assertThrows(GrammarLimitException.class, large::machine);
        assertTrue(limit.getMessage().contains("more than"), limit.getMessage());
    }
}
