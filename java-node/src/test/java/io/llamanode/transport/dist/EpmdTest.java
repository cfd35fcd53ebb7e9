package io.llamanode.transport.dist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The registration, against an epmd that is played by the test. */
@Timeout(30)
@SuppressWarnings("try")
final class EpmdTest {
    private ServerSocket server;

    @BeforeEach
    void listen() throws IOException {
        server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    private CompletableFuture<Epmd> register() {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return new Epmd(server.getLocalPort(), "alive", 4711);
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                },
                Executors.newVirtualThreadPerTaskExecutor());
    }

    private Socket answer(byte... bytes) throws IOException {
        return answer(4711, bytes);
    }

    /** @param port that the node must name, {@code null} for any */
    private Socket answer(Integer port, byte... bytes) throws IOException {
        Socket socket = server.accept();
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] request = new byte[in.readUnsignedShort()];
        in.readFully(request);
        ByteBuffer fields = ByteBuffer.wrap(request);
        assertEquals(120, fields.get());
        int named = Short.toUnsignedInt(fields.getShort());
        assertEquals(port == null ? named : port, named);
        assertEquals(72, fields.get());
        assertEquals(0, fields.get());
        assertEquals(6, fields.getShort());
        assertEquals(5, fields.getShort());
        byte[] name = new byte[fields.getShort()];
        fields.get(name);
        assertEquals("alive", new String(name, StandardCharsets.US_ASCII));
        assertEquals(0, fields.getShort());
        assertFalse(fields.hasRemaining());
        socket.getOutputStream().write(bytes);
        return socket;
    }

    @Test
    void takesEitherAnswer() throws Exception {
        CompletableFuture<Epmd> first = register();
        try (Socket epmd = answer((byte) 118, (byte) 0, (byte) 0x80, (byte) 1, (byte) 2, (byte) 3);
                Epmd registration = first.get()) {
            assertTrue(registration.registered());
        }
        CompletableFuture<Epmd> second = register();
        try (Socket epmd = answer((byte) 121, (byte) 0, (byte) 0, (byte) 3);
                Epmd registration = second.get()) {
            assertTrue(registration.registered());
        }
    }

    @Test
    void registersAgain() throws Exception {
        CompletableFuture<Epmd> first = register();
        Socket epmd = answer((byte) 121, (byte) 0, (byte) 0, (byte) 3);
        try (Epmd registration = first.get()) {
            epmd.close();
            // Back, but first with the name given away, then dead before it answers.
            answer((byte) 121, (byte) 1, (byte) 0, (byte) 0).close();
            server.accept().close();
            try (Socket again = answer((byte) 121, (byte) 0, (byte) 0, (byte) 9)) {
                registration.close();
                assertEquals(-1, again.getInputStream().read());
                assertFalse(registration.registered());
            }
        }
    }

    @Test
    void aNameThatIsTaken() throws Exception {
        CompletableFuture<Epmd> first = register();
        answer((byte) 118, (byte) 1, (byte) 0, (byte) 0, (byte) 0, (byte) 0).close();
        Throwable wrapped = assertThrows(java.util.concurrent.ExecutionException.class, first::get)
                .getCause();
        assertEquals(Epmd.NameTakenException.class, wrapped.getCause().getClass());
    }

    @Test
    void closingWhileEpmdIsAway() throws Exception {
        CompletableFuture<Epmd> first = register();
        Socket epmd = answer((byte) 121, (byte) 0, (byte) 0, (byte) 3);
        Epmd registration = first.get();
        server.close();
        epmd.close();
        registration.close();
        assertFalse(registration.registered());
    }

    /** As an epmd gives them that was started anew at the same time of a clock that has gone back. */
    @Test
    void anIncarnationIsNotToldByTheCreationThatEpmdGives() throws Exception {
        assertNotEquals(creation(), creation());
    }

    private int creation() throws Exception {
        CompletableFuture<DistNode> starting = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        DistConfig config = DistConfig.named("alive@localhost", "secret")
                                .epmdPort(server.getLocalPort())
                                .build();
                        return Echo.start(config, new Echo());
                    } catch (DistStartException e) {
                        throw new IllegalStateException(e);
                    }
                },
                Executors.newVirtualThreadPerTaskExecutor());
        try (Socket epmd = answer(null, (byte) 118, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 9);
                DistNode node = starting.get()) {
            return node.self().creation();
        }
    }
}
