package io.llamanode.engine.sampling;

/**
 * Chooses among the tokens that a filter allows. It lets another sampler choose freely first and asks for that one
 * token; only if it may not come are all tokens filtered and the choice made again. So an answer that keeps to its
 * grammar by itself costs next to nothing.
 *
 * <p>For the thread that its parts are for, as every {@link Sampler}.
 */
public final class ConstrainedSampler implements Sampler {
    private final Sampler free;
    private final TokenFilter filter;
    private final int[] ends;
    private final float[] copy;

    /**
     * Puts a filter over a sampler.
     *
     * @param free chooses; closed along with this
     * @param filter allows; closed along with this
     * @param ends tokens that end a generation
     * @param scratch of the vocabulary's size, which samplers of one thread may share
     */
    public ConstrainedSampler(Sampler free, TokenFilter filter, int[] ends, float[] scratch) {
        this.free = free;
        this.filter = filter;
        this.ends = ends;
        this.copy = scratch;
    }

    /** Tells the free sampler of a prompt token, which the filter has no word on. */
    @Override
    public void accept(int token) {
        free.accept(token);
    }

    /** Chooses a token and tells the filter of it. */
    @Override
    public int sample(float[] logits) {
        System.arraycopy(logits, 0, copy, 0, logits.length);
        int token = free.sample(logits);
        if (!filter.allows(token)) {
            System.arraycopy(copy, 0, logits, 0, logits.length);
            token = filter.mask(logits) > 0 ? free.sample(logits) : end();
            if (!filter.allows(token)) {
                // Penalties and biases can rule out the last tokens that the filter leaves.
                token = end();
            }
        }
        filter.accept(token);
        return token;
    }

    /** An answer that is complete and may not go on ends, even if its end was to be ignored. */
    private int end() {
        for (int token : ends) {
            if (filter.allows(token)) {
                return token;
            }
        }
        throw new SamplingException("no token of the vocabulary can continue the grammar");
    }

    @Override
    public void close() {
        free.close();
        filter.close();
    }
}
