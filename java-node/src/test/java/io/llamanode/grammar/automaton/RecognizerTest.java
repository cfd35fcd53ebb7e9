package io.llamanode.grammar.automaton;

import static io.llamanode.grammar.Matching.accepts;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Edge;
import io.llamanode.grammar.rule.Expression.Machine;
import io.llamanode.grammar.rule.Expression.Reference;
import io.llamanode.grammar.rule.Expression.Repeat;
import io.llamanode.grammar.rule.Expression.Text;
import io.llamanode.grammar.rule.Grammar;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Texts that keep to a grammar are read to their end, and no others. */
class RecognizerTest {
    private static final int MOST_NODES = 100_000;
    private static final Limits SMALL = new Limits(2_000, 100, 1 << 20);

    private static Grammar grammar(Expression root) {
        return new Grammar("root", Map.of("root", root));
    }

    private static boolean matches(Grammar grammar, String text) {
        return accepts(new Recognizer(Automaton.of(grammar, MOST_NODES), Limits.DEFAULT), text);
    }

    private static void check(Expression root, List<String> good, List<String> bad) {
        check(grammar(root), good, bad);
    }

    private static void check(Grammar grammar, List<String> good, List<String> bad) {
        good.forEach(text -> assertTrue(matches(grammar, text), text));
        bad.forEach(text -> assertTrue(!matches(grammar, text), text));
    }

    private static Text text(String text) {
        return new Text(text);
    }

    private static Expression seq(Expression... parts) {
        return Expression.sequence(parts);
    }

    private static Expression or(Expression... alternatives) {
        return new Expression.Choice(List.of(alternatives));
    }

    @Test
    void sequencesChoicesAndRepetitions() {
        check(seq(text("a"), or(text("b"), text("cd"))), List.of("ab", "acd"), List.of("", "a", "ac", "abc", "b"));
        check(new Repeat(text("ab"), 1, 2), List.of("ab", "abab"), List.of("", "a", "aba", "ababab"));
        check(Expression.any(text("ab")), List.of("", "ab", "abababab"), List.of("a", "abb"));
        check(Expression.NOTHING, List.of(), List.of("", "a"));
        check(Expression.EMPTY, List.of(""), List.of("a"));
    }

    @Test
    void charactersOfAnyLengthInBytes() {
        Expression all = new Expression.Chars(CodePoints.of("é").or(CodePoints.range(0x800, 0xffff)));
        check(all, List.of("é", "€", "\uffff"), List.of("e", "ё", "\ud83d\ude00", "\u0080"));
        check(
                new Expression.Chars(CodePoints.of('"', '\\').not()),
                List.of("a", "é", "€", "\ud83d\ude00"),
                List.of("\"", "\\", "ab"));
    }

    @Test
    void everyCodePointAndNoOtherBytes() {
        Recognizer recognizer =
                new Recognizer(Automaton.of(grammar(new Expression.Chars(CodePoints.ALL)), MOST_NODES), Limits.DEFAULT);
        for (int point = 0; point <= Character.MAX_CODE_POINT; point++) {
            if (!Character.isBmpCodePoint(point) || !Character.isSurrogate((char) point)) {
                assertTrue(accepts(recognizer, Character.toString(point)), Integer.toHexString(point));
            }
        }
        for (int[] wrong :
                new int[][] {{0x80}, {0xc0}, {0xc1}, {0xed, 0xa0}, {0xe0, 0x80}, {0xf0, 0x80}, {0xf4, 0x90}, {0xf5}}) {
            State state = recognizer.start();
            for (int i = 0; i < wrong.length; i++) {
                assertNotNull(state);
                state = recognizer.next(state, wrong[i]);
            }
            assertEquals(null, state);
        }
    }

    @Test
    void largeBoundsAreCounted() {
        Expression body = or(text("a"), text("bc"));
        check(
                seq(new Repeat(body, 1000, 1003), text(".")),
                List.of("a".repeat(1000) + ".", "bc".repeat(1003) + "."),
                List.of("a".repeat(999) + ".", "a".repeat(1004) + "."));
        check(new Repeat(text("a"), 0, 900_000_000), List.of("", "a".repeat(5000)), List.of("b"));
        check(new Repeat(text("a"), 500, Repeat.NO_BOUND), List.of("a".repeat(501)), List.of("a".repeat(499)));
        // Turns of nothing count too.
        check(
                new Repeat(Expression.optional(text("a")), 100, 101),
                List.of("", "a", "a".repeat(101)),
                List.of("a".repeat(102)));
    }

