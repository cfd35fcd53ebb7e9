package io.llamanode.engine.sampling;

import java.util.Arrays;

/**
 * Exponentials of many logits, and a draw by them. {@link Math#exp} takes ten times as long over a
 * vocabulary; {@code bench/README.md} has the figures.
 */
final class Weights {
    private static final int CHUNK = 2048;
    /** {@code exp} of less would be a denormal number, with which processors are slow. */
    private static final float LEAST = -86;

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
        int chunks = (count + CHUNK - 1) / CHUNK;
        if (weights.length < count) {
            weights = Arrays.copyOf(weights, Math.max(count, 2 * weights.length));
            sums = new double[(weights.length + CHUNK - 1) / CHUNK];
        }
        total = 0;
        for (int chunk = 0; chunk < chunks; chunk++) {
            int from = chunk * CHUNK;
            int to = Math.min(count, from + CHUNK);
            exponentials(logits, from, to, best, 1 / temperature, weights);
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

    /** Exchanges two weights; the sums of a draw are no longer right then. */
    void swap(int a, int b) {
        float weight = weights[a];
        weights[a] = weights[b];
        weights[b] = weight;
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

    /**
     * The series of {@code exp(x / 128)}, and seven squarings: only operations for which the compiler has vector
     * instructions. The relative error is below 1e-5 near the best, which is where it matters, and 1e-3 at the far end.
     */
    private static void exponentials(float[] logits, int from, int to, float best, float scale, float[] out) {
        for (int i = from; i < to; i++) {
            float y = Math.max((logits[i] - best) * scale, LEAST) * (1f / 128);
            float e = 1 + y * (1 + y * (1 / 2f + y * (1 / 6f + y * (1 / 24f + y * (1 / 120f + y * (1 / 720f + y * (1 / 5040f)))))));
            e *= e;
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
    private static double sum(float[] values, int from, int to) {
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
