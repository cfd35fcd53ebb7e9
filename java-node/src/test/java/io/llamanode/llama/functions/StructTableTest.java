package io.llamanode.llama.functions;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class StructTableTest {

    /** What a C program of that release's header says. */
    @Test
    void theStructsOfV07AreThoseOfItsHeader() {
        StructTable context = ReleaseApi.V0_7.contextParams();
        assertEquals(168, context.bytes());
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
                        160)
                .forEach((field, offset) ->
                        assertEquals(offset, context.fields().get(field).offset(), field));
        assertEquals(80, ReleaseApi.V0_7.modelParams().bytes());
        assertEquals(
                112,
                ReleaseApi.V0_5.contextParams().fields().get("abort_callback").offset());
    }
}
