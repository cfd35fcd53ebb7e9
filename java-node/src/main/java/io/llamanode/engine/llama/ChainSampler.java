package io.llamanode.engine.llama;

import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingException;
import io.llamanode.llama.DecodeException;
import io.llamanode.llama.sampler.NativeSampler;
import io.llamanode.llama.sampler.TokenCandidates;
import java.util.Map;

/** Chooses by a chain of llama.cpp's samplers. */
final class ChainSampler implements Sampler {
    private final NativeSampler chain;
    private final Map<Integer, Float> bias;
    private final TokenCandidates scratch;

    /**
     * @param chain closed along with this
     * @param bias added to the logits before all else
     */
    ChainSampler(NativeSampler chain, Map<Integer, Float> bias, TokenCandidates scratch) {
        this.chain = chain;
        this.bias = bias;
        this.scratch = scratch;
    }

    @Override
    public void accept(int token) {
        chain.accept(token);
    }

    @Override
    public int sample(float[] logits) {
        bias.forEach((token, value) -> logits[token] += value);
        try {
            return chain.choose(logits, scratch);
        } catch (DecodeException e) {
            throw new SamplingException(e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        chain.close();
    }
}
