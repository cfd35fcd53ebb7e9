package io.llamanode.service.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.FreeMemory.Limit;
import io.llamanode.gguf.FreeMemory.Room;
import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.MemoryEstimate;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelHeader;
import io.llamanode.testmodel.EncoderModels;
import io.llamanode.testmodel.SyntheticModels;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class ModelSizesTest {
    @TempDir
    private Path directory;

    private GgufFile tiny() {
        return GgufFile.read(SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("tiny.gguf")));
    }

    private static ModelConfig config(Integer nCtx, Integer nParallel) {
        return new ModelConfig(Path.of("x.gguf"), null, nCtx, nParallel, 64, 64, null, null, null, null, null);
    }

    /** v0.5 rounds the cells of each slot up to 256, however few it is asked for. */
    @Test
    void smallSlotsAreEstimatedAsTheyArePadded() {
        GgufFile file = tiny();
        ModelTraits traits = ModelTraits.of(file, false);
        ModelSizes sizes = ModelSizes.of(config(16, 64), file, traits);
        assertTrue(sizes.cells() < 64 * 256);
        assertEquals(
                MemoryEstimate.of(file, 64 * 256, 64, 64, 64).kvCache(),
                sizes.estimate(file, traits).kvCache());
    }

    @Test
    void whatIsTooLargeIsSaid() {
        GgufFile file = tiny();
        ModelTraits traits = ModelTraits.of(file, false);
        ModelSizes cells = ModelSizes.of(config(Integer.MAX_VALUE, 64), file, traits);
        String counted = assertThrows(FailureException.class, () -> cells.refuseWhatCannotBeCounted("x.gguf"))
                .failure()
                .message();
        assertTrue(counted.contains("n_ctx 2147483647 in 64 slots (n_parallel)"), counted);
        ModelSizes sizes = ModelSizes.of(config(1 << 29, 1), file, traits);
        sizes.refuseWhatCannotBeCounted("x.gguf");
        String large = refused(new MemoryEstimate(1, 1L << 60, 1, 1));
        assertTrue(large.contains("bytes, most of it for the KV cache (n_ctx, n_parallel); "), large);
        String saturated = refused(new MemoryEstimate(Long.MAX_VALUE, 1, 1, 1));
        assertTrue(
                saturated.contains("x needs more memory than can be counted, most of it for the weights; "), saturated);
        assertTrue(refused(new MemoryEstimate(1, 1, Long.MAX_VALUE, 1)).contains("computation (n_ctx, n_ubatch)"));
        assertTrue(refused(new MemoryEstimate(1, 1, 1, Long.MAX_VALUE)).contains("outputs of a batch"));
    }

    private static String refused(MemoryEstimate estimate) {
        String message = assertThrows(FailureException.class, () -> ModelSizes.refuseWhatDoesNotFit("x", estimate, 0))
                .failure()
                .message();
        assertTrue(!message.contains(String.valueOf(Long.MAX_VALUE)), message);
        return message;
    }

    @Test
    void aFileMayWishForAContext() {
        assertEquals(1024, contextOf(1024, null));
        assertEquals(64, contextOf(1024, 64));
        assertEquals(4096, contextOf(-1, null));
        assertEquals(2, contextOf(0, null));
        GgufFile silent = tiny();
        assertEquals(
                silent.parameter("context_length").orElseThrow(),
                ModelSizes.of(config(null, 4), silent, ModelTraits.of(silent, false))
                        .nCtx());
    }

    private int contextOf(int wished, Integer given) {
        GgufFile file = GgufFile.read(SyntheticModels.writer(SyntheticModels.tiny())
                .uint32("llama_node.n_ctx", wished)
                .write(directory.resolve("wishes" + wished + ".gguf")));
        return ModelSizes.of(config(given, 4), file, ModelTraits.of(file, false))
                .nCtx();
    }

    @Test
    void theHeaderNamesWhatAModelIs() {
        ModelHeader header = ModelHeaders.read(tiny(), false);
        assertEquals("F32", header.quantization());
        assertEquals("llama", header.architecture());
        assertEquals(300, header.nVocab());
        assertTrue(header.nParams() > 0);
        GgufFile q8 =
                GgufFile.read(SyntheticModels.writer(SyntheticModels.tiny().withType(GgmlType.Q8_0))
                        .uint32("general.file_type", 7)
                        .write(directory.resolve("q8.gguf")));
        assertEquals("Q8_0", ModelHeaders.read(q8, false).quantization());
        GgufFile odd = GgufFile.read(SyntheticModels.writer(SyntheticModels.tiny())
                .uint32("general.file_type", 5000)
                .write(directory.resolve("odd.gguf")));
        assertEquals("F32", ModelHeaders.read(odd, false).quantization());
    }

    @Test
    void typesOfTheNewerLibraryHaveTheirSizes() {
        assertEquals(GgmlType.MXFP4, GgmlType.of(39).orElseThrow());
        assertEquals(17, GgmlType.of(39).orElseThrow().rowBytes(32));
        assertEquals(36, GgmlType.of(40).orElseThrow().rowBytes(64));
        assertEquals(18, GgmlType.of(41).orElseThrow().rowBytes(128));
        assertEquals(18, GgmlType.of(42).orElseThrow().rowBytes(64));
        assertTrue(GgmlType.of(43).isEmpty());
    }

    @Test
    void kindsAreToldFromTheHeader() {
        GgufFile t5 = GgufFile.read(EncoderModels.t5(true).write(directory.resolve("t5.gguf")));
        ModelTraits traits = ModelTraits.of(t5, false);
        assertEquals(ModelTraits.Structure.ENCODER_DECODER, traits.structure());
        assertTrue(traits.generates() && !traits.can(Capability.EMBEDDING));
        assertThrows(FailureException.class, () -> ModelSizes.of(config(64, 2), t5, traits));
        GgufFile encoder = GgufFile.read(EncoderModels.t5(false).write(directory.resolve("encoder.gguf")));
        assertTrue(!ModelTraits.of(encoder, false).generates());
        assertTrue(ModelTraits.of(encoder, true).capabilities().equals(Set.of(Capability.TOKENIZE)));
    }

    private ModelSizes sizes(GgufFile file, ModelConfig config) {
        return ModelSizes.of(config, file, ModelTraits.of(file, false));
    }

    private static ModelConfig sized(Integer nCtx, Integer nParallel, Integer nBatch, Integer nUbatch) {
        return new ModelConfig(Path.of("x.gguf"), null, nCtx, nParallel, nBatch, nUbatch, null, null, null, null, null);
    }

    @Test
    void whatTheConfigurationDoesNotSayHasADefault() {
        assertEquals(new ModelSizes(512, 4, 512, 512), sizes(tiny(), sized(null, null, null, null)));
        assertEquals(new ModelSizes(32, 3, 48, 24), sizes(tiny(), sized(32, 3, 48, 24)));
    }

    @Test
    void aBatchHoldsATokenOfEverySlot() {
        assertEquals(new ModelSizes(512, 600, 600, 64), sizes(tiny(), sized(512, 600, 64, 64)));
    }

    @Test
    void noComputationIsLargerThanABatchOrThanAllSlots() {
        assertEquals(48, sizes(tiny(), sized(512, 1, 48, 500)).nUbatch());
        assertEquals(32, sizes(tiny(), sized(16, 2, 64, 64)).nUbatch());
        assertEquals(
                2_000_000_000,
                sizes(tiny(), sized(2_000_000_000, 3, 2_000_000_000, 2_000_000_000))
                        .nUbatch());
    }

    @Test
    void aContextHasRoomForAPromptAndAnAnswer() {
        assertEquals(2, sizes(tiny(), sized(2, 1, null, null)).nCtx());
        assertEquals(
                "n_ctx: 1 leaves no room for a prompt and an answer",
                assertThrows(FailureException.class, () -> sizes(tiny(), sized(1, 1, null, null)))
                        .failure()
                        .message());
    }

    @Test
    void aModelWithAnEncoderAndADecoderHasOneSlotThatReadsAPromptAtOnce() {
        GgufFile t5 = GgufFile.read(EncoderModels.t5(true).write(directory.resolve("t5.gguf")));
        assertEquals(new ModelSizes(64, 1, 64, 64), sizes(t5, sized(64, null, 8, 8)));
        assertEquals(new ModelSizes(64, 1, 64, 64), sizes(t5, sized(64, 1, 8, 8)));
        assertEquals(
                "n_parallel: a model with an encoder and a decoder has one slot, not 2",
                assertThrows(FailureException.class, () -> sizes(t5, sized(64, 2, null, null)))
                        .failure()
                        .message());
    }

    /** Each token of it sees all others, so that a text is computed at once. */
    @Test
    void anEncoderTakesTextsUpToTheContextThatItWasTrainedWith() {
        GgufFile encoder = GgufFile.read(EncoderModels.t5(false).write(directory.resolve("encoder.gguf")));
        assertEquals(new ModelSizes(128, 64, 512, 512), sizes(encoder, sized(null, null, null, null)));
        assertEquals(new ModelSizes(128, 3, 128, 128), sizes(encoder, sized(4096, 3, 8, 8)));
        assertEquals(new ModelSizes(100, 64, 200, 200), sizes(encoder, sized(100, null, 200, null)));
    }

    @Test
    void aGeneratorComputesEmbeddingsOfManyShortTextsTogether() {
        ModelSizes sizes = new ModelSizes(128, 4, 32, 16);
        assertEquals(new ModelSizes(128, 64, 32, 16), sizes.forEmbedding(false));
        assertEquals(new ModelSizes(128, 1, 32, 16), sizes.forEmbedding(true));
        assertEquals(128, sizes.vectorCells());
        assertEquals(256, new ModelSizes(128, 4, 256, 16).vectorCells());
    }

    @Test
    void cellsAreThoseOfAllSlotsAndSomeToPutThemInOrder() {
        assertEquals(128 * 4 + 16, new ModelSizes(128, 4, 32, 16).cells());
        GgufFile file = tiny();
        ModelTraits traits = ModelTraits.of(file, false);
        ModelSizes sizes = new ModelSizes(300, 2, 64, 32);
        // 632 cells are 316 for each of two slots, which are rounded up to 512.
        assertEquals(MemoryEstimate.of(file, 2 * 512, 64, 32, 2), sizes.estimate(file, traits));
    }

    @Test
    void everyTokenOfABatchOfTextsPutsOutAVector() {
        GgufFile encoder = GgufFile.read(EncoderModels.t5(false).write(directory.resolve("encoder.gguf")));
        ModelTraits traits = ModelTraits.of(encoder, false);
        ModelSizes sizes = new ModelSizes(100, 8, 200, 200);
        MemoryEstimate expected = MemoryEstimate.of(encoder, 200, 200, 200, 8).withOutputs(encoder, 200);
        assertEquals(expected, sizes.estimateVectors(encoder));
        assertEquals(expected, sizes.estimate(encoder, traits));
    }

    @Test
    void cellsAreCountedIn32Bits() {
        new ModelSizes((1 << 30) - 2, 1, 1, 1).refuseWhatCannotBeCounted("x");
        FailureException refused = assertThrows(
                FailureException.class, () -> new ModelSizes((1 << 30) - 1, 1, 1, 1).refuseWhatCannotBeCounted("x"));
        assertEquals(
                "x: n_ctx 1073741823 in 1 slots (n_parallel) is 1073741824 cells of KV cache; at most 1073741823 can"
                        + " be made",
                refused.failure().message());
        assertEquals(ErrorCode.OUT_OF_MEMORY, refused.failure().code());
    }

    @Test
    void whatFitsIsNotRefused() {
        ModelSizes.refuseWhatDoesNotFit("x", new MemoryEstimate(1, 1, 1, 1), 1);
    }

    /** Computations are estimated with much to spare, and where they do not fit, that is told without harm. */
    @Test
    void ofALimitOfTheProcessOnlyWhatIsTakenForCertainCounts() {
        MemoryEstimate estimate = new MemoryEstimate(100, 200, 5000, 40);
        Room addresses = new Room(350, Limit.ADDRESS_SPACE);
        ModelSizes.refuseWhatDoesNotFit("x", estimate, 10, List.of(addresses));
        String message = refused(() -> ModelSizes.refuseWhatDoesNotFit("x", estimate, 11, List.of(addresses)));
        assertEquals(
                "x needs about 351 bytes, most of it for the KV cache (n_ctx, n_parallel); 350 bytes of its address space"
                        + " (ulimit -v) are available",
                message);
        List<Room> both = List.of(new Room(5339, Limit.CONTROL_GROUP), new Room(1000, Limit.DATA));
        message = refused(() -> ModelSizes.refuseWhatDoesNotFit("x", estimate, 10, both));
        assertTrue(message.contains("about 5340 bytes, most of it for the buffers of a computation"), message);
        assertTrue(message.endsWith("5339 bytes of the memory of its control group are available"), message);
    }

    @Test
    void whatLeavesNothingOfALimitOfTheProcessIsRefused() {
        ModelSizes.refuseWhatLeavesNothing("x", List.of(new Room(0, Limit.SYSTEM), new Room(1, Limit.DATA)));
        String message = refused(() ->
                ModelSizes.refuseWhatLeavesNothing("x", List.of(new Room(9, Limit.SYSTEM), new Room(0, Limit.DATA))));
        assertEquals(
                "x leaves less than 134217728 bytes of its data segment (ulimit -d), which the node needs for itself; fewer"
                        + " slots (n_parallel), less context (n_ctx) or a smaller batch (n_batch) take less",
                message);
    }

    private static String refused(Executable refusing) {
        FailureException refused = assertThrows(FailureException.class, refusing);
        assertEquals(ErrorCode.OUT_OF_MEMORY, refused.failure().code());
        return refused.failure().message();
    }
}