    @Test
    void aRepetitionWithinARepetitionEnds() {
        check(
                seq(Expression.any(new Repeat(text("a"), 0, 3)), text("b")),
                List.of("b", "ab", "aaaaaaab"),
                List.of("", "a", "bb"));
        check(
                Expression.any(Expression.any(Expression.optional(Expression.any(text("a"))))),
                List.of("", "aaa"),
                List.of("b"));
    }

    @Test
    void rulesThatStandInThemselves() {
        Grammar nested = grammar(or(seq(text("("), new Reference("root"), text(")")), Expression.EMPTY));
        check(nested, List.of("", "()", "(".repeat(900) + ")".repeat(900)), List.of("(", "())", ")("));
        Grammar left = grammar(or(seq(new Reference("root"), text("+1")), text("1")));
        check(left, List.of("1", "1+1", "1+1+1+1"), List.of("", "+1", "1+", "11"));
        Grammar only = grammar(or(new Reference("root"), text("x")));
        check(only, List.of("x"), List.of("", "xx"));
        check(grammar(new Reference("root")), List.of(), List.of("", "x"));
    }

    @Test
    void leftRecursionThroughOthersAndBehindNothing() {
        Map<String, Expression> rules = new LinkedHashMap<>();
        rules.put("root", or(seq(new Reference("b"), text("x")), text("r")));
        rules.put(
                "b", or(seq(new Reference("nothing"), new Reference("root"), text("y")), text("b"), Expression.EMPTY));
        rules.put("nothing", Expression.any(text("n")));
        check(
                new Grammar("root", rules),
                List.of("r", "x", "bx", "ryx", "nryx", "xyx", "bxyx", "nnbxyxyx"),
                List.of("", "y", "b", "rx", "ry", "yx"));
    }

    @Test
    void machines() {
        BitSet accepting = new BitSet();
        accepting.set(1);
        Machine even = new Machine(
                List.of(List.of(new Edge(text("a"), 1)), List.of(new Edge(or(text("b"), text("cc")), 0))), accepting);
        check(seq(even, text(".")), List.of("a.", "aba.", "acca."), List.of(".", "ab.", "aca."));
    }

    @Test
    void alternativesThatBeginAlikeShareTheirStacks() {
        // Two to the power of the depth, were the ways told apart.
        Grammar grammar = grammar(or(
                seq(text("a"), new Reference("root"), text("x")),
                seq(text("a"), new Reference("root"), text("y")),
                text("b")));
        assertTrue(matches(grammar, "a".repeat(200) + "b" + "xy".repeat(100)));
        assertTrue(!matches(grammar, "a".repeat(200) + "b" + "xy".repeat(100) + "x"));
    }

    @Test
    void whatGoesTooDeepIsGivenUp() {
        Grammar nested = grammar(or(seq(text("("), new Reference("root"), text(")")), text("x")));
        Recognizer recognizer = new Recognizer(Automaton.of(nested, MOST_NODES), SMALL);
        String message = assertThrows(GrammarLimitException.class, () -> accepts(recognizer, "(".repeat(101) + "x"))
                .getMessage();
        assertEquals("more than 100 of its rules stand in each other", message);
        // What was given up has left nothing behind.
        assertTrue(accepts(recognizer, "((x))"));
    }

    @Test
    void whatHasTooManyWaysIsGivenUp() {
        Expression inner = new Repeat(seq(new Repeat(text("a"), 1, 500), Expression.optional(text("b"))), 0, 500);
        Recognizer recognizer = new Recognizer(
                Automaton.of(grammar(new Repeat(seq(inner, Expression.any(text("c"))), 0, 500)), MOST_NODES),
                new Limits(1_000, 100, 1 << 20));
        assertThrows(GrammarLimitException.class, () -> accepts(recognizer, "a".repeat(400)));
        assertTrue(accepts(recognizer, "aa"));
    }

    @Test
    void tooLargeAGrammarIsRefused() {
        Expression large = new Text("x".repeat(2_000));
        assertThrows(GrammarLimitException.class, () -> Automaton.of(grammar(large), 1_000));
    }

