package io.llamanode.remote.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SamplerOptions;
import io.llamanode.service.contract.task.StructureOptions;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OptionTableTest {
    private static final Path ROOT = Path.of(System.getProperty("llamanode.root", ".."));

    /** Two components say one option twice: {@code randomSeed}, and {@code samplers}, which stands for all of its own. */
    @Test
    void everyOptionOfTheApiHasARow() {
        long options = Stream.of(GenerationOptions.class, SamplerOptions.class, StructureOptions.class)
                .flatMap(type -> Stream.of(type.getRecordComponents()))
                .map(RecordComponent::getName)
                .filter(name -> !name.equals("randomSeed") && !name.equals("extra"))
                .count();
        assertEquals(options - 2, OptionTable.ROWS.size());
    }

    @Test
    void theDocumentHasTheTable() throws IOException {
        String table = OptionTable.markdown();
        String document = Files.readString(ROOT.resolve("docs/remote.md"));
        Path expected = Files.createDirectories(Path.of("target")).resolve("option-table.md");
        Files.writeString(expected, table);
        assertTrue(
                document.contains(table),
                "docs/remote.md lacks the table, which stands in " + expected.toAbsolutePath());
    }
}
