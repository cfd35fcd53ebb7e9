package io.llamanode.bench;

import io.llamanode.engine.sampling.Candidates;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.engine.sampling.TokenSampler;
import io.llamanode.gguf.GgmlType;
import io.llamanode.llama.ModelParams;
import io.llamanode.llama.ProgressListener;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.sampler.NativeSampling;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntSupplier;

/**
 * Time of one token's sampling, with the copy of its logits out of native memory, for {@code bench/run} and
 * {@code bench/sampling}; beside it that of {@code llama_sampler_sample} of the embedded llama.cpp, on the same logits in the
 * same memory. Prints a line {@code bench: [{Vocabulary, Name, Shape, Microseconds, MicrosecondsOfLlamaCpp}]}, medians of rounds.
 */
final class SamplerSpeed {
    private static final int ROUNDS = 25;
    private static final int WARM_UP = 40;
    /** Of a round: long enough to be told from the clock's steps, and not much longer. */
    private static final long ROUND_NANOS = 6_000_000;

    private SamplerSpeed() {}

    public static void main(String[] args) throws IOException {
        Map<String, SamplingParams> settings = new LinkedHashMap<>();
        settings.put("greedy", params(0, 0, 1, 0, 1));
        settings.put("temperature", params(0.8f, 0, 1, 0, 1));
        settings.put("top_k 40", params(0.8f, 40, 1, 0, 1));
        settings.put("top_p 0.95", params(0.8f, 0, 0.95f, 0, 1));
        settings.put("top_p 0.5", params(0.8f, 0, 0.5f, 0, 1));
        settings.put("min_p 0.05", params(0.8f, 0, 1, 0.05f, 1));
        settings.put("top_p 0.95, min_p 0.05", params(0.8f, 0, 0.95f, 0.05f, 1));
        settings.put("defaults and penalties", params(0.8f, 40, 0.95f, 0.05f, 1.1f));
        List<String> lines = new ArrayList<>();
        for (int vocabulary : new int[] {32_000, 152_000}) {
            try (LlamaModel model = model(vocabulary);
                    NativeSampling llamaCpp = new NativeSampling(model)) {
                if (lines.isEmpty()) {
                    // What is measured first would be measured while the compiler is at work.
                    measure(settings, "peaked", logits(vocabulary, 6), llamaCpp, new ArrayList<>());
                }
                // A trained model's best tokens stand out; one with random weights has a flat distribution.
                measure(settings, "peaked", logits(vocabulary, 6), llamaCpp, lines);
                measure(settings, "flat", logits(vocabulary, 1), llamaCpp, lines);
            }
        }
        System.out.println("\nbench: [" + String.join(",", lines) + "].");
    }

    /** Computes next to nothing: its context is there for the logits' place. */
    private static LlamaModel model(int vocabulary) throws IOException {
        Path file = Files.createTempFile("vocabulary", ".gguf");
        try {
            SyntheticModels.write(
                    new SyntheticModels.Spec(1, 64, 64, 2, 2, 64, GgmlType.Q8_0, null, vocabulary, 1), file);
            return LlamaModel.load(LlamaLibrary.embedded(), file, ModelParams.DEFAULT, ProgressListener.NONE);
        } finally {
            Files.delete(file);
        }
    }

    private static SamplingParams params(float temperature, int topK, float topP, float minP, float penalty) {
        return new SamplingParams(temperature, topK, topP, minP, penalty, 64, 0, 0, 7, Map.of());
    }

    private static float[] logits(int size, float spread) {
        Random random = new Random(size);
        float[] logits = new float[size];
        for (int i = 0; i < size; i++) {
            // With a tail to the right, as trained models have.
            logits[i] = (float) (random.nextGaussian() * spread / 2 - Math.log(1 - random.nextDouble()) * spread / 4);
        }
        return logits;
    }

    private static void measure(
            Map<String, SamplingParams> settings,
            String shape,
            float[] logits,
            NativeSampling llamaCpp,
            List<String> lines) {
        MemorySegment.copy(MemorySegment.ofArray(logits), 0, llamaCpp.logits(), 0, (long) logits.length * Float.BYTES);
        float[] copy = new float[logits.length];
        settings.forEach((name, params) -> {
            TokenSampler sampler = new TokenSampler(params, new Candidates());
            double own = microseconds(() -> {
                llamaCpp.read(copy);
                int token = sampler.sample(copy);
                sampler.accept(token);
                return token;
            });
            chain(llamaCpp, params);
            double theirs = microseconds(llamaCpp::sample);
            lines.add("{%d,\"%s\",%s,%.1f,%.1f}".formatted(logits.length, name, shape, own, theirs));
        });
    }

    private static void chain(NativeSampling chain, SamplingParams params) {
        chain.restart();
        if (params.penalizes()) {
            chain.penalty(params.repeatPenalty());
        }
        if (params.topK() > 0) {
            chain.topK(params.topK());
        }
        if (params.topP() < 1) {
            chain.topP(params.topP());
        }
        if (params.minP() > 0) {
            chain.minP(params.minP());
        }
        if (params.temperature() > 0) {
            chain.draw(params.temperature(), (int) params.seed());
        } else {
            chain.greedy();
        }
    }

    private static double microseconds(IntSupplier sample) {
        double[] rounds = new double[ROUNDS];
        for (int round = -WARM_UP; round < ROUNDS; round++) {
            long start = System.nanoTime();
            long time;
            int calls = 0;
            do {
                if (sample.getAsInt() < 0) {
                    throw new IllegalStateException("no token");
                }
                calls++;
                time = System.nanoTime() - start;
            } while (time < ROUND_NANOS);
            if (round >= 0) {
                rounds[round] = time / 1000.0 / calls;
            }
        }
        Arrays.sort(rounds);
        return rounds[ROUNDS / 2];
    }
}
