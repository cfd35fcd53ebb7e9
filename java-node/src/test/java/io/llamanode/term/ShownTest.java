package io.llamanode.term;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.ericsson.otp.erlang.OtpErlangBinary;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShownTest {
    private static String shown(byte[] bytes) {
        return Shown.of(new OtpErlangBinary(bytes));
    }

    /** Whatever comes behind, and wherever the part that is looked at cuts a character. */
    @ParameterizedTest
    @ValueSource(
            strings = {"a", "\u00e9", "\u20ac", "\ud83d\ude00", "a\u20ac", "ab\u20ac", "a\ud83d\ude00", "ab\ud83d\ude00"
            })
    void ofALongTextTheBeginningIsShown(String unit) {
        String text = unit.repeat(1000);
        String beginning = text.substring(0, text.offsetByCodePoints(0, 40));
        assertEquals('"' + beginning + "...\"", shown(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void whatIsNoTextIsCounted() {
        assertEquals("a binary of 2 bytes", shown(new byte[] {-1, -2}));
        byte[] many = new byte[5000];
        java.util.Arrays.fill(many, (byte) 0x80);
        assertEquals("a binary of 5000 bytes", shown(many));
    }
}
