package io.llamanode.engine.sampling;

import java.util.Arrays;

/**
 * Exponentials of many logits, and a draw by them. {@link Math#exp} takes ten times as long over a
 * vocabulary; {@code bench/README.md} has the figures.
 */
final class Weights {
    private static final int CHUNK = 2048;
    /** All that is farther below the best counts as if it were here: a million such tokens are none. */
    private static final float LEAST = -43;
    // A polynomial for exp(x / 64) between LEAST and 0, of which the relative error is least, by powers of x.
    private static final float C1 = 0.015624933f;
    private static final float C2 = 1.2204942e-4f;
    private static final float C3 = 6.336138e-7f;
    private static final float C4 = 2.382911e-9f;
    private static final float C5 = 5.559029e-12f;

    private float[] weights = new float[0];
    private double[] sums = new double[0];
    private int size;
    private double total;

    /**
     * Weighs logits.
     *
     * @param logits of which the first {@code count} count
     * @param best the greatest of them; finite
     * @param temperature divides them; positive
     * @return the sum of {@code exp((logit - best) / temperature)}
     */
    double weigh(float[] logits, int count, float best, float temperature) {
        size = count;
        int chunks = Math.ceilDiv(count, CHUNK);
        if (weights.length < count) {
            weights = Arrays.copyOf(weights, Math.max(count, 2 * weights.length));
            sums = new double[Math.ceilDiv(weights.length, CHUNK)];
        }
        total = 0;
        for (int chunk = 0; chunk < chunks; chunk++) {
            int from = chunk * CHUNK;
            int to = Math.min(count, from + CHUNK);
            exponentials(logits, from, to, best, scale(temperature), weights);
            // While they are in the nearest cache.
            sums[chunk] = sum(weights, from, to);
            total += sums[chunk];
        }
        return total;
    }

    /** {@return the weight of the logit at {@code index}} */
    float at(int index) {
        return weights[index];
    }

    /**
     * {@return the index of a logit, drawn by weight; never that of a forbidden one, whose logit is negative infinity}
     *
     * @param logits as they were weighed
     * @param uniform in [0, 1)
     */
    int draw(float[] logits, double uniform) {
        double rest = uniform * total;
        int chunk = 0;
        while ((chunk + 1) * CHUNK < size && rest >= sums[chunk]) {
            rest -= sums[chunk++];
        }
        for (int i = chunk * CHUNK; i < size; i++) {
            rest -= weights[i];
            if (rest < 0 && logits[i] != Float.NEGATIVE_INFINITY) {
                return i;
            }
        }
        // Rounding may leave a rest of nothing behind the last one.
        int last = size - 1;
        while (last > 0 && logits[last] == Float.NEGATIVE_INFINITY) {
            last--;
        }
        return last;
    }

    /** {@return what logits are multiplied by in place of a division; finite} */
    static float scale(float temperature) {
        return Math.min(1 / temperature, Float.MAX_VALUE);
    }

    /**
     * Computes {@code exp((logit - best) * scale)} as a polynomial and six squarings: only operations for which the
     * compiler has vector instructions. The relative error is below 2e-5, the result positive and at most 1, and the same
     * for the same logit wherever it stands.
     */
    static void exponentials(float[] logits, int from, int to, float best, float scale, float[] out) {
        for (int i = from; i < to; i++) {
            float x = Math.max((logits[i] - best) * scale, LEAST);
            float e = 1 + x * (C1 + x * (C2 + x * (C3 + x * (C4 + x * C5))));
            e *= e;
            e *= e;
            e *= e;
            e *= e;
            e *= e;
            e *= e;
            out[i] = e;
        }
    }

    /** Several sums side by side: one would wait for each addition. */
    static double sum(float[] values, int from, int to) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        float e = 0;
        float f = 0;
        float g = 0;
        float h = 0;
        int i = from;
        for (; i + 8 <= to; i += 8) {
            a += values[i];
            b += values[i + 1];
            c += values[i + 2];
            d += values[i + 3];
            e += values[i + 4];
            f += values[i + 5];
            g += values[i + 6];
            h += values[i + 7];
        }
        for (; i < to; i++) {
            a += values[i];
        }
        return (double) (a + b) + (c + d) + (e + f) + (g + h);
    }
}
