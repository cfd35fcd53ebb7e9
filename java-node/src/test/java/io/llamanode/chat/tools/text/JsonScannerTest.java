package io.llamanode.chat.tools.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.text.JsonScanner.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The end of a JSON value and its faults are known with the character that brings them. */
class JsonScannerTest {
    /** {@return how far a text was read, and what its last character meant} */
    private static String scan(String text) {
        JsonScanner scanner = new JsonScanner();
        for (int i = 0; i < text.length(); i++) {
            Outcome outcome = scanner.accept(text.charAt(i));
            if (outcome != Outcome.MORE) {
                return outcome + " " + i;
            }
        }
        return "MORE" + (scanner.maybeComplete() ? " complete" : "");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"\"", "\"a b\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u00e9\\uABCD\\u09aF\"", "true", "false",
                        "null", "[]",
                "{}", " [ ] ", "\t{\r\n} ", "[1]", "[1,2]", "[ 0 , -0 ]", "[1.5e3, 2E-7, 3e+1, 0.5, 10]", "[[],[[]]]",
                "{\"a\":1}", "{ \"a\" : [true , null] , \"b\" : {\"c\":\"d\"} }", "[0]", "[0.5]", "[0e1]", "[1e09]"
            })
    void aValueEndsWithItsLastCharacter(String text) {
        String value = text.stripTrailing();
        assertEquals("LAST " + (value.length() - 1), scan(text));
        for (int end = 0; end < value.length(); end++) {
            assertEquals("MORE", scan(value.substring(0, end)));
        }
        assertTrue(JsonText.isValue(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-0", "7", "-12", "1.5", "0.25", "1e3", "1E+3", "1e-30", "-1.5e07"})
    void aNumberEndsWithWhatFollows(String number) {
        assertEquals("MORE complete", scan(number));
        for (String next : new String[] {" ", ",", "]", "}", "x", "\n", "\"", "/", ":"}) {
            assertEquals("BEYOND " + number.length(), scan(number + next), next);
        }
        assertEquals("LAST " + (number.length() + 1), scan("[" + number + "]"));
        assertEquals("LAST " + (number.length() + 2), scan("[" + number + " ]"));
        assertEquals("MORE", scan("[" + number));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-", "1.", "1e", "1E", "1e+", "1e-", "-1.5e", "0."})
    void halfANumberIsNone(String number) {
        assertEquals("MORE", scan(number));
        for (String next : new String[] {" ", ",", "]", "x", "/", ":"}) {
            assertEquals("BAD " + number.length(), scan(number + next), next);
            assertEquals("BAD " + (number.length() + 1), scan("[" + number + next), next);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x",
                "]",
                "}",
                ",",
                ":",
                "'",
                "+",
                ".",
                "/",
                ";",
                "[,",
                "[1,]",
                "[1 2",
                "[1;",
                "[}",
                "[1}",
                "[\"a\"}",
                "{]",
                "{1",
                "{,",
                "{\"a\"]",
                "{\"a\",",
                "{\"a\" 1",
                "{\"a\":}",
                "{\"a\":1]",
                "{\"a\":1,}",
                "{\"a\":1 \"",
                "{\"a\":1,1",
                "tx",
                "trx",
                "nulL",
                "faL",
                "\"\n",
                "\"\u001f",
                "\"\\x",
                "\"\\u000g",
                "\"\\u000/",
                "\"\\u000:",
                "\"\\u000@",
                "\"\\u000`",
                "\"\\u000G",
                "--",
                "-x",
                "-.",
                "[01",
                "[-01",
                "[1.x",
                "[1..",
                "[1e.",
                "[1.5.",
                "[1ee",
                "[1e+-",
                "[0x",
                "[1.5e1.",
                "[1e1e"
            })
    void aFaultIsKnownAtItsCharacter(String text) {
        assertEquals("BAD " + (text.length() - 1), scan(text));
    }

    @Test
    void fullWidthDigitsAreNone() {
        assertEquals("BAD 0", scan("\uff11"));
        assertEquals("BAD 4", scan("\"\\u0\uff11"));
    }

    @Test
    void depthHasABound() {
        assertEquals("LAST 63", scan("[".repeat(32) + "]".repeat(32)));
        assertEquals("BAD 32", scan("[".repeat(33)));
        assertEquals("BAD 160", scan("{\"a\":".repeat(33)));
        assertFalse(JsonText.isValue("[".repeat(33) + "]".repeat(33)));
        assertTrue(JsonText.isValue("[".repeat(32) + "]".repeat(32)));
    }

    @Test
    void spaceIsJsonsOwn() {
        for (char c : " \t\r\n".toCharArray()) {
            assertTrue(JsonScanner.isSpace(c));
        }
        for (char c : "\u000b\f\u00a0x".toCharArray()) {
            assertFalse(JsonScanner.isSpace(c));
        }
    }
}
