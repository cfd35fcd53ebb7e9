package io.llamanode.llama.model;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** By the words that llama.cpp logged when loads were tried with too few addresses (`prlimit --as`), and with unfit files. */
final class RefusalsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama_model_load: error loading model: std::bad_alloc; llama_model_load_from_file_impl: failed to load model",
                "llama_model_load: error loading model: mmap failed: Cannot allocate memory",
                "ggml_aligned_malloc: insufficient memory (attempted to allocate  64.50 MB)",
                "llama_model_load: error loading model: unable to allocate CPU buffer",
                "alloc_tensor_range: failed to allocate CPU buffer of size 10485760"
            })
    void aLoadThatFoundNoMemoryIsNoFaultOfTheFile(String reason) {
        assertTrue(Refusals.wantOfMemory(reason));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "llama_model_load: error loading model: unknown model architecture: 'x'",
                "llama_model_load: error loading model: mmap failed: No such device",
                "llama_model_load: error loading model: done_getting_tensors: wrong number of tensors; expected 3, got 2"
            })
    void anyOtherIs(String reason) {
        assertFalse(Refusals.wantOfMemory(reason));
    }
}
