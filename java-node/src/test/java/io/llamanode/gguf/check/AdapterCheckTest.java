package io.llamanode.gguf.check;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufException;
import io.llamanode.gguf.GgufException.Reason;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufValueType;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.testmodel.SyntheticAdapters;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with an adapter is said by key or by tensor, before the library is asked. */
class AdapterCheckTest {
    private static final String QUERY = "blk.0.attn_q.weight";
    private static final String DOWN = "blk.1.ffn_down.weight";
    private static final int RANK = 4;

    @TempDir
    private Path folder;

    private GgufFile base;

    @BeforeEach
    void write() {
        base = GgufFile.read(SyntheticModels.write(SyntheticModels.tiny(), folder.resolve("base.gguf")));
    }

    private GgufWriter good() {
        return SyntheticAdapters.lora(base, RANK, GgmlType.F32, List.of(QUERY, DOWN));
    }

    private void check(GgufWriter adapter) {
        AdapterCheck.check(GgufFile.read(adapter.write(folder.resolve("adapter.gguf"))), base);
    }

    private String refusal(GgufWriter adapter) {
        GgufException e = assertThrows(GgufException.class, () -> check(adapter));
        assertEquals(Reason.MALFORMED, e.reason());
        String path = folder.resolve("adapter.gguf") + " ";
        assertTrue(e.getMessage().startsWith(path), e.getMessage());
        return e.getMessage().substring(path.length());
    }

