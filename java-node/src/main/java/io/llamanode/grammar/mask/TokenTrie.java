package io.llamanode.grammar.mask;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;

/**
 * Tokens by their bytes. Its nodes lie in the order in which a walk meets them, each with the place behind all that begins with
 * its bytes: what can not come is passed over in one step.
 *
 * <p>Never changes: for any thread.
 */
final class TokenTrie {
    private static final int FIRST_SIZE = 1024;

    private int size;
    private byte[] bytes = new byte[FIRST_SIZE];
    private short[] depths = new short[FIRST_SIZE];
    private int[] ends = new int[FIRST_SIZE];
    /** Where a node's tokens begin among all; those of the next node come behind them. */
    private int[] firstTokens = new int[FIRST_SIZE + 1];

    private final int[] tokens;
    private final short[] heights;
    private final int deepest;

    /**
     * @param pieces the bytes of each token
     * @param taken the tokens that are in it; an empty one is not taken
     */
    TokenTrie(byte[][] pieces, BitSet taken) {
        Integer[] sorted = taken.stream()
                .filter(token -> pieces[token].length > 0)
                .boxed()
                .sorted(Comparator.<Integer, byte[]>comparing(token -> pieces[token], Arrays::compareUnsigned)
                        .thenComparing(Comparator.naturalOrder()))
                .toArray(Integer[]::new);
        tokens = Arrays.stream(sorted).mapToInt(Integer::intValue).toArray();
        int[] open = new int[longest(pieces, tokens)];
        byte[] before = {};
        for (int i = 0; i < tokens.length; i++) {
            byte[] piece = pieces[tokens[i]];
            int common = Arrays.mismatch(before, piece);
            if (common >= 0) {
                close(open, common, before.length);
                for (int depth = common; depth < piece.length; depth++) {
                    open[depth] = add(piece[depth], depth, i);
                }
            }
            before = piece;
        }
        close(open, 0, before.length);
        firstTokens[size] = tokens.length;
        deepest = open.length;
        heights = heights();
    }

    /** From the last node to the first: what is behind a node is known then. */
    private short[] heights() {
        short[] found = new short[size];
        int[] parents = new int[deepest + 1];
        int[] parent = new int[size];
        for (int node = 0; node < size; node++) {
            parents[depths[node] + 1] = node;
            parent[node] = depths[node] == 0 ? -1 : parents[depths[node]];
        }
        for (int node = size - 1; node >= 0; node--) {
            if (parent[node] >= 0) {
                found[parent[node]] = (short) Math.max(found[parent[node]], found[node] + 1);
            }
        }
        return found;
    }

    /** {@return how many tokens there are} */
    int count() {
        return tokens.length;
    }

    private static int longest(byte[][] pieces, int[] tokens) {
        return Arrays.stream(tokens).map(token -> pieces[token].length).max().orElse(0);
    }

    private void close(int[] open, int from, int to) {
        for (int depth = from; depth < to; depth++) {
            ends[open[depth]] = size;
        }
    }

    private int add(byte value, int depth, int firstToken) {
        if (size == bytes.length) {
            bytes = Arrays.copyOf(bytes, 2 * size);
            depths = Arrays.copyOf(depths, 2 * size);
            ends = Arrays.copyOf(ends, 2 * size);
            firstTokens = Arrays.copyOf(firstTokens, 2 * size + 1);
        }
        bytes[size] = value;
        depths[size] = (short) depth;
        firstTokens[size] = firstToken;
        return size++;
    }

    /** {@return how many nodes there are} */
    int size() {
        return size;
    }

    /** {@return the byte of a node, 0 to 255} */
    int value(int node) {
        return Byte.toUnsignedInt(bytes[node]);
    }

    /** {@return how many bytes come before that of a node} */
    int depth(int node) {
        return depths[node];
    }

    /** {@return the first node that does not begin with the bytes of this one} */
    int end(int node) {
        return ends[node];
    }

    /** {@return where the tokens of a node begin; they end where those of the next begin} */
    int firstToken(int node) {
        return firstTokens[node];
    }

    /** {@return bytes that the longest token has behind those of a node} */
    int height(int node) {
        return heights[node];
    }

    /** {@return the token at such a place} */
    int token(int place) {
        return tokens[place];
    }

    /** {@return bytes of the longest token} */
    int deepest() {
        return deepest;
    }
}
