package io.llamanode.llama.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.llama.LibraryException;
import io.llamanode.llama.functions.ReleaseApi;
import io.llamanode.llama.library.LibraryLocations.Location;
import io.llamanode.llama.library.LibraryLocations.Place;
import io.llamanode.llama.sampler.JsonSchemaGrammar;
import java.io.IOException;
import java.lang.module.ModuleDescriptor.Version;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("native")
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
    void anInstalledOneTellsWhatItIs() throws IOException {
        LlamaLibrary library = TestLibrary.V0_5.open();
        assertSame(library, LlamaLibrary.at(TestLibrary.installed()));
        assertTrue(library.version().startsWith("v0.5."), library.version());
        Path file = library.path().orElseThrow();
        assertTrue(file.toRealPath().startsWith(TestLibrary.installed().toRealPath()), file.toString());
        assertTrue(library.systemInfo().startsWith("libggml-cpu-"), library.systemInfo());
        assertTrue(library.systemInfo().contains("REPACK = 1"), library.systemInfo());
        assertTrue(library.advice().contains("v0.7"), library.advice());
    }

    @Test
    void thatOfTheSystemTellsWhatItIs() {
        LlamaLibrary library = TestLibrary.OF_SYSTEM.open();
        assertSame(library, TestLibrary.OF_SYSTEM.open());
        assertTrue(library.version().startsWith("v0."), library.version());
        Path file = library.path().orElseThrow();
        assertTrue(file.getFileName().toString().startsWith("libllama.so"), file.toString());
        assertTrue(library.systemInfo().contains("libggml-cpu"), library.systemInfo());
        assertEquals(library.generation == ReleaseApi.V0_7, library.advice().isEmpty(), library.advice());
        assertSame(library, LlamaLibrary.at(file.getParent()));
        assertTrue(LlamaLibrary.find(Path.of("system")).contains("libllama.so"));
    }

    @Test
    void theProcessKeepsTheFirstChoice() {
        LlamaLibrary chosen = LlamaLibrary.open();
        assertSame(chosen, LlamaLibrary.open(Optional.of(directory)));
    }

    /** Nothing else is a place to look at then. */
    @Test
    void theFirstOneWhoAsksForALibraryDecidesAlone() {
        assertEquals(
                Optional.of(new Location.Named("llama_lib", new Place.At(Path.of("a")))),
                LibraryLocations.named(Optional.of(Path.of("a")), Optional.of("b"), Optional.of("c")));
        assertEquals(
                Optional.of(new Location.Named("llamanode.llama.lib", new Place.At(Path.of("b")))),
                LibraryLocations.named(Optional.empty(), Optional.of("b"), Optional.of("c")));
        assertEquals(
                Optional.of(new Location.Named("LLAMA_NODE_LIB", new Place.At(Path.of("c")))),
                LibraryLocations.named(Optional.empty(), Optional.empty(), Optional.of("c")));
        assertEquals(Optional.empty(), LibraryLocations.named(Optional.empty(), Optional.empty(), Optional.empty()));
    }

    /** Over the environment, too, which may name one. */
    @Test
    void autoAsksForNone() {
        assertEquals(
                Optional.empty(),
                LibraryLocations.named(Optional.of(Path.of("auto")), Optional.of("b"), Optional.of("c")));
    }

    @Test
    void theEmbeddedOneAndThatOfTheSystemCanBeAskedFor() {
        assertEquals(
                Optional.of(new Location.Named(
                        "llamanode.llama.lib", new Place.OfSystem(List.of("libllama.so", "libllama.so.0")))),
                LibraryLocations.named(Optional.empty(), Optional.of("system"), Optional.empty()));
        assertEquals(
                Optional.of(new Location.Named("LLAMA_NODE_LIB", new Place.Embedded())),
                LibraryLocations.named(Optional.empty(), Optional.empty(), Optional.of("embedded")));
        assertEquals("the jar", LlamaLibrary.find(Path.of("embedded")));
    }

    @Test
    void thatOfTheInstallationIsWhereTheLauncherSaysThatItIs(@TempDir Path home) throws Exception {
        Place system = new Place.OfSystem(List.of("libllama.so", "libllama.so.0"));
        assertEquals(List.of(system, new Place.Embedded()), installed(home));
        String platform = LibraryLocations.platform(System.getProperty("os.name"), System.getProperty("os.arch"));
        Path directory = Files.createDirectories(home.resolve("native").resolve(platform));
        assertEquals(
                List.of(new Location.Newest(List.of(new Place.At(directory), system)), new Place.Embedded()),
                installed(home));
    }

    private static List<Location> installed(Path home) {
        return LibraryLocations.unnamed(Optional.of(home));
    }

    @Test
    void theNewestReleaseComesFirst() {
        Place old = new Place.At(Path.of("old"));
        Place current = new Place.OfSystem(List.of("current"));
        Place newest = new Place.At(Path.of("newest"));
        Place none = new Place.At(Path.of("none"));
        Map<Place, Version> releases =
                Map.of(old, Version.parse("0.5.0"), current, Version.parse("0.7.2"), newest, Version.parse("0.10.0"));
        assertEquals(
                List.of(newest, current, old, none),
                LibraryLocations.newestFirst(
                        List.of(none, old, current, newest), place -> Optional.ofNullable(releases.get(place))));
        assertEquals(
                List.of(current, old, newest),
                LibraryLocations.newestFirst(List.of(current, old, newest), place -> Optional.empty()));
    }

    /** The release of each is read off the library itself. */
    @Test
    void theNewestOfSeveralPlacesIsTaken() throws IOException {
        Place older = new Place.At(TestLibrary.installed());
        Place newer = new Place.At(installation("0.5.0", "0.5.1"));
        Place none = new Place.At(directory.resolve("absent"));
        LibrarySearch.Choice chosen = LibrarySearch.choose(List.of(new Location.Newest(List.of(none, older, newer))));
        assertTrue(
                chosen.library().version().startsWith("v0.5.1"),
                chosen.library().version());
        assertEquals("the newest that was found", chosen.why());
    }

    @Test
    void aPlaceWithoutAUsableLibraryIsPassedOver() throws IOException {
        Path empty = Files.createDirectory(directory.resolve("empty"));
        Path text = Files.createDirectory(directory.resolve("text"));
        Files.writeString(text.resolve("libllama.so"), "This is a text.");
        assertRefused(directory.resolve("absent"), "There is no file");
        assertRefused(empty, "There is no libllama in");
        assertRefused(text, "cannot be loaded");
        LibrarySearch.Choice choice = LibrarySearch.choose(List.of(
                new Location.Newest(List.of(new Place.At(empty), new Place.At(text))),
                new Place.OfSystem(List.of("libno-such-llama.so")),
                new Place.Embedded()));
        assertSame(LlamaLibrary.embedded(), choice.library());
        assertTrue(
                choice.why().startsWith("the newest that can be used; passed over: There is no libllama in "),
                choice.why());
        assertTrue(
                choice.why().contains(text.resolve("libllama.so") + " cannot be loaded: it does not begin"),
                choice.why());
        assertFalse(choice.why().contains("libno-such-llama"), choice.why());
        LibraryException e = assertThrows(
                LibraryException.class,
                () -> LibrarySearch.choose(
                        List.of(new Place.At(empty), new Place.OfSystem(List.of("libno-such-llama.so")))));
        assertTrue(e.getMessage().contains("There is no usable llama.cpp: There is no libllama in"), e.getMessage());
        assertTrue(e.getMessage().contains("The operating system has no libno-such-llama.so"), e.getMessage());
    }

    /** However good the others are: whoever asked for it must hear of it. */
    @Test
    void whatWasAskedForAndCannotBeHadIsAnError() throws IOException {
        Path absent = directory.resolve("absent");
        assertEquals(
                "llama_lib: There is no file " + absent,
                refusal(new Location.Named("llama_lib", new Place.At(absent))));
        Path empty = Files.createDirectory(directory.resolve("empty"));
        assertEquals(
                "LLAMA_NODE_LIB: There is no libllama in " + empty,
                refusal(new Location.Named("LLAMA_NODE_LIB", new Place.At(empty))));
        assertEquals(
                "llama_lib: The operating system has no libno-such-llama.so that its loader finds",
                refusal(new Location.Named("llama_lib", new Place.OfSystem(List.of("libno-such-llama.so")))));
        assertEquals(
                "asked for by llama_lib",
                LibrarySearch.choose(List.of(new Location.Named("llama_lib", new Place.Embedded())))
                        .why());
    }

    private static String refusal(Location asked) {
        LibraryException e =
                assertThrows(LibraryException.class, () -> LibrarySearch.choose(List.of(asked, new Place.Embedded())));
        assertEquals(LibraryException.Kind.ASKED_FOR, e.kind());
        return e.getMessage();
    }

    /** The loader would end the process with SIGBUS. */
    @Test
    void aLibraryThatIsCutOffIsRefused() throws IOException {
        Path copy = installation("0.5.0", "0.5.0");
        Path library = Path.of(LlamaLibrary.find(copy));
        long size = Files.size(library);
        try (FileChannel channel = FileChannel.open(library, StandardOpenOption.WRITE)) {
            channel.truncate(size / 2);
        }
        assertRefused(copy, library + " cannot be loaded: it is cut off: it has " + size / 2 + " bytes of ");
    }

    /** So would one of those that it loads itself. */
    @Test
    void aLibraryWithABackendThatIsCutOffIsRefused() throws IOException {
        Path copy = installation("0.5.0", "0.5.0");
        try (FileChannel channel = FileChannel.open(copy.resolve("libggml-base.so"), StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 100);
        }
        assertRefused(copy, "libggml-base.so cannot be loaded: it is cut off");
    }

    @Test
    void aLibraryOfAnotherProcessorIsRefused() throws IOException {
        byte[] header = new byte[64];
        System.arraycopy(new byte[] {0x7f, 'E', 'L', 'F', 2, 1}, 0, header, 0, 6);
        header[18] = (byte) 243;
        Files.write(directory.resolve("libllama.so"), header);
        assertRefused(directory, "cannot be loaded: it is for processors of the kind riscv, and this one is ");
        Files.write(directory.resolve("libllama.so"), new byte[0]);
        assertRefused(directory, "cannot be loaded: it is empty");
    }

    /** In a process of its own, for the loader gives a copy what is loaded already. */
    @Test
    void theLoadersReasonIsTold() throws IOException, InterruptedException {
        Path copy = installation("0.5.0", "0.5.0");
        Files.delete(copy.resolve("libggml-base.so"));
        String output = open(copy, 1);
        assertTrue(output.contains("libggml-base.so: cannot open shared object file"), output);
    }

    @Test
    void anotherLibraryThanLlamaCppIsRefused() throws IOException {
        Path foreign = directory.resolve("libllama.so");
        Files.copy(Path.of(System.getProperty("java.home"), "lib", "libzip.so"), foreign);
        assertRefused(foreign, "does not tell its version; known are llama.cpp v0.7, v0.5 and b4916");
    }

    /** The release 0.5 with the number of another one patched in. */
    @Test
    void anUnknownReleaseIsRefusedByName() throws IOException {
        Path patched = installation("0.5.0", "0.9.0");
        assertRefused(patched, "is llama.cpp v0.9.0");
        assertRefused(patched, "known are v0.7, v0.5 and b4916");
        List<String> names = List.of("libno-such-llama.so", LlamaLibrary.find(patched));
        assertTrue(LibrarySearch.isThere(new Place.OfSystem(names)));
        LibraryException e = assertThrows(LibraryException.class, () -> LlamaLibrary.ofSystem(names));
        assertTrue(e.getMessage().contains("The operating system's library is llama.cpp v0.9.0"), e.getMessage());
    }

    /** The release 0.5 that says it is 0.7: the structs decide. */
    @Test
    void aReleaseWithTheStructsOfAnotherOneIsRefused() throws IOException {
        Path patched = installation("0.5.0", "0.7.0");
        assertRefused(patched, "has not the structs of v0.7");
        assertRefused(patched, "llama_context_params.");
    }

    /** In a process of its own, since the loader gives a copy of a library the dependencies that are loaded already. */
    @Test
    void aLibraryWithoutABackendForTheProcessorIsRefused() throws IOException, InterruptedException {
        Path bare = installation("0.5.0", "0.5.0");
        try (Stream<Path> files = Files.list(bare)) {
            for (Path file :
                    files.filter(f -> f.toString().contains("libggml-cpu")).toList()) {
                Files.delete(file);
            }
        }
        String output = open(bare, 1);
        assertTrue(
                output.contains(
                        "llamanode.llama.lib: There is no backend (libggml-cpu*) for this processor in " + bare),
                output);
        assertFalse(output.contains("opened "), output);
    }

    @Test
    void aNewProcessTakesTheLibraryItIsPointedAt() throws IOException, InterruptedException {
        TestLibrary.V0_5.open();
        String output = open(TestLibrary.installed(), 0);
        assertTrue(output.contains("opened v0.5."), output);
        assertTrue(output.contains("root ::="), output);
    }

    private static String open(Path location, int status) throws IOException, InterruptedException {
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
        assertEquals(status, process.waitFor(), output);
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
            Path library = files.filter(f -> f.getFileName().toString().matches("libllama\\.v.*"))
                    .findFirst()
                    .orElseThrow();
            String bytes = Files.readString(library, StandardCharsets.ISO_8859_1);
            Files.writeString(library, bytes.replace("\0" + version, "\0" + patch), StandardCharsets.ISO_8859_1);
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

    /** Each generation's library read by the tables of the others: what a release with other structs looks like. */
    @ParameterizedTest
    @EnumSource(TestLibrary.class)
    void aLibraryWithOtherStructsIsRefused(TestLibrary tested) {
        LlamaLibrary library = tested.open();
        for (ReleaseApi other : ReleaseApi.KNOWN) {
            if (other == library.generation) {
                library.checkDefaults(other);
                continue;
            }
            LibraryException e = assertThrows(LibraryException.class, () -> library.checkDefaults(other));
            assertTrue(e.getMessage().contains(library.version()), e.getMessage());
            assertTrue(e.getMessage().contains(other.name()), e.getMessage());
            if (other == ReleaseApi.B4916) {
                assertTrue(e.getMessage().contains("llama_model_params has more than 64 bytes"), e.getMessage());
            } else if (library.generation == ReleaseApi.B4916) {
                assertTrue(e.getMessage().contains("llama_model_params.split_mode is 0 instead of 1"), e.getMessage());
            } else {
                boolean larger = e.getMessage().contains("llama_context_params has more than 160 bytes");
                assertEquals(library.generation == ReleaseApi.V0_7, larger, e.getMessage());
            }
        }
    }
}
