package io.llamanode.chat.jinja.value;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Strings know for each of their characters whether it is trusted. */
class StrTest {
    /** Runs by turns trusted and not: each character of upper case is trusted. */
    private static Str mixed(String text) {
        StrBuilder builder = new StrBuilder(null);
        text.chars().forEach(c -> builder.append(String.valueOf((char) c), Character.isUpperCase(c)));
        return builder.build();
    }

    private static void check(Str str) {
        for (int i = 0; i < str.text.length(); i++) {
            assertEquals(Character.isUpperCase(str.text.charAt(i)), str.trustedAt(i), str.text + " at " + i);
        }
        StringBuilder joined = new StringBuilder();
        for (int run = 0; run < str.runs(); run++) {
            String part = str.text.substring(str.runStart(run), str.runEnd(run));
            assertFalse(part.isEmpty());
            assertTrue(part.chars().allMatch(c -> Character.isUpperCase(c)) == str.runTrusted(run), part);
            joined.append(part);
        }
        assertEquals(str.text, joined.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"A", "a", "Aa", "aA", "AAaa", "aBcDeFgHiJkLmN", "AbCdEfGhIjKlMnO", "AAbbCCddEEff"})
    void everyCharacterKeepsItsOrigin(String text) {
        Str str = mixed(text);
        check(str);
        for (int from = 0; from <= text.length(); from++) {
            for (int to = from; to <= text.length(); to++) {
                assertEquals(text.substring(from, to), str.sub(from, to).text);
                check(str.sub(from, to));
            }
        }
        assertEquals(text.chars().allMatch(c -> Character.isUpperCase(c)), str.trusted());
    }

    @Test
    void runsAreCounted() {
        assertEquals(0, Str.EMPTY.runs());
        assertEquals(0, mixed("").runs());
        assertEquals(1, mixed("AAA").runs());
        assertEquals(3, mixed("AAbA").runs());
        assertEquals(14, mixed("aBcDeFgHiJkLmN").runs());
    }

    @Test
    void aPartIsTheWholeOrEmptyWhereItCanBe() {
        Str str = mixed("aB");
        assertSame(str, str.sub(0, 2));
        assertSame(Str.EMPTY, str.sub(1, 1));
        assertSame(Str.EMPTY, str.sub(2, 1));
        assertSame(Str.EMPTY, Str.of("", false));
        assertTrue(Str.EMPTY.isEmpty() && Str.EMPTY.trusted());
    }

    @Test
    void aBuilderTellsTheOriginOfItsEnd() {
        StrBuilder builder = new StrBuilder(null);
        assertTrue(builder.lastTrusted());
        assertSame(Str.EMPTY, builder.build());
        assertFalse(builder.append("a", false).append("", true).lastTrusted());
        assertTrue(builder.append("B", true).lastTrusted());
        assertEquals(2, builder.append(mixed("xYz"), 1, 2).build().runs());
    }

    @Test
    void equalityIsOfTheTextAlone() {
        assertEquals(Str.of("a", true), Str.of("a", false));
        assertEquals(Str.of("a", true).hashCode(), Str.of("a", false).hashCode());
        assertNotEquals(Str.of("a", true), Str.of("b", true));
        assertFalse(Str.of("1", true).equals(new Value.Int(1)));
        assertTrue(Str.of("a", true).compareTo(Str.of("b", false)) < 0);
        assertTrue(Str.of("b", true).compareTo(Str.of("a", false)) > 0);
        assertEquals(0, Str.of("a", true).compareTo(Str.of("a", false)));
        assertEquals("a", Str.of("a", false).toString());
    }

    @Test
    void lengthIsInCodePoints() {
        assertEquals(2, Str.trusted("😀a").length());
        assertEquals(0, Str.EMPTY.length());
    }

    @Test
    void endsAreCutByCodePoint() {
        assertEquals("a b", Str.trusted(" \ta b\u00a0\n").strip(true, true, null).text);
        assertEquals("a ", Str.trusted(" a ").strip(true, false, null).text);
        assertEquals(" a", Str.trusted(" a ").strip(false, true, null).text);
        assertEquals(" a ", Str.trusted(" a ").strip(false, false, null).text);
        assertEquals("", Str.trusted("   ").strip(true, true, null).text);
        assertEquals("", Str.trusted("   ").strip(false, true, null).text);
        assertEquals("a", Str.trusted("😀😁a😁").strip(true, true, "😁😀").text);
        assertEquals(" a", Str.trusted(" ax").strip(true, true, "x").text);
    }
}
