package io.llamanode.remote.answer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Bytes that come one by one, up to a bound. */
final class ByteLine {
    private static final int FIRST = 512;
    /** What took more is not kept for the next one. */
    private static final int KEPT = 64 << 10;

    private final int most;
    private byte[] bytes = new byte[FIRST];
    private int length;
    /** Of those before. */
    private int longest;

    ByteLine(int most) {
        this.most = most;
    }

    /** @throws AnswerFault if there are too many */
    void add(byte next) {
        if (length == bytes.length) {
            if (length >= most) {
                throw new AnswerFault("the server sent a line of over %d bytes".formatted(most));
            }
            bytes = Arrays.copyOf(bytes, (int) Math.min(most, 2L * length));
        }
        bytes[length++] = next;
    }

    byte at(int index) {
        return bytes[index];
    }

    int length() {
        return length;
    }

    boolean startsWith(byte[] prefix) {
        return length >= prefix.length && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
    }

    /** {@return bytes of the longest so far} */
    int longest() {
        return Math.max(length, longest);
    }

    /** {@return the text from an index on; what is not UTF-8 is replaced by U+FFFD} */
    String text(int from) {
        return new String(bytes, from, length - from, StandardCharsets.UTF_8);
    }

    void clear() {
        longest = longest();
        length = 0;
        if (bytes.length > KEPT) {
            bytes = new byte[FIRST];
        }
    }
}
