package io.llamanode.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.testmodel.SyntheticModels;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sizes follow the shape of the model and of the context; none of them can overflow. */
class MemoryEstimateTest {
    private static final long GRAPH = 8 << 20;

    @TempDir
    private Path directory;

    /** Two layers of 64, 4 heads that share 2 of keys and values, so 2 * 2 * 16 numbers a cell; 300 pieces. */
    private static GgufWriter model() {
        return new GgufWriter()
                .text("general.architecture", "x")
                .uint32("x.block_count", 2)
                .uint32("x.embedding_length", 64)
                .uint32("x.feed_forward_length", 128)
                .uint32("x.attention.head_count", 4)
                .uint32("x.attention.head_count_kv", 2)
                .uint32("x.vocab_size", 300)
                .tensor("t", GgmlType.F16, new long[] {64, 3}, out -> out.write(new byte[384]));
    }

    private GgufFile file(GgufWriter writer) {
        return GgufFile.read(writer.write(directory.resolve("model.gguf")));
    }

    private MemoryEstimate estimate(GgufWriter writer) {
        return MemoryEstimate.of(file(writer), 256, 32, 32, 1);
    }

    @Test
    void everyPartIsCounted() {
        MemoryEstimate estimate = MemoryEstimate.of(file(model()), 1024, 512, 100, 3);
        assertEquals(384, estimate.weights());
        // Keys and values of 64 numbers of 2 bytes each, and 112 bytes for the cell itself.
        assertEquals(1024 * (2 * 64 * 2 + 112), estimate.kvCache());
        // The scores of 4 heads, the mask of 128 rows, the residual stream.
        long scores = 1024L * 100 * 4 * 4;
        assertEquals(scores + 1024 * 128 * 4 + 8 * 64 * 100 * 4 + GRAPH, estimate.compute());
        // Logits and an embedding for each of three slots.
        assertEquals(3 * (300 + 64) * 4, estimate.output());
        assertEquals(384 + estimate.kvCache() + estimate.compute() + estimate.output(), estimate.total());
        assertEquals(OptionalLong.of(estimate.total()), estimate.counted());
    }

    @ParameterizedTest
    @CsvSource({"1,256", "256,256", "257,512", "0,0", "-5,0"})
    void cellsAreCountedInBlocksOf256(long asked, long cells) {
        assertEquals(
                cells * (2 * 64 * 2 + 112),
                MemoryEstimate.of(file(model()), asked, 32, 32, 1).kvCache());
    }

    @ParameterizedTest
    @CsvSource({"32,512,32", "512,32,32", "1024,1024,256", "0,0,1"})
    void noMoreTokensAreComputedAtOnceThanThereCanBe(int nBatch, int nUbatch, long tokens) {
        long mask = 256 * (tokens == 256 ? 256 : 64) * 4;
        assertEquals(
                256 * tokens * 4 * 4 + mask + 8 * 64 * tokens * 4 + GRAPH,
                MemoryEstimate.of(file(model()), 256, nBatch, nUbatch, 1).compute());
    }

    @Test
    void quantizedCacheIsStoredInBlocks() {
        MemoryEstimate estimate = MemoryEstimate.of(file(model()), 256, 32, 32, 1, GgmlType.Q8_0, GgmlType.Q4_0, true);
        assertEquals(256 * (2 * 34 + 2 * 18 + 112), estimate.kvCache());
        // 2 layers * 2 heads * 9 numbers fill one block and a part of another.
        GgufWriter odd = model().uint32("x.attention.key_length", 9).uint32("x.attention.value_length", 8);
        assertEquals(
                256 * (2 * 34 + 18 + 112),
                MemoryEstimate.of(file(odd), 256, 32, 32, 1, GgmlType.Q8_0, GgmlType.Q4_0, true)
                        .kvCache());
    }

    @Test
    void theLargestStageOfAComputationCounts() {
        long rest = 256 * 64 * 4 + 8 * 64 * 32 * 4 + GRAPH;
        assertEquals(256 * 32 * 4 * 4 + rest, estimate(model()).compute(), "scores");
        assertEquals(
                3 * 2048 * 32 * 4 + rest,
                estimate(model().uint32("x.feed_forward_length", 2048)).compute(),
                "feed-forward layer");
        assertEquals(
                32_000L * 32 * 4 + rest,
                estimate(model().uint32("x.vocab_size", 32_000)).compute(),
                "logits");
        assertEquals(
                256 * 64 * 4 + rest,
                MemoryEstimate.of(file(model()), 256, 32, 32, 1, GgmlType.F16, GgmlType.F16, true)
                        .compute(),
                "flash attention takes no more than the mask");
    }

