package io.llamanode.llama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogLinesTest {

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

    @Test
    void piecesAreJoinedAndSplitAtTheEndsOfLines() {
        List<String> seen = new ArrayList<>();
        LogLines lines = new LogLines((level, line) -> seen.add(level + " " + line));
        lines.append(LogLines.WARN, "one ");
        lines.append(LogLines.CONTINUATION, "line\nand \u00c3\u00a9");
        lines.append(LogLines.ERROR, "an error\n\n");
        assertEquals(List.of("3 one line", "3 and \u00e9", "4 an error"), seen);
    }

    @Test
    void aModelOfNoKnownSizeIsDescribedByItsWeights() {
        assertEquals("llama 1.0M F16", LlamaModel.withSize("llama ?B F16", 1_000_576));
        assertEquals("bert 7.2B all F32 (guessed)", LlamaModel.withSize("bert ?B all F32 (guessed)", 7_240_000_000L));
        assertEquals("llama 7B Q4_0", LlamaModel.withSize("llama 7B Q4_0", 6_700_000_000L));
    }
}
