package io.llamanode.engine.sampling;

import java.util.Map;

/**
 * How the next token is chosen from the logits. The steps run in llama.cpp's default order: logit
 * bias, penalties, top-k, top-p, min-p, temperature, draw.
 *
 * <p>Immutable: any thread.
 *
 * @param temperature 0 takes the best token; otherwise the logits are divided by it before the draw
 * @param topK candidates kept; 0: all
 * @param topP probability mass kept (Holtzman et al. 2019, arXiv:1904.09751); 1: all
 * @param minP smallest probability kept, relative to the best candidate's; 0: all
 * @param repeatPenalty divides positive and multiplies negative logits of recent tokens; 1: none
 * @param repeatLastN window of the penalties in tokens, over prompt and answer; 0: none; -1: everything
 * @param frequencyPenalty subtracted for each occurrence in the window
 * @param presencePenalty subtracted once for a token in the window
 * @param seed of the draw
 * @param logitBias added to the logits of these tokens; negative infinity: never
 */
public record SamplingParams(
        float temperature,
        int topK,
        float topP,
        float minP,
        float repeatPenalty,
        int repeatLastN,
        float frequencyPenalty,
        float presencePenalty,
        long seed,
        Map<Integer, Float> logitBias) {

    /** Takes the best token, without penalties or bias. */
    public static final SamplingParams GREEDY = new SamplingParams(0, 0, 1, 0, 1, 0, 0, 0, 0, Map.of());

    /**
     * Tells what the penalties remember.
     *
     * @param tokens of the prompt and the answer
     * @param kinds of them, at most
     * @return bytes that it takes, at most
     */
    public long remembered(int tokens, int kinds) {
        int window = repeatLastN < 0 ? tokens : Math.min(repeatLastN, tokens);
        return penalizes()
                ? (long) PenaltyWindow.TOKEN * window + (long) PenaltyWindow.KIND * Math.min(window, kinds)
                : 0;
    }

    /** {@return whether the logits of recent tokens are changed} */
    public boolean penalizes() {
        return repeatLastN != 0 && (repeatPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0);
    }
}
