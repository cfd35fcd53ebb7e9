package io.llamanode.chat.tools.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Arguments of a call in Python, as far as they are literals. */
class PythonLiteralsTest {
    private static Object one(String literal) {
        Map<String, Object> arguments = PythonLiterals.arguments("(a=" + literal + ")");
        assertEquals(List.of("a"), arguments == null ? null : List.copyOf(arguments.keySet()), literal);
        return arguments.get("a");
    }

    @Test
    void readsArgumentsInOrder() {
        assertEquals(Map.of(), PythonLiterals.arguments("()"));
        assertEquals(Map.of(), PythonLiterals.arguments(" ( ) ".strip()));
        Map<String, Object> arguments = PythonLiterals.arguments("( b = 'x' , a-1=2,c_=None, )");
        assertEquals("[b, a-1, c_]", arguments.keySet().toString());
        assertEquals(
                Arrays.asList("x", 2L, null), Arrays.asList(arguments.values().toArray()));
    }

    @Test
    void readsWordsAndNumbers() {
        assertEquals(true, one("True"));
        assertEquals(true, one("true"));
        assertEquals(false, one("False"));
        assertEquals(false, one("false"));
        assertNull(one("None"));
        assertNull(one("null"));
        assertEquals(-7L, one("-7"));
        assertEquals(9223372036854775807L, one("9223372036854775807"));
        assertEquals(new BigInteger("9223372036854775808"), one("9223372036854775808"));
        assertEquals(new BigInteger("-123456789012345678901234567890"), one("-123456789012345678901234567890"));
        assertEquals(1.5, one("1.5"));
        assertEquals(-2e-3, one("-2e-3"));
    }

    @Test
    void readsStrings() {
        assertEquals("it's", one("\"it's\""));
        assertEquals("say \"x\"", one("'say \"x\"'"));
        assertEquals("a\n\t\r\b\f\\'\"/", one("'a\\n\\t\\r\\b\\f\\\\\\'\\\"\\/'"));
        assertEquals("éA漢z", one("'\\u00e9\\x41\\u6f22z'"));
        assertEquals("\\d", one("'\\d'"), "Python keeps the backslash of an escape that it does not know");
        assertEquals("a)=,(", one("'a)=,('"));
    }

    @Test
    void oneLiteralAloneIsItsJson() {
        assertEquals("[true,null,\"x\",1.5]", PythonLiterals.json("[True, None, 'x', 1.5]"));
        assertEquals("{\"a\":[\"it's\"]}", PythonLiterals.json(" {'a': (\"it's\",)} "));
        assertEquals("\"😀\"", PythonLiterals.json("'\\U0001f600'"));
        assertEquals("null", PythonLiterals.json("None"));
        for (String none :
                List.of("", " ", "[1", "[1] x", "f(1)", "x", "['a' 'b']", "'\\ud83d'", "{1: 2}", "1e999", "nan")) {
            assertNull(PythonLiterals.json(none), none);
        }
    }

    @Test
    void readsContainers() {
        assertEquals(List.of(), one("[]"));
        assertEquals(List.of(1L, "x", List.of(2L)), one("[1, 'x' , (2,)]"));
        assertEquals(List.of(1L), one("[1,]"));
        assertEquals(Map.of(), one("{}"));
        assertEquals(Map.of("k", 1L, "m", Map.of("n", List.of())), one("{'k': 1, 'm' : {'n': []} , }"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a=1",
                "(a=1",
                "(a=1)x",
                "(a=1))",
                "(=1)",
                "(1)",
                "(a 1)",
                "(a=)",
                "(a=1 b=2)",
                "(a=1,,b=2)",
                "(a=1, a=2)",
                "(a b=1)",
                "(a.b=1)",
                "(a='x)",
                "(a='x\\",
                "(a='\\x4)",
                "(a='\\xzz')",
                "(a='\\u12')",
                "(a=[1)",
                "(a=[1 2])",
                "(a={1: 2})",
                "(a={'k' 1})",
                "(a={'k': 1 'l': 2})",
                "(a={'k':})",
                "(a=f())",
                "(a=1f)",
                "(a=1d)",
                "(a=NaN)",
                "(a=Infinity)",
                "(a=1e999)",
                "(a=x)",
                "(a=1_0)",
                "(a=b'x')",
                "(a=0x1p3)"
            })
    void anythingElseIsMalformed(String text) {
        assertNull(PythonLiterals.arguments(text), text);
    }

    @Test
    void depthHasABound() {
        assertEquals(
                1,
                PythonLiterals.arguments("(a=" + "[".repeat(32) + "]".repeat(32) + ")")
                        .size());
        assertEquals(
                1,
                PythonLiterals.arguments("(a=" + "[".repeat(32) + "1" + "]".repeat(32) + ")")
                        .size());
        assertNull(PythonLiterals.arguments("(a=" + "[".repeat(33) + "1" + "]".repeat(33) + ")"));
        assertNull(PythonLiterals.arguments("(a=" + "{'k': ".repeat(33) + "1" + "}".repeat(33) + ")"));
        assertEquals(
                1,
                PythonLiterals.arguments("(a=" + "{'k': ".repeat(32) + "1" + "}".repeat(32) + ")")
                        .size());
    }

    @Test
    void writesWhatPythonReads() {
        StringBuilder text = new StringBuilder();
        PythonLiterals.write(
                Arrays.asList(null, true, false, 1, 2.5, "é\"\n", List.of(), Map.of(), Map.of("k", List.of(1))), text);
        assertEquals("[None, True, False, 1, 2.5, \"é\\\"\\n\", [], {}, {\"k\": [1]}]", text.toString());
    }
}
