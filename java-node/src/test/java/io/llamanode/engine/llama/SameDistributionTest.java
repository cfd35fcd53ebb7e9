package io.llamanode.engine.llama;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.engine.sampling.ChainParams;
import io.llamanode.engine.sampling.ChainParams.Dry;
import io.llamanode.engine.sampling.ChainParams.Mirostat;
import io.llamanode.engine.sampling.ChainParams.Step;
import io.llamanode.engine.sampling.ChainParams.Xtc;
import io.llamanode.engine.sampling.ChiSquare;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The node's own sampler beside llama.cpp's chain of the same settings, on the same logits. */
@Tag("native")
class SameDistributionTest extends SamplingFixture {
    private static final int DRAWS = 100_000;
    private static final ChainParams CHAIN = new ChainParams(
            Step.DEFAULT, 1, -1, 0, 1, new Xtc(0, 0.1f), new Dry(0, 1.75f, 2, -1, List.of()), new Mirostat(0, 5, 0.1f));

    private float[] logits(double spread) {
        Random random = new Random(3);
        float[] logits = new float[vocabulary.size()];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (random.nextGaussian() * spread);
        }
        return logits;
    }

    private int[] counts(SamplingParams params, ChainParams chain, float[] logits) {
        int[] counts = new int[logits.length];
        float[] copy = new float[logits.length];
        try (Sampler sampler = samplers.sampler(params, chain, null)) {
            // Tokens of a prompt, for penalties.
            sampler.accept(5);
            sampler.accept(6);
            sampler.accept(5);
            for (int i = 0; i < DRAWS; i++) {
                System.arraycopy(logits, 0, copy, 0, copy.length);
                counts[sampler.sample(copy)]++;
            }
        }
        return counts;
    }

    @ParameterizedTest
    @CsvSource({
        "3, 1.0, 0, 1.0, 0.0, 1.0", "0.5, 0.8, 0, 1.0, 0.0, 1.0", "3, 0.8, 0, 0.95, 0.0, 1.0",
                "0.5, 1.5, 0, 0.6, 0.0, 1.0",
        "3, 0.8, 0, 1.0, 0.05, 1.0", "0.5, 1.0, 0, 1.0, 0.3, 1.0", "1, 2.0, 0, 0.7, 0.1, 1.0",
                "1, 0.8, 40, 0.9, 0.05, 1.0",
        "0.5, 1.0, 0, 0.9, 0.0, 1.5", "0.5, 1.0, 20, 1.0, 0.0, 1.5"
    })
    void drawsHaveTheDistributionOfTheChain(
            double spread, float temperature, int topK, float topP, float minP, float penalty) {
        float[] logits = logits(spread);
        SamplingParams params = new SamplingParams(
                temperature,
                topK,
                topP,
                minP,
                penalty,
                64,
                penalty - 1,
                0,
                9,
                Map.of(7, 2f, 8, Float.NEGATIVE_INFINITY));
        ChiSquare.assertSameDistribution(counts(params, null, logits), counts(params, CHAIN, logits));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.001, 1, 10})
    void theBestIsTheOneOfTheChain(double spread) {
        SamplingParams params = new SamplingParams(0, 0, 0.9f, 0.1f, 1.3f, 16, 0.2f, 0.1f, 9, Map.of(7, 0.5f));
        Random random = new Random(4);
        try (Sampler own = samplers.sampler(params, null, null);
                Sampler chain = samplers.sampler(params, CHAIN, null)) {
            for (int i = 0; i < 2000; i++) {
                float[] logits = new float[vocabulary.size()];
                for (int token = 0; token < logits.length; token++) {
                    logits[token] = (float) (random.nextGaussian() * spread);
                }
                int token = own.sample(logits.clone());
                assertEquals(chain.sample(logits), token);
                own.accept(token);
                chain.accept(token);
            }
        }
    }
}
