package io.llamanode.grammar.regex;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.Matching;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.rule.Expression;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A pattern stands for the texts in which it matches somewhere. */
class PatternTest {
    private static void check(String pattern, List<String> good, List<String> bad) throws PatternException {
        Regular language = Pattern.parse(pattern);
        Matching matching = new Matching(language.expression(Expression.Chars::new));
        for (String text : good) {
            assertTrue(language.contains(text), pattern + " in " + text);
            assertTrue(matching.accepts(text), pattern + " in " + text);
        }
        for (String text : bad) {
            assertTrue(!language.contains(text), pattern + " not in " + text);
            assertTrue(!matching.accepts(text), pattern + " not in " + text);
        }
    }

    private static void refused(String pattern, String why) {
        PatternException refusal = assertThrows(PatternException.class, () -> Pattern.parse(pattern));
        assertTrue(refusal.getMessage().contains(why), refusal.getMessage());
    }

    private static void compareWithJava(boolean anchors, int patterns) throws PatternException {
        Random random = new Random(17);
        RandomPatterns source = new RandomPatterns(random, anchors);
        int compared = 0;
        int matched = 0;
        for (int i = 0; i < patterns; i++) {
            String pattern = source.pattern(2);
            java.util.regex.Pattern other = java.util.regex.Pattern.compile(pattern.replace("$", "\\z"));
            Regular language;
            try {
                language = Pattern.parse(pattern);
            } catch (PatternException e) {
                assertTrue(e.getMessage().contains("in a repetition, where it is not supported"), e.getMessage());
                continue;
            }
            Matching matching = new Matching(language.expression(Expression.Chars::new));
            for (int k = 0; k < 25; k++) {
                String text = source.text();
                boolean expected = other.matcher(text).find();
                assertEquals(expected, language.contains(text), () -> pattern + " in '" + text + "'");
                assertEquals(expected, matching.accepts(text), () -> pattern + " in '" + text + "' as an expression");
                compared++;
                matched += expected ? 1 : 0;
            }
        }
        // Neither side may be rare, or nothing is shown.
        assertTrue(compared > patterns * 20 && matched > compared / 20 && matched < compared * 19 / 20);
    }

    @Test
    void patternsMatchWhereThoseOfJavaDo() throws PatternException {
        compareWithJava(false, 1500);
    }

    @Test
    void anchorsBoundariesAndLookaheadsMatchWhereThoseOfJavaDo() throws PatternException {
        compareWithJava(true, 1500);
    }

    @Test
    void notAnchoredMeansSomewhere() throws PatternException {
        check("b", List.of("b", "abc", "\nb\n"), List.of("", "a"));
        check("", List.of("", "a"), List.of());
        check("^a|b$", List.of("a", "ax", "xb"), List.of("xa", "bx"));
        check(",,|^,|,$", List.of(",", ",a", "a,", "a,,b"), List.of("a,b", ""));
        check("^$|(^(?:\\S+\\s+){0,2}\\S+$)", List.of("", "a", "a b", "a b c"), List.of(" ", "a b c d"));
        check("^$[a-z]*$", List.of(""), List.of("a"));
    }

    @Test
    void classesAreThoseOfEcma() throws PatternException {
        check("^\\d$", List.of("7"), List.of("٣", "a"));
        check("^\\w$", List.of("_", "Z"), List.of("é", "-"));
        check("^\\s$", List.of(" ", "\u00a0", "\ufeff", "\u2028", "\u000b"), List.of("\u0085", "x"));
        check("^.$", List.of("a", "\u0085", "\ud83d\ude00"), List.of("\n", "\r", "\u2028", "\u2029", "ab"));
        check("^[]$", List.of(), List.of("", "a"));
        check("^[^]$", List.of("\n", "a"), List.of(""));
        check("^[\\w.-]+$", List.of("a.b-c"), List.of("a b"));
        check("^[\\w-.]+$", List.of("a.b-c"), List.of("a b"));
        check("^[a-z0-9-_]+$", List.of("a-_"), List.of("A"));
        check("^[\\b\\]]$", List.of("\b", "]"), List.of("b"));
        check("^[[a-z]+$", List.of("[a"), List.of("]"));
    }

