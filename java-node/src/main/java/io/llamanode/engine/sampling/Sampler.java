package io.llamanode.engine.sampling;

/**
 * Chooses the tokens of one request. Used by the engine's loop thread only, but for what it is told of the prompt
 * before the engine has it; closed by the engine when the request ends.
 */
public interface Sampler extends AutoCloseable {
    /**
     * Tells of a token that stands in the context: each prompt token and each sampled one, in order.
     *
     * @param token its id
     */
    void accept(int token);

    /**
     * Chooses a token. Does not call {@link #accept}.
     *
     * @param logits one value for each token of the vocabulary; may be changed in place
     * @return the token's id
     * @throws SamplingException when there is none to choose
     */
    int sample(float[] logits);

    /** Frees what it holds; does nothing a second time. */
    @Override
    default void close() {}
}
