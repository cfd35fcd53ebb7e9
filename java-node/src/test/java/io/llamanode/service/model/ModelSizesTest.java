package io.llamanode.service.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.MemoryEstimate;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelHeader;
import io.llamanode.testmodel.EncoderModels;
import io.llamanode.testmodel.SyntheticModels;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("native")
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
        String message = assertThrows(FailureException.class, () -> ModelSizes.refuseWhatDoesNotFit("x", estimate))
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
}