    @Test
    void aSoundOneIsAccepted() {
        assertDoesNotThrow(() -> check(good()));
        assertDoesNotThrow(() -> check(SyntheticAdapters.lora(base, 32, GgmlType.Q8_0, List.of(QUERY))));
        assertDoesNotThrow(() -> check(good().remove("adapter.lora.alpha")));
        assertDoesNotThrow(() -> check(good().float32("adapter.lora.alpha", 0)));
        assertDoesNotThrow(() -> check(good().float32("adapter.lora.alpha", 1e9f)));
        assertDoesNotThrow(() -> check(good().float32("adapter.lora.alpha", -1e9f)));
        // The output is a matrix of its own here, so the embedding can be adapted, by factors that are looked up.
        assertDoesNotThrow(() ->
                check(good().tensor("token_embd.weight.lora_a", GgmlType.F32, new long[] {RANK, 300}, zeros(RANK * 300))
                        .tensor("token_embd.weight.lora_b", GgmlType.F32, new long[] {RANK, 64}, zeros(RANK * 64))));
        // The library passes over these.
        assertDoesNotThrow(
                () -> check(good().tensor("blk.0.attn_norm.weight", GgmlType.F32, new long[] {64}, zeros(64))));
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void everyNumberOfTheHeaderIsFinite(float number) {
        assertEquals(
                "has " + (double) number + " as adapter.lora.alpha, which is not a finite number; convert it again",
                refusal(good().float32("adapter.lora.alpha", number)));
        assertEquals(
                "has " + (double) number + " as some.other, which is not a finite number; convert it again",
                refusal(good().float32("some.other", number)));
    }

    static Stream<Arguments> headers() {
        return Stream.of(
                header("is no LoRA adapter", writer -> writer.text("general.type", "model")),
                header("is no LoRA adapter", writer -> writer.remove("general.type")),
                header("is no LoRA adapter", writer -> writer.text("adapter.type", "vector")),
                header("is no LoRA adapter", writer -> writer.uint32("adapter.type", 1)),
                header("(general.architecture)", writer -> writer.text("general.architecture", "qwen2")),
                header(
                        "has an adapter.lora.alpha that is not a FLOAT32",
                        writer -> writer.uint32("adapter.lora.alpha", 1)),
                header(
                        "has an adapter.lora.alpha that is not a FLOAT32",
                        writer -> writer.value(
                                "adapter.lora.alpha", GgufValueType.FLOAT64, out -> out.write(new byte[8]))),
                header(
                        "as adapter.lora.alpha, from -1e9 to 1e9",
                        writer -> writer.float32("adapter.lora.alpha", -1e10f)),
                header(
                        "has an adapter.alora.invocation_tokens that is not an array of UINT32",
                        writer -> writer.int32s("adapter.alora.invocation_tokens", new int[1])));
    }

    private static Arguments header(String message, UnaryOperator<GgufWriter> change) {
        return Arguments.of(message, change);
    }

    @ParameterizedTest
    @MethodSource("headers")
    void aKeyThatDoesNotFitIsNamed(String message, UnaryOperator<GgufWriter> change) {
        String refusal = refusal(change.apply(good()));
        assertTrue(refusal.contains(message), refusal);
    }

    private static GgufWriter.Data zeros(int floats) {
        return out -> out.write(new byte[floats * Float.BYTES]);
    }

    private record Factor(String name, GgmlType type, long... dims) {}

    private static Arguments tensors(String message, Factor... factors) {
        return Arguments.of(message, List.of(factors));
    }

    static Stream<Arguments> tensors() {
        String a = QUERY + ".lora_a";
        String b = QUERY + ".lora_b";
        GgmlType f32 = GgmlType.F32;
        return Stream.of(
                tensors("holds no tensors"),
                tensors(a + " without " + b, new Factor(a, f32, 64, 4)),
                tensors(b + " without " + a, new Factor(b, f32, 4, 64)),
                tensors(
                        "blk.9.attn_q.weight.lora_a, for which the model has no counterpart",
                        new Factor("blk.9.attn_q.weight.lora_a", f32, 64, 4),
                        new Factor("blk.9.attn_q.weight.lora_b", f32, 4, 64)),
                tensors("the tensor " + QUERY + ", for which", new Factor(QUERY, f32, 64, 64)),
                tensors("is [64, 64]: size 1 must be 64;", new Factor(a, f32, 32, 4), new Factor(b, f32, 4, 64)),
                tensors("is [64, 64]: size 2 must be 64;", new Factor(a, f32, 64, 4), new Factor(b, f32, 4, 32)),
                tensors(a + " of the shape [32, 4]", new Factor(a, f32, 32, 4), new Factor(b, f32, 4, 64)),
                tensors(b + " of the shape [4, 32]", new Factor(a, f32, 64, 4), new Factor(b, f32, 4, 32)),
                tensors(a + " of the shape [64, 4]", new Factor(a, f32, 64, 4), new Factor(b, f32, 5, 64)),
                // A third size that the model's matrix has not is what the library multiplies by without a look.
                tensors(a + " of the shape [64, 4, 2]", new Factor(a, f32, 64, 4, 2), new Factor(b, f32, 4, 64)),
                tensors(b + " of the shape [4, 64, 1, 2]", new Factor(a, f32, 64, 4), new Factor(b, f32, 4, 64, 1, 2)),
                tensors(a + " of type I32", new Factor(a, GgmlType.I32, 64, 4), new Factor(b, f32, 4, 64)),
                tensors(b + " of type F64", new Factor(a, f32, 64, 4), new Factor(b, GgmlType.F64, 4, 64)),
                tensors(
                        "token_embd.weight.lora_a of the shape [64, 4]",
                        new Factor("token_embd.weight.lora_a", f32, 64, 4),
                        new Factor("token_embd.weight.lora_b", f32, 4, 300)),
                tensors(
                        "token_embd.weight.lora_b of the shape [4, 63]",
                        new Factor("token_embd.weight.lora_a", f32, 4, 300),
                        new Factor("token_embd.weight.lora_b", f32, 4, 63)),
                tensors(
                        "token_embd.weight.lora_a of the shape [5, 300]",
                        new Factor("token_embd.weight.lora_a", f32, 5, 300),
                        new Factor("token_embd.weight.lora_b", f32, 4, 64)));
    }

    @ParameterizedTest
    @MethodSource("tensors")
    void aTensorThatDoesNotFitIsNamed(String message, List<Factor> factors) {
        GgufWriter writer = SyntheticAdapters.header("llama");
        for (Factor factor : factors) {
            long elements = 1;
            for (long dim : factor.dims) {
                elements *= dim;
            }
            byte[] bytes = new byte[(int) factor.type.rowBytes(elements)];
            writer.tensor(factor.name, factor.type, factor.dims, out -> out.write(bytes));
        }
        String refusal = refusal(writer);
        assertTrue(refusal.contains(message), refusal);
    }

    /** The library would multiply the rows that are looked up as if they were columns. */
    @Test
    void anEmbeddingThatIsTheOutputTooTakesNone() {
        SyntheticModels.Spec tied =
                new SyntheticModels.Spec("qwen2", 1, 64, 128, 4, 2, 512, GgmlType.F32, null, 300, 1);
        base = GgufFile.read(SyntheticModels.write(tied, folder.resolve("tied.gguf")));
        String refusal = refusal(SyntheticAdapters.header("qwen2")
                .tensor("token_embd.weight.lora_a", GgmlType.F32, new long[] {RANK, 300}, zeros(RANK * 300))
                .tensor("token_embd.weight.lora_b", GgmlType.F32, new long[] {RANK, 64}, zeros(RANK * 64)));
        assertTrue(
                refusal.contains("token_embd.weight.lora_a, and the model's output is its token_embd.weight too"),
                refusal);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_535, 65_536, 65_537, 199_999})
    void oneBadWeightAmongManyIsFound(int at) {
        int columns = 64;
        int rank = 200_000 / columns;
        String refusal = refusal(SyntheticAdapters.header("llama")
                .tensor(DOWN + ".lora_b", GgmlType.F32, new long[] {rank, 64}, poisoned(rank * 64, at))
                .tensor(DOWN + ".lora_a", GgmlType.F32, new long[] {128, rank}, zeros(128 * rank)));
        assertEquals(
                "has a weight that is not a finite number in the tensor " + DOWN + ".lora_b, at or behind element " + at
                        + "; get the file anew or convert it again",
                refusal);
    }

    /** Blocks of 34 bytes, which do not fill what is read at once. */
    @ParameterizedTest
    @ValueSource(ints = {0, 7_709, 7_710, 7_711, 15_420, 15_999})
    void oneBadBlockAmongManyIsFound(int block) {
        int rank = 8_000;
        byte[] bytes = new byte[2 * rank * GgmlType.Q8_0.blockBytes()];
        bytes[block * GgmlType.Q8_0.blockBytes() + 1] = 0x7c;
        String refusal = refusal(SyntheticAdapters.header("llama")
                .tensor(QUERY + ".lora_a", GgmlType.Q8_0, new long[] {64, rank}, out -> out.write(bytes))
                .tensor(QUERY + ".lora_b", GgmlType.F32, new long[] {rank, 64}, zeros(rank * 64)));
        assertTrue(refusal.contains("at or behind element " + 32 * block + ";"), refusal);
    }

    private static GgufWriter.Data poisoned(int floats, int at) {
        return new GgufWriter.Data() {
            @Override
            public void writeTo(OutputStream out) throws IOException {
                ByteBuffer bytes = ByteBuffer.allocate(floats * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                bytes.putFloat(at * Float.BYTES, Float.NaN);
                out.write(bytes.array());
            }
        };
    }
}
