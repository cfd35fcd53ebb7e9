package io.llamanode.engine.sampling;

import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Chooses tokens for one request. Keeps the request's recent tokens and its random state, so that
 * the same seed, prompt and logits give the same tokens whatever other requests run beside it.
 *
 * <p>Reads the logits once or twice and never sorts the vocabulary; {@code llama_sampler_sample}
 * rebuilds a candidate array of the whole vocabulary for every token instead.
 *
 * <p>Not safe for use by several threads.
 */
public final class TokenSampler implements Sampler {
    private final SamplingParams params;
    private final @Nullable PenaltyWindow window;
    private final SplittableRandom random;
    private final Candidates candidates;

    /**
     * Samples for one request, with a random sequence of its own.
     *
     * @param params how to choose
     * @param candidates scratch space, which samplers of one thread may share
     */
    public TokenSampler(SamplingParams params, Candidates candidates) {
        this.params = params;
        this.candidates = candidates;
        this.window = params.penalizes() ? new PenaltyWindow(params.repeatLastN()) : null;
        this.random = new SplittableRandom(params.seed());
    }

    /**
     * Tells the penalties of a token that stands in the context: each prompt token and each
     * sampled one, in order.
     *
     * @param token its id
     */
    @Override
    public void accept(int token) {
        if (window != null) {
            window.add(token);
        }
    }

    /**
     * Chooses a token. Does not call {@link #accept}.
     *
     * @param logits one value for each token of the vocabulary; changed in place
     * @return the token's id
     */
    @Override
    public int sample(float[] logits) {
        for (Map.Entry<Integer, Float> bias : params.logitBias().entrySet()) {
            logits[bias.getKey()] += bias.getValue();
        }
        if (window != null) {
            window.penalize(logits, params.repeatPenalty(), params.frequencyPenalty(), params.presencePenalty());
        }
        return choose(logits);
    }

    private int choose(float[] logits) {
        if (params.temperature() <= 0 || params.topK() == 1) {
            return candidates.best(logits);
        }
        if (params.topK() > 0 && params.topK() < logits.length) {
            candidates.selectTopK(logits, params.topK());
            candidates.keepTopP(params.topP());
            candidates.keepMinP(params.minP());
            return candidates.draw(params.temperature(), random.nextDouble());
        }
        return candidates.drawOfAll(logits, params.temperature(), params.topP(), params.minP(), random);
    }
}
