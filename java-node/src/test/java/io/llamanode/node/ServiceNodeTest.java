package io.llamanode.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The life of a service, each in a process of its own, since it ends with that. */
@Timeout(120)
@Tag("process")
@SuppressWarnings("try")
final class ServiceNodeTest {
    private static final String NAME = ServiceMain.NAME;
    private static final String ENDLESS = "INFER_STREAM {\"prompt\": \"x\", \"n_predict\": 1000000000}";

    @TempDir
    Path directory;

    private Path file(String extension) {
        return directory.resolve(NAME + extension);
    }

    private Child node(String settings) throws IOException {
        return new Child(ServiceMain.class, directory.toString(), settings);
    }

    /** One that is ready. */
    private Child ready(String settings) throws IOException {
        Child node = node(settings);
        assertEquals(
                NAME + " is ready (process " + node.pid() + ")", node.output().readLine());
        return node;
    }

    private static String said(Child node) {
        return node.errors().lines().collect(Collectors.joining("\n"));
    }

    /** A client of one of its sockets. */
    private record Client(SocketChannel channel, BufferedReader in) implements AutoCloseable {
        static Client of(Path socket) throws IOException {
            SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
            return new Client(
                    channel, new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), UTF_8)));
        }

        String ask(String line) throws IOException {
            channel.write(ByteBuffer.wrap((line + "\n").getBytes(UTF_8)));
            return in.readLine();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    @Test
    void itIsReadyThenStopsWhenToldToAndLeavesNothing() throws Exception {
        try (Child node = ready("{\"model\": \"any.gguf\"}");
                Client control = Client.of(file(".sock"))) {
            assertEquals(node.pid() + "\n", Files.readString(file(".pid")));
            NodePaths paths = NodePaths.of(NAME, directory.toString(), null, Map.of());
            assertFalse(paths.awaitUnlocked(1), "its lock tells that it runs");
            assertTrue(control.ask("STATUS").contains("\"models\":[{"));
            assertTrue(control.ask("STOP").contains("stopping"));
            assertEquals(0, node.exitStatus());
            assertTrue(paths.awaitUnlocked(60_000));
            assertNull(node.output().readLine());
            assertFalse(Files.exists(file(".pid")));
            assertFalse(Files.exists(file(".sock")));
            String log = said(node);
            assertTrue(log.contains(NAME + " is ready") && log.contains(NAME + " has ended"), log);
        }
    }

    @Test
    void aSecondOneIsToldWhoHasItsPlace() throws Exception {
        try (Child node = ready("{}");
                Child second = node("{}")) {
            assertEquals(ExitStatus.TAKEN.number(), second.exitStatus());
            String said = said(second);
            assertTrue(said.contains("is in use: process " + node.pid() + " listens there"), said);
            assertTrue(node.isAlive());
            assertEquals(node.pid() + "\n", Files.readString(file(".pid")));
        }
    }

    @Test
    void aTaskThatDoesNotEndIsCancelledAtTheDeadline() throws Exception {
        Path socket = directory.resolve("bridge");
        try (Child node = ready("{\"model\": \"any.gguf\", \"drain_timeout_ms\": 1, \"bridge\": \"" + socket + "\"}");
                Client client = Client.of(socket)) {
            String line = client.ask(ENDLESS);
            assertTrue(line.contains("\"task_id\":"), line);
            node.terminate();
            while (!line.contains("\"final\":true")) {
                line = client.in().readLine();
            }
            assertTrue(line.contains("\"code\":\"cancelled\""), line);
            assertEquals(ExitStatus.CUT_SHORT.number(), node.exitStatus());
            assertFalse(Files.exists(socket));
        }
    }

    @Test
    void aTaskThatEndsInTimeIsWaitedFor() throws Exception {
        Path socket = directory.resolve("bridge");
        try (Child node = ready("{\"model\": \"any.gguf\", \"bridge\": \"" + socket + "\"}");
                Client client = Client.of(socket)) {
            String line = client.ask(ENDLESS);
            node.terminate();
            try (Client other = Client.of(socket)) {
                // Once a task is refused, the node drains.
                while (!other.ask("INFER x").contains("draining")) {
                    continue;
                }
            }
            assertTrue(node.isAlive());
            client.close();
            assertEquals(ExitStatus.OK.number(), node.exitStatus());
            assertTrue(line.contains("\"task_id\":"), line);
        }
    }

    @Test
    void aModelThatDoesNotLoadEndsTheStart() throws Exception {
        try (Child node = node("{\"model\": \"missing.gguf\"}")) {
            assertEquals(ExitStatus.FAILED.number(), node.exitStatus());
            assertTrue(said(node).contains("model_load_failed: path: there is no file missing.gguf"));
            assertFalse(Files.exists(file(".pid")));
            assertFalse(Files.exists(file(".sock")));
        }
    }

    /** Neither is a defect, nor a fault of the model's file. */
    @Test
    void aSystemThatGivesNoThreadsEndsTheStart() throws Exception {
        try (Child node = node("{\"llama_lib\": \"/anywhere\"}");
                Child loading = node("{\"model\": \"threadless.gguf\"}")) {
            assertEquals(ExitStatus.FAILED.number(), node.exitStatus());
            String said = said(node);
            assertTrue(said.contains("no more memory or threads (MemoryMax, ulimit -v, ulimit -u): unable to"), said);
            assertEquals(ExitStatus.FAILED.number(), loading.exitStatus());
            said = said(loading);
            assertTrue(said.contains("out_of_memory: threadless.gguf: "), said);
        }
    }

    @Test
    void aPortThatIsTakenEndsTheStart() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Child node = node("{\"port\": " + taken.getLocalPort() + "}")) {
            assertEquals(ExitStatus.TAKEN.number(), node.exitStatus());
            assertTrue(said(node).contains("" + taken.getLocalPort()));
        }
    }

    @Test
    void aBridgeThatCannotListenEndsTheStart() throws Exception {
        try (Child node = node("{\"bridge\": \"/nowhere/bridge\"}")) {
            assertEquals(ExitStatus.TAKEN.number(), node.exitStatus());
            assertTrue(said(node).contains("cannot listen on /nowhere/bridge"));
        }
    }

    /** It still answers, but nobody who waits for the model would ever hear of it. */
    @Test
    void aModelWhoseNativeCodeHangsEndsTheNode() throws Exception {
        try (Child node = ready(
                        "{\"model\": \"hangs.gguf\", \"bridge\": \"" + file(".b") + "\", \"native_timeout\": 1000}");
                Client caller = Client.of(file(".b"));
                Client other = Client.of(file(".sock"))) {
            caller.channel().write(ByteBuffer.wrap((ENDLESS + "\n").getBytes(UTF_8)));
            assertTrue(other.ask("PING").contains("\"ok\""));
            assertEquals(ExitStatus.HUNG.number(), node.exitStatus());
            String said = said(node);
            assertTrue(said.contains("llama_decode (hangs.gguf) has made no progress for 1000 ms"), said);
        }
    }
}
