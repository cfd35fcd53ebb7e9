package io.llamanode.engine.sampling;

/**
 * Tells which tokens may come next in an answer: a grammar, and how far the answer has come in it.
 *
 * <p>For one thread, that of the sampler which asks it.
 */
public interface TokenFilter extends AutoCloseable {
    /**
     * Tries one token, which is cheaper than all where the likeliest is most often allowed.
     *
     * @param token a token of the vocabulary
     * @return whether it may come next
     */
    boolean allows(int token);

    /**
     * Rules out every token that may not come next.
     *
     * @param logits one a token; those ruled out become negative infinity
     * @return how many are left
     */
    int mask(float[] logits);

    /**
     * Goes on by a sampled token.
     *
     * @param token one that {@link #allows} is true for
     */
    void accept(int token);

    @Override
    void close();
}
