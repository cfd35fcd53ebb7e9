package io.llamanode.service.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SamplerOptions;
import io.llamanode.service.contract.task.SamplerOptions.Name;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The metadata by which a file says how it wants to be sampled. */
class FileSamplingTest {
    @TempDir
    private Path directory;

    private final GgufWriter writer = new GgufWriter().text("general.architecture", "llama");

    private GenerationOptions read() {
        return FileSampling.read(GgufFile.read(writer.write(directory.resolve("m.gguf"))));
    }

    @Test
    void aFileThatSaysNothingLeavesAllOpen() {
        assertEquals(GenerationOptions.NONE, read());
    }

    @Test
    void everyKeyOfLlamaCppIsTaken() {
        writer.float32("general.sampling.temp", 0.6f)
                .uint32("general.sampling.top_k", 20)
                .float32("general.sampling.top_p", 0.9f)
                .float32("general.sampling.min_p", 0.01f)
                .float32("general.sampling.penalty_repeat", 1.1f)
                .uint32("general.sampling.penalty_last_n", 128)
                .float32("general.sampling.xtc_probability", 0.2f)
                .float32("general.sampling.xtc_threshold", 0.3f)
                .uint32("general.sampling.mirostat", 2)
                .float32("general.sampling.mirostat_tau", 4f)
                .float32("general.sampling.mirostat_eta", 0.2f)
                .text("general.sampling.sequence", "top_k;min_p; temperature");
        SamplerOptions samplers = new SamplerOptions(
                List.of(Name.TOP_K, Name.MIN_P, Name.TEMPERATURE),
                null,
                null,
                null,
                null,
                0.2f,
                0.3f,
                null,
                null,
                null,
                null,
                null,
                2,
                4f,
                0.2f);
        assertEquals(
                Given.options(
                        "temperature",
                        0.6f,
                        "topK",
                        20,
                        "topP",
                        0.9f,
                        "minP",
                        0.01f,
                        "repeatPenalty",
                        1.1f,
                        "repeatLastN",
                        128,
                        "samplers",
                        samplers),
                read());
    }

    /** Converters write a temperature of 1 as an integer, and the like. */
    @Test
    void numbersMayBeOfEitherType() {
        writer.uint32("general.sampling.temp", 1).float32("general.sampling.top_k", 64f);
        assertEquals(Given.options("temperature", 1f, "topK", 64), read());
    }

    @Test
    void whatNoRequestCouldHaveIsPassedOver() {
        writer.float32("general.sampling.temp", -1f)
                .float32("general.sampling.top_p", 1.5f)
                .float32("general.sampling.min_p", Float.NaN)
                .uint32("general.sampling.mirostat", 3)
                .text("general.sampling.top_k", "many")
                .text("general.sampling.sequence", "magic;top_p");
        SamplerOptions samplers = new SamplerOptions(
                List.of(Name.TOP_P),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
        assertEquals(Given.options("samplers", samplers), read());
    }
}
