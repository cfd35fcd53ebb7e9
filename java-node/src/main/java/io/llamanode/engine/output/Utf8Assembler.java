package io.llamanode.engine.output;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Turns the bytes of tokens into text. A token may hold a part of a code point only, so an
 * incomplete sequence at the end waits for the next token; bytes that can never become valid are
 * replaced by U+FFFD. For one thread.
 */
public final class Utf8Assembler {
    private static final byte[] EMPTY = new byte[0];

    private byte[] partial = EMPTY;

    /** Nothing came yet. */
    public Utf8Assembler() {}

    /**
     * Takes the bytes of one more token; a code point's beginning is held back until its end has come.
     *
     * @param bytes of the next token
     * @return whole code points, possibly none
     */
    public String push(byte[] bytes) {
        byte[] all = bytes;
        if (partial.length > 0) {
            all = Arrays.copyOf(partial, partial.length + bytes.length);
            System.arraycopy(bytes, 0, all, partial.length, bytes.length);
        }
        int complete = all.length - incompleteTail(all);
        partial = complete == all.length ? EMPTY : Arrays.copyOfRange(all, complete, all.length);
        return complete == 0 ? "" : new String(all, 0, complete, StandardCharsets.UTF_8);
    }

    /** {@return number of bytes at the end that begin a sequence which more bytes could complete} */
    private static int incompleteTail(byte[] bytes) {
        for (int back = 1; back <= 3 && back <= bytes.length; back++) {
            int b = bytes[bytes.length - back] & 0xFF;
            if (b < 0x80) {
                return 0;
            }
            if (b >= 0xC0) {
                int needed = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : 2;
                boolean valid = b >= 0xC2 && b <= 0xF4;
                return valid && needed > back && secondByteFits(bytes, back, b) ? back : 0;
            }
        }
        return 0;
    }

    /** The second byte of a sequence tells overlong forms, surrogates and values past U+10FFFF. */
    private static boolean secondByteFits(byte[] bytes, int back, int lead) {
        if (back == 1) {
            return true;
        }
        int second = bytes[bytes.length - back + 1] & 0xFF;
        return switch (lead) {
            case 0xE0 -> second >= 0xA0;
            case 0xED -> second < 0xA0;
            case 0xF0 -> second >= 0x90;
            case 0xF4 -> second < 0x90;
            default -> true;
        };
    }
}
