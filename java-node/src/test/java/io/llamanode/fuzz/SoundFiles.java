package io.llamanode.fuzz;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.testmodel.EncoderModels;
import io.llamanode.testmodel.SmallModels;
import io.llamanode.testmodel.SyntheticAdapters;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The files that are mutated, by name; each is made when it is asked for. */
final class SoundFiles {
    private static final SyntheticModels.Spec TIED =
            new SyntheticModels.Spec("qwen2", 2, 64, 128, 4, 2, 128, GgmlType.F32, null, 300, 1);
    private static final SyntheticModels.Spec LLAMA =
            new SyntheticModels.Spec("llama", 2, 64, 128, 4, 2, 128, GgmlType.Q8_0, null, 300, 1);

    private final Map<String, Supplier<GgufWriter>> writers = new LinkedHashMap<>();
    private final Map<String, byte[]> made = new LinkedHashMap<>();
    private final Path folder;

    /** @param folder for what is made, and for the model that stands by */
    SoundFiles(Path folder) {
        this.folder = folder;
        writers.put("llama", () -> SyntheticModels.writer(LLAMA));
        writers.put("qwen2", () -> SyntheticModels.writer(TIED));
        writers.put("adapter", this::adapter);
        writers.put("bert", () -> SmallModels.bert(1));
        writers.put("reranker", () -> SmallModels.bert(4));
        writers.put("t5", () -> EncoderModels.t5(true));
        writers.put("t5encoder", () -> EncoderModels.t5(false));
        writers.put("gpt2", SmallModels::gpt2);
        writers.put("falcon", SmallModels::falcon);
        writers.put("gemma2", SmallModels::gemma2);
        writers.put("mpt", SmallModels::mpt);
        writers.put("phi3", SmallModels::phi3);
        writers.put("experts", SmallModels::experts);
        writers.put("qwen2moe", SmallModels::qwen2moe);
        writers.put("mamba", SmallModels::mamba);
        writers.put("rwkv6", SmallModels::rwkv6);
    }

    private GgufWriter adapter() {
        return SyntheticAdapters.lora(
                GgufFile.read(bystander()), 4, GgmlType.F32, List.of("blk.0.attn_q.weight", "blk.1.ffn_down.weight"));
    }

    /** {@return a sound model, which is loaded throughout} */
    Path bystander() {
        Path file = folder.resolve("bystander.gguf");
        return Files.exists(file)
                ? file
                : SyntheticModels.write(LLAMA.withType(GgmlType.F32).withSeed(7), file);
    }

    List<String> names() {
        return List.copyOf(writers.keySet());
    }

    byte[] of(String name) {
        return made.computeIfAbsent(name, _ -> {
            try {
                return Files.readAllBytes(writers.get(name).get().write(folder.resolve("sound.gguf")));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
