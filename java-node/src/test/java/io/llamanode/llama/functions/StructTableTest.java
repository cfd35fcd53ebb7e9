package io.llamanode.llama.functions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Test;

class StructTableTest {

    /** What a C program of that release's header says. */
    @Test
    void theStructsOfV07AreThoseOfItsHeader() {
        StructTable context = ReleaseApi.V0_7.contextParams();
        assertEquals(168, context.bytes());
        assertOffsets(
                context,
                Map.of(
                        "n_ctx",
                        0,
                        "type_v",
                        108,
                        "moe_cache_size",
                        112,
                        "abort_callback",
                        120,
                        "embeddings",
                        136,
                        "kv_unified",
                        141,
                        "samplers",
                        144,
                        "ctx_other",
                        160));
        assertEquals(80, ReleaseApi.V0_7.modelParams().bytes());
        assertEquals(
                112,
                ReleaseApi.V0_5.contextParams().fields().get("abort_callback").offset());
    }

    /** What C programs of those releases' headers say. */
    @Test
    void fieldsThatMovedLieWhereEachReleaseHasThem() {
        assertOffsets(ReleaseApi.V0_5.modelParams(), Map.of("n_gpu_layers", 16, "tensor_split", 40, "load_mtp", 77));
        assertOffsets(ReleaseApi.V0_5.contextParams(), Map.of("n_threads", 28, "kv_unified", 133, "ctx_other", 152));
        assertOffsets(
                ReleaseApi.B4916.modelParams(), Map.of("n_gpu_layers", 8, "tensor_split", 24, "check_tensors", 59));
        assertOffsets(
                ReleaseApi.B4916.contextParams(),
                Map.of("n_threads", 16, "cb_eval", 72, "no_perf", 100, "abort_callback_data", 112));
    }

    @Test
    void aTableThatComesToAnotherSizeIsRefused() {
        StructTable.Builder struct =
                StructTable.of("llama_example").integer("a", 0).pointer("b").bool("c", false);
        assertThrows(IllegalArgumentException.class, () -> struct.ofBytes(16));
        assertOffsets(struct.ofBytes(24), Map.of("a", 0, "b", 8, "c", 16));
    }

    private static void assertOffsets(StructTable struct, Map<String, Integer> offsets) {
        offsets.forEach((field, offset) ->
                assertEquals(offset, struct.fields().get(field).offset(), field));
    }
}
