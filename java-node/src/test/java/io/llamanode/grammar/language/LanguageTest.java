package io.llamanode.grammar.language;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.Matching;
import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.gbnf.Gbnf;
import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.grammar.schema.JsonSchema.Options;
import io.llamanode.grammar.schema.Whitespace;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A language is what it was written as, and its rules are the texts that this means. */
class LanguageTest {
    private static final Options LENIENT = new Options(Whitespace.ANY, true, true);

    private static boolean accepts(Language language, String text) {
        return Matching.accepts(new Recognizer(Automaton.of(language.rules(), 100_000), Limits.DEFAULT), text);
    }

    @Test
    void equalOnesAreWrittenTheSameWay() {
        List<Language> different = List.of(
                Language.gbnf("a"),
                Language.regex("a"),
                Language.regex("b"),
                Language.choice(List.of("a")),
                Language.choice(List.of("a", "b")),
                Language.choice(List.of("a 1 b")),
                Language.schema("true", Options.DEFAULT),
                Language.schema("true", LENIENT),
                Language.schema("false", Options.DEFAULT),
                Language.rules("a", () -> Gbnf.parse("root ::= \"a\"")));
        for (int i = 0; i < different.size(); i++) {
            for (int j = 0; j < i; j++) {
                assertNotEquals(different.get(i), different.get(j));
            }
        }
        assertEquals(
                Language.schema("true", new Options(Whitespace.ANY, true, true)), Language.schema("true", LENIENT));
        assertEquals(Language.regex("a").hashCode(), Language.regex("a").hashCode());
        assertTrue(accepts(different.getLast(), "a"));
    }

    @Test
    void aPatternMatchesTheWholeText() {
        Language either = Language.regex("a|bc");
        assertTrue(accepts(either, "a"));
        assertTrue(accepts(either, "bc"));
        assertFalse(accepts(either, "ac"));
        assertFalse(accepts(either, "aa"));
        Language anchored = Language.regex("^\\d{3}(-\\w+)?$");
        assertTrue(accepts(anchored, "123-x_y"));
        assertFalse(accepts(anchored, "1234"));
        assertTrue(accepts(Language.regex(""), ""));
        // Quotes and breaks are characters as others are, not JSON of them.
        assertTrue(accepts(Language.regex("\"\\n.\\u{1F600}"), "\"\n\u00e9\ud83d\ude00"));
    }

    @Test
    void aTextIsChosenFromAList() {
        Language choice = Language.choice(List.of("yes", "yes, but", "no", "", "\ud83d\ude00", "\ud83d\ude01", "no"));
        for (String text : List.of("yes", "yes, but", "no", "", "\ud83d\ude00", "\ud83d\ude01")) {
            assertTrue(accepts(choice, text), text);
        }
        for (String text : List.of("ye", "yes, b", "n", "noo", " ")) {
            assertFalse(accepts(choice, text), text);
        }
        assertThrows(IllegalArgumentException.class, () -> Language.choice(List.of()));
    }

    @Test
    void aTreeOfTextsHasThemAndNoOthers() {
        Random random = new Random(5);
        for (int round = 0; round < 200; round++) {
            TreeSet<String> texts = new TreeSet<>();
            for (int i = random.nextInt(12); i >= 0; i--) {
                texts.add(text(random));
            }
            Language choice = Language.choice(new ArrayList<>(texts));
            texts.forEach(each -> assertTrue(accepts(choice, each), each));
            for (int i = 0; i < 20; i++) {
                String other = text(random);
                assertEquals(texts.contains(other), accepts(choice, other), other);
            }
        }
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(6); i > 0; i--) {
            text.appendCodePoint(List.of((int) 'a', (int) 'b', 0x1F600, 0x1F601).get(random.nextInt(4)));
        }
        return text.toString();
    }

    @Test
    void aThousandTextsAreReadAtOnce() {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            texts.add("the same beginning of every text, number " + i);
        }
        assertTrue(accepts(Language.choice(texts), texts.get(500)));
    }

    @Test
    void whatIsNoneSaysWhyWhenItsRulesAreAskedFor() {
        for (Language none : List.of(
                Language.gbnf("root ::= ("),
                Language.regex("a)|(b"),
                Language.regex("(?<=a)b"),
                Language.regex("a\\"),
                Language.schema("{\"type\": \"colour\"}", Options.DEFAULT),
                Language.schema("{", Options.DEFAULT))) {
            LanguageException refused = assertThrows(LanguageException.class, none::rules, none.key());
            assertEquals(refused.getCause().getMessage(), refused.getMessage());
        }
        assertTrue(accepts(Language.schema("{\"const\": [1]}", JsonSchema.Options.DEFAULT), "[1]"));
    }
}
