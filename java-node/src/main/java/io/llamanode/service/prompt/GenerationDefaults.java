package io.llamanode.service.prompt;

import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.engine.sampling.ChainParams;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.SamplerOptions;
import io.llamanode.service.contract.task.StructureOptions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Completes generation options by the node's defaults, which are llama.cpp's. Keeps no state: for any thread. */
public final class GenerationDefaults {
    private static final GenerationOptions DEFAULTS = new GenerationOptions(
            -1,
            0.8f,
            40,
            0.95f,
            0.05f,
            1f,
            64,
            0f,
            0f,
            null,
            null,
            Map.of(),
            List.of(),
            false,
            null,
            true,
            true,
            null,
            new OutputFormat.Free(),
            StructureOptions.NONE,
            SamplerOptions.DEFAULTS,
            0,
            List.of(),
            GenerationRequest.NO_PROBABILITIES,
            null,
            null);

    private static final GenerationOptions NO_STOP = new GenerationOptions(
            null, null, null, null, null, null, null, null, null, null, null, null, List.of(), null, null, null, null,
            null, null, null, null, null, null, null, null, null);

    private GenerationDefaults() {}

    /**
     * {@return the options with every value given but {@code seed}, {@code nKeep}, {@code timeoutMs} and {@code sharePrefixes}}
     *
     * @param asked what the task says, and its session where it does not
     * @param model what holds where neither says
     */
    public static GenerationOptions complete(GenerationOptions asked, GenerationOptions model) {
        // Stop texts that nobody asked for here do not forbid what was asked for.
        GenerationOptions said = asked.format() instanceof OutputFormat.Json ? asked.orElse(NO_STOP) : asked;
        return said.orElse(model).orElse(DEFAULTS);
    }

    /**
     * Translates options into parameters of the engine.
     *
     * @param options complete
     * @param vocabulary of the model
     * @return how tokens are chosen, with a seed drawn if none was asked for
     * @throws FailureException {@code invalid_argument} if a biased token does not exist
     */
    public static SamplingParams sampling(GenerationOptions options, Vocabulary vocabulary) {
        Map<Integer, Float> bias = given(options.logitBias());
        for (int token : bias.keySet()) {
            if (token >= vocabulary.size()) {
                throw FailureException.invalid("logit_bias: there is no token %d; the vocabulary has %d tokens"
                        .formatted(token, vocabulary.size()));
            }
        }
        if (given(options.ignoreEos())) {
            bias = new HashMap<>(bias);
            for (int token : vocabulary.endOfGenerationTokens()) {
                bias.put(token, Float.NEGATIVE_INFINITY);
            }
        }
        // 48 bits: a drawn seed stays a small integer on every BEAM and in every JSON reader.
        long seed = options.seed() != null
                ? options.seed()
                : ThreadLocalRandom.current().nextLong(1L << 48);
        return new SamplingParams(
                given(options.temperature()),
                given(options.topK()),
                given(options.topP()),
                given(options.minP()),
                given(options.repeatPenalty()),
                given(options.repeatLastN()),
                given(options.frequencyPenalty()),
                given(options.presencePenalty()),
                seed,
                Map.copyOf(bias));
    }

    /**
     * @param options complete
     * @return what they ask of llama.cpp's samplers, or {@code null} if that is nothing
     */
    static @Nullable ChainParams chain(SamplerOptions options) {
        ChainParams chain = new ChainParams(
                given(options.samplers()).stream()
                        .map(name -> ChainParams.Step.valueOf(name.name()))
                        .toList(),
                given(options.typicalP()),
                given(options.topNSigma()),
                given(options.dynatempRange()),
                given(options.dynatempExponent()),
                new ChainParams.Xtc(given(options.xtcProbability()), given(options.xtcThreshold())),
                new ChainParams.Dry(
                        given(options.dryMultiplier()),
                        given(options.dryBase()),
                        given(options.dryAllowedLength()),
                        given(options.dryPenaltyLastN()),
                        given(options.drySequenceBreakers())),
                new ChainParams.Mirostat(
                        given(options.mirostat()), given(options.mirostatTau()), given(options.mirostatEta())));
        return chain.needed() ? chain : null;
    }

    /**
     * {@return a value of complete options}
     *
     * @param value which {@link #complete} has seen to
     * @param <T> its type
     */
    public static <T> T given(@Nullable T value) {
        return Objects.requireNonNull(value);
    }
}
