package io.llamanode.engine.sampling;

import java.util.Arrays;

/**
 * The tokens that a draw may still give, best first, with their logits. One instance serves every
 * sampler of a thread: a selection fills it, filters shorten it, a draw reads it.
 */
public final class Candidates {
    /**
     * Distances below the best logit at which a nucleus is looked for before all tokens are sorted.
     * A trained model's 95% of mass nearly always lies within the first two.
     */
    private static final float[] NUCLEUS_DEPTHS = {4, 8, 16, Float.POSITIVE_INFINITY};

    private int[] tokens = new int[64];
    private float[] logits = new float[64];
    private int size;
    /** Sum of {@code exp(logit - best)} over all tokens that top-p measures against. */
    private double mass;

    /** An empty set. */
    public Candidates() {}

    /**
     * @param values any non-empty array
     * @return index of the greatest value, the first of equals
     */
    static int argmax(float[] values) {
        int best = 0;
        float bestValue = values[0];
        for (int i = 1; i < values.length; i++) {
            if (values[i] > bestValue) {
                bestValue = values[i];
                best = i;
            }
        }
        return best;
    }

    /** Fills this with the {@code k} tokens of the greatest logits. */
    void selectTopK(float[] all, int k) {
        reserve(k);
        // A heap of k with the least of them on top: nearly all tokens fail the one comparison.
        size = k;
        for (int i = 0; i < k; i++) {
            tokens[i] = i;
            logits[i] = all[i];
        }
        for (int i = k / 2 - 1; i >= 0; i--) {
            siftDown(i, k);
        }
        float least = logits[0];
        for (int i = k; i < all.length; i++) {
            if (all[i] > least) {
                tokens[0] = i;
                logits[0] = all[i];
                siftDown(0, k);
                least = logits[0];
            }
        }
        sortHeap();
        mass = sumExp(logits, size, logits[0]);
    }

    /** Fills this with the smallest set of the best tokens whose probabilities reach {@code p}. */
    void selectTopP(float[] all, float p) {
        float best = all[argmax(all)];
        mass = sumExp(all, all.length, best);
        for (float depth : p >= 1 ? new float[] {Float.POSITIVE_INFINITY} : NUCLEUS_DEPTHS) {
            double found = collect(all, best, best - depth);
            if (found >= p * mass || depth == Float.POSITIVE_INFINITY) {
                break;
            }
        }
        for (int i = size / 2 - 1; i >= 0; i--) {
            siftDown(i, size);
        }
        sortHeap();
        keepTopP(p);
    }

    /** Shortens this to the best tokens whose probabilities reach {@code p}; keeps one at least. */
    void keepTopP(float p) {
        if (p >= 1) {
            return;
        }
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += Math.exp(logits[i] - logits[0]);
            if (sum >= p * mass) {
                size = i + 1;
                return;
            }
        }
    }

    /** Shortens this to the tokens at least {@code p} times as probable as the best. */
    void keepMinP(float p) {
        if (p <= 0) {
            return;
        }
        float least = logits[0] + (float) Math.log(p);
        while (size > 1 && logits[size - 1] < least) {
            size--;
        }
    }

    /**
     * Draws a token.
     *
     * @param temperature divides the logits; positive
     * @param uniform in [0, 1)
     */
    int draw(float temperature, double uniform) {
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += Math.exp((logits[i] - logits[0]) / temperature);
        }
        double rest = uniform * sum;
        for (int i = 0; i < size - 1; i++) {
            rest -= Math.exp((logits[i] - logits[0]) / temperature);
            if (rest < 0) {
                return tokens[i];
            }
        }
        return tokens[size - 1];
    }

    int size() {
        return size;
    }

    int token(int rank) {
        return tokens[rank];
    }

    private double collect(float[] all, float best, float least) {
        size = 0;
        double found = 0;
        for (int i = 0; i < all.length; i++) {
            // "Not below" rather than "at least": a token of logit -infinity counts in an unbounded depth.
            if (!(all[i] < least)) {
                reserve(size + 1);
                tokens[size] = i;
                logits[size++] = all[i];
                found += Math.exp(all[i] - best);
            }
        }
        return found;
    }

    private static double sumExp(float[] values, int count, float best) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += Math.exp(values[i] - best);
        }
        return sum;
    }

    private void reserve(int wanted) {
        if (tokens.length < wanted) {
            int length = Math.max(wanted, tokens.length * 2);
            tokens = Arrays.copyOf(tokens, length);
            logits = Arrays.copyOf(logits, length);
        }
    }

    /** Turns the heap with the least on top into an array with the greatest first. */
    private void sortHeap() {
        for (int end = size - 1; end > 0; end--) {
            swap(0, end);
            siftDown(0, end);
        }
    }

    private void siftDown(int from, int end) {
        int parent = from;
        while (true) {
            int child = 2 * parent + 1;
            if (child >= end) {
                return;
            }
            if (child + 1 < end && before(child + 1, child)) {
                child++;
            }
            if (!before(child, parent)) {
                return;
            }
            swap(parent, child);
            parent = child;
        }
    }

    /** Order of the heap: lesser logits first; of equals the later token, so that the earlier is kept. */
    private boolean before(int a, int b) {
        return logits[a] < logits[b] || (logits[a] == logits[b] && tokens[a] > tokens[b]);
    }

    private void swap(int a, int b) {
        int token = tokens[a];
        tokens[a] = tokens[b];
        tokens[b] = token;
        float logit = logits[a];
        logits[a] = logits[b];
        logits[b] = logit;
    }
}
