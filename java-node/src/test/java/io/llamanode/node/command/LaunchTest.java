package io.llamanode.node.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import io.llamanode.node.NodePaths;
import io.llamanode.node.probe.FileProber;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Starts in the background, of scripts in place of the launcher. */
@Timeout(120)
@Tag("process")
final class LaunchTest {
    @TempDir
    Path directory;

    private NodePaths paths;

    @BeforeEach
    void place() throws Exception {
        paths = NodePaths.of("n@h", directory.resolve("run").toString(), null, Map.of());
    }

    @AfterEach
    void forgetTheLauncher() {
        System.clearProperty(FileProber.LAUNCHER);
    }

    private void launcher(String script) throws Exception {
        Path launcher = Files.writeString(directory.resolve("launcher"), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwx------"));
        System.setProperty(FileProber.LAUNCHER, launcher.toString());
    }

    private String refused(ExitStatus status) {
        ExitException refused = assertThrows(ExitException.class, () -> Launch.start(paths, List.of()));
        assertEquals(status, refused.status(), refused.getMessage());
        return refused.getMessage();
    }

    @Test
    void theFirstLineOfTheNodeIsThatItIsReady() throws Exception {
        launcher("echo \"n@h is ready: $*\"; echo noise >&2; echo more");
        Path log = directory.resolve("run/n@h.log");
        assertEquals("n@h is ready: foreground --port 1, log " + log, Launch.start(paths, List.of("--port", "1")));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(log)));
    }

    @Test
    void aNodeThatEndsHasTheLastWordOfItsOwn() throws Exception {
        launcher("echo 'llama-node: first' >&2; echo 'llama-node: the port is taken' >&2; echo noise >&2; exit 73");
        paths.create();
        Files.writeString(paths.log(), "of an earlier start\n");
        assertEquals("the port is taken", refused(ExitStatus.TAKEN));
        assertEquals(
                List.of("of an earlier start", "llama-node: first", "llama-node: the port is taken", "noise"),
                Files.readAllLines(paths.log()));
    }

    @Test
    void whatAnEarlierStartSaidIsNotToldAgain() throws Exception {
        paths.create();
        Files.writeString(paths.log(), "llama-node: old\n");
        launcher("exit 99");
        assertEquals("the node ended with exit status 99; see " + paths.log(), refused(ExitStatus.FAILED));
    }

    @Test
    void aNodeThatSaysNothingHasFailedWhateverItsStatus() throws Exception {
        launcher("exit 0");
        assertEquals("the node ended with exit status 0; see " + paths.log(), refused(ExitStatus.FAILED));
    }
}
