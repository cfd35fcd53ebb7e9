package io.llamanode.grammar.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.State;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Chars;
import io.llamanode.grammar.rule.Expression.Repeat;
import io.llamanode.grammar.rule.Expression.Text;
import io.llamanode.grammar.rule.Grammar;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A mask has exactly the tokens whose bytes may come. */
class TokenMasksTest {
    private static final int MOST_NODES = 100_000;

    private static Expression seq(Expression... parts) {
        return Expression.sequence(parts);
    }

    private static Expression text(String text) {
        return new Text(text);
    }

    private static TokenMasks masks(TokenBytes vocabulary, Grammar grammar, int kept) {
        return new TokenMasks(vocabulary, Automaton.of(grammar, MOST_NODES), Limits.DEFAULT, kept);
    }

    /** Tokens of all kinds: words, JSON's marks with what stands beside them, parts of characters, none. */
    private static TokenBytes vocabulary() {
        List<byte[]> pieces = new ArrayList<>();
        Random random = new Random(3);
        String[] parts = {
            "a",
            "Z",
            "word",
            " ",
            "\"",
            "\\",
            "n",
            "u",
            "0",
            "9",
            ".",
            "-",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\n",
            "\t",
            "true",
            "null",
            "é",
            "€",
            "\ud83d\ude00",
            "/",
            "e",
            "\u007f",
            "\u0001"
        };
        pieces.add(new byte[0]);
        for (int value = 0; value < 256; value++) {
            pieces.add(new byte[] {(byte) value});
        }
        for (int i = 0; i < 3000; i++) {
            StringBuilder text = new StringBuilder();
            for (int k = 1 + random.nextInt(7); k > 0; k--) {
                text.append(parts[random.nextInt(parts.length)]);
            }
            byte[] whole = text.toString().getBytes(StandardCharsets.UTF_8);
            pieces.add(
                    random.nextInt(5) == 0 ? java.util.Arrays.copyOf(whole, 1 + random.nextInt(whole.length)) : whole);
        }
        pieces.add("a".repeat(40).getBytes(StandardCharsets.UTF_8));
        return new TokenBytes(pieces.toArray(byte[][]::new));
    }

    private static BitSet oneByOne(TokenMasks masks, TokenBytes vocabulary, State state) {
        BitSet found = new BitSet();
        for (int token = 0; token < vocabulary.size(); token++) {
            if (masks.next(state, token) != null) {
                found.set(token);
            }
        }
        return found;
    }

    private static void walk(Grammar grammar, int steps) {
        TokenBytes vocabulary = vocabulary();
        TokenMasks masks = masks(vocabulary, grammar, 20);
        Random random = new Random(5);
        State state = masks.start();
        for (int i = 0; i < steps; i++) {
            BitSet mask = masks.mask(state);
            assertEquals(oneByOne(masks, vocabulary, state), mask);
            if (mask.isEmpty()) {
                assertTrue(state.isComplete());
                state = masks.start();
                continue;
            }
            int token = mask.stream()
                    .skip(random.nextInt(mask.cardinality()))
                    .findFirst()
                    .orElseThrow();
            state = masks.next(state, token);
            assertNotNull(state);
        }
    }

    @Test
    void everyTokenOfAMaskAndNoOtherMayCome() {
        walk(JsonRules.json(), 300);
    }

    @Test
    void wordsAndTextsWithinBounds() {
        Expression word = new Repeat(new Chars(CodePoints.range('a', 'z')), 1, Repeat.NO_BOUND);
        Expression plain =
                new Chars(CodePoints.range(' ', Character.MAX_CODE_POINT).minus(CodePoints.of("\"\\")));
        walk(new Grammar("r", Map.of("r", seq(word, text(" "), new Repeat(plain, 0, 30), text("\"")))), 200);
        walk(new Grammar("r", Map.of("r", seq(new Repeat(plain, 100, 200), text("\"")))), 200);
        walk(new Grammar("r", Map.of("r", Expression.any(new Chars(CodePoints.ALL)))), 30);
    }

    @Test
    void textsThatEndWithinATokenAndNamesAmongFreeText() {
        Expression lower = new Chars(CodePoints.range('a', 'z'));
        Expression upper = new Chars(CodePoints.range('A', 'Z'));
        Expression wide = new Chars(CodePoints.of("é€"));
        walk(new Grammar("r", Map.of("r", seq(new Repeat(lower, 2, 3), text("0"), new Repeat(wide, 1, 2)))), 40);
        Expression names = new Expression.Choice(List.of(text("word9"), text("wordword wordaZ"), text("aaaa\"")));
        Expression other = seq(new Repeat(new Expression.Choice(List.of(lower, upper, text(" "))), 0, 9), text("\""));
        walk(new Grammar("r", Map.of("r", new Expression.Choice(List.of(names, other)))), 60);
        walk(new Grammar("r", Map.of("r", seq(Expression.any(lower), upper, Expression.any(wide), text("0")))), 60);
    }

    @Test
    void anEmptyTokenMayNeverCome() {
        TokenBytes vocabulary = new TokenBytes(new byte[][] {{}, {'a'}});
        TokenMasks masks = masks(vocabulary, new Grammar("r", Map.of("r", Expression.any(text("a")))), 4);
        assertNull(masks.next(masks.start(), 0));
        assertFalse(masks.mask(masks.start()).get(0));
        assertTrue(masks.mask(masks.start()).get(1));
    }

    @Test
    void aMaskIsKeptAsLongAsThereIsRoom() {
        TokenMasks masks = masks(vocabulary(), JsonRules.json(), 2);
        State start = masks.start();
        BitSet first = masks.mask(start);
        assertSame(first, masks.mask(start));
        masks.mask(masks.next(start, bytes("[")));
        masks.mask(masks.next(start, bytes("\"")));
        BitSet again = masks.mask(start);
        assertEquals(first, again);
        assertTrue(first != again);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
