package io.llamanode.node.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.llama.library.InstalledLibraries.Entry;
import io.llamanode.llama.library.InstalledLibraries.Kind;
import io.llamanode.llama.library.InstalledLibraries.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("process")
@Tag("native")
class LibraryProberTest {
    @TempDir
    private Path directory;

    /** What a process says is what another one has written to a file. */
    private LibraryProber saying(String script) {
        return new LibraryProber(
                name -> new ProcessBuilder("/bin/sh", "-c", script, "sh", name), Duration.ofSeconds(30));
    }

    private static Outcome only(LibraryProber.Report report) {
        return report.outcomes().values().iterator().next();
    }

    private LibraryProber.Report asked(String script) {
        return saying(script).ofStart(Optional.of(Path.of("/opt/llama")));
    }

    private Path said(String name) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        LibraryProber.load(name, bytes);
        return Files.write(directory.resolve("said"), bytes.toByteArray());
    }

    @Test
    void aLibraryThatLoadsIsToldWithItsVersion() throws IOException {
        LibraryProber.Report report = asked("cat " + said("embedded"));
        assertTrue(
                only(report) instanceof Outcome.Usable usable
                        && usable.version().equals("b4916"),
                report.toString());
        assertEquals(new Entry(Kind.NAMED, "/opt/llama"), report.choice().entry());
        assertEquals("asked for by llama_lib", report.choice().why());
    }

    @Test
    void aLibraryThatIsRefusedHasItsReason() throws IOException {
        Path empty = Files.createDirectory(directory.resolve("empty"));
        LibraryProber.Report report = asked("cat " + said(empty.toString()));
        assertEquals(new Outcome.Refused("There is no libllama in " + empty), only(report));
        assertNull(report.choice().entry());
        assertEquals(
                "llama_lib: /opt/llama: There is no libllama in " + empty,
                report.choice().why());
        Path none = directory.resolve("none");
        assertEquals(new Outcome.Absent("There is no file " + none), only(asked("cat " + said(none.toString()))));
    }

    /** Nothing of it reaches this process. */
    @Test
    void aLibraryThatAbortsEndsItsProcessAlone() {
        assertEquals(
                new Outcome.Refused(
                        "/opt/llama: loading it ends the process: signal 6 (SIGABRT), and it said last: GGML_ASSERT(x)"),
                only(asked("echo 'GGML_ASSERT(x)' >&2; ulimit -c 0; kill -ABRT $$")));
    }

    /** What a process says that does not end well may be anything. */
    @Test
    void aProcessThatEndsBadlyIsNotBelieved() throws IOException {
        Path said = said("embedded");
        assertEquals(
                new Outcome.Refused("/opt/llama: loading it ends the process: exit status 9"),
                only(asked("cat " + said + "; exit 9")));
        assertEquals(
                new Outcome.Refused("/opt/llama: loading it ends the process: exit status 0"),
                only(asked("head -c 3 " + said)));
    }

    @Test
    void aLibraryThatDoesNotGetOnIsGivenUp() {
        LibraryProber prober = new LibraryProber(
                name -> new ProcessBuilder("/bin/sh", "-c", "exec sleep 1000"), Duration.ofMillis(50));
        assertEquals(
                new Outcome.Refused("/opt/llama: loading it takes longer than 50 ms"),
                only(prober.ofStart(Optional.of(Path.of("/opt/llama")))));
    }

    @Test
    void withoutAProcessThereIsAReason() {
        LibraryProber prober = new LibraryProber(name -> new ProcessBuilder("/nowhere/java"), Duration.ofSeconds(1));
        assertTrue(only(prober.ofStart(Optional.of(Path.of("/opt/llama")))) instanceof Outcome.Refused(String reason)
                && reason.startsWith("the process that is to try it cannot be started: "));
    }

    /** The one in the jar is loaded by the start itself, where nothing else can be. */
    @Test
    void aStartLooksAtTheEmbeddedOneLast() throws IOException {
        Path embedded = said("embedded");
        Path none = Files.move(said("/nowhere"), directory.resolve("none"));
        embedded = said("embedded");
        String script = "case $1 in embedded) cat " + embedded + ";; *) cat " + none + ";; esac";
        LibraryProber.Report report = saying(script).ofStart(Optional.of(Path.of("auto")));
        assertEquals(new Entry(Kind.EMBEDDED, "embedded"), report.choice().entry());
        assertEquals("the newest that was found", report.choice().why());
        LibraryProber.Report all = saying(script).all(Optional.of(Path.of("auto")));
        assertEquals(1, all.outcomes().size(), "what is not there is not told");
    }
}
