package io.llamanode.transport.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Which files are replaced, and which are respected. */
@Timeout(30)
final class SocketFileTest {
    @TempDir
    Path directory;

    private Path path() {
        return directory.resolve("s.sock");
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void itBelongsToItsOwnerAndGoesWhenItIsClosed() throws Exception {
        try (SocketFile socket = SocketFile.listen(path());
                SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path()))) {
            assertEquals("rw-------", mode(path()));
            assertEquals("rw-------", mode(directory.resolve("s.sock.lock")));
            assertTrue(client.isConnected());
            socket.server().accept().close();
        }
        assertFalse(Files.exists(path()));
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(1, left.count());
        }
    }

    @Test
    void aStaleFileIsReplaced() throws Exception {
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(path()));
        }
        assertTrue(Files.exists(path()));
        try (SocketFile socket = SocketFile.listen(path());
                SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path()))) {
            assertTrue(client.isConnected() && socket.server().isOpen());
            assertEquals("rw-------", mode(path()));
        }
    }

    @Test
    void aLiveSocketIsRespected() throws Exception {
        try (SocketFile first = SocketFile.listen(path())) {
            IOException refused = assertThrows(SocketFile.UnusableException.class, () -> SocketFile.listen(path()));
            assertEquals(
                    path() + " is in use: process " + ProcessHandle.current().pid() + " listens there",
                    refused.getMessage());
            assertTrue(first.server().isOpen());
            SocketChannel.open(UnixDomainSocketAddress.of(path())).close();
        }
    }

    @Test
    void theLockTellsItsOwnerOnly() throws Exception {
        Path lock = directory.resolve("s.sock.lock");
        Files.writeString(lock, "1234567890123456789\n");
        try (SocketFile socket = SocketFile.listen(path())) {
            assertTrue(socket.server().isOpen());
            assertEquals(ProcessHandle.current().pid() + "\n", Files.readString(lock));
            for (String strange : java.util.List.of("", "somebody")) {
                Files.writeString(lock, strange);
                IOException refused = assertThrows(SocketFile.UnusableException.class, () -> SocketFile.listen(path()));
                assertEquals(path() + " is in use: another process listens there", refused.getMessage());
            }
        }
    }

    /** None of them waits for another to be accepted. */
    @Test
    void manyMayConnectAtOnce() throws Exception {
        java.util.List<SocketChannel> clients = new java.util.ArrayList<>();
        try (SocketFile socket = SocketFile.listen(path())) {
            for (int i = 0; i < 100; i++) {
                SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX);
                clients.add(client);
                client.configureBlocking(false);
                assertTrue(client.connect(UnixDomainSocketAddress.of(path())), "client " + i);
            }
            assertTrue(socket.server().isOpen());
        } finally {
            for (SocketChannel client : clients) {
                client.close();
            }
        }
    }

    @Test
    void soIsOneOfAnotherProgram() throws Exception {
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(path()));
            IOException refused = assertThrows(SocketFile.UnusableException.class, () -> SocketFile.listen(path()));
            assertTrue(refused.getMessage().contains("in use"), refused.getMessage());
            assertTrue(Files.exists(path()));
        }
    }

    @Test
    void whatIsNoSocketIsLeftAlone() throws Exception {
        Files.writeString(path(), "precious");
        assertThrows(SocketFile.UnusableException.class, () -> SocketFile.listen(path()));
        assertEquals("precious", Files.readString(path()));
    }

    @Test
    void placesThatCannotBe() {
        assertThrows(IOException.class, () -> SocketFile.listen(directory.resolve("no/such/s.sock")));
        assertThrows(IOException.class, () -> SocketFile.listen(directory.resolve("x".repeat(120))));
    }
}
