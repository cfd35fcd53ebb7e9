package io.llamanode.llama.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufValueType;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.ModelLoadException;
import io.llamanode.llama.ModelLoadException.Reason;
import io.llamanode.llama.ModelParams;
import io.llamanode.llama.ProgressListener;
import io.llamanode.llama.context.LlamaBatch;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class ModelLoadTest {

    @Parameter
    private TestLibrary library;

    @TempDir
    private Path directory;

    @BeforeEach
    void requireLibrary() {
        library.open();
    }

    private Path tiny() {
        return SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("tiny.gguf"));
    }

    private GgufWriter writer() {
        return SyntheticModels.writer(SyntheticModels.tiny());
    }

    private void refused(Reason reason, Path file) {
        ModelLoadException e =
                assertThrows(ModelLoadException.class, () -> library.load(file).close());
        assertEquals(reason, e.reason(), e.getMessage());
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    }

    @Test
    void tellsWhatTheModelIs() {
        List<Float> progress = new ArrayList<>();
        try (LlamaModel model = library.load(tiny(), ModelParams.DEFAULT, progress::add)) {
            assertEquals("llama", model.architecture());
            assertEquals("synthetic", model.metadata().get("general.name"));
            assertEquals(512, model.nCtxTrain());
            assertEquals(64, model.nEmbd());
            assertEquals(2, model.nLayer());
            assertEquals(model.file().tensorBytes(), model.sizeBytes());
            assertTrue(model.nParams() > 100_000);
            assertTrue(model.description().startsWith("llama"), model.description());
            assertFalse(model.hasEncoder());
            assertTrue(model.hasDecoder());
            assertFalse(model.isRecurrent());
            assertTrue(model.chatTemplate().isEmpty());
        }
        assertEquals(1f, progress.getLast());
        assertEquals(progress.stream().sorted().toList(), progress);
    }

    @Test
    void aLongChatTemplateIsReadWhole() {
        String template = "{{ messages }}".repeat(1000);
        Path file = writer().text("tokenizer.chat_template", template).write(directory.resolve("template.gguf"));
        try (LlamaModel model = library.load(file)) {
            assertEquals(template, model.chatTemplate().orElseThrow());
            assertEquals(template, model.metadata().get("tokenizer.chat_template"));
        }
    }

    @Test
    void missingEmptyAndForeignFilesAreTold() throws IOException {
        refused(Reason.MISSING, directory.resolve("none.gguf"));
        refused(Reason.MISSING, directory);
        refused(Reason.EMPTY, Files.createFile(directory.resolve("empty.gguf")));
        refused(Reason.NOT_GGUF, Files.writeString(directory.resolve("text.gguf"), "This is a text.\n"));
        refused(Reason.NOT_GGUF, Files.writeString(directory.resolve("short.gguf"), "GG"));
    }

    @Test
    void aFileCutAnywhereIsTruncated() throws IOException {
        byte[] bytes = Files.readAllBytes(tiny());
        for (int length = 4; length < bytes.length; length += length < 8192 ? 97 : 20_011) {
            refused(Reason.TRUNCATED, Files.write(directory.resolve("cut.gguf"), Arrays.copyOf(bytes, length)));
        }
        refused(Reason.TRUNCATED, Files.write(directory.resolve("cut.gguf"), Arrays.copyOf(bytes, bytes.length - 1)));
    }

    @Test
    void aSplitModelIsLoadedByItsFirstFile() throws IOException {
        Path first = writer().writeShards(directory, "split", 3);
        try (LlamaModel whole = library.load(tiny());
                LlamaModel split = library.load(first)) {
            assertEquals(whole.sizeBytes(), split.sizeBytes());
            assertEquals(whole.nParams(), split.nParams());
            assertEquals(split.sizeBytes(), split.file().tensorBytes());
        }
        refused(Reason.MALFORMED, directory.resolve("split-00002-of-00003.gguf"));
        Files.delete(directory.resolve("split-00003-of-00003.gguf"));
        ModelLoadException e = assertThrows(ModelLoadException.class, () -> library.load(first));
        assertEquals(Reason.MISSING, e.reason());
        assertTrue(e.getMessage().contains("split-00003-of-00003.gguf does not exist"), e.getMessage());
        assertFalse(e.getMessage().contains("make native"), e.getMessage());
    }

    @Test
    void anUnknownArchitectureIsTold() {
        refused(
                Reason.UNKNOWN_ARCHITECTURE,
                writer().text("general.architecture", "llama99").write(directory.resolve("unknown.gguf")));
    }

    /** SmolLM3 has the tensors of Llama, and came after b4916. */
    @Test
    void aNewArchitectureIsLoadedByTheNewerAndTheOlderNamesTheRemedy() {
        Path file = writer().text("general.architecture", "smollm3")
                .uint32("smollm3.block_count", 2)
                .uint32("smollm3.context_length", 512)
                .uint32("smollm3.embedding_length", 64)
                .uint32("smollm3.feed_forward_length", 128)
                .uint32("smollm3.attention.head_count", 4)
                .uint32("smollm3.attention.head_count_kv", 2)
                .uint32("smollm3.rope.dimension_count", 16)
                .float32("smollm3.attention.layer_norm_rms_epsilon", 1e-5f)
                .write(directory.resolve("smollm3.gguf"));
        if (library == TestLibrary.B4916) {
            ModelLoadException e = assertThrows(ModelLoadException.class, () -> library.load(file));
            assertEquals(Reason.UNKNOWN_ARCHITECTURE, e.reason());
            assertTrue(e.getMessage().contains("make native"), e.getMessage());
            return;
        }
        try (LlamaModel model = library.load(file);
                LlamaContext context = LlamaContext.create(model, ContextParams.generation(64, 32, 1, 1));
                LlamaBatch batch = new LlamaBatch(1)) {
            batch.add(5, 0, 0, true);
            context.decode(batch);
            assertFalse(Float.isNaN(context.logits(0).getAtIndex(ValueLayout.JAVA_FLOAT, 0)));
        }
    }

    /** LLAMA_MAX_EXPERTS is 256 in b4916 and 1024 since v0.5. */
    @Test
    void moreExpertsThanTheLibraryHasRoomForNeverReachIt() {
        int beyond = library == TestLibrary.B4916 ? 257 : 1025;
        Path file = writer().uint32("llama.expert_count", beyond)
                .uint32("llama.expert_used_count", 1)
                .write(directory.resolve("experts.gguf"));
        refused(Reason.MALFORMED, file);
    }

    @Test
    void contradictoryHeadersNeverReachNativeCode() {
        refused(Reason.MALFORMED, writer().remove("general.architecture").write(directory.resolve("a.gguf")));
        refused(Reason.MALFORMED, writer().uint64("general.alignment", 32).write(directory.resolve("b.gguf")));
        refused(Reason.MALFORMED, writer().uint32("general.alignment", 3).write(directory.resolve("c.gguf")));
        refused(Reason.MALFORMED, writer().uint32("llama.expert_count", 100_000).write(directory.resolve("d.gguf")));
        refused(
                Reason.MALFORMED,
                writer().int32s("tokenizer.ggml.scores", new int[300]).write(directory.resolve("e.gguf")));
        refused(
                Reason.MALFORMED,
                writer().float32s("tokenizer.ggml.scores", new float[10]).write(directory.resolve("f.gguf")));
        refused(Reason.MALFORMED, writer().uint32("tokenizer.ggml.tokens", 1).write(directory.resolve("g.gguf")));
        String[] tokens = new String[300];
        Arrays.fill(tokens, "same");
        refused(
                Reason.MALFORMED,
                writer().texts("tokenizer.ggml.tokens", List.of(tokens)).write(directory.resolve("h.gguf")));
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = "piece" + i;
        }
        refused(
                Reason.MALFORMED,
                writer().texts("tokenizer.ggml.tokens", List.of(tokens)).write(directory.resolve("j.gguf")));
        refused(
                Reason.MALFORMED,
                writer().array("nested", GgufValueType.ARRAY, 1, out -> {}).write(directory.resolve("i.gguf")));
    }

    @Test
    void llamaCppsOwnReasonIsPassedOn() {
        Path file = writer().remove("llama.block_count").write(directory.resolve("no-layers.gguf"));
        ModelLoadException e =
                assertThrows(ModelLoadException.class, () -> library.load(file).close());
        assertEquals(Reason.REFUSED, e.reason());
        assertTrue(e.getMessage().contains("llama.block_count"), e.getMessage());
    }

    @Test
    void whatTheLibraryLeavesOutOfItsReasonIsAdded() {
        assertTrue(reason(writer().text("tokenizer.ggml.model", "odd")).contains("tokenizer.ggml.model: "));
        GgufWriter more = writer().tensor(
                        "blk.0.attn_q.odd", GgmlType.F32, new long[] {2}, out -> out.write(new byte[2 * Float.BYTES]));
        assertTrue(reason(more).contains("it has no use for blk.0.attn_q.odd"));
        more = writer().tensor(
                        "blk.0.odd.weight", GgmlType.F32, new long[] {2}, out -> out.write(new byte[2 * Float.BYTES]));
        assertTrue(reason(more).contains("it has no use for one of them in a model of the architecture llama"));
    }

    private String reason(GgufWriter writer) {
        Path file = writer.write(directory.resolve("odd.gguf"));
        ModelLoadException e =
                assertThrows(ModelLoadException.class, () -> library.load(file).close());
        assertEquals(Reason.REFUSED, e.reason());
        return e.getMessage();
    }

    @Test
    void weightsAreLookedAtWhereThatIsAskedFor() {
        GgufWriter writer = SyntheticModels.writer(SyntheticModels.tiny()).removeTensor("blk.1.ffn_norm.weight");
        byte[] bytes = new byte[64 * Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(4 * 7, Float.NaN);
        Path file = writer.tensor("blk.1.ffn_norm.weight", GgmlType.F32, new long[] {64}, out -> out.write(bytes))
                .write(directory.resolve("nan.gguf"));
        library.load(file).close();
        for (boolean mapped : new boolean[] {true, false}) {
            ModelParams checked = new ModelParams(0, mapped, false, false, true);
            ModelLoadException e = assertThrows(
                    ModelLoadException.class,
                    () -> library.load(file, checked, ProgressListener.NONE).close());
            assertEquals(Reason.REFUSED, e.reason());
            assertTrue(e.getMessage().contains("blk.1.ffn_norm.weight"), e.getMessage());
            library.load(tiny(), checked, ProgressListener.NONE).close();
        }
    }

    @Test
    void aListenerCanGiveTheLoadUp() {
        ModelLoadException e = assertThrows(
                ModelLoadException.class,
                () -> library.load(tiny(), ModelParams.DEFAULT, fraction -> false)
                        .close());
        assertEquals(Reason.CANCELLED, e.reason());
    }

    @Test
    void aListenersExceptionIsThrownByTheLoad() {
        IllegalStateException thrown = new IllegalStateException("test");
        assertSame(
                thrown,
                assertThrows(
                        IllegalStateException.class,
                        () -> library.load(tiny(), ModelParams.DEFAULT, fraction -> {
                                    throw thrown;
                                })
                                .close()));
    }
}
