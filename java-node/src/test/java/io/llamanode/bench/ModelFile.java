package io.llamanode.bench;

import io.llamanode.gguf.GgmlType;
import io.llamanode.testmodel.EncoderModels;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Consumer;

/**
 * Writes the models of the benchmark that are not there yet. Arguments: a directory, and optionally a GGUF file whose
 * vocabulary {@code bench.gguf} gets.
 */
final class ModelFile {
    private ModelFile() {}

    public static void main(String[] args) throws IOException {
        Path directory = Files.createDirectories(Path.of(args[0]));
        write(SyntheticModels.bench(args.length > 1 ? Path.of(args[1]) : null), directory.resolve("bench.gguf"));
        write(SyntheticModels.tiny(), directory.resolve("tiny.gguf"));
        if (args.length > 1) {
            ranker(Path.of(args[1]).resolveSibling("ggml-vocab-bert-bge.gguf"), directory.resolve("ranker.gguf"));
        }
        write(SyntheticModels.qwen(GgmlType.Q8_0), directory.resolve("qwen-q8_0.gguf"));
        write(SyntheticModels.qwen(GgmlType.Q4_0), directory.resolve("qwen-q4_0.gguf"));
    }

    private static void write(SyntheticModels.Spec spec, Path file) throws IOException {
        write(file, unfinished -> SyntheticModels.write(spec, unfinished));
    }

    private static void ranker(Path vocabulary, Path file) throws IOException {
        if (Files.exists(vocabulary)) {
            write(file, unfinished -> EncoderModels.ranker(vocabulary).write(unfinished));
        }
    }

    /** A model that is there is whole. */
    private static void write(Path file, Consumer<Path> writer) throws IOException {
        if (Files.exists(file)) {
            return;
        }
        Path unfinished = file.resolveSibling(file.getFileName() + ".part");
        writer.accept(unfinished);
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
