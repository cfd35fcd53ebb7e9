package io.llamanode.service.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.model.ModelHeader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelHeadersTest {
    @TempDir
    private Path directory;

    private GgufWriter writer = new GgufWriter().text("general.architecture", "llama");

    private ModelHeader header() {
        return ModelHeaders.read(GgufFile.read(writer.write(directory.resolve("m.gguf"))), false);
    }

    private void tensor(String name, GgmlType type, long elements) {
        byte[] bytes = new byte[(int) type.rowBytes(elements)];
        writer.tensor(name, type, new long[] {elements}, out -> out.write(bytes));
    }

    @Test
    void aHeaderTellsWhatAModelIs() throws Exception {
        writer.text("general.name", "Tiny")
                .uint32("llama.context_length", 512)
                .uint32("llama.embedding_length", 64)
                .uint32("llama.block_count", 2)
                .texts("tokenizer.ggml.tokens", List.of("a", "b", "c"))
                .text("tokenizer.chat_template", "{{ x }}");
        tensor("a", GgmlType.F32, 5);
        tensor("b", GgmlType.F16, 7);
        Path path = directory.resolve("m.gguf");
        ModelHeader header = header();
        assertEquals(
                new ModelHeader(
                        path.toString(),
                        "llama",
                        "Tiny",
                        12,
                        "F32",
                        20 + 14,
                        Files.size(path),
                        512,
                        64,
                        2,
                        3,
                        "{{ x }}",
                        Set.of(Capability.COMPLETION, Capability.CHAT, Capability.EMBEDDING)),
                header);
    }

    @Test
    void whatAFileDoesNotTellIsNothing() {
        writer.text("tokenizer.chat_template", " ");
        ModelHeader header = header();
        assertNull(header.name());
        assertNull(header.chatTemplate(), "a blank template is none");
        assertNull(header.quantization());
        assertEquals(0, header.nCtxTrain() + header.nEmbd() + header.nLayer() + header.nVocab() + header.nParams());
    }

    @ParameterizedTest
    @CsvSource({"0, F32", "7, Q8_0", "15, Q4_K_M", "24, IQ1_S", "32, BF16", "36, TQ1_0", "38, MXFP4_MOE"})
    void theTypeOfAFileHasItsName(int number, String name) {
        tensor("a", GgmlType.F16, 1);
        writer.uint32("general.file_type", number);
        assertEquals(name, header().quantization());
    }

    /** Of a file whose type has no name, or none that is known. */
    @ParameterizedTest
    @CsvSource({"4", "33", "39", "-1", "5000"})
    void elseTheTypeOfMostBytesIsTold(int number) {
        tensor("a", GgmlType.F32, 2);
        tensor("b", GgmlType.F16, 3);
        tensor("c", GgmlType.F16, 2);
        tensor("d", GgmlType.Q8_0, 32);
        writer.uint32("general.file_type", number);
        assertEquals("Q8_0", header().quantization());
    }

    @Test
    void bytesOfAllTensorsOfATypeCountTogether() {
        tensor("a", GgmlType.F32, 2);
        tensor("b", GgmlType.F16, 3);
        tensor("c", GgmlType.F16, 2);
        assertEquals("F16", header().quantization());
    }
}
