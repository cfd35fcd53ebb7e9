package io.llamanode.remote.own;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class CommandLineTest {
    @Test
    void addressAndPortAreAddedAsLlamaServerTakesThem() {
        assertEquals(
                List.of("llama-server", "-m", "a.gguf", "--host", "127.0.0.1", "--port", "4711"),
                CommandLine.at(List.of("llama-server", "-m", "a.gguf"), 4711));
    }

    @Test
    void thePortComesIntoThePlaceThatIsKeptForIt() {
        assertEquals(
                List.of("vllm", "--listen=127.0.0.1:4711", "4711"),
                CommandLine.at(List.of("vllm", "--listen=127.0.0.1:{port}", "{port}"), 4711));
    }
}
