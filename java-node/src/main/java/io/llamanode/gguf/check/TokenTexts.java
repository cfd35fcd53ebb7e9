package io.llamanode.gguf.check;

import static io.llamanode.gguf.check.ModelCheck.malformed;

import io.llamanode.gguf.GgufFile;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.OptionalLong;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * What the texts of a vocabulary come to, read one by one: that no two are the same, and which bytes they can spell.
 * llama.cpp reads them as C does, up to a byte of zero, and gives the empty ones a text of its own.
 */
final class TokenTexts {

    private static final int BYTES = 256;

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
        // Open addressing, half full at most; 0 is free.
        long[] seen = new long[Integer.highestOneBit(Math.max(1, count)) << 2];
        file.visitTexts(key, (index, bytes, length) -> {
            int end = length(bytes, length);
            long hash = hash(index, bytes, end);
            int at = (int) (hash & seen.length - 1);
            while (seen[at] != 0) {
                if (seen[at] == hash) {
                    throw twice(file, key, hash, index);
                }
                at = at + 1 & seen.length - 1;
            }
            seen[at] = hash;
            texts.note(bytes, end);
            return true;
        });
        return texts;
    }

    private static RuntimeException twice(GgufFile file, String key, long hash, int second) {
        int[] first = new int[1];
        file.visitTexts(key, (index, bytes, length) -> {
            first[0] = index;
            return hash(index, bytes, length(bytes, length)) != hash;
        });
        return malformed(
                file,
                "has the same token twice in " + key + ", as " + first[0] + " and as " + second
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

    /** Two checksums: two texts that share both by chance are not met, and who makes some only has them refused. */
    private static long hash(int index, byte[] bytes, int length) {
        byte[] text = length > 0 ? bytes : ("[EMPTY_" + index + "]").getBytes(StandardCharsets.US_ASCII);
        int end = length > 0 ? length : text.length;
        CRC32C one = new CRC32C();
        one.update(text, 0, end);
        CRC32 other = new CRC32();
        other.update(text, 0, end);
        return Math.max(1, one.getValue() << 31 | other.getValue() >>> 1);
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
