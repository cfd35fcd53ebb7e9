package io.llamanode.node.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.model.FlashAttention;
import io.llamanode.service.contract.model.ModelConfig;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ProbeOrderTest {
    private static ProbeOrder sent(ProbeOrder order) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        // The other side waits for it: what is written must be sent.
        order.write(new DataOutputStream(new BufferedOutputStream(bytes)));
        return ProbeOrder.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    }

    @Test
    void allThatDecidesHowAFileIsLoadedArrives() throws IOException {
        Path path = Path.of("/m/a b.gguf");
        ModelConfig config = Given.model(
                "path",
                path,
                "nCtx",
                1,
                "nParallel",
                2,
                "nBatch",
                3,
                "nUbatch",
                4,
                "nThreads",
                5,
                "nThreadsBatch",
                6,
                "nGpuLayers",
                -1,
                "useMmap",
                false,
                "vocabOnly",
                true,
                "checkTensors",
                true,
                "flashAttn",
                FlashAttention.OFF);
        ProbeOrder order = new ProbeOrder("/lib/libllama.so", config, Path.of("/a.gguf"), 7);
        assertEquals(order, sent(order));
        assertEquals(config, config.forProbe(path), "nothing of it is left out");
    }

    @Test
    void whatIsNotGivenIsNotGivenThere() throws IOException {
        ProbeOrder order = new ProbeOrder("", ModelConfig.of(Path.of("a.gguf")), null, 1);
        assertEquals(order, sent(order));
    }
}
