package io.llamanode.engine.sampling;

import java.util.ArrayList;
import java.util.List;

/**
 * How probable the model held its tokens to be, before any sampler had a word. One instance serves all requests of a
 * thread: {@link #read} before a token is chosen, {@link #of} afterwards.
 *
 * <p>For one thread.
 */
public final class Probabilities {
    private final Candidates best = new Candidates();
    private float[] logits = new float[0];
    private double logSum;

    /** Nothing read yet. */
    public Probabilities() {}

    /**
     * A token and the likeliest ones in its place.
     *
     * @param token its id
     * @param logprob natural logarithm of its probability
     * @param top alternatives, likeliest first, without any of their own
     */
    public record Entry(int token, float logprob, List<Entry> top) {}

    /**
     * Takes the logits that {@link #of} tells of, before a sampler changes them.
     *
     * @param all one logit a token; copied
     */
    public void read(float[] all) {
        if (logits.length != all.length) {
            logits = new float[all.length];
        }
        System.arraycopy(all, 0, logits, 0, all.length);
        float greatest = logits[best.best(logits)];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - greatest);
        }
        logSum = greatest + Math.log(sum);
    }

    /**
     * Tells the natural logarithm of a token's probability, and those of the likeliest.
     *
     * @param token the chosen one
     * @param alternatives how many of the likeliest tokens to tell
     * @return what the logits last read say of it
     */
    public Entry of(int token, int alternatives) {
        int count = Math.min(alternatives, logits.length);
        if (count == 0) {
            return new Entry(token, logprob(token), List.of());
        }
        best.selectTopK(logits, count);
        List<Entry> top = new ArrayList<>(count);
        for (int rank = 0; rank < count; rank++) {
            top.add(new Entry(best.token(rank), logprob(best.token(rank)), List.of()));
        }
        return new Entry(token, logprob(token), List.copyOf(top));
    }

    /** No float of Erlang is infinite. */
    private float logprob(int token) {
        return (float) Math.max(-Float.MAX_VALUE, logits[token] - logSum);
    }
}
