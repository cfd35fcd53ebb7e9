package io.llamanode.llama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LlamaLibraryTest {

    @Test
    void tellsWhatItIs() {
        LlamaLibrary library = LlamaLibrary.open();
        assertSame(library, LlamaLibrary.open());
        assertEquals("llama.cpp", library.name());
        assertEquals("b4916", library.version());
        assertTrue(library.systemInfo().contains("CPU"), library.systemInfo());
    }

    @Test
    void leavesNoFileBehind() throws IOException {
        LlamaLibrary.open();
        assertTrue(Files.readString(Path.of("/proc/self/maps")).contains("libjllama.so (deleted)"));
        for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
            if (line.contains("libjllama.so")) {
                String path = line.substring(line.indexOf('/')).replace(" (deleted)", "");
                assertFalse(Files.exists(Path.of(path).getParent()), path);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, /de/kherud/llama/Linux/x86_64/libjllama.so",
        "Linux, aarch64, /de/kherud/llama/Linux/aarch64/libjllama.so",
        "Mac OS X, aarch64, /de/kherud/llama/Mac/aarch64/libjllama.dylib",
        "Mac OS X, x86_64, /de/kherud/llama/Mac/x86_64/libjllama.dylib"
    })
    void everySupportedPlatformHasItsLibrary(String os, String arch, String resource) {
        assertEquals(resource, LibraryFile.resource(os, arch));
        assertTrue(LlamaLibrary.class.getResource(resource) != null);
    }

    @Test
    void aPlatformWithoutALibraryIsTold() {
        String resource = LibraryFile.resource("Linux", "riscv64");
        LibraryException e = assertThrows(LibraryException.class, () -> LibraryFile.load(resource));
        assertTrue(e.getMessage().contains("riscv64"), e.getMessage());
    }

    @Test
    void aLibraryWithOtherStructsIsRefused() {
        StructTable table = Generation.B4916.contextParams();
        Map<String, StructTable.Field> shifted = new LinkedHashMap<>(table.fields());
        shifted.put("n_seq_max", StructTable.integer(8, 1));
        Generation other = new Generation(
                "b9999", Generation.B4916.modelParams(), new StructTable(table.name(), table.bytes(), shifted),
                Generation.B4916.memory());
        LibraryException e =
                assertThrows(LibraryException.class, () -> LlamaLibrary.open().checkDefaults(other));
        assertTrue(e.getMessage().contains("b9999"), e.getMessage());
        assertTrue(e.getMessage().contains("llama_context_params.n_seq_max is 512 instead of 1"), e.getMessage());
    }

    private static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    @Test
    void piecesOfTheLogBecomeWholeLines() {
        List<String> lines = new ArrayList<>();
        LogLines log = new LogLines((level, line) -> lines.add(level + ":" + line));
        log.append(LogLines.INFO, "loading ");
        log.append(LogLines.CONTINUATION, "..");
        log.append(LogLines.CONTINUATION, ".\nnext\n\nhalf");
        log.append(LogLines.WARN, "careful\n");
        log.append(LogLines.CONTINUATION, "more\n");
        String bytes = bytes("\uD83E\uDD99\n");
        log.append(LogLines.ERROR, bytes.substring(0, 2));
        log.append(LogLines.ERROR, bytes.substring(2));
        assertEquals(
                List.of("2:loading ...", "2:next", "2:half", "3:careful", "3:more", "4:\uD83E\uDD99"), lines);
    }

    @Test
    void anEndlessLineIsCut() {
        List<String> lines = new ArrayList<>();
        LogLines log = new LogLines((level, line) -> lines.add(line));
        for (int i = 0; i < 100; i++) {
            log.append(LogLines.CONTINUATION, "x".repeat(1000));
        }
        assertTrue(lines.size() >= 5, lines.size() + " lines");
    }
}
