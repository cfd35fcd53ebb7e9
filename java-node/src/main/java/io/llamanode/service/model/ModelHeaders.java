package io.llamanode.service.model;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufTensor;
import io.llamanode.gguf.GgufValue;
import io.llamanode.service.contract.model.ModelHeader;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Takes what the contract tells of a model out of the header of its file. */
final class ModelHeaders {
    /** {@code enum llama_ftype} by number; what was taken out of llama.cpp has no name. */
    private static final List<String> FILE_TYPES = List.of(
            "F32",
            "F16",
            "Q4_0",
            "Q4_1",
            "",
            "",
            "",
            "Q8_0",
            "Q5_0",
            "Q5_1",
            "Q2_K",
            "Q3_K_S",
            "Q3_K_M",
            "Q3_K_L",
            "Q4_K_S",
            "Q4_K_M",
            "Q5_K_S",
            "Q5_K_M",
            "Q6_K",
            "IQ2_XXS",
            "IQ2_XS",
            "Q2_K_S",
            "IQ3_XS",
            "IQ3_XXS",
            "IQ1_S",
            "IQ4_NL",
            "IQ3_S",
            "IQ3_M",
            "IQ2_S",
            "IQ2_M",
            "IQ4_XS",
            "IQ1_M",
            "BF16",
            "",
            "",
            "",
            "TQ1_0",
            "TQ2_0",
            "MXFP4_MOE");

    private ModelHeaders() {}

    /**
     * @param file a header
     * @param vocabOnly whether only the vocabulary is to be loaded
     * @return what it tells
     */
    static ModelHeader read(GgufFile file, boolean vocabOnly) {
        return new ModelHeader(
                file.path().toString(),
                file.architecture(),
                file.text("general.name").orElse(null),
                file.tensors().values().stream().mapToLong(GgufTensor::elements).sum(),
                quantization(file),
                file.tensorBytes(),
                file.fileBytes(),
                file.parameter("context_length").orElse(0),
                file.parameter("embedding_length").orElse(0),
                file.parameter("block_count").orElse(0),
                file.array("tokenizer.ggml.tokens").map(GgufValue.Array::count).orElse(0L),
                file.text("tokenizer.chat_template")
                        .filter(template -> !template.isBlank())
                        .orElse(null),
                ModelTraits.of(file, vocabOnly).capabilities());
    }

    private static @Nullable String quantization(GgufFile file) {
        long number = file.integer("general.file_type").orElse(-1);
        if (number >= 0
                && number < FILE_TYPES.size()
                && !FILE_TYPES.get((int) number).isEmpty()) {
            return FILE_TYPES.get((int) number);
        }
        Map<GgmlType, Long> bytes = new EnumMap<>(GgmlType.class);
        file.tensors().values().forEach(tensor -> bytes.merge(tensor.type(), tensor.bytes(), Long::sum));
        return bytes.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(most -> most.getKey().name().toUpperCase(Locale.ROOT))
                .orElse(null);
    }
}
