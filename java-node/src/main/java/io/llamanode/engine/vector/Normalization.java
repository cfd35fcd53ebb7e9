package io.llamanode.engine.vector;

/** Scales vectors in the ways of llama.cpp's {@code embd_normalize}. Keeps no state: for any thread. */
public final class Normalization {
    /** Not at all. */
    public static final int OFF = -1;
    /** By the largest absolute value, to the range of 16-bit integers. */
    public static final int LARGEST = 0;
    /** To a length of 1. */
    public static final int EUCLIDEAN = 2;

    /** What llama.cpp takes for the largest, a little below 32767. */
    private static final double RANGE = 32760;

    private Normalization() {}

    /**
     * Scales vectors.
     *
     * @param vectors side by side; changed in place
     * @param width floats of each
     * @param norm {@link #OFF}, {@link #LARGEST}, or p of the p-norm: 1 taxicab, 2 euclidean
     */
    public static void apply(float[] vectors, int width, int norm) {
        if (norm == OFF) {
            return;
        }
        for (int from = 0; from < vectors.length; from += width) {
            double size = size(vectors, from, width, norm);
            double factor = size > 0 ? 1 / size : 0;
            for (int i = from; i < from + width; i++) {
                vectors[i] = (float) (vectors[i] * factor);
            }
        }
    }

    private static double size(float[] vectors, int from, int width, int norm) {
        double largest = 0;
        for (int i = from; i < from + width; i++) {
            largest = Math.max(largest, Math.abs(vectors[i]));
        }
        if (norm == LARGEST || largest == 0) {
            return largest / RANGE;
        }
        // Relative to the largest, whose power might be beyond any number.
        double sum = 0;
        for (int i = from; i < from + width; i++) {
            double value = Math.abs(vectors[i]) / largest;
            sum += norm == 1 ? value : norm == EUCLIDEAN ? value * value : Math.pow(value, norm);
        }
        return largest * (norm == 1 ? sum : norm == EUCLIDEAN ? Math.sqrt(sum) : Math.pow(sum, 1.0 / norm));
    }
}
