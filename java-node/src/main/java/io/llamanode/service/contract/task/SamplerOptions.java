package io.llamanode.service.contract.task;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The less common samplers, as far as the caller said; {@code null} means "not given". Names and defaults are those of
 * llama.cpp's server.
 *
 * <p>Never changes: for any thread.
 *
 * @param samplers what is applied, in order
 * @param typicalP locally typical sampling; 1: off
 * @param topNSigma standard deviations; 0 or less: off
 * @param dynatempRange half of the range of the temperature; 0: off
 * @param dynatempExponent how the entropy maps to that range
 * @param xtcProbability of excluding top choices; 0: off
 * @param xtcThreshold least probability of a top choice
 * @param dryMultiplier strength of DRY; 0: off
 * @param dryBase base of its growth
 * @param dryAllowedLength longest repetition without penalty
 * @param dryPenaltyLastN tokens looked back; 0: off; -1: the context
 * @param drySequenceBreakers texts that no repetition crosses
 * @param mirostat version; 0: off
 * @param mirostatTau target surprise
 * @param mirostatEta learning rate
 */
public record SamplerOptions(
        @Nullable List<Name> samplers,
        @Nullable Float typicalP,
        @Nullable Float topNSigma,
        @Nullable Float dynatempRange,
        @Nullable Float dynatempExponent,
        @Nullable Float xtcProbability,
        @Nullable Float xtcThreshold,
        @Nullable Float dryMultiplier,
        @Nullable Float dryBase,
        @Nullable Integer dryAllowedLength,
        @Nullable Integer dryPenaltyLastN,
        @Nullable List<String> drySequenceBreakers,
        @Nullable Integer mirostat,
        @Nullable Float mirostatTau,
        @Nullable Float mirostatEta) {

    /** The samplers by the names that {@code samplers} lists, in llama.cpp's order. */
    public enum Name {
        /** Repetition, frequency and presence. */
        PENALTIES,
        /** "Don't repeat yourself". */
        DRY,
        /** {@code top_n_sigma}. */
        TOP_N_SIGMA,
        /** {@code top_k}. */
        TOP_K,
        /** {@code typical_p}. */
        TYP_P,
        /** {@code top_p}. */
        TOP_P,
        /** {@code min_p}. */
        MIN_P,
        /** Excluded top choices. */
        XTC,
        /** {@code temperature}, constant or dynamic. */
        TEMPERATURE
    }

    /** Nothing given. */
    public static final SamplerOptions NONE = new SamplerOptions(
            null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);

    /** Those of llama.cpp's server. */
    public static final SamplerOptions DEFAULTS = new SamplerOptions(
            List.of(Name.values()),
            1f,
            -1f,
            0f,
            1f,
            0f,
            0.1f,
            0f,
            1.75f,
            2,
            -1,
            List.of("\n", ":", "\"", "*"),
            0,
            5f,
            0.1f);

    /**
     * Fills in what these options leave open.
     *
     * @param base what holds where this does not say
     * @return these options completed by {@code base}
     */
    public SamplerOptions orElse(SamplerOptions base) {
        return new SamplerOptions(
                first(samplers, base.samplers),
                first(typicalP, base.typicalP),
                first(topNSigma, base.topNSigma),
                first(dynatempRange, base.dynatempRange),
                first(dynatempExponent, base.dynatempExponent),
                first(xtcProbability, base.xtcProbability),
                first(xtcThreshold, base.xtcThreshold),
                first(dryMultiplier, base.dryMultiplier),
                first(dryBase, base.dryBase),
                first(dryAllowedLength, base.dryAllowedLength),
                first(dryPenaltyLastN, base.dryPenaltyLastN),
                first(drySequenceBreakers, base.drySequenceBreakers),
                first(mirostat, base.mirostat),
                first(mirostatTau, base.mirostatTau),
                first(mirostatEta, base.mirostatEta));
    }

    private static <T> @Nullable T first(@Nullable T own, @Nullable T base) {
        return own != null ? own : base;
    }
}
