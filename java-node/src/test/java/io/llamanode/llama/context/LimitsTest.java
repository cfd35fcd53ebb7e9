package io.llamanode.llama.context;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgmlType;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.DecodeException;
import io.llamanode.llama.ModelParams;
import io.llamanode.llama.PoolingType;
import io.llamanode.llama.ProgressListener;
import io.llamanode.llama.UnsupportedException;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.sampler.NativeSampler;
import io.llamanode.testmodel.SyntheticModels;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Arguments that end the process when they reach llama.cpp. That these tests end is most of what they assert. */
@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class LimitsTest {

    @Parameter
    private TestLibrary library;

    @TempDir
    private static Path directory;

    private static LlamaModel model;

    @BeforeParameterizedClassInvocation
    static void load(TestLibrary library) {
        model = library.loadForAll(() -> SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("tiny.gguf")));
    }

    @AfterParameterizedClassInvocation
    static void close() {
        if (model != null) {
            model.close();
        }
    }

    @BeforeEach
    void requireLibrary() {
        library.open();
    }

    private static void refused(Executable call) {
        assertThrows(IllegalArgumentException.class, call);
    }

    private static ContextParams params(int nCtx, int nBatch, int nUbatch, int nSeqMax, int nThreads) {
        return new ContextParams(
                nCtx,
                nBatch,
                nUbatch,
                nSeqMax,
                nThreads,
                nThreads,
                false,
                PoolingType.MODEL,
                GgmlType.F16,
                GgmlType.F16,
                false,
                true);
    }

    private void assertUsedCells(int expected, LlamaContext context) {
        if (library == TestLibrary.B4916) {
            assertEquals(expected, context.usedCells());
        } else {
            assertThrows(UnsupportedException.class, context::usedCells);
        }
    }

    @Test
    void contextParametersOutOfRange() {
        refused(() -> params(0, 32, 32, 1, 1));
        refused(() -> params(-1, 32, 32, 1, 1));
        refused(() -> params(Integer.MAX_VALUE, 32, 32, 1, 1));
        refused(() -> params(64, 0, 0, 1, 1));
        refused(() -> params(64, 32, 64, 1, 1));
        refused(() -> params(64, 32, 32, 0, 1));
        refused(() -> params(64, 32, 32, 65, 1));
        refused(() -> params(64, 32, 32, 1, 0));
        refused(() -> params(64, 32, 32, 1, 513));
    }

    @Test
    void cacheTypesThatDoNotSuitTheModel() {
        refused(() -> new ContextParams(
                64, 32, 32, 1, 1, 1, false, PoolingType.MODEL, GgmlType.F16, GgmlType.Q8_0, false, true));
        refused(() -> new ContextParams(
                64, 32, 32, 1, 1, 1, false, PoolingType.MODEL, GgmlType.I32, GgmlType.F16, false, true));
        ContextParams headsOf16 = new ContextParams(
                64, 32, 32, 1, 1, 1, false, PoolingType.MODEL, GgmlType.Q8_0, GgmlType.F16, false, true);
        refused(() -> LlamaContext.create(model, headsOf16));
    }

    @Test
    void aVocabularyHasNoContext() {
        try (LlamaModel vocabulary =
                library.load(directory.resolve("tiny.gguf"), ModelParams.VOCABULARY, ProgressListener.NONE)) {
            refused(() -> LlamaContext.create(vocabulary, params(64, 32, 32, 1, 1)));
        }
    }

    @Test
    void batchesThatDoNotSuitTheContext() {
        try (LlamaContext context = LlamaContext.create(model, params(64, 32, 32, 2, 1));
                LlamaBatch batch = new LlamaBatch(100)) {
            refused(() -> context.decode(batch));
            for (int i = 0; i <= context.nBatch(); i++) {
                batch.add(5, i, 0, false);
            }
            refused(() -> context.decode(batch));
            batch.clear();
            batch.add(300, 0, 0, true);
            refused(() -> context.decode(batch));
            batch.clear();
            batch.add(5, 0, 2, true);
            refused(() -> context.decode(batch));
            assertThrows(IllegalStateException.class, () -> context.encode(batch));
        }
    }

    @Test
    void batchArguments() {
        refused(() -> new LlamaBatch(0));
        refused(() -> new LlamaBatch(1, 0));
        try (LlamaBatch batch = new LlamaBatch(1, 2)) {
            refused(() -> batch.add(-1, 0, 0, true));
            refused(() -> batch.add(1, -1, 0, true));
            refused(() -> batch.add(1, 0, -1, true));
            refused(() -> batch.add(1, 0, new int[0], true));
            refused(() -> batch.add(1, 0, new int[] {0, 1, 2}, true));
            batch.add(1, 0, new int[] {0, 1}, true);
            assertThrows(IllegalStateException.class, () -> batch.add(1, 1, 0, true));
        }
    }

    @Test
    void outputsThatWereNotAskedFor() {
        try (LlamaContext context = LlamaContext.create(model, params(64, 32, 32, 2, 1));
                LlamaBatch batch = new LlamaBatch(32);
                NativeSampler greedy = NativeSampler.chain(model).greedy().build()) {
            refused(() -> context.logits(0));
            batch.add(5, 0, 0, false);
            batch.add(6, 1, 0, true);
            context.decode(batch);
            refused(() -> context.logits(0));
            refused(() -> context.logits(2));
            refused(() -> context.logits(-1));
            refused(() -> greedy.sample(context, 0));
            assertTrue(greedy.sample(context, 1) >= 0);
            assertThrows(IllegalStateException.class, () -> context.embeddings(1));
            assertThrows(IllegalStateException.class, () -> context.sequenceEmbedding(0));
            refused(() -> greedy.accept(300));
        }
    }

    @Test
    void sequencesOutOfRange() {
        try (LlamaContext context = LlamaContext.create(model, params(64, 32, 32, 2, 1))) {
            refused(() -> context.seqRemove(2, 0, -1));
            refused(() -> context.seqRemove(-1, 0, -1));
            refused(() -> context.seqCopy(0, 2, 0, -1));
            refused(() -> context.seqAdd(2, 0, -1, 1));
            refused(() -> context.seqKeep(2));
            refused(() -> context.seqPosMax(2));
        }
    }

    @Test
    void aFullCacheIsToldAndSurvived() {
        try (LlamaContext context = LlamaContext.create(model, params(64, 64, 64, 2, 1));
                LlamaBatch batch = new LlamaBatch(64)) {
            int filled = context.nCtx() - 4;
            for (int i = 0; i < filled; i++) {
                batch.add(5, i, 0, false);
                if (batch.size() == context.nBatch() || i == filled - 1) {
                    context.decode(batch);
                    batch.clear();
                }
            }
            for (int i = 0; i < 10; i++) {
                batch.add(5, i, 1, i == 9);
            }
            DecodeException e = assertThrows(DecodeException.class, () -> context.decode(batch));
            assertEquals(DecodeException.Kind.NO_KV_SLOT, e.kind());
            assertEquals(library == TestLibrary.B4916 ? -3 : 1, e.code());
            assertEquals(filled - 1, context.seqPosMax(0));
            refused(() -> context.logits(9));
            context.clear();
            context.decode(batch);
            assertEquals(9, context.seqPosMax(1));
            assertUsedCells(10, context);
        }
    }

    @Test
    void positionsThatAreNotConsecutiveDoNotEndTheProcess() {
        try (LlamaContext context = LlamaContext.create(model, params(64, 32, 32, 2, 1));
                LlamaBatch batch = new LlamaBatch(32)) {
            batch.add(5, 0, 0, true);
            context.decode(batch);
            for (int[] positions : new int[][] {{5}, {0}, {3, 1}, {1_000_000}}) {
                batch.clear();
                for (int position : positions) {
                    batch.add(6, position, 0, true);
                }
                if (library != TestLibrary.B4916) {
                    DecodeException e = assertThrows(DecodeException.class, () -> context.decode(batch));
                    assertEquals(DecodeException.Kind.INVALID_BATCH, e.kind());
                    assertTrue(e.getMessage().contains("sequence 0"), e.getMessage());
                    refused(() -> context.logits(0));
                    assertEquals(0, context.seqPosMax(0));
                } else {
                    context.decode(batch);
                }
            }
            context.clear();
            batch.clear();
            batch.add(6, 0, 0, true);
            context.decode(batch);
            assertEquals(0, context.seqPosMax(0));
        }
    }

    @Test
    void separateSequencesShareNothing() {
        try (LlamaContext context =
                        LlamaContext.create(model, params(512, 32, 32, 2, 1).withKvUnified(false));
                LlamaBatch batch = new LlamaBatch(32, 2)) {
            batch.add(5, 0, new int[] {0, 1}, true);
            refused(() -> context.decode(batch));
            batch.clear();
            batch.add(5, 0, 0, true);
            batch.add(6, 1, 0, true);
            context.decode(batch);
            refused(() -> context.seqCopy(0, 1, 1, -1));
            refused(() -> context.seqCopy(0, 1, 0, 1));
            context.seqCopy(0, 1, 0, -1);
            assertEquals(1, context.seqPosMax(1));
            context.seqKeep(0);
            assertEquals(1, context.seqPosMax(0));
            assertTrue(context.seqPosMax(1) <= 0);
            batch.clear();
            batch.add(7, 0, 1, true);
            context.decode(batch);
        }
    }

    @Test
    void aBatchSmallerThanTheNumberOfSequences() {
        LlamaContext.create(model, params(1, 1, 1, 64, 1)).close();
        try (LlamaContext context = LlamaContext.create(model, params(64, 1, 1, 8, 1));
                LlamaBatch batch = new LlamaBatch(1)) {
            batch.add(5, 0, 7, true);
            context.decode(batch);
            assertEquals(300 * Float.BYTES, context.logits(0).byteSize());
        }
    }

    @Test
    void aDecodersEmbeddingsArePooledByMeanOnlyByTheNewer() {
        ContextParams mean = ContextParams.embedding(64, 64, 4, 1, PoolingType.MEAN);
        if (library == TestLibrary.B4916) {
            refused(() -> LlamaContext.create(model, mean));
            return;
        }
        try (LlamaContext context = LlamaContext.create(model, mean);
                LlamaContext single =
                        LlamaContext.create(model, ContextParams.embedding(64, 64, 4, 1, PoolingType.NONE));
                LlamaBatch batch = new LlamaBatch(32)) {
            batch.add(5, 0, 0, true);
            batch.add(6, 1, 0, true);
            context.decode(batch);
            single.decode(batch);
            float average = (single.embeddings(0).getAtIndex(JAVA_FLOAT, 3)
                            + single.embeddings(1).getAtIndex(JAVA_FLOAT, 3))
                    / 2;
            assertEquals(average, context.sequenceEmbedding(0).getAtIndex(JAVA_FLOAT, 3), 1e-3);
        }
    }

    @Test
    void pooledEmbeddingsNeedSequenceIdsBelowTheNumberOfTokens() {
        try (LlamaContext context =
                        LlamaContext.create(model, ContextParams.embedding(64, 64, 4, 1, PoolingType.LAST));
                LlamaBatch batch = new LlamaBatch(32)) {
            batch.add(5, 0, 3, true);
            refused(() -> context.decode(batch));
            batch.clear();
            batch.add(5, 0, 0, true);
            batch.add(6, 1, 0, true);
            batch.add(7, 0, 1, true);
            context.decode(batch);
            assertEquals(64, context.sequenceEmbedding(0).byteSize() / Float.BYTES);
            assertThrows(IllegalStateException.class, () -> context.logits(0));
            refused(() -> context.sequenceEmbedding(2));
        }
    }

    @Test
    void samplersOutOfRange() {
        refused(() -> NativeSampler.chain(model).temperature(Float.NaN));
        refused(() -> NativeSampler.chain(model).temperature(-1));
        refused(() -> NativeSampler.chain(model).topP(1.5f));
        refused(() -> NativeSampler.chain(model).topK(-1));
        refused(() -> NativeSampler.chain(model).penalties(-1, 1, 0, 0));
        refused(() -> NativeSampler.chain(model).penalties(64, 0, 0, 0));
        refused(() -> NativeSampler.chain(model).logitBias(java.util.Map.of(300, 1f)));
        refused(() -> NativeSampler.chain(model).logitBias(java.util.Map.of(3, Float.NaN)));
        assertThrows(
                IllegalStateException.class,
                () -> NativeSampler.chain(model).topK(4).build());
        NativeSampler.chain(model)
                .penalties(Integer.MAX_VALUE, 1.1f, 0, 0)
                .greedy()
                .build()
                .close();
    }
}
