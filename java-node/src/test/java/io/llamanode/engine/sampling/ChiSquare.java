package io.llamanode.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Pearson's test on counted draws. Cells that are expected fewer than 5 times are pooled, as it requires. */
public final class ChiSquare {
    private static final int LEAST = 5;

    private double sum;
    private int cells;
    private double pooledExpected;
    private double pooledDifference;

    private ChiSquare() {}

    /**
     * Fails unless draws have a distribution.
     *
     * @param probabilities of each value; of 0, the value may not have come
     * @param counts how often each value came
     */
    public static void assertDistribution(double[] probabilities, int[] counts) {
        long draws = 0;
        for (int count : counts) {
            draws += count;
        }
        ChiSquare test = new ChiSquare();
        for (int i = 0; i < counts.length; i++) {
            double expected = probabilities[i] * draws;
            if (expected == 0) {
                assertEquals(0, counts[i], "value " + i + " may not come");
            }
            test.add(expected, counts[i] - expected, 1);
        }
        test.check();
    }

    /**
     * Fails unless as many draws of two sources have one distribution.
     *
     * @param some how often each value came from one source
     * @param others how often each came from the other one
     */
    public static void assertSameDistribution(int[] some, int[] others) {
        ChiSquare test = new ChiSquare();
        for (int i = 0; i < some.length; i++) {
            // The difference of two counts has the variance of both.
            test.add((some[i] + others[i]) / 2.0, some[i] - others[i], 2);
        }
        test.check();
    }

    private void add(double expected, double difference, int sources) {
        double scaled = difference / Math.sqrt(sources);
        if (expected < LEAST) {
            pooledExpected += expected;
            pooledDifference += scaled;
        } else {
            cell(expected, scaled);
        }
    }

    private void cell(double expected, double difference) {
        sum += difference * difference / expected;
        cells++;
    }

    private void check() {
        if (pooledExpected >= LEAST) {
            cell(pooledExpected, pooledDifference);
        }
        int freedom = Math.max(1, cells - 1);
        // Five standard deviations of a chi-square variable; seeds are fixed, so this cannot flake.
        assertTrue(sum < freedom + 5 * Math.sqrt(2.0 * freedom), sum + " at " + freedom);
    }
}
