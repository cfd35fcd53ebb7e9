package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** The functions of llama.h on samplers. */
public interface SamplerFunctions {

    @CFunction("llama_sampler_chain_init")
    MemorySegment chainInit(boolean noPerf);

    @CFunction("llama_sampler_chain_add")
    void chainAdd(MemorySegment chain, MemorySegment sampler);

    @CFunction("llama_sampler_free")
    void free(MemorySegment sampler);

    @CFunction("llama_sampler_apply")
    void apply(MemorySegment sampler, MemorySegment candidates);

    @CFunction("llama_sampler_accept")
    void accept(MemorySegment sampler, int token);

    @CFunction("llama_sampler_reset")
    void reset(MemorySegment sampler);

    @CFunction("llama_sampler_init_greedy")
    MemorySegment greedy();

    @CFunction("llama_sampler_init_dist")
    MemorySegment dist(int seed);

    @CFunction("llama_sampler_init_top_k")
    MemorySegment topK(int k);

    @CFunction("llama_sampler_init_top_p")
    MemorySegment topP(float p, long minKeep);

    @CFunction("llama_sampler_init_min_p")
    MemorySegment minP(float p, long minKeep);

    @CFunction("llama_sampler_init_typical")
    MemorySegment typical(float p, long minKeep);

    @CFunction("llama_sampler_init_temp")
    MemorySegment temp(float temperature);

    @CFunction("llama_sampler_init_temp_ext")
    MemorySegment tempExt(float temperature, float delta, float exponent);

    @CFunction("llama_sampler_init_xtc")
    MemorySegment xtc(float probability, float threshold, long minKeep, int seed);

    @CFunction("llama_sampler_init_top_n_sigma")
    MemorySegment topNSigma(float n);

    @CFunction("llama_sampler_init_mirostat")
    MemorySegment mirostat(int nVocab, int seed, float tau, float eta, int m);

    @CFunction("llama_sampler_init_mirostat_v2")
    MemorySegment mirostatV2(int seed, float tau, float eta);

    @CFunction("llama_sampler_init_grammar")
    MemorySegment grammar(MemorySegment vocab, MemorySegment gbnf, MemorySegment root);

    @CFunction("llama_sampler_init_logit_bias")
    MemorySegment logitBias(int nVocab, int nBias, MemorySegment bias);

    /** {@code llama_sampler_init_penalties}, which takes the size of the vocabulary in some releases. */
    MemorySegment penalties(int nVocab, int lastN, float repeat, float frequency, float presence);

    /** {@code llama_sampler_init_dry}, which takes the training context in some releases. */
    MemorySegment dry(
            MemorySegment vocab,
            int nCtxTrain,
            float multiplier,
            float base,
            int allowedLength,
            int lastN,
            MemorySegment breakers,
            long nBreakers);

    /** What b4916 has. */
    interface B4916 extends SamplerFunctions {

        @CFunction("llama_sampler_init_penalties")
        MemorySegment penalties(int lastN, float repeat, float frequency, float presence);

        @Override
        default MemorySegment penalties(int nVocab, int lastN, float repeat, float frequency, float presence) {
            return penalties(lastN, repeat, frequency, presence);
        }

        @Override
        @CFunction("llama_sampler_init_dry")
        MemorySegment dry(
                MemorySegment vocab,
                int nCtxTrain,
                float multiplier,
                float base,
                int allowedLength,
                int lastN,
                MemorySegment breakers,
                long nBreakers);
    }

    /** What v0.5 and later have. */
    interface V0 extends SamplerFunctions {

        @Override
        @CFunction("llama_sampler_init_penalties")
        MemorySegment penalties(int nVocab, int lastN, float repeat, float frequency, float presence);

        @CFunction("llama_sampler_init_dry")
        MemorySegment dry(
                MemorySegment vocab,
                float multiplier,
                float base,
                int allowedLength,
                int lastN,
                MemorySegment breakers,
                long nBreakers);

        @Override
        default MemorySegment dry(
                MemorySegment vocab,
                int nCtxTrain,
                float multiplier,
                float base,
                int allowedLength,
                int lastN,
                MemorySegment breakers,
                long nBreakers) {
            return dry(vocab, multiplier, base, allowedLength, lastN, breakers, nBreakers);
        }
    }
}
