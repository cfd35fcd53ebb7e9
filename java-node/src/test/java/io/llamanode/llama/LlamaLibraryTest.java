package io.llamanode.llama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.llama.LibraryLocations.Location;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LlamaLibraryTest {

    @TempDir
    private Path directory;

    @Test
    void theEmbeddedOneTellsWhatItIs() {
        LlamaLibrary library = LlamaLibrary.embedded();
        assertSame(library, LlamaLibrary.embedded());
        assertEquals("llama.cpp", library.name());
        assertEquals("b4916", library.version());
        assertTrue(library.path().isEmpty());
        assertTrue(library.systemInfo().contains("CPU"), library.systemInfo());
        assertTrue(library.advice().contains("make native"), library.advice());
    }

    @Test
    void anInstalledOneTellsWhatItIs() {
        LlamaLibrary library = TestLibrary.V0_5.open();
        assertSame(library, LlamaLibrary.at(TestLibrary.installed()));
        assertTrue(library.version().startsWith("v0.5."), library.version());
        assertTrue(library.path().orElseThrow().startsWith(TestLibrary.installed()), library.path().toString());
        assertTrue(library.systemInfo().startsWith("libggml-cpu-"), library.systemInfo());
        assertTrue(library.systemInfo().contains("REPACK = 1"), library.systemInfo());
        assertEquals("", library.advice());
    }

    @Test
    void theProcessKeepsTheFirstChoice() {
        LlamaLibrary chosen = LlamaLibrary.open();
        assertSame(chosen, LlamaLibrary.open(Optional.of(directory)));
    }

    @Test
    void whatWasAskedForComesFirstAndTheEmbeddedOneLast() {
        List<Location> locations =
                LibraryLocations.all(Optional.of(Path.of("a")), Optional.of("b"), Optional.of("c"));
        assertEquals(new Location.Named("the argument", Path.of("a")), locations.get(0));
        assertEquals(new Location.Named("llamanode.llama.lib", Path.of("b")), locations.get(1));
        assertEquals(new Location.Named("LLAMA_NODE_LIB", Path.of("c")), locations.get(2));
        assertEquals(new Location.OfSystem("libllama.so"), locations.get(3));
        assertEquals(new Location.Embedded(), locations.getLast());
    }

    @Test
    void theEmbeddedOneCanBeAskedFor() {
        assertEquals(
                new Location.Embedded(),
                LibraryLocations.all(Optional.empty(), Optional.empty(), Optional.of("embedded")).getFirst());
    }

    @Test
    void aPlaceWithoutAUsableLibraryIsPassedOver() throws IOException {
        Path empty = Files.createDirectory(directory.resolve("empty"));
        Path text = Files.createDirectory(directory.resolve("text"));
        Files.writeString(text.resolve("libllama.so"), "This is a text.");
        assertRefused(directory.resolve("absent"), "There is no file");
        assertRefused(empty, "There is no libllama in");
        assertRefused(text, "cannot be loaded");
        assertSame(
                LlamaLibrary.embedded(),
                LlamaLibrary.firstUsable(List.of(
                        new Location.Named("a test", directory.resolve("absent")),
                        new Location.Named("a test", empty),
                        new Location.Installed(text),
                        new Location.OfSystem("libno-such-llama.so"),
                        new Location.Embedded())));
        LibraryException e = assertThrows(
                LibraryException.class, () -> LlamaLibrary.firstUsable(List.of(new Location.Installed(empty))));
        assertTrue(e.getMessage().contains("There is no usable llama.cpp"), e.getMessage());
    }

    @Test
    void anotherLibraryThanLlamaCppIsRefused() throws IOException {
        Path foreign = directory.resolve("libllama.so");
        Files.copy(Path.of(System.getProperty("java.home"), "lib", "libzip.so"), foreign);
        assertRefused(foreign, "does not tell its version; known are llama.cpp v0.5 and b4916");
    }

    /** The release 0.5 with the number of another one patched in. */
    @Test
    void anUnknownReleaseIsRefusedByName() throws IOException {
        Path patched = installation("0.5.0", "0.9.0");
        assertRefused(patched, "is llama.cpp v0.9.0");
        assertRefused(patched, "known are v0.5 and b4916");
    }

    /** In a process of its own, since the loader gives a copy of a library the dependencies that are loaded already. */
    @Test
    void aLibraryWithoutABackendForTheProcessorIsRefused() throws IOException, InterruptedException {
        Path bare = installation("0.5.0", "0.5.0");
        try (Stream<Path> files = Files.list(bare)) {
            for (Path file : files.filter(f -> f.toString().contains("libggml-cpu")).toList()) {
                Files.delete(file);
            }
        }
        String output = open(bare);
        assertTrue(output.contains("There is no backend (libggml-cpu*) for this processor in " + bare), output);
        assertTrue(output.contains("opened b4916"), output);
    }

    @Test
    void aNewProcessTakesTheLibraryItIsPointedAt() throws IOException, InterruptedException {
        TestLibrary.V0_5.open();
        String output = open(TestLibrary.installed());
        assertTrue(output.contains("opened v0.5."), output);
        assertTrue(output.contains("root ::="), output);
    }

    private static String open(Path location) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        "-D" + LibraryLocations.PROPERTY + "=" + location,
                        Opener.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    /** Opens the library of its process and uses the converter of schemas, which only the embedded one has. */
    static final class Opener {
        public static void main(String[] args) {
            System.out.println("opened " + LlamaLibrary.open().version());
            System.out.println(JsonSchemaGrammar.convert("{\"type\": \"integer\"}"));
        }
    }

    private Path installation(String version, String patch) throws IOException {
        TestLibrary.V0_5.open();
        Path copy = Files.createDirectory(directory.resolve("copy" + patch));
        try (Stream<Path> files = Files.list(TestLibrary.installed())) {
            for (Path file : files.filter(f -> f.toString().endsWith(".so")).toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        try (Stream<Path> files = Files.list(copy)) {
            Path library = files.filter(f -> f.getFileName().toString().matches("libllama\\.v.*")).findFirst()
                    .orElseThrow();
            String bytes = Files.readString(library, StandardCharsets.ISO_8859_1);
            Files.writeString(
                    library, bytes.replace("\0" + version, "\0" + patch), StandardCharsets.ISO_8859_1);
        }
        return copy;
    }

    private static void assertRefused(Path location, String reason) {
        LibraryException e = assertThrows(LibraryException.class, () -> LlamaLibrary.at(location));
        assertTrue(e.getMessage().contains(reason), e.getMessage());
    }

    @Test
    void leavesNoFileBehind() throws IOException {
        LlamaLibrary.embedded();
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

    /** Each generation's library read by the tables of the other one: what a release with other structs looks like. */
    @ParameterizedTest
    @EnumSource(TestLibrary.class)
    void aLibraryWithOtherStructsIsRefused(TestLibrary tested) {
        LlamaLibrary library = tested.open();
        Generation other = Generation.KNOWN.stream()
                .filter(generation -> generation != library.generation)
                .findFirst()
                .orElseThrow();
        LibraryException e = assertThrows(LibraryException.class, () -> library.checkDefaults(other));
        assertTrue(e.getMessage().contains(library.version()), e.getMessage());
        assertTrue(e.getMessage().contains(other.name()), e.getMessage());
        assertTrue(e.getMessage().contains("llama_model_params.split_mode is 0 instead of 1"), e.getMessage());
        boolean larger = library.generation == Generation.V0_5;
        assertEquals(larger, e.getMessage().contains("llama_model_params has more than 64 bytes"), e.getMessage());
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
