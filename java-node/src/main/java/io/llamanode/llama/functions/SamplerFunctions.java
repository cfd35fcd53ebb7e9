package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** The functions of llama.h on samplers. */
public interface SamplerFunctions {

    /**
     * {@code llama_sampler_chain_init}.
     *
     * @param noPerf whether no time is measured
     * @return an empty chain, to be freed
     */
    @CFunction("llama_sampler_chain_init")
    MemorySegment chainInit(boolean noPerf);

    /**
     * {@code llama_sampler_chain_add}: appends a sampler, which the chain frees from now on.
     *
     * @param chain of {@link #chainInit}
     * @param sampler any that is in no chain
     */
    @CFunction("llama_sampler_chain_add")
    void chainAdd(MemorySegment chain, MemorySegment sampler);

    /**
     * {@code llama_sampler_free}.
     *
     * @param sampler in no chain; a chain is freed with all it holds
     */
    @CFunction("llama_sampler_free")
    void free(MemorySegment sampler);

    /**
     * {@code llama_sampler_apply}: narrows, orders or chooses.
     *
     * @param sampler of the model's vocabulary
     * @param candidates a {@code llama_token_data_array}, changed in place
     */
    @CFunction("llama_sampler_apply")
    void apply(MemorySegment sampler, MemorySegment candidates);

    /**
     * {@code llama_sampler_accept}: tells a sampler what was chosen, which grammars and penalties go by.
     *
     * @param sampler told
     * @param token an id that exists
     */
    @CFunction("llama_sampler_accept")
    void accept(MemorySegment sampler, int token);

    /**
     * {@code llama_sampler_reset}: forgets what was accepted.
     *
     * @param sampler as new from here on
     */
    @CFunction("llama_sampler_reset")
    void reset(MemorySegment sampler);

    /**
     * {@code llama_sampler_init_greedy}: chooses the likeliest.
     *
     * @return a sampler, to be freed or added to a chain, as are all below
     */
    @CFunction("llama_sampler_init_greedy")
    MemorySegment greedy();

    /**
     * {@code llama_sampler_init_dist}: draws by probability.
     *
     * @param seed unsigned
     * @return a sampler
     */
    @CFunction("llama_sampler_init_dist")
    MemorySegment dist(int seed);

    /**
     * {@code llama_sampler_init_top_k}: keeps the likeliest.
     *
     * @param k how many; 0 or less: all
     * @return a sampler
     */
    @CFunction("llama_sampler_init_top_k")
    MemorySegment topK(int k);

    /**
     * {@code llama_sampler_init_top_p}: keeps the likeliest whose probabilities come to {@code p} (Holtzman et al.
     * 2019, arXiv:1904.09751).
     *
     * @param p 1: all
     * @param minKeep how many stay in any case
     * @return a sampler
     */
    @CFunction("llama_sampler_init_top_p")
    MemorySegment topP(float p, long minKeep);

    /**
     * {@code llama_sampler_init_min_p}: keeps what is at least {@code p} times as likely as the likeliest.
     *
     * @param p 0: all
     * @param minKeep how many stay in any case
     * @return a sampler
     */
    @CFunction("llama_sampler_init_min_p")
    MemorySegment minP(float p, long minKeep);

    /**
     * {@code llama_sampler_init_typical}: keeps what is about as surprising as is expected (Meister et al. 2022,
     * arXiv:2202.00666).
     *
     * @param p probability that they come to; 1: all
     * @param minKeep how many stay in any case
     * @return a sampler
     */
    @CFunction("llama_sampler_init_typical")
    MemorySegment typical(float p, long minKeep);

    /**
     * {@code llama_sampler_init_temp}: divides the logits.
     *
     * @param temperature 0 or less: only the likeliest stays
     * @return a sampler
     */
    @CFunction("llama_sampler_init_temp")
    MemorySegment temp(float temperature);

    /**
     * {@code llama_sampler_init_temp_ext}: a temperature that grows with the entropy (arXiv:2309.02772).
     *
     * @param temperature the middle of the range
     * @param delta half its width; 0: as {@link #temp}
     * @param exponent how the entropy, from 0 to 1, is put into the range
     * @return a sampler
     */
    @CFunction("llama_sampler_init_temp_ext")
    MemorySegment tempExt(float temperature, float delta, float exponent);