    @Test
    void layersMayDiffer() {
        MemoryEstimate estimate = estimate(model().int32s("x.attention.head_count", new int[] {4, 2})
                .int32s("x.attention.head_count_kv", new int[] {4, 1})
                .int32s("x.feed_forward_length", new int[] {64, 2048}));
        // The widest layer needs the most of what is given back after it; every layer has its own cache.
        assertEquals(256 * (2 * 5 * 16 * 2 + 112), estimate.kvCache());
        assertEquals(3 * 2048 * 32 * 4 + 256 * 64 * 4 + 8 * 64 * 32 * 4 + GRAPH, estimate.compute());
    }

    @Test
    void whatAFileLeavesOutIsWhatLlamaCppTakesItFor() {
        GgufWriter bare = model().remove("x.attention.head_count_kv").remove("x.feed_forward_length");
        MemoryEstimate estimate = MemoryEstimate.of(file(bare), 256, 64, 64, 1, GgmlType.F16, GgmlType.F16, true);
        assertEquals(256 * (2 * 2 * 4 * 16 * 2 + 112), estimate.kvCache(), "every head has keys of its own");
        assertEquals(
                3 * 256 * 64 * 4 + 256 * 64 * 4 + 8 * 64 * 64 * 4 + GRAPH, estimate.compute(), "4 times the width");
        GgufWriter headless = model().uint32("x.attention.head_count", 0).remove("x.vocab_size");
        headless.texts("tokenizer.ggml.tokens", List.of("a", "b", "c"));
        assertEquals(256 * (2 * 2 * 2 * 64 * 2 + 112), estimate(headless).kvCache());
        assertEquals((3 + 64) * 4, estimate(headless).output(), "the pieces are counted");
    }

    /** A state takes the same for a long conversation as for a short one. */
    @Test
    void aRecurrentModelHasAStateForEachSlotInsteadOfCells() {
        GgufWriter recurrent = model().uint32("x.ssm.inner_size", 128)
                .uint32("x.ssm.conv_kernel", 4)
                .uint32("x.ssm.state_size", 16);
        assertEquals(2 * 128 * 20 * 4, estimate(recurrent).kvCache());
        assertEquals(
                3 * 2 * 128 * 20 * 4,
                MemoryEstimate.of(file(recurrent), 4096, 32, 32, 3).kvCache());
    }

    @Test
    void theSameModelMayBeAskedForOtherThings() {
        GgufFile file = file(model());
        MemoryEstimate estimate = MemoryEstimate.of(file, 256, 32, 32, 1);
        assertEquals(
                new MemoryEstimate(384, estimate.kvCache(), estimate.compute(), 32 * 364 * 4),
                estimate.withOutputs(file, 32));
        assertEquals(estimate, estimate.withOutputs(file, 0), "there is always one");
        assertEquals(
                new MemoryEstimate(0, estimate.kvCache(), estimate.compute(), estimate.output()),
                estimate.withoutWeights());
    }

    @Test
    void sizesAreExactAsFarAsTheyCanBe() {
        GgufWriter largest = model().uint64("x.vocab_size", Long.MAX_VALUE / 4 - 64);
        assertEquals(Long.MAX_VALUE / 4 * 4, estimate(largest).output());
        MemoryEstimate beyond = estimate(model().uint64("x.vocab_size", Long.MAX_VALUE / 4 - 63));
        assertEquals(Long.MAX_VALUE, beyond.output());
        assertEquals(Long.MAX_VALUE, beyond.total());
        assertEquals(OptionalLong.empty(), beyond.counted());
    }

    /** A 64-bit number beyond 2^63-1 reads negative. */
    @ParameterizedTest
    @CsvSource({"vocab_size", "embedding_length", "attention.key_length", "feed_forward_length"})
    void absurdShapesSaturate(String key) {
        for (long absurd : new long[] {-1, Long.MAX_VALUE, 1L << 62}) {
            assertEquals(
                    Long.MAX_VALUE, estimate(model().uint64("x." + key, absurd)).total());
        }
    }

    @Test
    void absurdContextsSaturate() {
        GgufFile file = GgufFile.read(SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("tiny.gguf")));
        assertEquals(
                Long.MAX_VALUE,
                MemoryEstimate.of(file, Long.MAX_VALUE, 512, 512, 1).total());
        assertEquals(
                OptionalLong.empty(),
                MemoryEstimate.of(file, Long.MAX_VALUE, 512, 512, 1).counted());
        MemoryEstimate large = MemoryEstimate.of(file, Integer.MAX_VALUE, 512, 512, 1);
        assertTrue(large.total() > 1L << 38);
        assertEquals(OptionalLong.of(large.total()), large.counted());
        assertTrue(MemoryEstimate.of(file, -1, 1, 1, 0).total() > 0);
    }
}