    @Test
    void whatWasFoundOutIsForgottenAndFoundAgain() {
        Grammar nested = grammar(or(seq(text("("), new Reference("root"), text(")")), text("x")));
        Recognizer recognizer = new Recognizer(Automaton.of(nested, MOST_NODES), new Limits(1_000, 1_000, 10_000));
        State state = recognizer.start();
        for (int i = 0; i < 500; i++) {
            state = recognizer.current(state);
            state = recognizer.next(state, '(');
            assertNotNull(state);
            assertTrue(recognizer.weight() < 11_000);
        }
        state = recognizer.next(state, 'x');
        for (int i = 0; i < 500; i++) {
            assertNotNull(state);
            state = recognizer.next(recognizer.current(state), ')');
        }
        assertNotNull(state);
        assertTrue(state.isComplete());
    }

    @Test
    void randomGrammarsSayWhatAPlainSearchSays() {
        Random random = new Random(17);
        List<String> texts = texts("ab", 5);
        int limited = 0;
        for (int i = 0; i < 1_500; i++) {
            Grammar grammar = random(random);
            Automaton automaton;
            try {
                automaton = Automaton.of(grammar, MOST_NODES);
            } catch (GrammarLimitException e) {
                limited++;
                continue;
            }
            Recognizer recognizer = new Recognizer(automaton, new Limits(5_000_000, 5_000, 16 << 20));
            for (String text : texts) {
                assertEquals(
                        Spans.matches(grammar, text), accepts(recognizer, text), () -> grammar + " of '" + text + "'");
            }
        }
        assertTrue(limited < 15, limited + " refused");
    }

    @Test
    void repetitionsAroundEachOtherAreCountedTogether() {
        Repeat inner = new Repeat(text("a"), 0, 2_000_000_000);
        check(new Repeat(inner, 2_000_000_000, 2_000_000_000), List.of("", "a".repeat(5_000)), List.of("b"));
        // Two times two or three: four to six, but once or twice four leaves gaps.
        check(new Repeat(new Repeat(text("a"), 2, 3), 2, 2), List.of("aaaa", "aaaaaa"), List.of("aaa", "aaaaaaa"));
        check(
                new Repeat(new Repeat(text("a"), 4, 4), 1, 2),
                List.of("aaaa", "aaaaaaaa"),
                List.of("aaaaa", "aaaaaa", "aaa"));
        check(
                new Repeat(new Repeat(text("a"), 2, Repeat.NO_BOUND), 0, Repeat.NO_BOUND),
                List.of("", "aa", "aaaaa"),
                List.of("a"));
    }

    private static List<String> texts(String alphabet, int longest) {
        List<String> texts = new ArrayList<>(List.of(""));
        for (int i = 0; texts.get(i).length() < longest; i++) {
            for (char c : alphabet.toCharArray()) {
                texts.add(texts.get(i) + c);
            }
        }
        return texts;
    }

    private static Grammar random(Random random) {
        Map<String, Expression> rules = new LinkedHashMap<>();
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            rules.put("r" + i, random(random, count, 3));
        }
        return new Grammar("r0", rules);
    }

    private static Expression random(Random random, int rules, int depth) {
        int kind = random.nextInt(depth == 0 ? 3 : 8);
        return switch (kind) {
            case 0 -> text(random.nextBoolean() ? "a" : random.nextBoolean() ? "b" : "");
            case 1 -> new Reference("r" + random.nextInt(rules));
            case 2 -> new Expression.Chars(CodePoints.of(random.nextBoolean() ? "ab" : "b"));
            case 3, 4 -> seq(random(random, rules, depth - 1), random(random, rules, depth - 1));
            case 5 -> or(random(random, rules, depth - 1), random(random, rules, depth - 1));
            case 6 -> {
                int min = random.nextInt(3);
                yield new Repeat(
                        random(random, rules, depth - 1),
                        min,
                        random.nextBoolean() ? Repeat.NO_BOUND : min + random.nextInt(70));
            }
            default -> {
                BitSet accepting = new BitSet();
                accepting.set(random.nextInt(2));
                yield new Machine(
                        List.of(
                                List.of(new Edge(random(random, rules, depth - 1), random.nextInt(2))),
                                List.of(new Edge(random(random, rules, depth - 1), random.nextInt(2)))),
                        accepting);
            }
        };
    }
}
