package io.llamanode.term;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Checks terms in Erlang's external format (erts, "External Term Format") before anything is decoded
 * or allocated for them. One pass without recursion; memory is one array as long as the allowed depth.
 * What passes decodes in JInterface with memory proportional to its bytes and elements.
 */
public final class TermScanner {
    /** The byte that precedes each outermost term. */
    public static final int VERSION = 131;

    private static final int MAX_ATOM_BYTES = 255 * 4;

    private final byte[] buffer;
    private final int end;
    private final TermLimits limits;
    private int position;

    private TermScanner(byte[] buffer, int from, int end, TermLimits limits) {
        if (from < 0 || end > buffer.length || from > end) {
            throw new IndexOutOfBoundsException("range " + from + ".." + end + " of " + buffer.length);
        }
        this.buffer = buffer;
        this.position = from;
        this.end = end;
        this.limits = limits;
    }

    /**
     * Checks a whole message: the version byte, then one term that ends exactly at {@code end}.
     *
     * @param buffer holds the message
     * @param from where the version byte is
     * @param end where the message ends, exclusive
     * @param limits what is allowed
     * @throws TermLimitException if the message is malformed or too large
     */
    public static void check(byte[] buffer, int from, int end, TermLimits limits) throws TermLimitException {
        if (from >= end || (buffer[from] & 0xff) != VERSION) {
            throw new TermLimitException("the version byte is missing");
        }
        if (skip(buffer, from + 1, end, limits) != end) {
            throw new TermLimitException("bytes after the end of the term");
        }
    }

    /**
     * Checks one term without a version byte.
     *
     * @param buffer holds the term
     * @param from where its tag is
     * @param end where the readable bytes end, exclusive
     * @param limits what is allowed
     * @return the offset after the term
     * @throws TermLimitException if the term is malformed, truncated or too large
     */
    public static int skip(byte[] buffer, int from, int end, TermLimits limits) throws TermLimitException {
        return new TermScanner(buffer, from, end, limits).scan();
    }

    /**
     * Reads the head of a tuple.
     *
     * @param buffer holds the term
     * @param from where its tag is
     * @param end where the readable bytes end, exclusive
     * @return its arity, or -1 if this is not the head of a tuple
     */
    public static int tupleArity(byte[] buffer, int from, int end) {
        if (from + 2 <= end && buffer[from] == 104) {
            return buffer[from + 1] & 0xff;
        }
        if (from + 5 <= end && buffer[from] == 105) {
            int arity = (buffer[from + 1] & 0xff) << 24
                    | (buffer[from + 2] & 0xff) << 16
                    | (buffer[from + 3] & 0xff) << 8
                    | buffer[from + 4] & 0xff;
            return arity < 0 ? -1 : arity;
        }
        return -1;
    }

    /**
     * Finds the first element of a tuple; the next ones follow from {@link #skip}.
     *
     * @param buffer holds the term
     * @param from where the tuple's tag is
     * @return the offset of its first element
     */
    public static int firstElement(byte[] buffer, int from) {
        return buffer[from] == 104 ? from + 2 : from + 5;
    }

    private int scan() throws TermLimitException {
        int[] outer = {};
        int depth = 0;
        int left = 1;
        long elements = 0;
        while (true) {
            if (left == 0) {
                if (depth == 0) {
                    return position;
                }
                left = outer[--depth];
                continue;
            }
            left--;
            int children = head();
            // Counted when announced, so that a lie about a length is refused before it is followed.
            elements += 1;
            if (elements + children > limits.maxElements()) {
                throw new TermLimitException("more than " + limits.maxElements() + " elements");
            }
            if (children == 0) {
                continue;
            }
            if (depth == limits.maxDepth()) {
                throw new TermLimitException("nested deeper than " + limits.maxDepth());
            }
            if (outer.length == 0) {
                outer = new int[limits.maxDepth()];
            }
            outer[depth++] = left;
            left = children;
        }
    }

