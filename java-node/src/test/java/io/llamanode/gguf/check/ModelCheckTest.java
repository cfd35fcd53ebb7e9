package io.llamanode.gguf.check;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgufException;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.testmodel.EncoderModels;
import io.llamanode.testmodel.SmallModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What ended the process at the load or at the first token is refused by key or by tensor; sound files are not. */
class ModelCheckTest extends CheckedModels {
    static Stream<Supplier<GgufWriter>> sound() {
        return Stream.of(
                CheckedModels::llama,
                SmallModels::experts,
                SmallModels::gemma2,
                SmallModels::gpt2,
                SmallModels::falcon,
                SmallModels::mpt,
                SmallModels::phi3,
                SmallModels::qwen2moe,
                SmallModels::mamba,
                SmallModels::rwkv6,
                () -> SmallModels.bert(1),
                () -> SmallModels.bert(4),
                () -> EncoderModels.t5(true),
                () -> EncoderModels.t5(false));
    }

    @ParameterizedTest
    @MethodSource("sound")
    void soundModelsAreTaken(Supplier<GgufWriter> model) {
        assertDoesNotThrow(() -> check(model.get(), false));
        assertDoesNotThrow(() -> check(model.get(), true));
    }

    private static Arguments change(String message, Supplier<GgufWriter> model, UnaryOperator<GgufWriter> change) {
        return Arguments.of(message, model, change);
    }

    private static Arguments llama(String message, UnaryOperator<GgufWriter> change) {
        return Arguments.of(message, (Supplier<GgufWriter>) CheckedModels::llama, change);
    }

    static Stream<Arguments> keys() {
        return Stream.of(
                llama("has no general.architecture", w -> w.text("general.architecture", " ")),
                llama(
                        "'eagle3' (general.architecture), which is a part of another model",
                        w -> w.text("general.architecture", "eagle3")),
                llama("has 0 as llama.block_count, from 1 to 512", w -> w.uint32("llama.block_count", 0)),
                llama("has 513 as llama.block_count", w -> w.uint32("llama.block_count", 513)),
                llama("has 0 as llama.context_length", w -> w.uint32("llama.context_length", 0)),
                llama("has 4294967295 as llama.context_length", w -> w.uint32("llama.context_length", -1)),
                llama("has 0 as llama.embedding_length", w -> w.uint32("llama.embedding_length", 0)),
                llama(
                        "has NaN as llama.attention.layer_norm_rms_epsilon",
                        w -> w.float32("llama.attention.layer_norm_rms_epsilon", Float.NaN)),
                llama(
                        "has -1.0 as llama.attention.layer_norm_rms_epsilon, from 0.0 to 1.0",
                        w -> w.float32("llama.attention.layer_norm_rms_epsilon", -1)),
                llama(
                        "has Infinity as general.whatever, which is not a finite number",
                        w -> w.float32("general.whatever", Float.POSITIVE_INFINITY)),
                llama("has 0.0 as llama.rope.freq_base", w -> w.float32("llama.rope.freq_base", 0)),
                llama(
                        "has the llama.rope.scaling.type 'odd'; known are",
                        w -> w.text("llama.rope.scaling.type", "odd")),
                llama("has 5 as llama.pooling_type, from 0 to 4", w -> w.uint32("llama.pooling_type", 5)),
                llama("has a general.file_type that is not a UINT32", w -> w.uint64("general.file_type", 1)),
                llama(
                        "has the array llama.rope.dimension_sections of FLOAT32",
                        w -> w.float32s("llama.rope.dimension_sections", new float[4])),
                llama(
                        "has a llama.rope.dimension_sections whose sum is not from 1 to the 16",
                        w -> w.int32s("llama.rope.dimension_sections", new int[4])),
                llama(
                        "has a llama.rope.dimension_sections whose sum",
                        w -> w.int32s("llama.rope.dimension_sections", new int[] {-1, 2, 2, 0})),
                llama(
                        "has a llama.rope.dimension_sections whose sum is not from 1 to the 16",
                        w -> w.int32s("llama.rope.dimension_sections", new int[] {8, 9, 0, 0})),
                llama(
                        "has a llama.rope.dimension_sections whose sum is not from 1 to the 16",
                        w -> w.int32s("llama.rope.dimension_sections", new int[] {-1, -1, 0, 0})),
                llama(
                        "has a text of 1048577 bytes as general.name; at most 1048576 are taken",
                        w -> w.text("general.name", "n".repeat((1 << 20) + 1))),
                llama(
                        "has 70000 as llama.attention.head_count",
                        w -> w.int32s("llama.attention.head_count", new int[] {4, 70_000})),
                llama(
                        "has as many llama.nextn_predict_layers as layers",
                        w -> w.uint32("llama.nextn_predict_layers", 2)),
                change(
                        "has 0 as gemma2.attention.sliding_window, which a gemma2 needs",
                        SmallModels::gemma2,
                        w -> w.uint32("gemma2.attention.sliding_window", 0)),
                change(
                        "has 3 as t5.attention.relative_buckets_count, from 4 to 254",
                        () -> EncoderModels.t5(true),
                        w -> w.uint32("t5.attention.relative_buckets_count", 3)),
                change(
                        "has 300 as t5.decoder_start_token_id, which is beyond its 300 tokens",
                        () -> EncoderModels.t5(true),
                        w -> w.uint32("t5.decoder_start_token_id", 300)),
                change(
                        "has 0 as mamba.ssm.time_step_rank",
                        SmallModels::mamba,
                        w -> w.uint32("mamba.ssm.time_step_rank", 0)),
                change("has 0 as rwkv6.wkv.head_size", SmallModels::rwkv6, w -> w.uint32("rwkv6.wkv.head_size", 0)),
                change(
                        "no multiple of its rwkv6.wkv.head_size, 48",
                        SmallModels::rwkv6,
                        w -> w.uint32("rwkv6.wkv.head_size", 48)),
                change(
                        "has 4 heads (rwkv6.wkv.head_size) that cannot share 3",
                        SmallModels::rwkv6,
                        w -> w.uint32("rwkv6.attention.head_count_kv", 3)),
                change(
                        "has 4 heads (rwkv6.wkv.head_size) that cannot share 2",
                        SmallModels::rwkv6,
                        w -> w.uint32("rwkv6.attention.head_count_kv", 2)),
                llama("has 4 heads (rwkv6qwen2.wkv.head_size) that cannot share 3", w -> recurrent(w, 3)),
                llama(
                        "a rwkv7.token_shift_count other than 2",
                        w -> w.text("general.architecture", "rwkv7")
                                .uint32("rwkv7.block_count", 2)
                                .uint32("rwkv7.token_shift_count", 1)),
                llama("its mamba2.ssm.inner_size of 12 among 8 heads", w -> stateSpace(w, 12, 8, 4)),
                llama("of 16 among 8 heads (mamba2.ssm.time_step_rank) of 3", w -> stateSpace(w, 16, 8, 3)),
                llama("of 24 among 8 heads (mamba2.ssm.time_step_rank) of 3", w -> stateSpace(w, 24, 8, 3)),
                change(
                        "has a rwkv6.token_shift_count other than 2",
                        SmallModels::rwkv6,
                        w -> w.uint32("rwkv6.token_shift_count", 1)));
    }

