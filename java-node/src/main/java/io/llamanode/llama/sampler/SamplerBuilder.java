package io.llamanode.llama.sampler;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.llamanode.llama.functions.SamplerFunctions;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.model.Vocab;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Builds a {@link NativeSampler}. Samplers apply in the order in which they are added; the last one must choose:
 * {@link #greedy}, {@link #dist}, {@link #mirostat} or {@link #mirostatV2}. The seed -1 (0xFFFFFFFF) is a random one.
 * All methods throw {@link IllegalArgumentException} for a value out of range.
 */
public final class SamplerBuilder {

    /** Longest memory of a sampler in tokens; more than any context, and small enough to be allocated. */
    private static final int MAX_WINDOW = 1 << 20;

    private static final long MIN_KEEP = 1;

    private interface Step {
        MemorySegment make(Arena arena);
    }

    private final LlamaModel model;
    private final SamplerFunctions f;
    private final Vocab vocab;
    private final List<Step> steps = new ArrayList<>();
    private boolean chooses;

    SamplerBuilder(LlamaModel model) {
        this.model = model;
        this.f = model.library().samplers;
        this.vocab = model.vocab();
    }

    /**
     * Changes logits of tokens by constants ({@code llama_sampler_init_logit_bias}).
     *
     * @param biases bias by token, finite or negative infinity
     * @return this
     */
    public SamplerBuilder logitBias(Map<Integer, Float> biases) {
        biases.forEach((token, bias) -> {
            vocab.check(token);
            if (bias.isNaN() || bias == Float.POSITIVE_INFINITY) {
                throw new IllegalArgumentException("The bias of the token " + token + " is " + bias);
            }
        });
        Map<Integer, Float> copy = Map.copyOf(biases);
        return copy.isEmpty()
                ? this
                : add(arena -> {
                    MemorySegment array = arena.allocate(JAVA_INT, 2L * copy.size());
                    long i = 0;
                    for (Map.Entry<Integer, Float> bias : copy.entrySet()) {
                        array.setAtIndex(JAVA_INT, i, bias.getKey());
                        array.setAtIndex(JAVA_FLOAT, i + 1, bias.getValue());
                        i += 2;
                    }
                    return f.logitBias(vocab.nTokens(), copy.size(), array);
                });
    }

    /**
     * Penalises repetition ({@code llama_sampler_init_penalties}).
     *
     * @param lastN tokens to look back, from 0; windows beyond 2^20 are as good as that
     * @param repeat divisor of logits, over 0; 1 is off
     * @param frequency subtracted for each occurrence; 0 is off
     * @param presence subtracted for occurring; 0 is off
     * @return this
     */
    public SamplerBuilder penalties(int lastN, float repeat, float frequency, float presence) {
        atLeast("lastN", lastN, 0);
        within("repeat", repeat, Float.MIN_NORMAL, 1e6f);
        within("frequency", frequency, -1e6f, 1e6f);
        within("presence", presence, -1e6f, 1e6f);
        return add(arena -> f.penalties(vocab.nTokens(), Math.min(lastN, MAX_WINDOW), repeat, frequency, presence));
    }

    /**
     * Penalises the repetition of sequences ("don't repeat yourself", {@code llama_sampler_init_dry}).
     *
     * @param multiplier strength, from 0 (off)
     * @param base base of the exponential growth, from 0; below 1 is off
     * @param allowedLength longest repetition without penalty, from 0
     * @param lastN tokens to look back, from 0 (off); -1: the training context
     * @param breakers texts that no repetition crosses
     * @return this
     */
    public SamplerBuilder dry(float multiplier, float base, int allowedLength, int lastN, List<String> breakers) {
        within("multiplier", multiplier, 0, 1e6f);
        within("base", base, 0, 1e6f);
        atLeast("allowedLength", allowedLength, 0);
        atLeast("lastN", lastN, -1);
        vocab.requireTokenizer();
        int window = Math.clamp(model.nCtxTrain(), 1, MAX_WINDOW);
        return add(arena -> {
            MemorySegment texts = arena.allocate(ADDRESS, Math.max(1, breakers.size()));
            for (int i = 0; i < breakers.size(); i++) {
                texts.setAtIndex(ADDRESS, i, arena.allocateFrom(breakers.get(i)));
            }
            return f.dry(
                    vocab.pointer(),
                    window,
                    multiplier,
                    base,
                    allowedLength,
                    lastN < 0 ? window : Math.min(lastN, window),
                    texts,
                    breakers.size());
        });
    }

    /**
     * Keeps the likeliest tokens ({@code llama_sampler_init_top_k}).
     *
     * @param k how many, from 0 (all)
     * @return this
     */
    public SamplerBuilder topK(int k) {
        atLeast("k", k, 0);
        return add(arena -> f.topK(k));
    }

    /**
     * Keeps the likeliest tokens that make up a share of the probability ({@code llama_sampler_init_top_p}; Holtzman et
     * al. 2019, arXiv:1904.09751).
     *
     * @param p the share, 0 to 1 (all)
     * @return this
     */
    public SamplerBuilder topP(float p) {
        within("p", p, 0, 1);
        return add(arena -> f.topP(p, MIN_KEEP));
    }

    /**
     * Keeps tokens of a share of the likeliest one's probability ({@code llama_sampler_init_min_p}).
     *
     * @param p the share, 0 (all) to 1
     * @return this
     */
    public SamplerBuilder minP(float p) {
        within("p", p, 0, 1);
        return add(arena -> f.minP(p, MIN_KEEP));
    }

    /**
     * Locally typical sampling ({@code llama_sampler_init_typical}; Meister et al. 2022, arXiv:2202.00666).
     *
     * @param p share of the probability, 0 to 1 (off)
     * @return this
     */
    public SamplerBuilder typical(float p) {
        within("p", p, 0, 1);
        return add(arena -> f.typical(p, MIN_KEEP));
    }

    /**
     * Keeps tokens within some standard deviations of the largest logit ({@code llama_sampler_init_top_n_sigma}; Tang
     * et al. 2024, arXiv:2411.07641).
     *
     * @param n how many, from 0
     * @return this
     */
    public SamplerBuilder topNSigma(float n) {
        within("n", n, 0, 1e6f);
        return add(arena -> f.topNSigma(n));
    }

    /**
     * Divides logits ({@code llama_sampler_init_temp}).
     *
     * @param temperature divisor, from 0 (only the likeliest token)
     * @return this
     */
    public SamplerBuilder temperature(float temperature) {
        within("temperature", temperature, 0, 1e6f);
        return add(arena -> f.temp(temperature));
    }

    /**
     * Divides logits by a temperature that depends on the entropy ({@code llama_sampler_init_temp_ext};
     * arXiv:2309.02772).
     *
     * @param temperature middle of the range, from 0
     * @param delta half of the range, from 0 (a constant temperature)
     * @param exponent how the entropy maps to the range
     * @return this
     */
    public SamplerBuilder temperature(float temperature, float delta, float exponent) {
        within("temperature", temperature, 0, 1e6f);
        within("delta", delta, 0, 1e6f);
        within("exponent", exponent, -1e6f, 1e6f);
        return add(arena -> f.tempExt(temperature, delta, exponent));
    }

    /**
     * Excludes top choices ({@code llama_sampler_init_xtc}).
     *
     * @param probability how often, 0 (off) to 1
     * @param threshold least probability of a top choice, 0 to 1
     * @param seed seed of the random sequence
     * @return this
     */
    public SamplerBuilder xtc(float probability, float threshold, int seed) {
        within("probability", probability, 0, 1);
        within("threshold", threshold, 0, 1);
        return add(arena -> f.xtc(probability, threshold, MIN_KEEP, seed));
    }

    /**
     * Chooses the likeliest token ({@code llama_sampler_init_greedy}).
     *
     * @return this
     */
    public SamplerBuilder greedy() {
        chooses = true;
        return add(arena -> f.greedy());
    }

    /**
     * Chooses at random, by probability ({@code llama_sampler_init_dist}).
     *
     * @param seed seed of the random sequence
     * @return this
     */
    public SamplerBuilder dist(int seed) {
        chooses = true;
        return add(arena -> f.dist(seed));
    }

    /**
     * Mirostat 1.0, which chooses at random ({@code llama_sampler_init_mirostat}; Basu et al. 2020, arXiv:2007.14966).
     *
     * @param tau target surprise, bits, from 0
     * @param eta learning rate, from 0
     * @param m tokens of the estimation, from 1
     * @param seed seed of the random sequence
     * @return this
     */
    public SamplerBuilder mirostat(float tau, float eta, int m, int seed) {
        within("tau", tau, 0, 1e6f);
        within("eta", eta, 0, 1e6f);
        atLeast("m", m, 1);
        chooses = true;
        return add(arena -> f.mirostat(vocab.nTokens(), seed, tau, eta, m));
    }

    /**
     * Mirostat 2.0, which chooses at random ({@code llama_sampler_init_mirostat_v2}).
     *
     * @param tau target surprise, bits, from 0
     * @param eta learning rate, from 0
     * @param seed seed of the random sequence
     * @return this
     */
    public SamplerBuilder mirostatV2(float tau, float eta, int seed) {
        within("tau", tau, 0, 1e6f);
        within("eta", eta, 0, 1e6f);
        chooses = true;
        return add(arena -> f.mirostatV2(seed, tau, eta));
    }

    /**
     * Makes the samplers.
     *
     * @return the chain, to be closed by the caller
     * @throws IllegalStateException when no sampler of the chain chooses, or the model is closed
     */
    public NativeSampler build() {
        if (!chooses) {
            throw new IllegalStateException("The chain needs greedy, dist or mirostat");
        }
        model.handle().acquire(); // Released when the sampler is freed.
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment chain = f.chainInit(true);
            for (Step step : steps) {
                f.chainAdd(chain, step.make(arena));
            }
            return new NativeSampler(model, chain);
        }
    }

    private SamplerBuilder add(Step step) {
        steps.add(step);
        return this;
    }

    private static void atLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be at least " + least);
        }
    }

    private static void within(String name, float value, float from, float to) {
        if (!(value >= from && value <= to)) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be " + from + " to " + to);
        }
    }
}
