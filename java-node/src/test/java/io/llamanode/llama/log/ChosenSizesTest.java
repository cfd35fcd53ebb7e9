package io.llamanode.llama.log;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which warnings of llama.cpp are news to somebody. */
class ChosenSizesTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama_context: n_ctx is not divisible by n_seq_max - rounding down to 2048",
                "llama_context: n_ctx_seq (512) > n_ctx_train (256) -- possible training context overflow",
                "llama_context: n_ctx_pre_seq (384) > n_ctx_train (256) -- possible training context overflow",
                "llama_context: n_ctx_per_seq (8) < n_ctx_train (256) -- the full capacity of the model will not be"
                        + " utilized",
                "llama_init_from_model: model default pooling_type is [1], but [0] was specified",
                "llama_init_from_model: model default pooling_type is [-1], but [0] was specified",
            })
    void sizesThatWereChosenAreNoWarning(String line) {
        assertTrue(LogLines.isOfChosenSizes(line));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "n_ctx_train",
                "load: special_eos_id is not in special_eog_ids - the tokenizer config may be incorrect",
                "llama_context: n_ctx_seq (x) > n_ctx_train",
            })
    void allOtherWarningsStay(String line) {
        assertFalse(LogLines.isOfChosenSizes(line));
    }
}
