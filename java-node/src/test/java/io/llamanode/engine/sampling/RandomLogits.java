package io.llamanode.engine.sampling;

import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Logits to choose from, and what there is to say of them by the book. */
final class RandomLogits {
    private RandomLogits() {}

    /** {@return peaked, flat, with many equals, or with forbidden tokens} */
    static float[] any(Random random, int size) {
        float spread = new float[] {0.01f, 1, 3, 10}[random.nextInt(4)];
        boolean equals = random.nextInt(4) == 0;
        boolean forbidden = random.nextInt(4) == 0;
        float[] logits = new float[size];
        for (int i = 0; i < size; i++) {
            float logit = (float) random.nextGaussian() * spread;
            logits[i] =
                    forbidden && random.nextInt(3) > 0 ? Float.NEGATIVE_INFINITY : equals ? Math.round(logit) : logit;
        }
        logits[random.nextInt(size)] = equals ? 2 : 0.5f;
        return logits;
    }

    /** {@return normally distributed ones} */
    static float[] normal(int size, double spread, long seed) {
        Random random = new Random(seed);
        float[] logits = new float[size];
        for (int i = 0; i < size; i++) {
            logits[i] = (float) (random.nextGaussian() * spread);
        }
        return logits;
    }

    /** {@return tokens, best first, of equals the first one first} */
    static List<Integer> order(float[] logits) {
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingDouble(i -> -logits[i]).thenComparingInt(i -> i))
                .toList();
    }

    /** {@return exponentials, that of the best being 1} */
    static double[] weights(float[] logits) {
        float best = logits[order(logits).getFirst()];
        return IntStream.range(0, logits.length)
                .mapToDouble(i -> Math.exp(logits[i] - best))
                .toArray();
    }

    /** {@return probabilities: everything sorted, then filtered in llama.cpp's order} */
    static double[] distribution(float[] logits, float temperature, int topK, float topP, float minP) {
        List<Integer> order = order(logits);
        order = order.subList(0, topK > 0 ? Math.min(topK, order.size()) : order.size());
        double[] weights = weights(logits);
        double total = order.stream().mapToDouble(i -> weights[i]).sum();
        int kept = 0;
        double sum = 0;
        while (kept < order.size() && (kept == 0 || topP >= 1 || sum < topP * total)) {
            sum += weights[order.get(kept)];
            kept++;
        }
        List<Integer> nucleus = order.subList(0, kept).stream()
                .filter(i -> minP <= 0 || weights[i] >= minP * (1 - 1e-6))
                .toList();
        double[] probabilities = new double[logits.length];
        nucleus.forEach(i -> probabilities[i] = Math.pow(weights[i], 1 / temperature));
        double mass = nucleus.stream().mapToDouble(i -> probabilities[i]).sum();
        nucleus.forEach(i -> probabilities[i] /= mass);
        return probabilities;
    }
}