    @Test
    void escapesAndProperties() throws PatternException {
        check(
                "^\\cA\\t\\x41\\u0042\\u{1F600}\\uD83D\\uDE00\\0$",
                List.of("\u0001\tAB\ud83d\ude00\ud83d\ude00\u0000"),
                List.of("A"));
        check("^\\-\\/\\_\\@\\\"$", List.of("-/_@\""), List.of("-/_@"));
        check("^\\p{L}\\P{L}\\p{Lu}\\p{Letter}$", List.of("é1Éa"), List.of("éé1a"));
        check("^\\p{Script=Greek}\\p{sc=Cyrillic}\\p{Nd}$", List.of("αя٣"), List.of("aя٣"));
        check("^[\\p{Lu}_]$", List.of("É", "_"), List.of("é"));
        check("^\\{\\{.+}}]$", List.of("{{a}}]"), List.of("{{}}"));
        check("^a{,2}{x$", List.of("a{,2}{x"), List.of("aa"));
        check("^(?<year>\\d{4})-(?<m>\\d\\d)$", List.of("2024-01"), List.of("24-1"));
        check("^[\ud83d\ude00-\ud83d\ude02]$", List.of("\ud83d\ude01"), List.of("\ud83d\ude03"));
    }

    @Test
    void lookaheadsAndBoundariesAreConditions() throws PatternException {
        check("^(?!foo).*$", List.of("", "fo", "xfoo"), List.of("foo", "foobar", "a\nb"));
        check("^(?!pattern$).*$", List.of("patterns", ""), List.of("pattern"));
        check("^(?=.*\\d)(?=.*[a-z]).{3,5}$", List.of("a1b", "1a---"), List.of("abc", "a1", "a1----"));
        check("^((?!(c|C)(l|L)).)*$", List.of("", "c", "lc"), List.of("cl", "aCLb"));
        check("^(?:(?!--).)+$", List.of("a-b"), List.of("", "a--b"));
        check("\\bfoo\\b", List.of("foo", "a foo.", "-foo-"), List.of("foobar", "xfoo", "fo"));
        check("^(?!.*\\/)^(.*[^.]+.*)$", List.of("a", ".a"), List.of("a/", "..", ""));
        check(
                "^(https?://|/?.?-?(?!\\w+://)\\w).+\\.ya?ml$",
                List.of("http://a.yml", "ab.yaml"),
                List.of("ftp://a.yml"));
        check("(a$|b)+c?", List.of("a", "xb", "bc"), List.of("ac", "c"));
    }

    @Test
    void whatIsNotSupportedIsRefusedByName() {
        refused("(a)\\1", "a reference back to a group");
        refused("(?<x>a)\\k<x>", "a reference back to a group");
        refused("(?<=a)b", "a lookbehind is not supported");
        refused("(?<!a)b", "a lookbehind is not supported");
        refused("(?i)a", "'(?i' is no group that is supported");
        refused("(?P<x>a)", "'(?P' is no group that is supported");
        refused("(?>a)", "is no group that is supported");
        refused("\\Aa\\Z", "'\\A' means nothing in ECMA-262");
        refused("\\p{Nonsense}", "the property 'Nonsense' is not known");
        refused("\\08", "an octal number is not supported");
        refused("^(?:a(?=b)|b)*c$", "in a repetition, where it is not supported");
    }

    @Test
    void whatIsNoPatternIsRefusedWithItsPlace() {
        refused("a)", "at character 2 of 'a)': a group is closed that is not open");
        refused("(a", "at character 1 of '(a': a group is not closed");
        refused("[a", "a class of characters is not closed");
        refused("*a", "there is nothing to repeat");
        refused("a**", "there is nothing to repeat");
        refused("a{3,2}", "the bounds of a repetition are out of order");
        refused("[z-a]", "a range of characters is out of order");
        refused("a{99999999999}", "a bound of a repetition is over");
        refused("^*", "an anchor or a lookahead is repeated");
        refused("\\", "the pattern ends too early");
        refused("\\u{110000}", "there is no such code point");
        refused("\\xg0", "a hexadecimal number is wanted");
        refused("(".repeat(300), "groups stand in each other");
        refused("a".repeat(6000), "has more than");
    }

    @Test
    void nothingThatIsWrittenTakesForEver() throws PatternException {
        for (String nasty : List.of(
                "a?".repeat(2500),
                "a".repeat(5000),
                "(".repeat(200) + "a" + ")*".repeat(200),
                "(?:a|b){0,2000000000}".repeat(3),
                "((a{0,1000}){0,1000}){0,1000}",
                "x*".repeat(2000),
                "(?=a)".repeat(900))) {
            Pattern.parse(nasty).contains("aaaa");
        }
        Regular wide = Pattern.parse("a.{40}b").and(Pattern.parse("b.{40}a"));
        assertThrows(GrammarLimitException.class, wide::machine);
    }
}
