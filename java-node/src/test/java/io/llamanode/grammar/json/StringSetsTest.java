package io.llamanode.grammar.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.Matching;
import io.llamanode.grammar.regex.Regular;
import io.llamanode.grammar.rule.Expression;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** A few strings and all but a few, in every spelling. */
class StringSetsTest {
    private static final int[] ALPHABET = "ab/\"\\\n<é😀".codePoints().toArray();

    private static String random(Random random) {
        StringBuilder text = new StringBuilder();
        for (int length = random.nextInt(4); length > 0; length--) {
            text.appendCodePoint(ALPHABET[random.nextInt(ALPHABET.length)]);
        }
        return text.toString();
    }

    private static String spelled(String text, Random random) {
        StringBuilder spelled = new StringBuilder("\"");
        text.codePoints().forEach(one -> {
            boolean must = one < ' ' || one == '"' || one == '\\';
            boolean may = must || one >= 0x7f || one == '/' || one == '<';
            if (must || may && random.nextBoolean()) {
                for (char half : Character.toChars(one)) {
                    spelled.append("\\u%04x".formatted((int) half));
                }
            } else {
                spelled.appendCodePoint(one);
            }
        });
        return spelled.append('"').toString();
    }

    @Test
    void aStringIsInOneOfTheTwoByItsValue() {
        Random random = new Random(5);
        for (int round = 0; round < 200; round++) {
            Set<String> few = new LinkedHashSet<>();
            for (int i = random.nextInt(8); i >= 0; i--) {
                few.add(random(random));
            }
            Matching these = new Matching(StringSets.of(few));
            Matching others = new Matching(StringSets.except(few, UnaryOperator.identity()));
            List<String> texts = new ArrayList<>(few);
            for (int i = 0; i < 20; i++) {
                texts.add(random(random));
            }
            for (String text : texts) {
                String spelled = spelled(text, random);
                assertEquals(few.contains(text), these.accepts(spelled), () -> few + " and " + spelled);
                assertEquals(!few.contains(text), others.accepts(spelled), () -> "not " + few + " and " + spelled);
            }
        }
    }

    @Test
    void onlyStringsOfJsonAreAccepted() {
        Matching others = new Matching(StringSets.except(List.of("a", "ab"), UnaryOperator.identity()));
        for (String good : List.of("\"\"", "\"abc\"", "\"b\"", "\"\\n\"", "\"\\u00e9\"", "\"a\\/\"")) {
            assertTrue(others.accepts(good), good);
        }
        for (String bad : List.of("\"a\"", "\"ab\"", "\"", "b", "\"\n\"", "\"\\x\"", "\"b\"\"", "\"\\ud83d\"", "")) {
            assertFalse(others.accepts(bad), bad);
        }
        assertEquals(JsonStrings.ANY, StringSets.except(List.of(), UnaryOperator.identity()));
        assertEquals(Expression.NOTHING, StringSets.of(List.of()));
        assertTrue(new Matching(JsonStrings.expression(Regular.literal("a"))).accepts("\"a\""));
    }
}
