package io.llamanode.grammar.automaton;

import io.llamanode.grammar.rule.CodePoints;
import java.util.ArrayList;
import java.util.List;

/**
 * Sets of code points as sequences of ranges of bytes, as UTF-8 (RFC 3629) spells them. No sequence is a part of another, and
 * together they spell exactly the set.
 *
 * <p>Keeps no state: for any thread.
 */
final class Utf8 {
    private static final int CONTINUATION = 0x80;
    private static final int SIX_BITS = 0x3f;
    private static final int BITS = 6;
    /** The last code point that one, two, three and four bytes spell. */
    private static final int[] LAST = {0x7f, 0x7ff, 0xffff, Character.MAX_CODE_POINT};

    private static final int[] LEAD = {0x00, 0xc0, 0xe0, 0xf0};

    private Utf8() {}

    /**
     * Bytes in a row, each any of a range.
     *
     * @param first of each, 0 to 255
     * @param last of each
     */
    record Row(int[] first, int[] last) {}

    static List<Row> rows(CodePoints set) {
        List<Row> rows = new ArrayList<>();
        for (CodePoints.Range range : set.ranges()) {
            int from = range.first();
            for (int length = 1; length <= LAST.length; length++) {
                int last = LAST[length - 1];
                if (from <= last && from <= range.last()) {
                    add(rows, from, Math.min(last, range.last()), length);
                    from = last + 1;
                }
            }
        }
        return rows;
    }

    /** Splits until all bytes but those that are the same take their whole range. */
    private static void add(List<Row> rows, int first, int last, int length) {
        for (int i = 1; i < length; i++) {
            int mask = (1 << (BITS * i)) - 1;
            if ((first & ~mask) != (last & ~mask)) {
                if ((first & mask) != 0) {
                    add(rows, first, first | mask, length);
                    add(rows, (first | mask) + 1, last, length);
                    return;
                }
                if ((last & mask) != mask) {
                    add(rows, first, (last & ~mask) - 1, length);
                    add(rows, last & ~mask, last, length);
                    return;
                }
            }
        }
        rows.add(new Row(spell(first, length), spell(last, length)));
    }

    private static int[] spell(int codePoint, int length) {
        int[] bytes = new int[length];
        int left = codePoint;
        for (int i = length - 1; i > 0; i--) {
            bytes[i] = CONTINUATION | left & SIX_BITS;
            left >>= BITS;
        }
        bytes[0] = LEAD[length - 1] | left;
        return bytes;
    }
}
