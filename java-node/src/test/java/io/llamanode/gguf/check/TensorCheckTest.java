package io.llamanode.gguf.check;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.testmodel.EncoderModels;
import io.llamanode.testmodel.SmallModels;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tensors that the library cannot compute with, or reads where they are not, are named. */
class TensorCheckTest extends CheckedModels {
    private static Arguments tensor(String message, String name, GgmlType type, long... dims) {
        return Arguments.of(message, name, type, dims);
    }

    static Stream<Arguments> tensors() {
        String elementwise = ", which is computed element by element and must be F32";
        return Stream.of(
                tensor(
                        "blk.0.added_norm.weight of type Q5_1" + elementwise,
                        "blk.0.added_norm.weight",
                        GgmlType.Q5_1,
                        64),
                tensor(
                        "blk.0.post_ffw_norm_1.weight of type F16" + elementwise,
                        "blk.0.post_ffw_norm_1.weight",
                        GgmlType.F16,
                        64,
                        2),
                tensor("blk.0.attn_q.bias of type F16" + elementwise, "blk.0.attn_q.bias", GgmlType.F16, 64),
                tensor("extra.weight of type F16" + elementwise, "extra.weight", GgmlType.F16, 64),
                tensor("token_types.weight of type F16" + elementwise, "token_types.weight", GgmlType.F16, 64, 2),
                tensor("blk.1.ssm_a of type F16" + elementwise, "blk.1.ssm_a", GgmlType.F16, 16, 64),
                tensor(
                        "blk.1.time_mix_lerp_x.weight of type Q8_0" + elementwise,
                        "blk.1.time_mix_lerp_x.weight",
                        GgmlType.Q8_0,
                        64,
                        1,
                        1),
                tensor(
                        "extra.weight of type I32, which llama.cpp cannot compute with",
                        "extra.weight",
                        GgmlType.I32,
                        4,
                        4),
                tensor("extra.weight of type F64", "extra.weight", GgmlType.F64, 4, 4),
                tensor("extra.weight of type Q8_K", "extra.weight", GgmlType.Q8_K, 256, 1),
                tensor(
                        "extra.weight of type MXFP4, which this llama.cpp does not know",
                        "extra.weight",
                        GgmlType.MXFP4,
                        64,
                        2),
                tensor("d2t of type F32, which holds no token ids", "d2t", GgmlType.F32, 4),
                tensor(
                        "conv1d.weight of type Q8_0, which must be F32 or F16",
                        "conv1d.weight",
                        GgmlType.Q8_0,
                        32,
                        2,
                        2),
                tensor(
                        "blk.2.attn_q.weight and only 2 layers (llama.block_count)",
                        "blk.2.attn_q.weight",
                        GgmlType.F32,
                        64,
                        64),
                tensor(
                        "position_embd.weight of the shape [64, 2, 2], of which at most 2 sizes",
                        "position_embd.weight",
                        GgmlType.F32,
                        64,
                        2,
                        2),
                tensor(
                        "blk.0.ffn_up_exps.weight of the shape [64, 2, 2, 2], of which at most 3",
                        "blk.0.ffn_up_exps.weight",
                        GgmlType.F32,
                        64,
                        2,
                        2,
                        2),
                tensor("blk.0.ffn.act.scales of the shape", "blk.0.ffn.act.scales", GgmlType.F32, 2, 2));
    }

    @ParameterizedTest
    @MethodSource("tensors")
    void aTensorThatCannotBeComputedWithIsNamed(String message, String name, GgmlType type, long[] dims) {
        String refusal = refusal(with(name, type, dims));
        assertTrue(refusal.contains("has the tensor " + message), refusal);
    }

    private static GgufWriter with(String name, GgmlType type, long... dims) {
        long elements = Arrays.stream(dims).reduce(1, (a, b) -> a * b);
        byte[] bytes = new byte[(int) (elements / type.blockElements() * type.blockBytes())];
        return llama().tensor(name, type, dims, out -> out.write(bytes));
    }

    static Stream<Arguments> needs() {
        return Stream.of(
                Arguments.of(
                        (Supplier<GgufWriter>) SmallModels::phi3, "blk.1.attn_qkv.weight", "blk.1.attn_qkv.weight"),
                Arguments.of(
                        (Supplier<GgufWriter>) SmallModels::rwkv6,
                        "blk.0.time_mix_lerp_v.weight",
                        "blk.0.time_mix_lerp_fused.weight"),
                Arguments.of(
                        (Supplier<GgufWriter>) SmallModels::experts,
                        "blk.0.ffn_gate_exps.weight",
                        "blk.0.ffn_gate_exps.weight"),
                Arguments.of(
                        (Supplier<GgufWriter>) () -> EncoderModels.t5(true),
                        "dec.blk.0.attn_rel_b.weight",
                        "dec.blk.0.attn_rel_b.weight"),
                Arguments.of(
                        (Supplier<GgufWriter>) () -> EncoderModels.t5(false),
                        "enc.blk.0.attn_rel_b.weight",
                        "enc.blk.0.attn_rel_b.weight"));
    }

    /** The library takes the file without it, and reads where it is not. */
    @ParameterizedTest
    @MethodSource("needs")
    void aTensorThatIsComputedWithIsThere(Supplier<GgufWriter> model, String removed, String named) {
        String refusal = refusal(model.get().removeTensor(removed));
        assertTrue(refusal.startsWith("has no tensor " + named + ","), refusal);
    }

    @Test
    void otherTypesAreTakenWhereTheyCanBeComputedWith() {
        assertDoesNotThrow(() -> check(with("blk.0.ffn_up_exps.weight", GgmlType.Q4_0, 64, 2, 3), false));
        assertDoesNotThrow(() -> check(with("d2t", GgmlType.I64, 4), false));
        assertDoesNotThrow(() -> check(with("conv1d.weight", GgmlType.F16, 32, 2, 2), false));
        assertDoesNotThrow(() -> check(with("cls.output.weight", GgmlType.F16, 64, 1), false));
        assertDoesNotThrow(() -> check(with("token_embd_norm.weight", GgmlType.F32, 64, 1, 1), false));
    }
}
