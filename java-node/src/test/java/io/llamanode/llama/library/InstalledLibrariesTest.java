package io.llamanode.llama.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.llamanode.llama.library.InstalledLibraries.Choice;
import io.llamanode.llama.library.InstalledLibraries.Entry;
import io.llamanode.llama.library.InstalledLibraries.Kind;
import io.llamanode.llama.library.InstalledLibraries.Outcome;
import io.llamanode.llama.library.LibraryLocations.Location;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstalledLibrariesTest {
    private static final Entry SYSTEM = new Entry(Kind.SYSTEM, "system");
    private static final Entry EMBEDDED = new Entry(Kind.EMBEDDED, "embedded");

    @TempDir
    private Path home;

    private Entry ofNative;

    @BeforeEach
    void install() throws IOException {
        String platform = LibraryLocations.platform(System.getProperty("os.name"), System.getProperty("os.arch"));
        Path directory = Files.createDirectories(home.resolve("native").resolve(platform));
        ofNative = new Entry(Kind.NATIVE, directory.toString());
    }

    private InstalledLibraries installed(Location.Named named) {
        return InstalledLibraries.of(named, Optional.of(home));
    }

    private static Location.Named asked(String name) {
        return new Location.Named("llama_lib", LibraryLocations.of(Path.of(name)));
    }

    private static Outcome version(String version) {
        return new Outcome.Usable(version, "/x", "");
    }

    @Test
    void thePlacesAreThoseOfASearch() {
        assertEquals(List.of(ofNative, SYSTEM, EMBEDDED), installed(null).entries());
        assertEquals(
                List.of(SYSTEM, EMBEDDED),
                InstalledLibraries.of(null, Optional.empty()).entries());
    }

    @Test
    void whatIsAskedForIsOneMoreUnlessItIsThereAnyhow() {
        assertEquals(
                List.of(new Entry(Kind.NAMED, "/opt/llama"), ofNative, SYSTEM, EMBEDDED),
                installed(asked("/opt/llama")).entries());
        InstalledLibraries system = installed(asked("system"));
        assertEquals(List.of(ofNative, SYSTEM, EMBEDDED), system.entries());
        assertEquals(Optional.of(SYSTEM), system.named());
        assertEquals(Optional.of(ofNative), installed(asked(ofNative.name())).named());
    }

    @Test
    void theNewestOneThatLoadsIsTaken() {
        InstalledLibraries installed = installed(null);
        assertEquals(
                new Choice(SYSTEM, "the newest that was found"),
                installed.choose(
                        Map.of(ofNative, version("v0.5.0"), SYSTEM, version("v0.7.0"), EMBEDDED, version("b4916"))));
        assertEquals(
                new Choice(ofNative, "the newest that was found"),
                installed.choose(Map.of(
                        ofNative, version("v0.5.0"), SYSTEM, new Outcome.Absent("none"), EMBEDDED, version("b4916"))));
        assertEquals(
                new Choice(EMBEDDED, "the newest that can be used; passed over: it is cut off"),
                installed.choose(Map.of(
                        ofNative,
                        new Outcome.Refused("it is cut off"),
                        SYSTEM,
                        new Outcome.Absent("none"),
                        EMBEDDED,
                        version("b4916"))));
    }

    @Test
    void whatIsAskedForIsTakenOrNothing() {
        Map<Entry, Outcome> outcomes = Map.of(
                ofNative, version("v0.5.0"), SYSTEM, new Outcome.Absent("there is none"), EMBEDDED, version("b4916"));
        assertEquals(
                new Choice(EMBEDDED, "asked for by llama_lib"),
                installed(asked("embedded")).choose(outcomes));
        assertEquals(
                new Choice(null, "llama_lib: there is none"),
                installed(asked("system")).choose(outcomes));
    }

    @Test
    void withoutAnyThereIsNoChoice() {
        Choice none = installed(null).choose(Map.of(EMBEDDED, new Outcome.Refused("not for this platform")));
        assertNull(none.entry());
        assertEquals("there is no usable llama.cpp: not for this platform", none.why());
    }
}
