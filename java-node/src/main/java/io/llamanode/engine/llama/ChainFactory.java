package io.llamanode.engine.llama;

import io.llamanode.engine.sampling.ChainParams;
import io.llamanode.engine.sampling.ChainParams.Dry;
import io.llamanode.engine.sampling.ChainParams.Mirostat;
import io.llamanode.engine.sampling.ChainParams.Step;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.sampler.NativeSampler;
import io.llamanode.llama.sampler.SamplerBuilder;

/** Puts llama.cpp's samplers together as its own programs do. */
final class ChainFactory {
    /** Tokens from which mirostat 1 estimates the distribution. */
    private static final int MIROSTAT_M = 100;

    private final SamplingParams params;
    private final ChainParams more;
    private final int nCtx;
    private final SamplerBuilder chain;

    private ChainFactory(LlamaModel model, SamplingParams params, ChainParams more, int nCtx) {
        this.params = params;
        this.more = more;
        this.nCtx = nCtx;
        this.chain = NativeSampler.chain(model);
    }

    /**
     * @param nCtx how far back "the context" reaches
     * @return the chain, without the bias, to be closed by the caller
     */
    static NativeSampler make(LlamaModel model, SamplingParams params, ChainParams more, int nCtx) {
        ChainFactory factory = new ChainFactory(model, params, more, nCtx);
        factory.add();
        return factory.chain.build();
    }

    private void add() {
        Mirostat mirostat = more.mirostat();
        switch (mirostat.version()) {
            case 0 -> {
                more.steps().forEach(this::add);
                chain.dist(seed());
            }
            case 1 ->
                chain.temperature(params.temperature()).mirostat(mirostat.tau(), mirostat.eta(), MIROSTAT_M, seed());
            default -> chain.temperature(params.temperature()).mirostatV2(mirostat.tau(), mirostat.eta(), seed());
        }
    }

    private void add(Step step) {
        Dry dry = more.dry();
        switch (step) {
            case PENALTIES -> {
                if (params.penalizes()) {
                    chain.penalties(
                            params.repeatLastN() < 0 ? nCtx : params.repeatLastN(),
                            Math.max(Float.MIN_NORMAL, params.repeatPenalty()),
                            params.frequencyPenalty(),
                            params.presencePenalty());
                }
            }
            case DRY -> {
                if (dry.multiplier() > 0 && dry.lastN() != 0) {
                    int lastN = dry.lastN() < 0 ? nCtx : dry.lastN();
                    chain.dry(dry.multiplier(), dry.base(), dry.allowedLength(), lastN, dry.breakers());
                }
            }
            case TOP_N_SIGMA -> {
                if (more.topNSigma() > 0) {
                    chain.topNSigma(more.topNSigma());
                }
            }
            case TOP_K -> {
                if (params.topK() > 0) {
                    chain.topK(params.topK());
                }
            }
            case TYP_P -> {
                if (more.typicalP() < 1) {
                    chain.typical(more.typicalP());
                }
            }
            case TOP_P -> {
                if (params.topP() < 1) {
                    chain.topP(params.topP());
                }
            }
            case MIN_P -> {
                if (params.minP() > 0) {
                    chain.minP(params.minP());
                }
            }
            case XTC -> {
                if (more.xtc().probability() > 0) {
                    chain.xtc(more.xtc().probability(), more.xtc().threshold(), seed());
                }
            }
            case TEMPERATURE -> {
                if (more.dynatempRange() > 0) {
                    chain.temperature(params.temperature(), more.dynatempRange(), more.dynatempExponent());
                } else {
                    chain.temperature(params.temperature());
                }
            }
        }
    }

    /** llama.cpp takes 32 bits, all of them set for a random seed. */
    private int seed() {
        int seed = (int) (params.seed() ^ params.seed() >>> 32);
        return seed == -1 ? Integer.MAX_VALUE : seed;
    }
}
