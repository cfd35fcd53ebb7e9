package io.llamanode.bench;

import io.llamanode.engine.sampling.Candidates;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.engine.sampling.TokenSampler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Time of one token's sampling, with the copy of its logits, for {@code bench/run}: a line
 * {@code bench: [{Vocabulary, Name, Shape, Microseconds}]}, medians of rounds.
 */
final class SamplerSpeed {
    private static final int ROUNDS = 21;
    private static final int CALLS = 200;

    private SamplerSpeed() {}

    public static void main(String[] args) {
        Map<String, SamplingParams> settings = new LinkedHashMap<>();
        settings.put("greedy", params(0, 0, 1, 0, 1));
        settings.put("temperature", params(0.8f, 0, 1, 0, 1));
        settings.put("top_k 40", params(0.8f, 40, 1, 0, 1));
        settings.put("top_p 0.95", params(0.8f, 0, 0.95f, 0, 1));
        settings.put("min_p 0.05", params(0.8f, 0, 1, 0.05f, 1));
        settings.put("defaults and penalties", params(0.8f, 40, 0.95f, 0.05f, 1.1f));
        List<String> lines = new ArrayList<>();
        for (int vocabulary : new int[] {32_000, 152_000}) {
            // A trained model's best tokens stand out; one with random weights has a flat distribution.
            for (Map.Entry<String, float[]> logits : Map.of("peaked", logits(vocabulary, 6), "flat", logits(vocabulary, 1))
                    .entrySet()) {
                settings.forEach((name, params) -> lines.add("{%d,\"%s\",%s,%.1f}"
                        .formatted(vocabulary, name, logits.getKey(), microseconds(params, logits.getValue()))));
            }
        }
        System.out.println("\nbench: [" + String.join(",", lines) + "].");
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

    private static double microseconds(SamplingParams params, float[] source) {
        TokenSampler sampler = new TokenSampler(params, new Candidates());
        float[] logits = new float[source.length];
        long[] rounds = new long[ROUNDS];
        long tokens = 0;
        for (int round = -5; round < ROUNDS; round++) {
            long start = System.nanoTime();
            for (int call = 0; call < CALLS; call++) {
                System.arraycopy(source, 0, logits, 0, source.length);
                int token = sampler.sample(logits);
                sampler.accept(token);
                tokens += token;
            }
            if (round >= 0) {
                rounds[round] = System.nanoTime() - start;
            }
        }
        if (tokens < 0) {
            throw new IllegalStateException();
        }
        Arrays.sort(rounds);
        return rounds[ROUNDS / 2] / 1000.0 / CALLS;
    }
}
