package io.llamanode.engine.sampling;

/**
 * What a model computed for one position.
 *
 * <p>Keeps no state: for any thread.
 */
public final class Logits {
    private Logits() {}

    /**
     * Refuses numbers that no token can be drawn from: one that is not a number spoils every sum that it is in, and says that
     * the others are not to be trusted either.
     *
     * @param logits one value for each token of the vocabulary; negative infinity rules a token out
     * @throws SamplingException if one is NaN or positive infinity, or all are negative infinity
     */
    public static void refuseUnusable(float[] logits) {
        int bad = 0;
        // Counted without a branch, so that the compiler can take several at a time.
        for (float logit : logits) {
            bad += logit <= Float.MAX_VALUE ? 0 : 1;
        }
        if (bad > 0) {
            throw SamplingException.unusable(
                    "the model computed logits of which %d of %d are NaN or infinite; its weights, those of an adapter, or what"
                                    .formatted(bad, logits.length)
                            + " computes them, are broken");
        }
        for (float logit : logits) {
            if (logit > Float.NEGATIVE_INFINITY) {
                return;
            }
        }
        throw SamplingException.unusable("the model computed no finite logit");
    }
}
