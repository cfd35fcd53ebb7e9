package io.llamanode.gguf.check;

import static io.llamanode.gguf.check.ModelCheck.malformed;

import io.llamanode.gguf.GgufFile;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.OptionalLong;
import java.util.zip.CRC32C;

/**
 * What the texts of a vocabulary come to, read one by one: that no two are the same, and which bytes they can spell.
 * llama.cpp reads them as C does, up to a byte of zero, and gives the empty ones a text of its own.
 */
final class TokenTexts {

    private static final int BYTES = 256;
    private static final int ASCII = 128;
    private static final long PRIME = 0x100000001b3L;

    private final BitSet spelled = new BitSet(BYTES);
    private boolean lineBreak;

    private TokenTexts() {}

    /**
     * Reads the texts.
     *
     * @param count how many there are
     * @throws io.llamanode.gguf.GgufException {@code MALFORMED} when the library would take two for one
     */
    static TokenTexts read(GgufFile file, String key, int count) {
        TokenTexts texts = new TokenTexts();
        long[] hashes = new long[count];
        file.visitTexts(key, (index, bytes, length) -> {
            int end = length(bytes, length);
            hashes[index] = end == 0 ? empty(index) : hash(bytes, end);
            texts.note(bytes, end);
            return true;
        });
        long[] sorted = hashes.clone();
        Arrays.sort(sorted);
        for (int i = 1; i < sorted.length; i++) {
            if (sorted[i] == sorted[i - 1]) {
                throw twice(file, key, hashes, sorted[i]);
            }
        }
        return texts;
    }

    private static RuntimeException twice(GgufFile file, String key, long[] hashes, long hash) {
        int first = 0;
        while (hashes[first] != hash) {
            first++;
        }
        int second = first + 1;
        while (hashes[second] != hash) {
            second++;
        }
        return malformed(
                file,
                "has the same token twice in " + key + ", as " + first + " and as " + second
                        + ", where texts end at a byte of zero and [EMPTY_N] stands for an empty one; each must be"
                        + " another one");
    }

    private static int length(byte[] bytes, int length) {
        int end = 0;
        while (end < length && bytes[end] != 0) {
            end++;
        }
        return end;
    }

    private static long empty(int index) {
        byte[] text = ("[EMPTY_" + index + "]").getBytes(StandardCharsets.US_ASCII);
        return hash(text, text.length);
    }

    /** Two of 32 bits: two texts that share it by chance are not met, and who makes some only has them refused. */
    private static long hash(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        long other = length;
        for (int i = 0; i < length; i++) {
            other = (other ^ bytes[i]) * PRIME;
        }
        return crc.getValue() << 32 ^ (other ^ other >>> 32) & 0xFFFF_FFFFL;
    }

    private void note(byte[] bytes, int end) {
        if (end == 1 && bytes[0] > 0) {
            spelled.set(bytes[0]);
        } else if (end == 6 && bytes[0] == '<' && bytes[1] == '0' && bytes[2] == 'x' && bytes[5] == '>') {
            int high = digit(bytes[3]);
            int low = digit(bytes[4]);
            if (high >= 0 && low >= 0) {
                spelled.set(16 * high + low);
            }
        }
        lineBreak |= end == 1 && bytes[0] == '\n';
    }

    /** Capital letters only, as the library looks them up. */
    private static int digit(byte b) {
        return b >= '0' && b <= '9' ? b - '0' : b >= 'A' && b <= 'F' ? b - 'A' + 10 : -1;
    }

    /** {@return a byte that no token spells, if there is one} */
    OptionalLong missingByte() {
        int missing = spelled.nextClearBit(0);
        return missing < BYTES ? OptionalLong.of(missing) : OptionalLong.empty();
    }

    /** {@return whether a token is a line break} */
    boolean hasLineBreak() {
        return lineBreak;
    }
}
