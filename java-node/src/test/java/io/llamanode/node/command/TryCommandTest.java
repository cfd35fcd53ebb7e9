package io.llamanode.node.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.node.ExitStatus;
import io.llamanode.service.FakeService;
import io.llamanode.service.LlamaService;
import io.llamanode.transport.bridge.Bridge;
import io.llamanode.transport.bridge.BridgeAccess;
import io.llamanode.transport.bridge.BridgeConfig;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code bin/llama-node try} tells, ends with, and leaves behind. */
@Timeout(60)
final class TryCommandTest {
    @TempDir
    Path directory;

    private LlamaService service;
    private String out;
    private String err;

    @BeforeEach
    void start() {
        service = FakeService.start(
                Bridge.monitor((owner, down) -> () -> {}),
                model -> model.answer("user:Say hello.\u0100assistant:", "Hello, you"));
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private ExitStatus run(String... args) {
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        ByteArrayOutputStream wrong = new ByteArrayOutputStream();
        ExitStatus status = Cli.run(
                List.of(args),
                Map.of("LLAMA_NODE_RUN_DIR", directory.toString()),
                new PrintStream(told, true, UTF_8),
                new PrintStream(wrong, true, UTF_8));
        out = told.toString(UTF_8);
        err = wrong.toString(UTF_8);
        return status;
    }

    /** Without the times. */
    private List<String> lines() {
        assertTrue(out.lines().allMatch(line -> line.matches(".* [0-9]+\\.[0-9] ms")), out);
        return out.lines()
                .map(line -> line.replaceAll(" +[0-9.]+ ms$", "").replaceAll("after [0-9.]+ ms", "after T"))
                .toList();
    }

    private List<String> models() {
        return service.models().list().stream().map(model -> model.id()).toList();
    }

    private Bridge bridge(BridgeAccess access) throws Exception {
        return Bridge.open(
                BridgeConfig.of(directory.resolve("bridge.sock"), "n@h").withAccess(access, false), service, () -> {});
    }

    @Test
    void withoutAModelItLoadsAndFreesNothing() throws Exception {
        try (Bridge bridge = bridge(BridgeAccess.OWNER)) {
            assertTrue(bridge != null);
            assertEquals(ExitStatus.OK, run("try", "--bridge"), out);
            assertEquals(
                    List.of(
                            "ok      ping",
                            "ok      answer  10 tokens: Hello, you",
                            "ok      stream  10 tokens, the first after T"),
                    lines());
            assertEquals(List.of("fake"), models());
            assertEquals("", err);
        }
    }

    @Test
    void itFreesOnlyWhatItLoadedItself() throws Exception {
        try (Bridge bridge = bridge(BridgeAccess.OWNER)) {
            assertTrue(bridge != null);
            String socket = directory.resolve("bridge.sock").toString();
            assertEquals(ExitStatus.OK, run("try", "--bridge", socket, "/models/other.gguf"), out);
            List<String> lines = lines();
            assertEquals("ok      load    other", lines.get(1));
            assertEquals("ok      free    other", lines.getLast());
            assertEquals(List.of("fake"), models());
            assertEquals(ExitStatus.OK, run("try", "--bridge", socket, "fake.gguf"), out);
            assertEquals(4, lines().size(), out);
            assertEquals(List.of("fake"), models());
        }
    }

    @Test
    void withoutABridgeItGoesThroughTheControlSocket() throws Exception {
        try (Bridge control =
                Bridge.control(BridgeConfig.of(directory.resolve("n@h.sock"), "n@h"), service, () -> {})) {
            assertTrue(control != null);
            assertEquals(ExitStatus.OK, run("try", "--node-name", "n@h", "/models/other.gguf"), out);
            assertEquals(5, lines().size(), out);
            assertEquals(List.of("fake"), models());
        }
    }

    @Test
    void whatFailsIsToldAndTheRestIsTriedAllTheSame() throws Exception {
        try (Bridge bridge = bridge(BridgeAccess.OWNER)) {
            assertTrue(bridge != null);
            assertEquals(
                    ExitStatus.FAILED,
                    run("try", "--bridge", directory.resolve("bridge.sock").toString(), "/no"));
            assertEquals("FAILED  load    path: there is no file /no", lines().get(1));
            assertEquals(4, lines().size(), out);
        }
    }

    @Test
    void theSecretIsSaid() throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "0123456789abcdef\n");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        try (Bridge bridge = bridge(new BridgeAccess("rw-------", null, secret, (user, group) -> false))) {
            assertTrue(bridge != null);
            assertEquals(ExitStatus.FAILED, run("try", "--bridge"));
            assertTrue(out.startsWith("FAILED  ping    AUTH with the secret comes first"), out);
            assertEquals(ExitStatus.OK, run("try", "--bridge", "--bridge-secret", secret.toString()), out);
            assertEquals("ok      auth", lines().getFirst());
        }
    }

    @Test
    void whereNobodyListensOrAnswersItSaysSo() throws Exception {
        assertEquals(ExitStatus.NOT_RUNNING, run("try"));
        assertTrue(err.startsWith("llama-node: nobody listens on " + directory.resolve("llama@localhost.sock")), err);
        try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            silent.bind(UnixDomainSocketAddress.of(directory.resolve("bridge.sock")));
            assertEquals(ExitStatus.FAILED, run("try", "--bridge", "--timeout-ms", "1"));
            assertTrue(out.startsWith("FAILED  ping    nothing came within 1 ms"), out);
        }
    }
}
