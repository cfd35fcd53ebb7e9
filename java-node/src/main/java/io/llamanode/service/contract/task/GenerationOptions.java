package io.llamanode.service.contract.task;

import io.llamanode.service.contract.PrefixSharing;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How to generate, as far as the caller said; {@code null} means "not given". Ranges are those of
 * docs/protocol.md, section 2, and are checked before a value gets here.
 *
 * <p>Never changes: for any thread.
 *
 * @param maxTokens tokens to sample at most; -1: to the end of the context
 * @param temperature 0 is greedy
 * @param topK candidates kept; 0: all
 * @param topP probability mass kept
 * @param minP smallest probability kept, relative to the best candidate's
 * @param repeatPenalty divisor of the logits of recent tokens; 1: none
 * @param repeatLastN window of the penalties in tokens; -1: the context
 * @param frequencyPenalty subtracted per occurrence in the window
 * @param presencePenalty subtracted once for a token in the window
 * @param seed as an unsigned 64-bit integer
 * @param randomSeed {@code true} if a random seed was asked for (-1), which overrides a default
 * @param logitBias added to the logit of each token; negative infinity: never
 * @param stop texts that end the generation
 * @param ignoreEos whether end-of-generation tokens are never sampled
 * @param nKeep tokens kept at the front when the context is shifted; -1: the whole prompt
 * @param contextShift whether a full context drops its older half
 * @param cachePrompt whether cells of the KV cache are taken, and left for others
 * @param timeoutMs deadline of the task in milliseconds from its creation, negative for none
 * @param format what the answer must keep to
 * @param structure how it keeps to that, and is handed over
 * @param samplers the less common samplers
 * @param priority higher ones get a slot first
 * @param lora adapters and their scales
 * @param alternatives likeliest tokens told beside each sampled one, with probabilities; -1: nothing is told
 * @param sharePrefixes with whom beginnings of prompts in the KV cache are shared; {@code null}: as the model says
 * @param extra further fields of a request to a server that runs the model, as that knows them
 */
public record GenerationOptions(
        @Nullable Integer maxTokens,
        @Nullable Float temperature,
        @Nullable Integer topK,
        @Nullable Float topP,
        @Nullable Float minP,
        @Nullable Float repeatPenalty,
        @Nullable Integer repeatLastN,
        @Nullable Float frequencyPenalty,
        @Nullable Float presencePenalty,
        @Nullable Long seed,
        @Nullable Boolean randomSeed,
        @Nullable Map<Integer, Float> logitBias,
        @Nullable List<String> stop,
        @Nullable Boolean ignoreEos,
        @Nullable Integer nKeep,
        @Nullable Boolean contextShift,
        @Nullable Boolean cachePrompt,
        @Nullable Long timeoutMs,
        @Nullable OutputFormat format,
        @Nullable StructureOptions structure,
        @Nullable SamplerOptions samplers,
        @Nullable Integer priority,
        @Nullable List<AdapterScale> lora,
        @Nullable Integer alternatives,
        @Nullable PrefixSharing sharePrefixes,
        @Nullable Map<String, Object> extra) {

    /** Nothing given. */
    public static final GenerationOptions NONE = new GenerationOptions(
            null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
            null, null, null, null, null, null, null, null);

    /**
     * Fills in what these options leave open. A seed counts as given in either of its forms.
     *
     * @param base what holds where this does not say
     * @return these options completed by {@code base}
     */
    public GenerationOptions orElse(GenerationOptions base) {
        boolean ownSeed = seed != null || randomSeed != null;
        return new GenerationOptions(
                first(maxTokens, base.maxTokens),
                first(temperature, base.temperature),
                first(topK, base.topK),
                first(topP, base.topP),
                first(minP, base.minP),
                first(repeatPenalty, base.repeatPenalty),
                first(repeatLastN, base.repeatLastN),
                first(frequencyPenalty, base.frequencyPenalty),
                first(presencePenalty, base.presencePenalty),
                ownSeed ? seed : base.seed,
                ownSeed ? randomSeed : base.randomSeed,
                first(logitBias, base.logitBias),
                first(stop, base.stop),
                first(ignoreEos, base.ignoreEos),
                first(nKeep, base.nKeep),
                first(contextShift, base.contextShift),
                first(cachePrompt, base.cachePrompt),
                first(timeoutMs, base.timeoutMs),
                first(format, base.format),
                structure == null || base.structure == null
                        ? first(structure, base.structure)
                        : structure.orElse(base.structure),
                samplers == null || base.samplers == null
                        ? first(samplers, base.samplers)
                        : samplers.orElse(base.samplers),
                first(priority, base.priority),
                first(lora, base.lora),
                first(alternatives, base.alternatives),
                first(sharePrefixes, base.sharePrefixes),
                first(extra, base.extra));
    }

    private static <T> @Nullable T first(@Nullable T own, @Nullable T base) {
        return own != null ? own : base;
    }
}