    /** Moves past one tag and its fixed part; returns how many terms follow that belong to it. */
    private int head() throws TermLimitException {
        int tag = u8();
        switch (tag) {
            case 97 -> move(1);
            case 98 -> move(4);
            case 70 -> move(8);
            case 99 -> move(31);
            case 100, 118, 119 -> {
                position--;
                atom();
            }
            case 106 -> {}
            case 104 -> {
                return children(u8(), 1);
            }
            case 105 -> {
                return children(u32(), 1);
            }
            case 108 -> {
                long arity = u32();
                if (arity == 0) {
                    // JInterface would not read the tail of such a list and lose its place.
                    throw new TermLimitException("a list of no elements that is not nil");
                }
                return children(arity, 1) + 1;
            }
            case 116 -> {
                return children(u32(), 2);
            }
            case 107 -> move(u16());
            case 109 -> binary(u32());
            case 77 -> {
                long bytes = u32();
                int bits = u8();
                if (bits < 1 || bits > 8 || bytes == 0) {
                    throw new TermLimitException("a bit string of " + bits + " bits in its last byte");
                }
                binary(bytes);
            }
            case 110 -> bignum(u8());
            case 111 -> bignum(u32());
            case 88, 103 -> {
                position--;
                pid();
            }
            case 102 -> fixed(5);
            case 89 -> fixed(8);
            case 120 -> fixed(12);
            case 101 -> fixed(5);
            case 114 -> reference(1);
            case 90 -> reference(4);
            case 113 -> {
                atom();
                atom();
                if (u8() != 97) {
                    throw new TermLimitException("the arity of an external fun is not a small integer");
                }
                move(1);
            }
            case 112 -> {
                return fun();
            }
            case 80 -> throw new TermLimitException("compressed terms are refused");
            case 67 -> throw new TermLimitException("native records are refused"); // Since OTP 29.
            default -> throw new TermLimitException("unknown tag " + tag);
        }
        return 0;
    }

    private void fixed(int bytes) throws TermLimitException {
        atom();
        move(bytes);
    }

    private void reference(int creationBytes) throws TermLimitException {
        int words = u16();
        if (words < 1 || words > 5) {
            throw new TermLimitException("a reference of " + words + " words");
        }
        atom();
        move(creationBytes + 4L * words);
    }

    private void pid() throws TermLimitException {
        int tag = u8();
        if (tag != 88 && tag != 103) {
            throw new TermLimitException("tag " + tag + " where a pid belongs");
        }
        fixed(tag == 88 ? 12 : 9);
    }

    private int fun() throws TermLimitException {
        move(4 + 1 + 16 + 4);
        long free = u32();
        atom();
        integer();
        integer();
        pid();
        return children(free, 1);
    }

    private void integer() throws TermLimitException {
        int tag = u8();
        if (tag != 97 && tag != 98) {
            throw new TermLimitException("tag " + tag + " where a fun's index belongs");
        }
        move(tag == 97 ? 1 : 4);
    }

    private void atom() throws TermLimitException {
        int tag = u8();
        int bytes = switch (tag) {
            case 119 -> u8();
            case 100, 118 -> u16();
            default -> throw new TermLimitException("tag " + tag + " where an atom belongs");
        };
        if (bytes > MAX_ATOM_BYTES) {
            throw new TermLimitException("an atom of " + bytes + " bytes");
        }
        move(bytes);
    }

    private void binary(long bytes) throws TermLimitException {
        if (bytes > limits.maxBinaryBytes()) {
            throw new TermLimitException("a binary of " + bytes + " bytes");
        }
        move(bytes);
    }

    private void bignum(long bytes) throws TermLimitException {
        if (bytes > limits.maxBignumBytes()) {
            throw new TermLimitException("an integer of " + bytes + " bytes");
        }
        move(1 + bytes);
    }

    private int children(long arity, int each) throws TermLimitException {
        // Each child needs a byte at least, so an arity beyond the rest of the buffer is a lie.
        if (arity * each > end - position) {
            throw new TermLimitException(
                    "truncated: an arity of " + arity + " with " + (end - position) + " bytes left");
        }
        return (int) arity * each;
    }

    private void move(long bytes) throws TermLimitException {
        if (bytes > end - position) {
            throw new TermLimitException("truncated: " + bytes + " bytes announced, " + (end - position) + " left");
        }
        position += (int) bytes;
    }

    private int u8() throws TermLimitException {
        if (position >= end) {
            throw new TermLimitException("truncated");
        }
        return buffer[position++] & 0xff;
    }

    private int u16() throws TermLimitException {
        return u8() << 8 | u8();
    }

    private long u32() throws TermLimitException {
        return (long) u16() << 16 | u16();
    }

    /**
     * Reads an atom that {@link #skip} has passed.
     *
     * @param bytes the buffer
     * @param at where the term starts
     * @return its text, or {@code null} if it is another term
     */
    public static @Nullable String atom(byte[] bytes, int at) {
        return switch (bytes[at]) {
            case 119 -> new String(bytes, at + 2, bytes[at + 1] & 0xff, StandardCharsets.UTF_8);
            case 118 -> new String(bytes, at + 3, atomLength(bytes, at), StandardCharsets.UTF_8);
            case 100 -> new String(bytes, at + 3, atomLength(bytes, at), StandardCharsets.ISO_8859_1);
            default -> null;
        };
    }

    private static int atomLength(byte[] bytes, int at) {
        return (bytes[at + 1] & 0xff) << 8 | bytes[at + 2] & 0xff;
    }
}
