package io.llamanode.node.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import io.llamanode.node.NodePaths;
import io.llamanode.service.FakeService;
import io.llamanode.service.LlamaService;
import io.llamanode.transport.bridge.Bridge;
import io.llamanode.transport.bridge.BridgeConfig;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Commands for running nodes, against real sockets: of a node's control socket, and of what only looks like one. */
@Timeout(120)
final class ControlCommandsTest {
    private static final long LONG_MS = 60_000;

    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<AutoCloseable> open = new ArrayList<>();
    private LlamaService service;

    @BeforeEach
    void start() {
        service = FakeService.start(Bridge.monitor((owner, down) -> () -> {}), model -> {});
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
        service.close();
    }

    private ControlCommands commands(long timeoutMs) {
        return new ControlCommands(timeoutMs, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    }

    private NodePaths paths(String name) throws ExitException {
        return NodePaths.of(name, directory.toString(), null, Map.of());
    }

    private Bridge node(String name, Runnable stop) throws Exception {
        Bridge control = Bridge.control(BridgeConfig.of(paths(name).socket(), name), service, stop);
        open.add(control);
        return control;
    }

    /** Listens, and answers each client with these bytes, or with nothing if there are none; then closes. */
    private void scripted(String name, Optional<String> answer) throws Exception {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(paths(name).socket()));
        open.add(server);
        Thread.startVirtualThread(() -> {
            try {
                while (true) {
                    SocketChannel client = server.accept();
                    open.add(client);
                    String asked = new BufferedReader(new InputStreamReader(Channels.newInputStream(client), UTF_8))
                            .readLine();
                    if (answer.isPresent() && asked != null) {
                        client.write(ByteBuffer.wrap(answer.get().getBytes(UTF_8)));
                        client.close();
                    }
                }
            } catch (IOException closing) {
                // The end of the test.
            }
        });
    }

    private static String refused(ExitStatus status, Executable call) {
        ExitException refused = assertThrows(ExitException.class, call);
        assertEquals(status, refused.status(), refused.getMessage());
        return refused.getMessage();
    }

    private String said() {
        return out.toString(UTF_8);
    }

    @Test
    void pingAndStatusOfANode() throws Exception {
        node("n@h", () -> {});
        assertEquals(ExitStatus.OK, commands(LONG_MS).ping(paths("n@h")));
        assertEquals("pong\n", said());
        assertEquals(ExitStatus.OK, commands(LONG_MS).status(paths("n@h"), false));
        assertTrue(
                said().contains("n@h is ready (process "
                        + ProcessHandle.current().pid()),
                said());
        out.reset();
        assertEquals(ExitStatus.OK, commands(LONG_MS).status(paths("n@h"), true));
        assertTrue(said().contains("\"node\" : \"n@h\""), said());
    }

    @Test
    void whatIsNoAnswerIsNeverSuccess() throws Exception {
        String busy = "{\"status\":\"error\",\"message\":\"32 clients\",\"data\":{\"code\":\"server_busy\"}}\n";
        Map<String, String> answers = Map.of(
                busy,
                "32 clients",
                "",
                "it closed the connection",
                "\n",
                "",
                "{}\n",
                "",
                "[]\n",
                "",
                "{\"status\":\"ok\",\"message\":\"pong\"}\n",
                "its answer is empty",
                "{\"status\":\"ok\",\"message\":\"pong\",\"data\":{}}\n",
                "its answer is empty",
                "{\"status\":\"ok\",\"data\":\"x\"}\n",
                "its answer is empty",
                "pong\n",
                "what it says is no JSON: pong");
        int number = 0;
        for (Map.Entry<String, String> answer : answers.entrySet()) {
            String name = "n" + number++ + "@h";
            scripted(name, Optional.of(answer.getKey()));
            for (Executable command : List.<Executable>of(
                    () -> commands(LONG_MS).ping(paths(name)),
                    () -> commands(LONG_MS).status(paths(name), false),
                    () -> commands(LONG_MS).status(paths(name), true),
                    () -> commands(LONG_MS).stop(paths(name)))) {
                String message = refused(ExitStatus.NO_ANSWER, command);
                assertEquals(name + " runs but does not answer: " + answer.getValue(), message);
            }
        }
        assertEquals("", said());
    }

