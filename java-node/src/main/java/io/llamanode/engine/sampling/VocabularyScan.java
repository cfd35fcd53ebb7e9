package io.llamanode.engine.sampling;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The logits of a whole vocabulary with the greatest of each block, so that a selection looks only into
 * the blocks that can hold what it wants. Logits are compared as integers of the same order.
 *
 * <p>Integers, because the Java compiler makes vector instructions of a maximum or a count of
 * {@code int}s in a plain loop, and not of {@code float}s; {@code bench/README.md} has the figures.
 */
final class VocabularyScan {
    /** Logits of a block. */
    static final int BLOCK = 128;
    /** Logits that are made integers at once, and stay in the nearest cache. */
    private static final int CHUNK = 8 * BLOCK;

    private static final int INFINITE = key(Float.POSITIVE_INFINITY);

    private final int[] bits = new int[CHUNK];
    private float[] logits = {};
    private int[] maxima = new int[0];
    private float[] peaks = new float[0];
    private int[] scratch = new int[0];
    private int size;
    private int blocks;
    private int best;

    /**
     * {@return an integer whose order among integers is that of {@code value} among floats} Negative zero
     * is below zero, and not-a-number above everything.
     */
    static int key(float value) {
        return ordered(Float.floatToRawIntBits(value));
    }

    /** {@return the float that a key stands for} */
    static float value(int key) {
        return Float.intBitsToFloat(ordered(key));
    }

    private static int ordered(int bits) {
        return bits ^ bits >> 31 & Integer.MAX_VALUE;
    }

    /**
     * Takes the logits of a vocabulary, at least one, which stay as they are while this is asked of them.
     *
     * @throws SamplingException if one is NaN or positive infinity
     */
    void read(float[] all) {
        logits = all;
        size = all.length;
        blocks = Math.ceilDiv(size, BLOCK);
        if (maxima.length < blocks) {
            maxima = new int[blocks];
            peaks = new float[blocks];
            scratch = new int[blocks];
        }
        best = Integer.MIN_VALUE;
        int magnitude = 0;
        for (int from = 0; from < size; from += CHUNK) {
            int count = take(from);
            magnitude = Math.max(magnitude, magnitude(bits, count));
            for (int i = 0; i < count; i += BLOCK) {
                int maximum = greatest(bits, i, Math.min(count, i + BLOCK));
                maxima[(from + i) / BLOCK] = maximum;
                peaks[(from + i) / BLOCK] = value(maximum);
                best = Math.max(best, maximum);
            }
        }
        if (magnitude > INFINITE || best >= INFINITE) {
            Logits.refuseUnusable(all);
        }
    }

    /** Makes a chunk integers. {@return how many} */
    private int take(int from) {
        int count = Math.min(CHUNK, size - from);
        MemorySegment.copy(
                MemorySegment.ofArray(logits), ValueLayout.JAVA_INT, (long) from * Integer.BYTES, bits, 0, count);
        return count;
    }

    /** {@return the greatest of the bits without their signs; those of not-a-number are beyond those of infinity} */
    private static int magnitude(int[] bits, int count) {
        int greatest = 0;
        for (int i = 0; i < count; i++) {
            greatest = Math.max(greatest, bits[i] & Integer.MAX_VALUE);
        }
        return greatest;
    }

    private static int greatest(int[] bits, int from, int to) {
        int greatest = Integer.MIN_VALUE;
        for (int i = from; i < to; i++) {
            greatest = Math.max(greatest, ordered(bits[i]));
        }
        return greatest;
    }

    /** {@return how many blocks there are} */
    int blocks() {
        return blocks;
    }

    /** {@return the greatest logit of each block} */
    float[] peaks() {
        return peaks;
    }

    /** {@return the greatest key of a block} */
    int maximum(int block) {
        return maxima[block];
    }

    /** {@return the index of the first logit of a block} */
    int start(int block) {
        return block * BLOCK;
    }

    /** {@return the index behind the last logit of a block} */
    int end(int block) {
        return Math.min(size, (block + 1) * BLOCK);
    }

    /** {@return the key of a token} */
    int keyOf(int token) {
        return key(logits[token]);
    }

    /** {@return the greatest logit} */
    float best() {
        return value(best);
    }

    /** {@return the first token with the greatest logit} */
    int firstBest() {
        // Zeros are equal, whatever their sign.
        int least = best == 0 ? key(-0.0f) : best;
        for (int block = 0; ; block++) {
            if (maxima[block] >= least) {
                int token = block * BLOCK;
                while (keyOf(token) < least) {
                    token++;
                }
                return token;
            }
        }
    }

    /**
     * {@return a key that at least {@code k} tokens reach, and not many more} Where many tokens are equal there may be
     * many more.
     *
     * @param k at most the size of the vocabulary
     */
    int reachedBy(int k) {
        if (k <= blocks) {
            // The best of k blocks are k tokens.
            System.arraycopy(maxima, 0, scratch, 0, blocks);
            Arrays.sort(scratch, 0, blocks);
            return scratch[blocks - k];
        }
        int low = Integer.MIN_VALUE;
        long high = best + 1L;
        while (high - low > 1) {
            int middle = (int) ((low + high) >> 1);
            int count = count(middle);
            if (count < k) {
                high = middle;
            } else {
                low = middle;
                if (count <= 2L * k) {
                    break;
                }
            }
        }
        return low;
    }

    private int count(int least) {
        int reached = 0;
        for (int from = 0; from < size; from += CHUNK) {
            reached += count(bits, take(from), least);
        }
        return reached;
    }

    private static int count(int[] bits, int length, int least) {
        int count = 0;
        for (int i = 0; i < length; i++) {
            count += ordered(bits[i]) >= least ? 1 : 0;
        }
        return count;
    }
}
