package io.llamanode.chat.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GbnfTest {
    @ParameterizedTest
    @ValueSource(strings = {"", "plain", "a \"b\" \\ c", "line\nline\r\n\ttab", "[x] {y} #z", "é漢😀 <|\"|>"})
    void aLiteralStandsForItsText(String text) {
        assertEquals(text, new Sentences("root ::= " + Gbnf.literal(text)).draw(new java.util.Random(1)));
        assertEquals(1, Gbnf.literal(text).lines().count(), "a line's end would end the rule");
    }

    @Test
    void aNameIsMadeOfWhatRulesMayBeCalled() {
        assertEquals("get-weather-2-Ab9-", Gbnf.name("get_weather.2 Ab9é"));
    }

    @Test
    void onlyNamesOfRulesGetAPrefix() {
        assertEquals("p-root ::= p-a p-b-2 | (p-c_d)* p-X9\np-a ::= \"\"", Gbnf.prefixed("""
                root ::= a b-2 | (c_d)* X9
                a ::= \"\"""", "p-"));
        assertEquals("\"root \\\" a\" p-b", Gbnf.prefixed("\"root \\\" a\" b", "p-"));
        assertEquals("[a-z\\]b] p-c [^\"] p-d", Gbnf.prefixed("[a-z\\]b] c [^\"] d", "p-"));
        assertEquals("\"\\\\\" p-a", Gbnf.prefixed("\"\\\\\" a", "p-"));
        assertEquals("p-a{1,3} p-b", Gbnf.prefixed("a{1,3} b", "p-"));
        assertEquals("p-a # about a \"\np-b", Gbnf.prefixed("a # about a \"\nb", "p-"));
        assertEquals("p-a # about a", Gbnf.prefixed("a # about a", "p-"));
        assertEquals("p-a", Gbnf.prefixed("a", "p-"));
        assertEquals("", Gbnf.prefixed("", "p-"));
    }
}
