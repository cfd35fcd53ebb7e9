package io.llamanode.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileKindTest {
    @TempDir
    Path directory;

    private void is(String expected, Path path) {
        assertEquals(Optional.of(expected), FileKind.notAFile(path));
    }

    @Test
    void aFileAndALinkToItAreFiles() throws IOException {
        Path file = Files.writeString(directory.resolve("a.gguf"), "x");
        assertEquals(Optional.empty(), FileKind.notAFile(file));
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        assertEquals(Optional.empty(), FileKind.notAFile(link));
    }

    @Test
    void aDirectoryIsNamed() {
        is(directory + " is a directory; give a file in it", directory);
        is("/ is a directory; give a file in it", Path.of("/"));
    }

    /** Whoever opens one waits for somebody to write, and so would a load. */
    @Test
    void aNamedPipeIsNamedAndNotOpened() throws Exception {
        Path pipe = directory.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "there is no mkfifo");
        is(pipe + " is a named pipe", pipe);
        assertEquals(
                pipe + " is a named pipe",
                assertThrows(GgufException.class, () -> GgufFile.read(pipe)).getMessage());
    }

    @Test
    void aDeviceIsNamed() {
        Path device = Path.of("/dev/zero");
        assumeTrue(Files.exists(device), "there is no /dev/zero");
        is("/dev/zero is a device", device);
    }

    @Test
    void aSocketIsNamed() throws IOException {
        Path socket = directory.resolve("s");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            is(socket + " is a socket", socket);
        }
    }

    @Test
    void whatIsNotThereIsToldApart() throws IOException {
        Path missing = directory.resolve("missing");
        is("there is no file " + missing, missing);
        Path link = Files.createSymbolicLink(directory.resolve("dangling"), missing);
        is(link + " is a link to a file that is not there", link);
        Path loop = directory.resolve("loop");
        Files.createSymbolicLink(loop, loop);
        String wrong = FileKind.notAFile(loop).orElseThrow();
        assertTrue(wrong.startsWith("there is no file " + loop + ": Too many levels of symbolic links"), wrong);
        Path below = Files.writeString(directory.resolve("file"), "").resolve("below");
        is("there is no file " + below, below);
    }

    @Test
    void whatMayNotBeReadIsNamed() throws IOException {
        Path file = Files.writeString(directory.resolve("a.gguf"), "x");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isReadable(file), "the user of the test reads everything");
        is(file + " may not be read by this user", file);
    }
}
