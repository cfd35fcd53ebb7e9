package io.llamanode.engine.sampling;

import java.util.List;

/**
 * What llama.cpp's samplers are told beyond {@link SamplingParams}, for a chain in which they choose.
 *
 * <p>Immutable: any thread.
 *
 * @param steps what is applied, in order, before the draw; mirostat replaces all of it but the temperature
 * @param typicalP share of the probability that locally typical sampling keeps (Meister et al. 2022,
 *     arXiv:2202.00666); 1: all
 * @param topNSigma tokens kept, in standard deviations below the largest logit (Tang et al. 2024, arXiv:2411.07641);
 *     0 or less: all
 * @param dynatempRange half of the range of a temperature that depends on the entropy (arXiv:2309.02772); 0: a constant
 *     one
 * @param dynatempExponent how the entropy maps to that range
 * @param xtc excludes top choices
 * @param dry penalises the repetition of sequences
 * @param mirostat draws in place of the plain draw
 */
public record ChainParams(
        List<Step> steps,
        float typicalP,
        float topNSigma,
        float dynatempRange,
        float dynatempExponent,
        Xtc xtc,
        Dry dry,
        Mirostat mirostat) {

    /** A step of a chain, by its name in llama.cpp's server. */
    public enum Step {
        /** Repetition, frequency and presence. */
        PENALTIES,
        /** "Don't repeat yourself". */
        DRY,
        /** Standard deviations below the largest logit. */
        TOP_N_SIGMA,
        /** The likeliest tokens, by number. */
        TOP_K,
        /** Locally typical. */
        TYP_P,
        /** The likeliest tokens, by probability. */
        TOP_P,
        /** A share of the likeliest one's probability. */
        MIN_P,
        /** Excluded top choices. */
        XTC,
        /** Division of the logits. */
        TEMPERATURE;

        /** llama.cpp's order. */
        public static final List<Step> DEFAULT = List.of(values());
    }

    /**
     * How often, and from where on, all top choices but the least likely of them are left out.
     *
     * @param probability how often; 0: never
     * @param threshold least probability of a top choice
     */
    public record Xtc(float probability, float threshold) {}

    /**
     * How a repetition gets the less likely the longer it is.
     *
     * @param multiplier strength; 0: none
     * @param base of the exponential growth
     * @param allowedLength longest repetition without penalty, tokens
     * @param lastN tokens looked back; 0: none; -1: the context
     * @param breakers texts that no repetition crosses
     */
    public record Dry(float multiplier, float base, int allowedLength, int lastN, List<String> breakers) {}

    /**
     * How the surprise of the text is held at a target (Basu et al. 2020, arXiv:2007.14966).
     *
     * @param version 1 or 2; 0: none
     * @param tau target surprise, bits
     * @param eta learning rate
     */
    public record Mirostat(int version, float tau, float eta) {}

    /** {@return whether this is anything that {@link TokenSampler} does not do by itself} */
    public boolean needed() {
        return !steps.equals(Step.DEFAULT)
                || typicalP < 1
                || topNSigma > 0
                || dynatempRange > 0
                || xtc.probability() > 0
                || dry.multiplier() > 0
                || mirostat.version() > 0;
    }
}