    @Test
    void aNodeThatSaysNothingIsGivenUpInTime() throws Exception {
        scripted("n@h", Optional.empty());
        for (Executable command : List.<Executable>of(
                () -> commands(1).ping(paths("n@h")),
                () -> commands(1).status(paths("n@h"), false),
                () -> commands(1).stop(paths("n@h")))) {
            assertEquals(
                    "n@h runs but does not answer: nothing came within 1 ms", refused(ExitStatus.NO_ANSWER, command));
        }
    }

    /** As one that is stopped: it does not even accept, until no connection can be made any more. */
    @Test
    void soIsOneThatAcceptsNobody() throws Exception {
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(paths("n@h").socket()), 1);
            for (int i = 0; i < 4; i++) {
                refused(ExitStatus.NO_ANSWER, () -> commands(1).ping(paths("n@h")));
            }
        }
    }

    @Test
    void nobodyThere() throws Exception {
        Files.createFile(directory.resolve("left@behind.sock"));
        for (String name : List.of("n@h", "left@behind")) {
            String message =
                    refused(ExitStatus.NOT_RUNNING, () -> commands(LONG_MS).ping(paths(name)));
            assertTrue(
                    message.startsWith(name + " is not running (" + paths(name).socket()), message);
        }
    }

    @Test
    void statusOfAllListsWhatRuns() throws Exception {
        String none = refused(ExitStatus.NOT_RUNNING, () -> commands(LONG_MS).statusOfAll(directory, false));
        assertTrue(none.startsWith("no node is running in " + directory), none);
        node("b@h", () -> {});
        node("a@h", () -> {});
        Files.createFile(directory.resolve("left@behind.sock"));
        assertEquals(ExitStatus.OK, commands(LONG_MS).statusOfAll(directory, false));
        assertTrue(said().startsWith("a@h is ready"), said());
        assertTrue(said().contains("\n\nb@h is ready"), said());
        assertEquals(
                1, Stream.of(said().split("\n", -1)).filter(String::isEmpty).count() - 1, said());
        out.reset();
        assertEquals(ExitStatus.OK, commands(LONG_MS).statusOfAll(directory, true));
        assertTrue(said().startsWith("[ {") && said().indexOf("a@h") < said().indexOf("b@h"), said());
        assertEquals("", err.toString(UTF_8));
    }

    @Test
    void oneThatHangsKeepsNoOtherFromTheList() throws Exception {
        node("b@h", () -> {});
        scripted("a@h", Optional.of("{}\n"));
        assertEquals(ExitStatus.NO_ANSWER, commands(LONG_MS).statusOfAll(directory, false));
        assertTrue(said().startsWith("b@h is ready"), said());
        assertTrue(err.toString(UTF_8).startsWith("llama-node: a@h runs but does not answer"), err.toString(UTF_8));
    }

    /** The socket is free at once here, and the process of another one. */
    @Test
    @Tag("process")
    void stopWaitsForTheEndWithinItsTime() throws Exception {
        Process other = new ProcessBuilder("sleep", "600").start();
        try {
            String stopping =
                    "{\"status\":\"ok\",\"message\":\"stopping\",\"data\":{\"os_pid\":" + other.pid() + "}}\n";
            scripted("o@h", Optional.of(stopping));
            Files.createFile(directory.resolve("o@h.sock.lock"));
            String message = refused(ExitStatus.NO_ANSWER, () -> commands(500).stop(paths("o@h")));
            assertEquals("o@h (process " + other.pid() + ") is still ending after 500 ms", message);
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertEquals(ExitStatus.OK, commands(LONG_MS).stop(paths("o@h")));
        assertEquals("o@h has ended\n", said());
    }
}
