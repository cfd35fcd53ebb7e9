package io.llamanode.remote.own;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogLevelsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "error: unknown argument: --foo",
                "srv    load_model: failed to load model, 'x.gguf'",
                "0.00.012.345 E llama_model_load: no such file",
                "W warming up takes long",
                "GGML_ASSERT: fatal"
            })
    void troubleIsWorthAWarning(String line) {
        assertTrue(LogLevels.isTrouble(line));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "srv  log_server_r: request: POST /v1/chat/completions 127.0.0.1 200",
                "e.g. this",
                "0.00.012.345 I slot launch_slot_: id  0 | task 3 | processing task",
                "main: model loaded"
            })
    void chatterIsNot(String line) {
        assertFalse(LogLevels.isTrouble(line));
    }
}
