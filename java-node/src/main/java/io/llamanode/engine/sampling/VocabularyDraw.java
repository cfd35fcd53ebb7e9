package io.llamanode.engine.sampling;

import java.util.random.RandomGenerator;

/**
 * Draws from a whole vocabulary by rejection, without an exponential for each token. A block of it is drawn by the weight
 * that it had if all of its tokens were as probable as its best, then one of its tokens evenly, which is taken with the
 * probability that it has in comparison with that best one; otherwise all is done anew. So every token comes as often as its
 * weight says, and one draw in {@link VocabularyScan#BLOCK} at least is taken, since each block holds its best.
 *
 * <p>Nothing is sorted for top-p either: of a drawn token it is only asked whether it is in the nucleus. If it is not,
 * all tokens behind it are not, and the draw goes on among those before it.
 */
final class VocabularyDraw {
    private final VocabularyScan scan;
    private final Nucleus nucleus;
    private float[] logits = {};
    private float scale;
    /** Weight of each block's best token. */
    private float[] weights = new float[0];
    /** Bounds of the weights of the blocks up to each. */
    private double[] sums = new double[0];
    // Only tokens before these may come: of a greater logit, or of this logit and a lesser id.
    private float leastLogit;
    private int endToken;

    /** @param scan of the logits that are drawn from */
    VocabularyDraw(VocabularyScan scan) {
        this.scan = scan;
        this.nucleus = new Nucleus(scan);
    }

    /**
     * Draws a token.
     *
     * @param all the logits that were scanned
     * @param temperature divides them; positive
     * @param topP as in {@link SamplingParams}; of the logits before the division
     * @param minP likewise
     * @return a token; the first one if the best is not finite
     */
    int draw(float[] all, float temperature, float topP, float minP, RandomGenerator random) {
        float best = scan.best();
        if (!Float.isFinite(best)) {
            // Nothing may come, so no token is better than another.
            return 0;
        }
        logits = all;
        scale = Weights.scale(temperature);
        weighBlocks(best);
        if (topP < 1) {
            nucleus.of(all, topP);
        }
        leastLogit = minP > 0 ? best + (float) Math.log(minP) : Float.NEGATIVE_INFINITY;
        endToken = minP > 0 ? all.length : 0;
        while (addUp() > 0) {
            int token = propose(random);
            if (topP >= 1 || nucleus.contains(token)) {
                return token;
            }
            leastLogit = logits[token];
            endToken = token;
        }
        return scan.firstBest();
    }

    private void weighBlocks(float best) {
        int blocks = scan.blocks();
        if (weights.length < blocks) {
            weights = new float[blocks];
            sums = new double[blocks];
        }
        Weights.exponentials(scan.peaks(), 0, blocks, best, scale, weights);
    }

    private double addUp() {
        double sum = 0;
        for (int block = 0; block < scan.blocks(); block++) {
            if (holdsAny(block)) {
                sum += (double) weights[block] * (scan.end(block) - scan.start(block));
            }
            sums[block] = sum;
        }
        return sum;
    }

    private boolean holdsAny(int block) {
        float peak = scan.peaks()[block];
        if (peak != leastLogit) {
            return peak > leastLogit;
        }
        for (int token = scan.start(block); token < Math.min(endToken, scan.end(block)); token++) {
            if (logits[token] == leastLogit) {
                return true;
            }
        }
        return false;
    }

    private int propose(RandomGenerator random) {
        double total = sums[scan.blocks() - 1];
        while (true) {
            int block = blockAt(random.nextDouble() * total);
            int start = scan.start(block);
            // The digits before the point choose the token, those behind it whether it is taken.
            double place = random.nextDouble() * (scan.end(block) - start);
            int offset = (int) place;
            float logit = logits[start + offset];
            boolean mayCome = logit > leastLogit || logit == leastLogit && start + offset < endToken;
            if (mayCome && place - offset < Math.exp((double) (logit - scan.peaks()[block]) * scale)) {
                return start + offset;
            }
        }
    }

    /** {@return the block whose part of the sum {@code place} is in} */
    private int blockAt(double place) {
        int low = 0;
        int high = scan.blocks() - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sums[middle] > place) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
}
