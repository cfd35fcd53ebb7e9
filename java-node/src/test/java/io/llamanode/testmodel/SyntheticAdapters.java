package io.llamanode.testmodel;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufTensor;
import io.llamanode.gguf.GgufWriter;
import java.util.List;

/** Generates LoRA adapters of models with random weights. The same arguments give the same bytes. */
public final class SyntheticAdapters {

    private SyntheticAdapters() {}

    /**
     * @param model the header of the model to make one for
     * @param rank of the two factors
     * @param type of their elements
     * @param names of the model's matrices
     * @return a writer with all metadata and tensors
     */
    public static GgufWriter lora(GgufFile model, int rank, GgmlType type, List<String> names) {
        GgufWriter writer = header(model.architecture());
        long seed = 1;
        for (String name : names) {
            GgufTensor matrix = model.tensors().get(name);
            factor(writer, name + ".lora_a", type, matrix.dims().get(0), rank, seed++);
            factor(writer, name + ".lora_b", type, rank, matrix.dims().get(1), seed++);
        }
        return writer;
    }

    /** {@return a writer with the metadata of an adapter and no tensors} */
    public static GgufWriter header(String architecture) {
        return new GgufWriter()
                .text("general.type", "adapter")
                .text("general.architecture", architecture)
                .text("adapter.type", "lora")
                .float32("adapter.lora.alpha", 8);
    }

    private static void factor(GgufWriter writer, String name, GgmlType type, long columns, long rows, long seed) {
        writer.tensor(name, type, new long[] {columns, rows}, RandomWeights.of(type, columns * rows, 0.1f, seed));
    }
}
