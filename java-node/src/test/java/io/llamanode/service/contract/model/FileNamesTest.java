package io.llamanode.service.contract.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The names that models and adapters have when nobody gives them one. */
class FileNamesTest {
    @ParameterizedTest
    @CsvSource({
        "/models/qwen.gguf, qwen",
        "qwen.gguf, qwen",
        "/models/qwen.bin, qwen.bin",
        "/models/qwen.gguf.old, qwen.gguf.old",
        "/models/a.b.gguf, a.b",
        ".gguf, ''",
        "/, null",
    })
    void aFileGivesItsNameWithoutItsEnding(String path, String name) {
        assertEquals(name, ModelConfig.of(Path.of(path)).effectiveId());
        assertEquals(name, new AdapterConfig(Path.of(path), null, null, null).name());
    }

    @ParameterizedTest
    @CsvSource({"mine", "mine.gguf"})
    void aGivenNameIsTakenAsItIs(String name) {
        Path path = Path.of("/models/qwen.gguf");
        assertEquals(
                name, new ModelConfig(path, name, null, null, null, null, null, null, null, null, null).effectiveId());
        assertEquals(name, new AdapterConfig(path, name, null, null).name());
    }
}
