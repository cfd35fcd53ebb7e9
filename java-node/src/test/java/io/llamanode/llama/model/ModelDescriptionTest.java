package io.llamanode.llama.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ModelDescriptionTest {

    @Test
    void aModelOfNoKnownSizeIsDescribedByItsWeights() {
        assertEquals("llama 1.0M F16", LlamaModel.withSize("llama ?B F16", 1_000_576));
        assertEquals("bert 7.2B all F32 (guessed)", LlamaModel.withSize("bert ?B all F32 (guessed)", 7_240_000_000L));
        assertEquals("llama 7B Q4_0", LlamaModel.withSize("llama 7B Q4_0", 6_700_000_000L));
    }
}
