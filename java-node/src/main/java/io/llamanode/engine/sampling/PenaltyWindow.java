package io.llamanode.engine.sampling;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/** The last tokens of a sequence and how often each occurs among them. */
final class PenaltyWindow {
    private final int size;
    private final ArrayDeque<Integer> tokens = new ArrayDeque<>();
    private final Map<Integer, Integer> counts = new HashMap<>();

    /** @param size in tokens; negative: unlimited */
    PenaltyWindow(int size) {
        this.size = size < 0 ? Integer.MAX_VALUE : size;
    }

    void add(int token) {
        counts.merge(token, 1, Integer::sum);
        tokens.addLast(token);
        if (tokens.size() > size) {
            counts.computeIfPresent(tokens.removeFirst(), (t, n) -> n == 1 ? null : n - 1);
        }
    }

    /** The formula of llama.cpp's penalties sampler: dividing a negative logit would favour it. */
    void penalize(float[] logits, float repeat, float frequency, float presence) {
        for (Map.Entry<Integer, Integer> entry : counts.entrySet()) {
            int token = entry.getKey();
            float logit = logits[token];
            logit = logit <= 0 ? logit * repeat : logit / repeat;
            logits[token] = logit - entry.getValue() * frequency - presence;
        }
    }
}