    private static GgufWriter recurrent(GgufWriter writer, int shared) {
        return writer.text("general.architecture", "rwkv6qwen2")
                .uint32("rwkv6qwen2.block_count", 2)
                .uint32("rwkv6qwen2.embedding_length", 64)
                .uint32("rwkv6qwen2.wkv.head_size", 16)
                .uint32("rwkv6qwen2.attention.head_count_kv", shared);
    }

    private static GgufWriter stateSpace(GgufWriter writer, int inner, int heads, int groups) {
        return writer.text("general.architecture", "mamba2")
                .uint32("mamba2.block_count", 2)
                .uint32("mamba2.ssm.inner_size", inner)
                .uint32("mamba2.ssm.time_step_rank", heads)
                .uint32("mamba2.ssm.group_count", groups);
    }

    private static Arguments taken(String what, Supplier<GgufWriter> model) {
        return Arguments.of(what, model);
    }

    static Stream<Arguments> limits() {
        String sections = "llama.rope.dimension_sections";
        return Stream.of(
                taken("as many layers as there may be", () -> llama().uint32("llama.block_count", 512)),
                taken("the longest text", () -> llama().text("general.name", "n".repeat(1 << 20))),
                taken("a scaling that is known", () -> llama().text("llama.rope.scaling.type", "linear")),
                taken("the last kind of pooling", () -> llama().uint32("llama.pooling_type", 4)),
                taken("a least number", () -> llama().float32("llama.attention.layer_norm_rms_epsilon", 1)),
                taken("sections of one", () -> llama().int32s(sections, new int[] {0, 1, 0, 0})),
                taken("sections of a whole head", () -> llama().int32s(sections, new int[] {8, 8, 0, 0})),
                taken("the most experts", () -> SmallModels.experts().uint32("llama.expert_count", 256)),
                taken("all experts", () -> SmallModels.experts().uint32("llama.expert_used_count", 4)),
                taken("the last gating", () -> SmallModels.experts().uint32("llama.expert_gating_func", 2)),
                taken("one group", () -> SmallModels.experts().uint32("llama.expert_group_count", 1)),
                taken(
                        "one of two groups",
                        () -> SmallModels.experts()
                                .uint32("llama.expert_group_count", 2)
                                .uint32("llama.expert_group_used_count", 1)),
                taken(
                        "heads by layer",
                        () -> llama().int32s("llama.attention.head_count", new int[] {4, 4, 4})
                                .int32s("llama.attention.head_count_kv", new int[] {2, 2})),
                taken("shared heads of what was made of an attention model", () -> recurrent(llama(), 2)),
                taken("heads that divide a state", () -> stateSpace(llama(), 16, 8, 4)),
                taken("letters for bytes", () -> tokens(llama(), 3 + 'A', "A")),
                taken("a line break", () -> tokens(llama(), 13, "\n").text("tokenizer.ggml.model", "rwkv")),
                taken(
                        "the last of the tokens",
                        () -> SmallModels.gpt2()
                                .texts("tokenizer.ggml.tokens", pieces(5))
                                .remove("tokenizer.ggml.token_type")
                                .uint32("tokenizer.ggml.bos_token_id", 4)
                                .uint32("tokenizer.ggml.eos_token_id", 1)));
    }

