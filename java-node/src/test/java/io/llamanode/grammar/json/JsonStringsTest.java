package io.llamanode.grammar.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.llamanode.grammar.Matching;
import io.llamanode.grammar.regex.Pattern;
import io.llamanode.grammar.regex.PatternException;
import io.llamanode.grammar.regex.Regular;
import io.llamanode.grammar.rule.Expression;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A string of JSON is accepted if its value is in the language, however a writer spells it. */
class JsonStringsTest {
    private static final ObjectMapper RAW = new ObjectMapper();
    private static final ObjectMapper ESCAPED =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
    private static final String[] PIECES = {
        "a",
        "b",
        "\"",
        "\\",
        "/",
        "\n",
        "\t",
        "\u0001",
        "\u001f",
        "\u007f",
        "é",
        "\u2028",
        "\ud83d\ude00",
        "\udbff\udfff",
        "\uffff",
        "<",
        "'",
        " ",
        "9"
    };
    private static final String[] PATTERNS = {
        "^[a-z\"\\n]*$",
        "\\\\",
        "^.*$",
        "^[^a]*$",
        "é|/",
        "^(?!a).*[\\u{1F600}b]",
        "^\\P{L}*$",
        "[\\u{1F601}-\\u{10FFFF}]$",
        "^\\S+$"
    };

    private static String text(Random random) {
        StringBuilder all = new StringBuilder();
        int parts = random.nextInt(5);
        for (int i = 0; i < parts; i++) {
            all.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return all.toString();
    }

    @Test
    void writtenStringsAreAcceptedIfTheirValueIsInTheLanguage() throws PatternException, IOException {
        Random random = new Random(3);
        int accepted = 0;
        int all = 0;
        for (String pattern : PATTERNS) {
            for (Regular language : List.of(
                    Pattern.parse(pattern),
                    Pattern.parse(pattern).and(Regular.length(1, 3)),
                    Pattern.parse(pattern).not())) {
                Matching matching = new Matching(JsonStrings.expression(language));
                for (int i = 0; i < 300; i++) {
                    String value = text(random);
                    boolean expected = language.contains(value);
                    String raw = RAW.writeValueAsString(value);
                    String escaped = ESCAPED.writeValueAsString(value);
                    assertEquals(expected, matching.accepts(raw), () -> pattern + ": " + raw);
                    assertEquals(expected, matching.accepts(escaped), () -> pattern + ": " + escaped);
                    String lower =
                            escaped.replaceAll("(\\\\u[0-9A-F]{4})", "$1").toLowerCase(Locale.ROOT);
                    if (RAW.readValue(lower, String.class).equals(value)) {
                        assertEquals(expected, matching.accepts(lower), () -> pattern + ": " + lower);
                    }
                    all++;
                    accepted += expected ? 1 : 0;
                }
            }
        }
        assertTrue(accepted > all / 10 && accepted < all * 9 / 10);
    }

    @Test
    void literalsAreAcceptedInEachSpellingAndNothingElseIs() throws IOException {
        Random random = new Random(4);
        for (int i = 0; i < 300; i++) {
            String value = text(random);
            String other = text(random);
            Matching matching = new Matching(JsonStrings.literal(value));
            assertTrue(matching.accepts(RAW.writeValueAsString(value)), value);
            assertTrue(matching.accepts(ESCAPED.writeValueAsString(value)), value);
            assertEquals(
                    value.equals(other), matching.accepts(RAW.writeValueAsString(other)), value + " is not " + other);
        }
    }

    @Test
    void asciiThatNoWriterEscapesIsSpelledRawOnly() {
        Matching any = new Matching(JsonStrings.ANY);
        for (String good : List.of(
                "\"\"",
                "\"\\/ / \\u003c \\u0026 \\u0027\"",
                "\"\\b\\f\\n\\r\\t\\\"\\\\\"",
                "\"\\u0000\\u001F\\u00e9\\u00E9\"",
                "\"\\uD83D\\ude00\"",
                "\"\ud83d\ude00\\u2028\"",
                "\"\\u0022\\u005c\"")) {
            assertTrue(any.accepts(good), good);
        }
        for (String bad : List.of(
                "",
                "\"",
                "a",
                "\"a",
                "\"\"\"",
                "\"\n\"",
                "\"\t\"",
                "\"\u0000\"",
                "\"\\a\"",
                "\"\\u0061\"",
                "\"\\u12\"",
                "\"\\x41\"",
                "\"\\u00g1\"",
                "\"\"a")) {
            assertTrue(!any.accepts(bad), bad);
        }
    }

    @Test
    void halfOfASurrogatePairIsNoText() {
        Matching any = new Matching(JsonStrings.ANY);
        for (String bad :
                List.of("\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\ud83d\"", "\"\\ude00\\ud83d\"", "\"\\ud83da\"")) {
            assertTrue(!any.accepts(bad), bad);
        }
        assertEquals(Expression.NOTHING, JsonStrings.literal("a\ud83d"));
    }

    @Test
    void lengthsCountCodePointsOfTheValue() {
        Matching three = new Matching(JsonStrings.expression(Regular.length(3, 3)));
        assertTrue(three.accepts("\"a\\n\\ud83d\\ude00\""));
        assertTrue(three.accepts("\"\ud83d\ude00é\\u00e9\""));
        assertTrue(!three.accepts("\"ab\""));
        assertTrue(!three.accepts("\"abcd\""));
        Matching large = new Matching(JsonStrings.expression(Regular.length(2, 5000)));
        assertTrue(large.accepts("\"" + "\\n".repeat(5000) + "\""));
        assertTrue(!large.accepts("\"" + "\\n".repeat(5001) + "\""));
    }
}
