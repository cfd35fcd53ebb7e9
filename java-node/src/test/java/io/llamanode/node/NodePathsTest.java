package io.llamanode.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.llamanode.service.contract.FailureException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class NodePathsTest {
    @TempDir
    Path directory;

    private static NodePaths of(String runDir, String log, Map<String, String> environment) throws ExitException {
        return NodePaths.of("n@h", runDir, log, environment);
    }

    @Test
    void filesAreNamedAfterTheNode() throws Exception {
        NodePaths paths = of("/run/x", null, Map.of());
        assertEquals(Path.of("/run/x/n@h.pid"), paths.pid());
        assertEquals(Path.of("/run/x/n@h.sock"), paths.socket());
        assertEquals(Path.of("/run/x/n@h.log"), paths.log());
        assertEquals(Path.of("/var/log/l"), of("/run/x", "/var/log/l", Map.of()).log());
    }

    @Test
    void theDirectoryHasItsRank() throws Exception {
        Map<String, String> both = Map.of("RUNTIME_DIRECTORY", "/run/a:/run/b", "XDG_RUNTIME_DIR", "/run/user/1");
        assertEquals(Path.of("/given"), of("/given", null, both).directory());
        assertEquals(Path.of("/run/a"), of(null, null, both).directory());
        Map<String, String> login = Map.of("RUNTIME_DIRECTORY", "", "XDG_RUNTIME_DIR", "/run/user/1");
        assertEquals(Path.of("/run/user/1/llama-node"), of(null, null, login).directory());
        Path own = Path.of("/tmp/llama-node-" + System.getProperty("user.name"));
        assertEquals(own, of(null, null, Map.of("XDG_RUNTIME_DIR", "")).directory());
        assertEquals(own, of(null, null, Map.of()).directory());
    }

    @Test
    void aNameCannotLeadElsewhere() {
        ExitException refused =
                assertThrows(ExitException.class, () -> NodePaths.of("../n@h", "/run/x", null, Map.of()));
        assertEquals(ExitStatus.CONFIG, refused.status());
        assertEquals("node_name must not hold a /", refused.getMessage());
    }

    @Test
    void nodesAreFoundByTheirSockets() throws Exception {
        for (String name :
                List.of("b@h.sock", "a@h.sock", "a@h.sock.lock", "a@h.pid", "bridge.sock", "@h.sock", "x@y")) {
            Files.createFile(directory.resolve(name));
        }
        assertEquals(
                List.of("a@h", "b@h"),
                NodePaths.in(directory).stream().map(NodePaths::nodeName).toList());
        assertEquals(
                directory.resolve("a@h.sock"),
                NodePaths.in(directory).getFirst().socket());
        assertEquals(List.of(), NodePaths.in(directory.resolve("none")));
    }

    @Test
    void theDirectoryIsMadeForItsOwnerOnly() throws Exception {
        NodePaths paths = of(directory.resolve("a/b").toString(), null, Map.of());
        paths.create();
        paths.create();
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(paths.directory())));
        try (var left = Files.list(paths.directory())) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void aFileIsNoDirectory() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        ExitException refused = assertThrows(
                ExitException.class, () -> of(file.toString(), null, Map.of()).create());
        assertEquals(ExitStatus.CONFIG, refused.status());
        assertTrue(refused.getMessage().startsWith("run_dir: " + file + " cannot be used"), refused.getMessage());
    }

    /** Only root can give a directory away. */
    @Test
    void aDirectoryOfSomebodyElseIsRefused() throws Exception {
        Path theirs = Files.createDirectory(directory.resolve("theirs"));
        assumeTrue(Files.getAttribute(theirs, "unix:uid").equals(0));
        Files.setAttribute(theirs, "unix:uid", 65534);
        ExitException refused = assertThrows(
                ExitException.class, () -> of(theirs.toString(), null, Map.of()).create());
        assertEquals(ExitStatus.CONFIG, refused.status());
        assertEquals("run_dir: " + theirs + " belongs to another user", refused.getMessage());
    }

    @Test
    void theLockIsWaitedFor() throws Exception {
        NodePaths paths = of(directory.toString(), null, Map.of());
        assertThrows(IOException.class, () -> paths.awaitUnlocked(1));
        Path lock = directory.resolve("n@h.sock.lock");
        Files.createFile(lock);
        assertTrue(paths.awaitUnlocked(60_000));
        // Taken by this very process, which is as good as by another one: it cannot be had.
        try (FileChannel held = FileChannel.open(lock, StandardOpenOption.WRITE)) {
            assertTrue(held.lock().isValid());
            assertThrows(IOException.class, () -> paths.awaitUnlocked(60_000));
        }
    }

    @Test
    void aRefusedConfigurationKeepsItsMessage() {
        ExitException refused = ExitException.config(FailureException.invalid("port must be a number"));
        assertEquals(ExitStatus.CONFIG, refused.status());
        assertEquals("port must be a number", refused.getMessage());
        assertEquals("null", new ExitException(ExitStatus.FAILED, null).getMessage());
    }

    @Test
    void onlyStatusesOfTheirOwn() {
        // The virtual machine's own number for a full heap, which only nodes end with, is one that only commands end
        // with.
        assertEquals(ExitStatus.NOT_RUNNING.number(), ExitStatus.HEAP.number());
        List<ExitStatus> others = Stream.of(ExitStatus.values())
                .filter(status -> status != ExitStatus.HEAP)
                .toList();
        assertEquals(
                others.size(),
                others.stream().map(ExitStatus::number).distinct().count());
    }
}
