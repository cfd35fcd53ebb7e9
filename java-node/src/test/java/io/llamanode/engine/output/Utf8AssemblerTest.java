package io.llamanode.engine.output;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole code points as soon as they are there, and a replacement for what can never be one. */
class Utf8AssemblerTest {
    private final Utf8Assembler utf8 = new Utf8Assembler();

    private static byte[] bytes(String hex) {
        String[] numbers = hex.isEmpty() ? new String[0] : hex.split(" ");
        byte[] bytes = new byte[numbers.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(numbers[i], 16);
        }
        return bytes;
    }

    /** First and last code points of each length, and those about the surrogates. */
    @ParameterizedTest
    @ValueSource(
            ints = {0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x3FFFF, 0x10FFFF})
    void aCodePointComesWithItsLastByte(int codePoint) {
        byte[] all = Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < all.length - 1; i++) {
            assertEquals("", utf8.push(new byte[] {all[i]}));
        }
        assertEquals(Character.toString(codePoint), utf8.push(new byte[] {all[all.length - 1]}));
        assertEquals("a", utf8.push(bytes("61")), "nothing is left behind");
    }

    /** {@return the text with one replacement in a row, as it is not promised how many there are} */
    private static String told(String text) {
        return text.replaceAll("\uFFFD+", "\uFFFD");
    }

    /** However few bytes came, what can never become a code point is not waited for. */
    @ParameterizedTest
    @CsvSource({
        "FF, \uFFFD", // In no sequence.
        "80, \uFFFD", // A second byte without a first one.
        "BF BF BF BF, \uFFFD",
        "C0, \uFFFD", // Overlong, whatever follows.
        "C1, \uFFFD",
        "E2 C0, \uFFFD",
        "F5, \uFFFD", // Beyond the last code point, whatever follows.
        "E0 9F, \uFFFD", // Overlong.
        "F0 8F, \uFFFD",
        "ED A0, \uFFFD", // A surrogate.
        "F4 90, \uFFFD", // Beyond the last code point.
        "C3 61, \uFFFDa", // The text goes on instead.
        "E2 82 61, \uFFFDa",
        "F0 9F A6 61, \uFFFDa",
        "F0 9F 61 80, \uFFFDa\uFFFD"
    })
    void whatCannotBecomeACodePointIsReplacedAtOnce(String hex, String text) {
        assertEquals(text, told(utf8.push(bytes(hex))));
    }

    @ParameterizedTest
    @CsvSource({
        "C2, 80",
        "DF, BF",
        "E0, A0 80",
        "E0 A0, 80",
        "ED, 9F BF",
        "ED 9F, BF",
        "F0, 90 80 80",
        "F0 90, 80 80",
        "F4, 8F BF BF",
        "F4 8F, BF BF",
        "F4 8F BF, BF",
        "EF BF, BD",
        "61 62 E2 82, AC"
    })
    void aBeginningIsHeldBackUntilTheRestHasCome(String first, String rest) {
        String whole = new String(bytes(first + " " + rest), StandardCharsets.UTF_8);
        String shown = whole.startsWith("ab") ? "ab" : "";
        assertEquals(shown, utf8.push(bytes(first)));
        assertEquals("", utf8.push(new byte[0]), "nothing more came");
        assertEquals(whole.substring(shown.length()), utf8.push(bytes(rest)));
    }

    /** Whatever the bytes and wherever they are cut, the text is that of all of them decoded at once. */
    @Test
    void theTextIsTheSameHoweverTheBytesAreCut() {
        Random random = new Random(3);
        byte[] likely = bytes("61 80 9F A0 BF C2 E0 E2 ED F0 F4 F5 FF 82 AC 8F 90");
        for (int round = 0; round < 5_000; round++) {
            byte[] all = new byte[random.nextInt(12)];
            for (int i = 0; i < all.length; i++) {
                all[i] = likely[random.nextInt(likely.length)];
            }
            // The end makes whatever is held back come out.
            byte[] ended = new byte[all.length + 1];
            System.arraycopy(all, 0, ended, 0, all.length);
            ended[all.length] = 'z';
            Utf8Assembler pieces = new Utf8Assembler();
            StringBuilder text = new StringBuilder();
            List<Integer> cuts = new ArrayList<>();
            for (int from = 0; from < ended.length; ) {
                int to = Math.min(ended.length, from + random.nextInt(4));
                byte[] piece = new byte[to - from];
                System.arraycopy(ended, from, piece, 0, piece.length);
                text.append(pieces.push(piece));
                cuts.add(to);
                from = to;
            }
            String whole = new String(ended, StandardCharsets.UTF_8);
            assertEquals(told(whole), told(text.toString()), () -> "cut at " + cuts);
        }
    }
}