    @ParameterizedTest
    @MethodSource("limits")
    void whatIsJustWithinALimitIsTaken(String what, Supplier<GgufWriter> model) {
        assertDoesNotThrow(() -> check(model.get(), false), what);
    }

    static Stream<Arguments> heads() {
        return Stream.of(
                llama(
                        "has 4 heads (llama.attention.head_count) that cannot share 3",
                        w -> w.uint32("llama.attention.head_count_kv", 3)),
                llama("has no heads of keys and values", w -> w.uint32("llama.attention.head_count_kv", 0)),
                llama(
                        "has a llama.embedding_length of 64 that is no multiple of its 3 heads",
                        w -> w.uint32("llama.attention.head_count", 3).remove("llama.attention.head_count_kv")),
                llama("has keys of 8 and values of 16 elements", w -> w.uint32("llama.attention.key_length", 8)),
                llama(
                        "of heads of 16; it must be all of an even number",
                        w -> w.uint32("llama.rope.dimension_count", 8)),
                change(
                        "it must be an even number of them",
                        SmallModels::phi3,
                        w -> w.uint32("phi3.rope.dimension_count", 7)),
                llama(
                        "turns 8 elements (llama.rope.dimension_count) of heads of 16",
                        w -> w.uint32("llama.rope.dimension_count", 8)),
                llama(
                        "has layers with different numbers of heads",
                        w -> w.int32s("llama.attention.head_count_kv", new int[] {2, 4})),
                change(
                        "turns 7 elements (phi3.rope.dimension_count)",
                        SmallModels::phi3,
                        w -> w.uint32("phi3.rope.dimension_count", 7)),
                change(
                        "turns 18 elements (phi3.rope.dimension_count)",
                        SmallModels::phi3,
                        w -> w.uint32("phi3.rope.dimension_count", 18)));
    }

    static Stream<Arguments> experts() {
        return Stream.of(
                llama(
                        "uses 1 of 0 experts (llama.expert_used_count, llama.expert_count)",
                        w -> w.uint32("llama.expert_used_count", 1)),
                experts("uses 2 of 257 experts", w -> w.uint32("llama.expert_count", 257)),
                experts("uses 0 of 4 experts", w -> w.uint32("llama.expert_used_count", 0)),
                experts("uses 5 of 4 experts", w -> w.uint32("llama.expert_used_count", 5)),
                experts("uses 7 of 4 experts", w -> w.int32s("llama.expert_used_count", new int[] {2, 7})),
                experts(
                        "has 3 as llama.expert_gating_func; this llama.cpp knows 1 to 2",
                        w -> w.uint32("llama.expert_gating_func", 3)),
                experts("uses 0 of 2 groups of 4 experts", w -> w.uint32("llama.expert_group_count", 2)),
                experts(
                        "uses 1 of 3 groups of 4 experts",
                        w -> w.uint32("llama.expert_group_count", 3).uint32("llama.expert_group_used_count", 1)),
                experts("uses 0 of 4 groups of 4 experts", w -> w.uint32("llama.expert_group_count", 4)),
                llama(
                        "has 2 as baichuan.block_count; this llama.cpp computes a baichuan of [32, 40] layers only",
                        w -> w.text("general.architecture", "baichuan").uint32("baichuan.block_count", 2)));
    }

    private static Arguments experts(String message, UnaryOperator<GgufWriter> change) {
        return change(message, SmallModels::experts, change);
    }

    private static GgufWriter tokens(GgufWriter writer, int index, String text) {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        IntStream.range(0, 256).forEach(b -> tokens.add("<0x%02X>".formatted(b)));
        while (tokens.size() < 300) {
            tokens.add("piece" + tokens.size());
        }
        tokens.set(index, text);
        return writer.texts("tokenizer.ggml.tokens", tokens);
    }