    /**
     * {@code llama_sampler_init_xtc}: leaves out all top choices but the least likely of them, some of the time.
     *
     * @param probability how often, from 0 to 1
     * @param threshold least probability of a top choice; above 0.5: nothing is left out
     * @param minKeep how many must stay for anything to be left out
     * @param seed unsigned
     * @return a sampler
     */
    @CFunction("llama_sampler_init_xtc")
    MemorySegment xtc(float probability, float threshold, long minKeep, int seed);

    /**
     * {@code llama_sampler_init_top_n_sigma}: keeps logits within {@code n} standard deviations of the highest (Tang et
     * al. 2024, arXiv:2411.07641).
     *
     * @param n 0 or less: all
     * @return a sampler
     */
    @CFunction("llama_sampler_init_top_n_sigma")
    MemorySegment topNSigma(float n);

    /**
     * {@code llama_sampler_init_mirostat}: holds the surprise of the text at a target (Basu et al. 2020,
     * arXiv:2007.14966).
     *
     * @param nVocab size of the vocabulary
     * @param seed unsigned
     * @param tau target surprise, in bits
     * @param eta how fast it adapts
     * @param m tokens that the estimate looks at
     * @return a sampler, which also chooses
     */
    @CFunction("llama_sampler_init_mirostat")
    MemorySegment mirostat(int nVocab, int seed, float tau, float eta, int m);

    /**
     * {@code llama_sampler_init_mirostat_v2}: as {@link #mirostat}, by cutting off what is too surprising.
     *
     * @param seed unsigned
     * @param tau target surprise, in bits
     * @param eta how fast it adapts
     * @return a sampler, which also chooses
     */
    @CFunction("llama_sampler_init_mirostat_v2")
    MemorySegment mirostatV2(int seed, float tau, float eta);

    /**
     * {@code llama_sampler_init_grammar}: rules out what the grammar does not allow.
     *
     * @param vocab of the model
     * @param gbnf the grammar, terminated
     * @param root name of its first rule, terminated
     * @return a sampler, or null for a grammar that is none; in b4916 one that lets everything pass, hence {@link
     *     GrammarFunctions}
     */
    @CFunction("llama_sampler_init_grammar")
    MemorySegment grammar(MemorySegment vocab, MemorySegment gbnf, MemorySegment root);

    /**
     * {@code llama_sampler_init_logit_bias}: adds to logits.
     *
     * @param nVocab size of the vocabulary
     * @param nBias length of {@code bias}
     * @param bias an array of {@code llama_logit_bias}: a token and what is added to its logit; copied
     * @return a sampler
     */
    @CFunction("llama_sampler_init_logit_bias")
    MemorySegment logitBias(int nVocab, int nBias, MemorySegment bias);

    /**
     * {@code llama_sampler_init_penalties}, which takes the size of the vocabulary in some releases.
     *
     * @param nVocab size of the vocabulary
     * @param lastN tokens looked back; 0: none; -1: the context
     * @param repeat divides the logit of what is repeated; 1: nothing
     * @param frequency taken off the logit each time; 0: nothing
     * @param presence taken off the logit once; 0: nothing
     * @return a sampler
     */
    MemorySegment penalties(int nVocab, int lastN, float repeat, float frequency, float presence);

    /**
     * {@code llama_sampler_init_dry}, which takes the training context in some releases. It makes a repetition the less
     * likely the longer it gets.
     *
     * @param vocab of the model
     * @param nCtxTrain tokens of context the model was trained for
     * @param multiplier strength; 0: none
     * @param base of the exponential growth
     * @param allowedLength longest repetition without penalty, tokens
     * @param lastN tokens looked back; 0: none; -1: the context
     * @param breakers an array of {@code nBreakers} pointers to terminated texts that no repetition crosses; copied
     * @param nBreakers how many
     * @return a sampler
     */
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

        /**
         * The function as b4916 has it.
         *
         * @param lastN tokens looked back; 0: none; -1: the context
         * @param repeat divides the logit of what is repeated; 1: nothing
         * @param frequency taken off the logit each time; 0: nothing
         * @param presence taken off the logit once; 0: nothing
         * @return a sampler
         */
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

        /**
         * The function as v0.5 has it.
         *
         * @param vocab of the model
         * @param multiplier strength; 0: none
         * @param base of the exponential growth
         * @param allowedLength longest repetition without penalty, tokens
         * @param lastN tokens looked back; 0: none; -1: the context
         * @param breakers an array of {@code nBreakers} pointers to terminated texts that no repetition crosses; copied
         * @param nBreakers how many
         * @return a sampler
         */
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
