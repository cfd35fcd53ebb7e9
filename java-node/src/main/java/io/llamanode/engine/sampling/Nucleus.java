package io.llamanode.engine.sampling;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Tells of tokens whether they are in the smallest set of the best ones whose probabilities reach a limit: whether those
 * before them stay below it. Of equals the earlier one is before.
 */
final class Nucleus {
    /** Weights that are added side by side, and stay in the nearest cache. */
    private static final int CHUNK = 1024;
    /** The share of blocks that is looked into before all tokens are weighed. */
    private static final int FEW = 16;

    private final VocabularyScan scan;
    private final float[] values = new float[CHUNK];
    private final int[] bits = new int[CHUNK];
    private final float[] sums = new float[CHUNK];
    private float[] logits = {};
    private double limit;
    /** Of each block's best token. */
    private float[] peaks = new float[0];
    /** Of each token, once {@link #weighed}. */
    private float[] weights = new float[0];

    private boolean weighed;
    private double total;

    /** @param scan of the logits that {@link #of} is told */
    Nucleus(VocabularyScan scan) {
        this.scan = scan;
    }

    /**
     * Takes logits.
     *
     * @param all those that were scanned; the greatest is finite
     * @param p the limit
     */
    void of(float[] all, float p) {
        logits = all;
        limit = p;
        weighed = false;
        if (peaks.length < scan.blocks()) {
            peaks = new float[scan.blocks()];
        }
        Weights.exponentials(scan.peaks(), 0, scan.blocks(), scan.best(), 1, peaks);
    }

    /** {@return whether a token is in it} */
    boolean contains(int token) {
        if (!weighed) {
            if (surelyContains(token)) {
                return true;
            }
            weigh();
        }
        return before(token) < limit * total;
    }

    /**
     * Compares with less than the total: of the blocks that have nothing before the token only the best counts. Where few
     * tokens have nearly all the weight, that answers for most draws.
     */
    private boolean surelyContains(int token) {
        float logit = logits[token];
        int few = scan.blocks() / FEW + 1;
        double others = Math.exp(logit - scan.best());
        for (int block = 0; block < scan.blocks(); block++) {
            if (scan.peaks()[block] < logit) {
                others += peaks[block];
            } else if (few-- == 0) {
                return false;
            }
        }
        double before = 0;
        for (int block = 0; block < scan.blocks(); block++) {
            if (scan.peaks()[block] >= logit) {
                before += before(token, block);
            }
        }
        return before < limit * (before + others);
    }

    private double before(int token, int block) {
        float logit = logits[token];
        double sum = 0;
        for (int i = scan.start(block); i < scan.end(block); i++) {
            if (logits[i] > logit || logits[i] == logit && i < token) {
                sum += Math.exp(logits[i] - scan.best());
            }
        }
        return sum;
    }

    private void weigh() {
        if (weights.length < logits.length) {
            weights = new float[logits.length];
        }
        // In one go: the ends of a loop are not vector instructions, and dear here.
        Weights.exponentials(logits, 0, logits.length, scan.best(), 1, weights);
        Arrays.fill(sums, 0);
        for (int from = 0; from < logits.length; from += CHUNK) {
            int count = Math.min(CHUNK, logits.length - from);
            System.arraycopy(weights, from, values, 0, count);
            add(values, count, sums);
        }
        total = Weights.sum(sums, 0, CHUNK);
        weighed = true;
    }

    /** The weight of the tokens before one, by their weights. */
    private double before(int token) {
        // Positive floats have the order of their bits.
        int weight = Float.floatToRawIntBits(weights[token]);
        Arrays.fill(sums, 0);
        addHeavier(0, token, weight - 1);
        addHeavier(token, logits.length, weight);
        return Weights.sum(sums, 0, CHUNK);
    }

    private void addHeavier(int start, int end, int weight) {
        MemorySegment all = MemorySegment.ofArray(weights);
        for (int from = start; from < end; from += CHUNK) {
            int count = Math.min(CHUNK, end - from);
            MemorySegment.copy(all, ValueLayout.JAVA_INT, (long) from * Integer.BYTES, bits, 0, count);
            clearLighter(bits, count, weight);
            MemorySegment.copy(MemorySegment.ofArray(bits), ValueLayout.JAVA_FLOAT, 0, values, 0, count);
            add(values, count, sums);
        }
    }

    // Loops of which the compiler makes vector instructions, as long as both arrays are read at one index.

    private static void clearLighter(int[] bits, int count, int weight) {
        for (int i = 0; i < count; i++) {
            bits[i] &= weight - bits[i] >> 31;
        }
    }

    private static void add(float[] values, int count, float[] sums) {
        for (int i = 0; i < count; i++) {
            sums[i] += values[i];
        }
    }
}