    static Stream<Arguments> vocabularies() {
        String twice = "has the same token twice in tokenizer.ggml.tokens, as ";
        return Stream.of(
                llama(twice + "260 and as 270", w -> tokens(w, 270, "piece260")),
                llama(twice + "260 and as 270", w -> tokens(w, 270, "piece260\u0000more")),
                llama(twice + "270 and as 271", w -> {
                    tokens(w, 270, "[EMPTY_271]");
                    return copyWith(w, 270, "[EMPTY_271]", 271, "");
                }),
                llama("has no token for the byte 0x0A in tokenizer.ggml.tokens", w -> tokens(w, 13, "odd")),
                llama("has no token for the byte 0xAB in tokenizer.ggml.tokens", w -> tokens(w, 3 + 0xAB, "<0xab>")),
                llama(
                        "has 2 elements in tokenizer.ggml.scores for 300 tokens",
                        w -> w.float32s("tokenizer.ggml.scores", new float[2])),
                llama(
                        "has 2 elements in tokenizer.ggml.token_type for 300 tokens",
                        w -> w.int32s("tokenizer.ggml.token_type", new int[2])),
                llama(
                        "has a tokenizer.ggml.scores that is not an array of FLOAT32",
                        w -> w.int32s("tokenizer.ggml.scores", new int[300])),
                llama(
                        "has a tokenizer.ggml.merges that is not an array of STRING",
                        w -> w.text("tokenizer.ggml.merges", "a b")),
                llama("has a score that is no number for token 7 in tokenizer.ggml.scores", w -> {
                    float[] scores = new float[300];
                    scores[7] = Float.NaN;
                    return w.float32s("tokenizer.ggml.scores", scores);
                }),
                change("calls token 299 a byte in tokenizer.ggml.token_type", () -> SmallModels.bert(1), w -> {
                    int[] types = new int[300];
                    types[299] = 6;
                    return w.int32s("tokenizer.ggml.token_type", types);
                }),
                llama("has no token for a line break", w -> w.text("tokenizer.ggml.model", "rwkv")),
                change(
                        "names no tokenizer.ggml.mask_token_id, and the 103 that stands for none is beyond its 103 tokens",
                        () -> SmallModels.bert(1),
                        w -> w.texts("tokenizer.ggml.tokens", pieces(103)).remove("tokenizer.ggml.token_type")),
                change(
                        "has 5 as tokenizer.ggml.bos_token_id, and the 11 that stands for none is beyond its 5 tokens",
                        SmallModels::gpt2,
                        w -> w.texts("tokenizer.ggml.tokens", pieces(5))
                                .remove("tokenizer.ggml.token_type")
                                .uint32("tokenizer.ggml.bos_token_id", 5)
                                .uint32("tokenizer.ggml.eos_token_id", 1)),
                change(
                        "has 999 as tokenizer.ggml.bos_token_id, and the 11 that stands for none is beyond its 5 tokens",
                        SmallModels::gpt2,
                        w -> w.texts("tokenizer.ggml.tokens", pieces(5))
                                .remove("tokenizer.ggml.token_type")
                                .uint32("tokenizer.ggml.bos_token_id", 999)
                                .uint32("tokenizer.ggml.eos_token_id", 1)));
    }

    private static List<String> pieces(int count) {
        return IntStream.range(0, count).mapToObj(i -> "piece" + i).toList();
    }

    private static GgufWriter copyWith(GgufWriter writer, int one, String text, int two, String other) {
        String[] tokens = new String[300];
        Arrays.setAll(tokens, i -> i < 259 && i >= 3 ? "<0x%02X>".formatted(i - 3) : "piece" + i);
        tokens[one] = text;
        tokens[two] = other;
        return writer.texts("tokenizer.ggml.tokens", List.of(tokens));
    }

    @ParameterizedTest
    @MethodSource({"keys", "heads", "experts", "vocabularies"})
    void whatEndedTheProcessIsRefusedByItsKey(
            String message, Supplier<GgufWriter> model, UnaryOperator<GgufWriter> change) {
        String refusal = refusal(change.apply(model.get()));
        assertTrue(refusal.contains(message), refusal);
    }

    /** What is computed with is not looked at when only the vocabulary is loaded. */
    @Test
    void aVocabularyIsTakenFromAModelThatCannotBeComputed() {
        assertDoesNotThrow(() -> check(llama().uint32("llama.block_count", 0), true));
        GgufException e = assertThrows(
                GgufException.class, () -> check(llama().float32s("tokenizer.ggml.scores", new float[2]), true));
        assertTrue(e.getMessage().contains("tokenizer.ggml.scores"), e.getMessage());
    }
}
