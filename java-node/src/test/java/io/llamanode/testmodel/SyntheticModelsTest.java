package io.llamanode.testmodel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.context.LlamaBatch;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.sampler.NativeSampler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("native")
class SyntheticModelsTest {

    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "Q8_0", "Q4_0"})
    void everyTypeLoadsAndGeneratesVariedTokens(GgmlType type) {
        Path file = SyntheticModels.write(SyntheticModels.tiny().withType(type), directory.resolve("tiny.gguf"));
        try (LlamaModel model = LlamaModel.load(file);
                LlamaContext context = LlamaContext.create(model, ContextParams.generation(256, 64, 1, 1));
                LlamaBatch batch = new LlamaBatch(64);
                NativeSampler sampler = NativeSampler.chain(model).dist(7).build()) {
            assertEquals(300, model.vocab().nTokens());
            Set<Integer> tokens = new HashSet<>();
            int token = model.vocab().bos();
            for (int position = 0; position < 50; position++) {
                batch.clear();
                batch.add(token, position, 0, true);
                context.decode(batch);
                token = sampler.sample(context, 0);
                tokens.add(token);
            }
            assertTrue(tokens.size() > 20, "50 samples gave " + tokens);
        }
    }

    @Test
    void aTinyModelIsSmallAndReproducible() throws IOException {
        Path first = SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("first.gguf"));
        Path second = SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("second.gguf"));
        assertTrue(Files.size(first) < 1_000_000, Files.size(first) + " bytes");
        assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
    }

    @Test
    void theBenchmarkModelHasItsShape() {
        Path file = SyntheticModels.write(SyntheticModels.bench(null), directory.resolve("bench.gguf"));
        GgufFile header = GgufFile.read(file);
        assertEquals(32_000, header.array("tokenizer.ggml.tokens").orElseThrow().count());
        assertEquals(8, header.parameter("block_count").orElseThrow());
        assertTrue(header.fileBytes() > 50_000_000 && header.fileBytes() < 80_000_000, header.fileBytes() + " bytes");
        try (LlamaModel model = LlamaModel.load(file)) {
            assertEquals(header.tensorBytes(), model.sizeBytes());
        }
    }
}
