package io.llamanode.engine.sampling;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * The scratch space of draws. One instance serves every sampler of a thread: a selection of the best tokens
 * fills it, filters shorten it, a draw reads it; or a draw goes over the whole vocabulary.
 *
 * <p>For one thread.
 */
public final class Candidates {
    private final VocabularyScan scan = new VocabularyScan();
    private final Weights weights = new Weights();
    private final VocabularyDraw vocabulary = new VocabularyDraw(scan);
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

    /**
     * Draws a token of the whole vocabulary.
     *
     * @param all its logits
     * @param temperature divides them; positive
     * @param topP the smallest set of the best tokens whose probabilities reach this may come; 1: all
     * @param minP tokens at least this many times as probable as the best may come; 0: all
     * @param random gives some dozen numbers
     */
    int drawOfAll(float[] all, float temperature, float topP, float minP, RandomGenerator random) {
        scan.read(all);
        return vocabulary.draw(all, temperature, topP, minP, random);
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
