package io.llamanode.term;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangString;
import com.ericsson.otp.erlang.OtpErlangTuple;
import java.math.BigInteger;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What messages show of a value that somebody sent. */
final class ShownTest {
    private static final String FORTY = "x".repeat(40);

    static Stream<Arguments> values() {
        BigInteger digits = new BigInteger("7".repeat(41));
        OtpErlangAtom atom = new OtpErlangAtom("a");
        return Stream.of(
                arguments(null, "null"),
                arguments(true, "true"),
                arguments(1.5, "1.5"),
                arguments(-7L, "-7"),
                arguments(digits, "7".repeat(40) + "..."),
                arguments("two\nlines", "\"two lines\""),
                arguments(FORTY + "y", "\"" + FORTY + "...\""),
                arguments(Map.of(), "an object"),
                arguments(List.of(), "an array"),
                arguments(new OtpErlangAtom("it\tis"), "it is"),
                arguments(new OtpErlangAtom(FORTY + "y"), FORTY + "..."),
                arguments(new OtpErlangLong(-7), "-7"),
                arguments(new OtpErlangLong(digits), "7".repeat(40) + "..."),
                arguments(
                        new OtpErlangLong(BigInteger.TWO.pow(255)),
                        BigInteger.TWO.pow(255).toString().substring(0, 40) + "..."),
                arguments(new OtpErlangLong(BigInteger.TWO.pow(256)), "a very large integer"),
                arguments(new OtpErlangDouble(-0.25), "-0.25"),
                arguments(new OtpErlangBinary("größe".getBytes(StandardCharsets.UTF_8)), "\"größe\""),
                arguments(new OtpErlangBinary(new byte[] {(byte) 0xc3, 0x28}), "a binary of 2 bytes"),
                arguments(new OtpErlangString("abc"), "a list of 3 integers"),
                arguments(new OtpErlangList(), "[]"),
                arguments(new OtpErlangList(atom), "a list"),
                arguments(new OtpErlangMap(), "a map"),
                arguments(Terms.tuple(atom, atom), "a tuple of 2"),
                arguments(new OtpErlangTuple(new OtpErlangAtom[0]), "a tuple of 0"),
                arguments(new OtpErlangPid("a@b", 1, 2, 3), "a pid"),
                arguments(new OtpErlangRef("a@b", 1, 2), "a term of another type"));
    }

    @ParameterizedTest
    @MethodSource("values")
    void aValueIsShownInAFewWords(Object value, String words) {
        assertEquals(words, Shown.of(value));
    }

    /** Whatever comes behind, and wherever the part that is looked at cuts a character. */
    @ParameterizedTest
    @ValueSource(
            strings = {"a", "\u00e9", "\u20ac", "\ud83d\ude00", "a\u20ac", "ab\u20ac", "a\ud83d\ude00", "ab\ud83d\ude00"
            })
    void ofALongTextTheBeginningIsShown(String unit) {
        String text = unit.repeat(1000);
        String beginning = text.substring(0, text.offsetByCodePoints(0, 40));
        assertEquals('"' + beginning + "...\"", Shown.of(new OtpErlangBinary(text.getBytes(StandardCharsets.UTF_8))));
    }

    @Test
    void whatIsNoTextIsCounted() {
        byte[] many = new byte[5000];
        Arrays.fill(many, (byte) 0x80);
        assertEquals("a binary of 2 bytes", Shown.of(new OtpErlangBinary(new byte[] {-1, -2})));
        assertEquals("a binary of 5000 bytes", Shown.of(new OtpErlangBinary(many)));
    }

    @Test
    void aLineIsCutBehindWholeCharacters() {
        assertEquals("", Shown.line("", 0));
        assertEquals("...", Shown.line("a", 0));
        assertEquals("ab", Shown.line("ab", 2));
        assertEquals("ab...", Shown.line("abc", 2));
        assertEquals("😀a...", Shown.line("😀a😀", 2));
        assertEquals("😀a", Shown.line("😀a", 2));
    }

    @Test
    void aLineHasNoControlCharacters() {
        assertEquals("a b c d é", Shown.line("a\nb\u001bc\u0085d é", 40));
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "-100, -100", "1e6, 1000000", "0.5, 0.5", "4294967295, 4294967295"})
    void boundsAreShownInFull(double bound, String shown) {
        assertEquals(shown, Shown.bound(bound));
    }

    @Test
    void namesAreListed() {
        assertEquals("a", Shown.oneOf(List.of("a")));
        assertEquals("a or b", Shown.oneOf(List.of("a", "b")));
        assertEquals("a, b or c", Shown.oneOf(List.of("a", "b", "c")));
    }

    @Test
    void bytesThatAreNoTextAreRefused() throws Exception {
        assertEquals("é😀", Shown.utf8("é😀".getBytes(StandardCharsets.UTF_8)));
        assertThrows(CharacterCodingException.class, () -> Shown.utf8(new byte[] {'a', (byte) 0x80}));
        assertThrows(
                CharacterCodingException.class, () -> Shown.utf8(new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80}));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "😀", "😀😀", "a😀b"})
    void wholePairsAreUnicode(String text) {
        assertEquals(true, Shown.isUnicode(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\ud83d", "a\ud83d", "\ude00", "\ud83da", "\ud83d\ud83d\ude00", "😀\ude00", "\ude00\ud83d"})
    void halvesOfPairsAreNot(String text) {
        assertEquals(false, Shown.isUnicode(text));
    }
}
