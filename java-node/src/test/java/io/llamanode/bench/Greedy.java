package io.llamanode.bench;

import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.llama.model.Vocab;
import java.util.HashMap;
import java.util.Map;

/** The sampling that a request with temperature 0 and {@code ignore_eos} gets from the node. */
final class Greedy {
    private Greedy() {}

    static SamplingParams withoutEnd(Vocab vocab) {
        Map<Integer, Float> never = new HashMap<>();
        for (int token = 0; token < vocab.nTokens(); token++) {
            if (vocab.isEog(token)) {
                never.put(token, Float.NEGATIVE_INFINITY);
            }
        }
        return new SamplingParams(0, 0, 1, 0, 1, 0, 0, 0, 0, never);
    }
}
