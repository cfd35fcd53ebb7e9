package io.llamanode.service.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.testmodel.SyntheticAdapters;
import io.llamanode.testmodel.SyntheticModels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked before another process is given a file, and how that one loads it. */
@Tag("native")
class ProbedFilesTest {
    private record Asked(Path model, ModelConfig config, Path adapter) {}

    private final List<Asked> asked = new ArrayList<>();
    private final CompletableFuture<Void> withdrawn = new CompletableFuture<>();
    private final NativeModelLoader loader =
            new NativeModelLoader(LlamaLibrary.embedded(), (model, config, adapter, unwanted) -> {
                assertEquals(withdrawn, unwanted);
                asked.add(new Asked(model.path(), config, adapter == null ? null : adapter.path()));
            });

    @TempDir
    private Path directory;

    private Path model;

    @BeforeEach
    void write() {
        model = SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("sound.gguf"));
    }

    private Failure refusal(ModelConfig config, Path adapter) {
        return assertThrows(FailureException.class, () -> loader.probe(config, adapter, withdrawn))
                .failure();
    }

    @Test
    void aModelIsLoadedThereAsItIsLoadedHere() {
        ModelConfig config = Given.model("path", model, "nCtx", 100, "nParallel", 3);
        loader.probe(config, null, withdrawn);
        assertEquals(List.of(new Asked(model, config, null)), asked);
    }

    /** That costs a process and its memory otherwise. */
    @Test
    void whatIsRefusedHereIsNotProbed() {
        Path bad = SyntheticModels.writer(SyntheticModels.tiny())
                .uint32("llama.block_count", 0)
                .write(directory.resolve("bad.gguf"));
        assertTrue(refusal(ModelConfig.of(bad), null).message().contains("llama.block_count"));
        assertEquals(
                "path: there is no file " + directory.resolve("none"),
                refusal(ModelConfig.of(directory.resolve("none")), null).message());
        assertEquals(
                ErrorCode.MODEL_LOAD_FAILED,
                refusal(ModelConfig.of(model), directory).code());
        assertEquals(List.of(), asked);
    }

    @Test
    void aModelForWhichTheOtherProcessHasNoMemoryIsNotProbed() {
        Failure failure = refusal(Given.model("path", model, "nCtx", 1 << 25, "nParallel", 16), null);
        assertEquals(ErrorCode.OUT_OF_MEMORY, failure.code());
        assertTrue(
                failure.message()
                        .matches(
                                "probe: a process that loads \\Q" + model
                                        + "\\E needs about [0-9]+ bytes, 201326592 of them for itself; [0-9]+ bytes are available"),
                failure.message());
        assertEquals(
                ErrorCode.OUT_OF_MEMORY,
                refusal(Given.model("path", model, "nCtx", 1 << 30, "nParallel", 64), null)
                        .code());
        assertEquals(List.of(), asked);
    }

    /** The model may have a context that fits but once. */
    @Test
    void anAdapterIsProbedWithALittleOfItsModelsContext() {
        Path adapter = SyntheticAdapters.lora(
                        GgufFile.readModel(model), 4, GgmlType.F32, List.of("blk.0.attn_q.weight"))
                .write(directory.resolve("adapter.gguf"));
        loader.probe(
                Given.model("path", model, "nCtx", 1 << 25, "nParallel", 16, "nThreads", 2, "useMmap", false),
                adapter,
                withdrawn);
        ModelConfig small = Given.model("path", model, "nCtx", 512, "nParallel", 1, "nThreads", 2, "useMmap", false);
        assertEquals(List.of(new Asked(model, small, adapter)), asked);
        loader.probe(Given.model("path", model, "nCtx", 64), adapter, withdrawn);
        assertEquals(64, asked.getLast().config().nCtx());
    }

    @Test
    void aProcessThatHasNoneToStartSaysSo() {
        NativeModelLoader alone = new NativeModelLoader(LlamaLibrary.embedded(), FileProbe.NONE);
        FailureException e =
                assertThrows(FailureException.class, () -> alone.probe(ModelConfig.of(model), null, withdrawn));
        assertEquals(ErrorCode.UNSUPPORTED, e.failure().code());
        assertTrue(e.failure().message().startsWith("probe: "), e.failure().message());
    }
}
