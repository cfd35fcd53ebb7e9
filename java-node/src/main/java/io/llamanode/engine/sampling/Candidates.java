package io.llamanode.engine.sampling;

import java.util.Arrays;

/**
 * The tokens that a draw may still give, with their logits. One instance serves every sampler of a
 * thread: a selection fills it, filters shorten it, a draw reads it.
 */
public final class Candidates {
    /**
     * Distances below the best logit at which a nucleus is looked for. A trained model's 95% of mass
     * nearly always lies within the first two.
     */
    private static final float[] NUCLEUS_DEPTHS = {4, 8, 16, Float.POSITIVE_INFINITY};
    /** So few candidates are sorted rather than parted. */
    private static final int FEW = 24;

    private final VocabularyScan scan = new VocabularyScan();
    private final Weights weights = new Weights();
    private int[] tokens = new int[64];
    private float[] logits = new float[64];
    private int size;
    private float best;

    /** An empty set. */
    public Candidates() {}

    /** {@return the token with the greatest logit, the first of equals} */
    int best(float[] all) {
        scan.read(all);
        return scan.firstBest();
    }

    /** Fills this with the {@code k} tokens of the greatest logits, best first; of equals the first ones. */
    void selectTopK(float[] all, int k) {
        scan.read(all);
        reserve(k);
        size = 0;
        int least = scan.reachedBy(k);
        for (int block = 0; block < scan.blocks(); block++) {
            if (scan.maximum(block) >= least) {
                for (int i = block * VocabularyScan.BLOCK; i < scan.end(block); i++) {
                    if (scan.keyOf(i) >= least) {
                        offer(i, all[i], k);
                    }
                }
            }
        }
        heapify();
        sortHeap();
        best = logits[0];
    }

    /** Keeps the best {@code k}, in a heap once there are so many. */
    private void offer(int token, float logit, int k) {
        if (size < k) {
            tokens[size] = token;
            logits[size++] = logit;
            if (size == k) {
                heapify();
            }
        } else if (logit > logits[0]) {
            tokens[0] = token;
            logits[0] = logit;
            siftDown(0, k);
        }
    }

    /** Fills this with the smallest set of the best tokens whose probabilities reach {@code p}, in no order. */
    void selectTopP(float[] all, float p) {
        scan.read(all);
        best = scan.best();
        double wanted = p * weights.weigh(all, all.length, best, 1);
        for (float depth : NUCLEUS_DEPTHS) {
            collect(all, best - depth);
            if (weights.weigh(logits, size, best, 1) >= wanted) {
                break;
            }
        }
        keepMass(wanted);
    }

    /** Fills this with all tokens at least {@code p} times as probable as the best, in the order of their ids. */
    void selectMinP(float[] all, float p) {
        scan.read(all);
        best = scan.best();
        collect(all, best + (float) Math.log(p));
    }

    private void collect(float[] all, float least) {
        int leastKey = VocabularyScan.key(least);
        size = 0;
        for (int block = 0; block < scan.blocks(); block++) {
            if (scan.maximum(block) >= leastKey) {
                reserve(size + VocabularyScan.BLOCK);
                for (int i = block * VocabularyScan.BLOCK; i < scan.end(block); i++) {
                    if (scan.keyOf(i) >= leastKey) {
                        tokens[size] = i;
                        logits[size++] = all[i];
                    }
                }
            }
        }
    }

    /**
     * Shortens this to the best whose weights reach {@code wanted}, by parting it around a pivot again
     * and again: sorting a flat distribution would take milliseconds.
     */
    private void keepMass(double wanted) {
        int from = 0;
        int to = size;
        double rest = wanted;
        while (to - from > FEW) {
            int middle = part(from, to);
            double mass = 0;
            for (int i = from; i < middle; i++) {
                mass += weights.at(i);
            }
            if (mass >= rest) {
                to = middle;
            } else {
                rest -= mass;
                from = middle;
            }
        }
        insertionSort(from, to);
        for (int i = from; i < to; i++) {
            rest -= weights.at(i);
            if (rest <= 0) {
                size = i + 1;
                return;
            }
        }
        size = Math.max(1, to);
    }

    /** {@return where the second part begins, when all of the first are better than all of the second; neither is empty} */
    private int part(int from, int to) {
        exchange(from, median(from, (from + to) >>> 1, to - 1));
        int boundary = from;
        for (int i = from + 1; i < to; i++) {
            if (before(from, i)) {
                exchange(++boundary, i);
            }
        }
        exchange(from, boundary);
        return boundary + 1 < to ? boundary + 1 : boundary;
    }

    private int median(int a, int b, int c) {
        if (before(a, b)) {
            return before(b, c) ? b : before(a, c) ? c : a;
        }
        return before(a, c) ? a : before(b, c) ? c : b;
    }

    private void insertionSort(int from, int to) {
        for (int i = from + 1; i < to; i++) {
            for (int j = i; j > from && before(j - 1, j); j--) {
                exchange(j, j - 1);
            }
        }
    }

    private void exchange(int a, int b) {
        swap(a, b);
        weights.swap(a, b);
    }

    /** Shortens this, which must be sorted, to the best tokens whose probabilities reach {@code p}; keeps one at least. */
    void keepTopP(float p) {
        if (p >= 1) {
            return;
        }
        double wanted = p * weights.weigh(logits, size, best, 1);
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += weights.at(i);
            if (sum >= wanted) {
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
        float least = best + (float) Math.log(p);
        int kept = 0;
        for (int i = 0; i < size; i++) {
            // The best one stays whatever p is.
            if (logits[i] >= least || logits[i] == best) {
                tokens[kept] = tokens[i];
                logits[kept++] = logits[i];
            }
        }
        size = kept;
    }

    /**
     * Draws a token of this.
     *
     * @param temperature divides the logits; positive
     * @param uniform in [0, 1)
     */
    int draw(float temperature, double uniform) {
        weights.weigh(logits, size, best, temperature);
        return tokens[weights.draw(logits, uniform)];
    }

    /** Draws a token of the whole vocabulary, as {@link #draw}. */
    int drawOfAll(float[] all, float temperature, double uniform) {
        scan.read(all);
        weights.weigh(all, all.length, scan.best(), temperature);
        return weights.draw(all, uniform);
    }

    int size() {
        return size;
    }

    int token(int rank) {
        return tokens[rank];
    }

    private void reserve(int wanted) {
        if (tokens.length < wanted) {
            int length = Math.max(wanted, tokens.length * 2);
            tokens = Arrays.copyOf(tokens, length);
            logits = Arrays.copyOf(logits, length);
        }
    }

    private void heapify() {
        for (int i = size / 2 - 1; i >= 0; i--) {
            siftDown(i, size);
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
