package io.llamanode.grammar.mask;

import io.llamanode.grammar.rule.CodePoints;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The tokens of a vocabulary as a grammar sees them, laid out once for all grammars. Most tokens are made of characters that a
 * text in JSON, or a word, may have anywhere: such tokens lie together, and are let through together wherever any text of those
 * characters may come.
 *
 * <p>Never changes: for any thread.
 */
public final class TokenBytes {
    private static final int SPACE = ' ';
    private static final int LAST_ASCII = 0x7e;
    private static final CodePoints LOWER = CodePoints.range('a', 'z');
    private static final CodePoints UPPER = CodePoints.range('A', 'Z');
    /** A string in JSON has them in escapes only, or ends at them. */
    private static final CodePoints ENDS = CodePoints.of("\"\\");

    /** The narrower first: a token lies with the first that has all of its characters. */
    private static final List<CodePoints> SETS = List.of(
            LOWER,
            LOWER.or(UPPER),
            LOWER.or(UPPER).or(CodePoints.of(SPACE)),
            CodePoints.range(SPACE, LAST_ASCII).minus(ENDS),
            CodePoints.range(SPACE, Character.MAX_CODE_POINT).minus(ENDS));

    private final byte[][] pieces;
    private final List<Slice> slices;
    private final TokenTrie rest;

    /**
     * Lays out the tokens.
     *
     * @param pieces the bytes of each token, by its number; not to be changed. None: a token that no grammar lets through, such
     *     as a control token
     */
    public TokenBytes(byte[][] pieces) {
        this.pieces = pieces;
        BitSet left = new BitSet();
        left.set(0, pieces.length);
        List<Slice> made = new ArrayList<>();
        for (CodePoints set : SETS) {
            Slice slice = Slice.of(set, pieces, left);
            made.add(slice);
            left.andNot(slice.tokens());
        }
        slices = List.copyOf(made);
        rest = new TokenTrie(pieces, left);
    }

    /** {@return how many tokens there are} */
    public int size() {
        return pieces.length;
    }

    /**
     * {@return the bytes of a token, not to be changed}
     *
     * @param token its number
     */
    public byte[] piece(int token) {
        return pieces[token];
    }

    List<Slice> slices() {
        return slices;
    }

    /** {@return the tokens of no slice} */
    TokenTrie rest() {
        return rest;
    }
}
