package io.llamanode.transport.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.service.FakeService;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.model.FakeLoadedModel;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The bridge and its clients, on a model that recites. */
@Timeout(60)
@SuppressWarnings("try")
final class BridgeTest {
    private static final String ENDLESS = "{\"prompt\": \"x\", \"n_predict\": 1000000000}";

    @TempDir
    Path directory;

    private Path socket;
    private LlamaService service;
    private Bridge bridge;
    /** What models can do that are loaded from now on; {@code null}: everything. */
    private Set<Capability> capabilities;
    /** Done by each load from now on. */
    private Callable<Void> whileLoading = () -> null;

    @BeforeEach
    void start() throws Exception {
        socket = directory.resolve("bridge.sock");
        service = FakeService.start(
                Bridge.monitor((owner, down) -> {
                    throw new AssertionError(owner);
                }),
                this::prepare,
                model -> model.answer("Hi", "Hello ☃!")
                        .answer("Hi\nyou", "two lines")
                        .answer("user:Hi\u0100assistant:", "Good day"));
        bridge = Bridge.open(BridgeConfig.of(socket, "n@host").withLimits(20, 4096, 4096), service, () -> {});
    }

    private void prepare(FakeLoadedModel model) {
        if (capabilities != null) {
            model.capabilities = capabilities;
        }
        try {
            whileLoading.call();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void stop() {
        bridge.close();
        service.close();
    }

    private LineClient client() throws IOException {
        return new LineClient(socket);
    }

    /** Fails unless every task ends by itself. */
    private void awaitNoTask() throws InterruptedException {
        CountDownLatch drained = new CountDownLatch(1);
        service.drain(drained::countDown);
        assertTrue(drained.await(30, TimeUnit.SECONDS), "a task goes on");
    }

    @Test
    void simpleCommands() throws Exception {
        try (LineClient client = client()) {
            assertEquals(
                    "{\"status\":\"ok\",\"message\":\"pong\"}",
                    client.ask("PING").toString());
            assertEquals("pong", client.ask("ping\r").path("message").asText());
            client.send("\n  \n");
            JsonNode status = client.ask("STATUS");
            assertEquals("ready", status.path("message").asText());
            assertEquals("n@host", status.path("data").path("node").asText());
            assertEquals(
                    "fake",
                    status.path("data").path("models").path(0).path("id").asText());
            assertEquals(
                    ProcessHandle.current().pid(),
                    status.path("data").path("os_pid").asLong());
            assertEquals(
                    "{\"socket\":\"" + socket + "\",\"clients\":1,\"max_clients\":20}",
                    status.path("data").path("bridge").toString());
            assertEquals(
                    "fake",
                    client.data("MODELS").path("models").path(0).path("id").asText());
            assertEquals("bye", client.ask("QUIT").path("message").asText());
            assertTrue(client.isClosedByBridge());
        }
    }

    private static String text(LineClient client, String line) throws IOException {
        return client.data(line).asText();
    }

    @Test
    void inference() throws Exception {
        try (LineClient client = client()) {
            JsonNode reply = client.ask("COMPLETE Hi");
            assertEquals("Inference completed", reply.path("message").asText());
            assertEquals("Hello ☃!", reply.path("data").asText());
            assertEquals("stop", reply.path("finish_reason").asText());
            assertEquals(2, reply.path("usage").path("prompt_tokens").asInt());
            assertTrue(
                    reply.path("timings").has("prompt_ms")
                            && reply.path("task_id").asLong() > 0,
                    reply.toString());
            assertEquals("two lines", text(client, "INFER {\"prompt\": \"Hi\\nyou\"}"));
            assertEquals("Good day", text(client, "INFER {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}"));
            assertEquals("Good day", text(client, "INFER {\"content\": \"Hi\", \"stream\": false}"));
            assertEquals(
                    "length",
                    client.ask("INFER {\"prompt\": \"Hi\", \"max_tokens\": 2}")
                            .path("finish_reason")
                            .asText());
        }
    }

    /** Each is a conversation of its own: the second is not told of the first. */
    @Test
    void aPlainTextIsAMessageWhereTheModelHasATemplate() throws Exception {
        try (LineClient client = client()) {
            assertEquals("Good day", text(client, "INFER Hi"));
            assertEquals("Good day", text(client, "INFER Hi"));
            capabilities = EnumSet.of(Capability.COMPLETION, Capability.TOKENIZE);
            client.data("LOAD bare.gguf");
            assertEquals("Hello ☃!", text(client, "INFER Hi"));
        }
    }

    private static JsonNode stream(LineClient client, String command, StringBuilder text) throws IOException {
        JsonNode first = client.ask(command);
        assertEquals("ok", first.path("status").asText(), first.toString());
        assertTrue(first.path("task_id").asLong() > 0, first.toString());
        assertFalse(first.has("final"));
        JsonNode line = client.receive();
        for (; !line.path("final").asBoolean(); line = client.receive()) {
            assertEquals("token", line.path("type").asText());
            assertFalse(line.has("status"));
            text.append(line.path("token").asText());
        }
        return line;
    }

    @Test
    void streams() throws Exception {
        try (LineClient client = client()) {
            for (String command :
                    List.of("INFER_STREAM {\"prompt\": \"Hi\"}", "INFER {\"prompt\": \"Hi\", \"stream\": true}")) {
                StringBuilder text = new StringBuilder();
                JsonNode last = stream(client, command, text);
                assertEquals("Hello ☃!", text.toString());
                assertEquals("token", last.path("type").asText());
                assertEquals("", last.path("token").asText());
                assertEquals("ok", last.path("status").asText());
                assertEquals("Hello ☃!", last.path("data").asText());
                assertEquals("stop", last.path("finish_reason").asText());
            }
            JsonNode refused = client.ask("INFER_STREAM {\"prompt\": \"x\", \"temprature\": 1}");
            assertTrue(refused.path("final").asBoolean());
            assertEquals("error", refused.path("status").asText());
            assertTrue(refused.path("message").asText().contains("temprature"), refused.toString());
        }
    }

    @Test
    void whatContradictsTheCommandIsRefusedByName() throws Exception {
        try (LineClient client = client()) {
            for (String command : List.of(
                    "INFER_STREAM {\"prompt\": \"x\", \"stream\": false}",
                    "COMPLETE {\"prompt\": \"x\", \"stream\": true}",
                    "EMBED {\"input\": \"x\", \"stream\": true}",
                    "START INFER {\"prompt\": \"x\", \"stream\": true}")) {
                String message = client.ask(command).path("message").asText();
                assertTrue(message.startsWith("stream: "), message);
            }
            assertTrue(client.ask("INFER {\"prompt\": \"x\", \"stream\": 1}")
                    .path("message")
                    .asText()
                    .startsWith("stream must be true or false"));
        }
    }

    @Test
    void faults() throws Exception {
        try (LineClient client = client()) {
            assertEquals("invalid_argument", client.code("DANCE"));
            assertEquals("invalid_argument", client.code("PING now"));
            assertEquals("unauthorized", client.code("STOP"));
            assertEquals("invalid_argument", client.code("INFER"));
            assertEquals("invalid_argument", client.code("INFER {\"prompt\""));
            assertEquals("invalid_argument", client.code("INFER {\"prompt\": \"x\", \"n_predict\": \"many\"}"));
            assertEquals("invalid_argument", client.code("INFER {\"prompt\": \"x\", \"model\": \"other\"}"));
            assertEquals("model_load_failed", client.code("LOAD /nowhere"));
            assertEquals(
                    "unauthorized",
                    client.code("LOAD {\"path\": \"\", \"engine\": \"llama_server\", \"command\": [\"/bin/true\"]}"));
            assertEquals(
                    "unauthorized",
                    client.code(
                            "LOAD {\"path\": \"\", \"engine\": \"llama_server\", \"url\": \"http://127.0.0.1:1\"}"));
            assertEquals("invalid_argument", client.code("LOAD"));
            assertEquals("invalid_argument", client.code("FREE other"));
            assertEquals("invalid_argument", client.code("INFER " + "x".repeat(5000)));
            client.send(new byte[] {'P', (byte) 0xff, '\n'});
            assertTrue(client.receive().path("message").asText().contains("UTF-8"));
            assertEquals("pong", client.ask("PING").path("message").asText());
        }
    }

    @Test
    void modelsComeAndGo() throws Exception {
        try (LineClient client = client()) {
            assertEquals("{\"freed\":[\"fake\"]}", client.data("FREE").toString());
            assertEquals("unsupported", client.code("INFER Hi"));
            assertEquals("{\"freed\":[]}", client.data("FREE").toString());
            JsonNode loaded = client.ask("LOAD /models/fake.gguf");
            assertEquals("Model loaded successfully", loaded.path("message").asText());
            assertEquals(
                    "{\"id\":\"fake\",\"already\":false}", loaded.path("data").toString());
            client.data("LOAD {\"path\": \"/models/fake.gguf\", \"id\": \"second\", \"n_ctx\": 64}");
            assertEquals("second", client.ask("INFER Hi").path("model").asText());
            assertEquals("{\"freed\":[\"second\"]}", client.data("FREE second").toString());
            assertEquals("invalid_argument", client.code("FREE second"));
            assertEquals("fake", client.ask("INFER Hi").path("model").asText());
        }
    }

    @Test
    void whatIsLoadedLastIsWhatTheConnectionUses() throws Exception {
        try (LineClient client = client();
                LineClient other = client()) {
            assertEquals("fake", client.ask("INFER Hi").path("model").asText());
            client.data("LOAD /models/llama-7b.gguf");
            for (String command : List.of(
                    "INFER Hi",
                    "COMPLETE Hi",
                    "INFER {\"prompt\": \"Hi\"}",
                    "INFER {\"prompt\": \"Hi\", \"model\": null}")) {
                assertEquals("llama-7b", client.ask(command).path("model").asText(), command);
            }
            assertEquals(
                    "fake",
                    client.ask("INFER {\"prompt\": \"Hi\", \"model\": \"fake\"}")
                            .path("model")
                            .asText());
            assertEquals("fake", other.ask("INFER Hi").path("model").asText(), "another connection");
            JsonNode again = client.ask("LOAD fake.gguf");
            assertEquals(
                    "{\"id\":\"fake\",\"already\":true}", again.path("data").toString());
            assertEquals("ok", again.path("status").asText());
            assertEquals("fake", client.ask("INFER Hi").path("model").asText());
            client.data("LOAD /models/../models/llama-7b.gguf");
            assertEquals("llama-7b", client.ask("INFER Hi").path("model").asText());
            other.data("FREE llama-7b");
            JsonNode gone = client.ask("INFER Hi");
            assertTrue(gone.path("message").asText().contains("no model 'llama-7b'"), gone.toString());
        }
    }

    @Test
    void healthSaysWhy() throws Exception {
        try (LineClient client = client()) {
            assertEquals(
                    "{\"status\":\"ok\",\"message\":\"ready\",\"data\":{\"ready\":true}}",
                    client.ask("HEALTH").toString());
            client.data("FREE");
            assertTrue(client.data("HEALTH").path("why").asText().contains("no model is loaded"));
            CountDownLatch loading = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            whileLoading = () -> {
                loading.countDown();
                assertTrue(go.await(30, TimeUnit.SECONDS));
                return null;
            };
            try (LineClient other = client()) {
                other.send("LOAD slow.gguf");
                assertTrue(loading.await(30, TimeUnit.SECONDS));
                assertEquals(
                        "slow.gguf is being loaded; everything else goes on",
                        client.data("HEALTH").path("why").asText());
                go.countDown();
                assertEquals("ok", other.receive().path("status").asText());
            }
            service.drain(() -> {});
            JsonNode draining = client.ask("HEALTH");
            assertEquals("draining", draining.path("message").asText());
            assertFalse(draining.path("data").path("ready").asBoolean());
            assertTrue(draining.path("data").path("why").asText().contains("told to end"), draining.toString());
        }
    }

    @Test
    void manyClientsAtOnce() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> answers = new ArrayList<>();
            Callable<Integer> work = () -> {
                try (LineClient client = client()) {
                    for (int i = 0; i < 10; i++) {
                        assertEquals("Good day", text(client, "INFER Hi"));
                    }
                    return 10;
                }
            };
            for (int i = 0; i < 16; i++) {
                answers.add(threads.submit(work));
            }
            for (Future<Integer> answer : answers) {
                assertEquals(10, answer.get());
            }
        }
    }

    @Test
    void commandsOfOneClientAreAnsweredInOrder() throws Exception {
        try (LineClient client = client()) {
            client.send("PING\nINFER Hi\nSTATUS\nQUIT\nPING");
            assertEquals("pong", client.receive().path("message").asText());
            assertEquals("Inference completed", client.receive().path("message").asText());
            assertEquals("ready", client.receive().path("message").asText());
            assertEquals("bye", client.receive().path("message").asText());
            assertTrue(client.isClosedByBridge());
        }
    }

    @Test
    void aClientThatLeavesFreesItsSlot() throws Exception {
        for (String command : List.of("INFER ", "INFER_STREAM ")) {
            LineClient leaving = client();
            LineClient other = client();
            leaving.send(command + ENDLESS);
            other.send("INFER_STREAM " + ENDLESS);
            other.receive();
            leaving.close();
            other.close();
        }
        awaitNoTask();
    }

    @Test
    void aClientThatOnlyStopsSendingGetsItsAnswer() throws Exception {
        try (LineClient client = client()) {
            client.send("INFER Hi");
            client.channel.shutdownOutput();
            assertEquals("Good day", client.receive().path("data").asText());
            assertTrue(client.isClosedByBridge());
        }
        try (LineClient client = client()) {
            client.send("PING".getBytes(StandardCharsets.UTF_8));
            client.channel.shutdownOutput();
            assertEquals("pong", client.receive().path("message").asText());
        }
    }

    @Test
    void aClientThatLeavesAfterItHasStoppedSendingFreesItsSlot() throws Exception {
        LineClient client = client();
        client.send("INFER " + ENDLESS);
        client.channel.shutdownOutput();
        // The blank tells that the bridge has noticed the first and waits for the second.
        assertEquals(1, client.channel.read(java.nio.ByteBuffer.allocate(1)));
        client.close();
        awaitNoTask();
    }

    @Test
    void soDoesOneThatHasSentMoreThanIsReadAhead() throws Exception {
        LineClient client = client();
        client.send("INFER " + ENDLESS + "\n" + "PING\n".repeat(20_000));
        // Not before the reader waits: what it has not read yet is not all in the socket either.
        assertEquals(1, client.channel.read(java.nio.ByteBuffer.allocate(1)));
        client.close();
        awaitNoTask();
    }

    @Test
    void aClientThatDoesNotReadLosesItsStreamOnly() throws Exception {
        try (LineClient deaf = client();
                LineClient other = client()) {
            deaf.send("INFER_STREAM " + ENDLESS);
            // The first line tells that the stream runs; nothing is read from here on.
            deaf.receive();
            assertEquals("Good day", text(other, "INFER Hi"));
            awaitNoTask();
            JsonNode line = deaf.receive();
            while (!line.path("final").asBoolean()) {
                line = deaf.receive();
            }
            assertEquals("server_busy", line.path("data").path("code").asText());
            assertEquals("pong", deaf.ask("PING").path("message").asText());
        }
    }

    @Test
    void drainingRefusesNewTasks() throws Exception {
        try (LineClient client = client()) {
            service.drain(() -> {});
            assertEquals("draining", client.ask("STATUS").path("message").asText());
            assertEquals("server_busy", client.code("INFER Hi"));
            assertEquals("server_busy", client.code("LOAD x.gguf"));
        }
    }

    @Test
    void clientsBeyondTheLimitAreToldSo() throws Exception {
        List<LineClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                clients.add(client());
                clients.getLast().ask("PING");
            }
            try (LineClient extra = client()) {
                assertEquals(
                        "server_busy", extra.receive().path("data").path("code").asText());
                assertTrue(extra.isClosedByBridge());
            }
            try (LineClient leaving = clients.removeLast()) {
                leaving.ask("QUIT");
                assertTrue(leaving.isClosedByBridge());
            }
            clients.add(client());
            JsonNode answer = clients.getLast().ask("PING");
            assertEquals("pong", answer.path("message").asText());
        } finally {
            for (LineClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void closingEndsConnectionsAndTasks() throws Exception {
        try (LineClient client = client()) {
            client.send("INFER_STREAM " + ENDLESS);
            client.receive();
            bridge.close();
            awaitNoTask();
            assertFalse(socket.toFile().exists());
        }
    }

    @Test
    void clientsGetTheirAnswersBeforeTheEnd() throws Exception {
        try (LineClient client = client();
                LineClient idle = client()) {
            idle.ask("PING");
            client.send("INFER_STREAM " + ENDLESS);
            client.receive();
            service.close();
            // A client that does not read is let go after a while: this one reads meanwhile.
            Thread finishing = Thread.ofPlatform().start(() -> bridge.finish(java.time.Duration.ofSeconds(30)));
            JsonNode line = client.receive();
            while (!line.path("final").asBoolean()) {
                line = client.receive();
            }
            assertEquals("cancelled", line.path("data").path("code").asText());
            assertTrue(client.isClosedByBridge());
            finishing.join();
            assertTrue(idle.isClosedByBridge());
        }
    }

    @Test
    void theControlSocketEndsTheNode() throws Exception {
        Path path = directory.resolve("control.sock");
        CountDownLatch stopped = new CountDownLatch(1);
        Bridge control = Bridge.control(BridgeConfig.of(path, "n@host"), service, stopped::countDown);
        try (LineClient client = new LineClient(path)) {
            assertEquals("pong", client.ask("PING").path("message").asText());
            assertEquals("ready", client.ask("STATUS").path("message").asText());
            assertEquals(
                    ProcessHandle.current().pid(),
                    client.data("PING").path("os_pid").asLong());
            assertEquals("Good day", text(client, "INFER Hi"));
            assertEquals("stopping", client.ask("STOP").path("message").asText());
            assertTrue(stopped.await(30, TimeUnit.SECONDS));
        } finally {
            control.close();
        }
    }

    private static final Duration LONG = Duration.ofHours(1);

    /** A control socket with few places. */
    private Bridge control(Path path, Duration silence, Duration room) throws IOException {
        return Bridge.control(
                BridgeConfig.of(path, "n@host").withLimits(4, 4096, 4096), service, () -> {}, silence, room);
    }

    @Test
    void silentClientsOfTheControlSocketMakeRoom() throws Exception {
        Path path = directory.resolve("control.sock");
        List<LineClient> silent = new ArrayList<>();
        try (Bridge control = control(path, LONG, Duration.ofMillis(1))) {
            for (int i = 0; i < 40; i++) {
                silent.add(new LineClient(path));
                silent.getLast().send("PIN".getBytes(StandardCharsets.UTF_8));
            }
            for (int i = 0; i < 10; i++) {
                try (LineClient client = new LineClient(path)) {
                    assertEquals("ready", client.ask("STATUS").path("message").asText());
                }
            }
            assertTrue(silent.getFirst().isClosedByBridge());
        } finally {
            for (LineClient client : silent) {
                client.close();
            }
        }
    }

    @Test
    void soDoClientsThatDoNotReadTheirAnswers() throws Exception {
        Path path = directory.resolve("control.sock");
        List<LineClient> deaf = new ArrayList<>();
        try (Bridge control = control(path, LONG, Duration.ofMillis(1))) {
            for (int i = 0; i < 4; i++) {
                LineClient client = new LineClient(path);
                deaf.add(client);
                client.channel.configureBlocking(false);
                // Until neither side takes any more.
                while (client.channel.write(
                                java.nio.ByteBuffer.wrap("STATUS\n".repeat(1000).getBytes()))
                        > 0) {
                    continue;
                }
            }
            try (LineClient client = new LineClient(path)) {
                assertEquals("ready", client.ask("STATUS").path("message").asText());
            }
        } finally {
            for (LineClient client : deaf) {
                client.close();
            }
        }
    }

    @Test
    void aClientThatSaysNothingIsLetGo() throws Exception {
        Path path = directory.resolve("control.sock");
        try (Bridge control = control(path, Duration.ofMillis(1), LONG);
                LineClient silent = new LineClient(path);
                LineClient halting = new LineClient(path)) {
            halting.send("STAT".getBytes(StandardCharsets.UTF_8));
            assertTrue(silent.isClosedByBridge());
            assertTrue(halting.isClosedByBridge());
        }
    }

    @Test
    void aClientThatWaitsForItsAnswerKeepsItsPlaceInABurst() throws Exception {
        Path path = directory.resolve("control.sock");
        try (Bridge control = control(path, LONG, LONG)) {
            assertEquals(Map.of("pong", 200), burst(path));
        }
    }

    @Test
    void everyClientOfABurstIsAnswered() throws Exception {
        Map<String, Integer> answers = burst(socket);
        assertTrue(answers.getOrDefault("pong", 0) >= 20, answers.toString());
        int refused = answers.getOrDefault("20 clients are connected, which is the limit", 0);
        assertEquals(200, answers.get("pong") + refused, answers.toString());
    }

    /** {@return how often each message came to 200 clients that connect before any of them asks} */
    private static Map<String, Integer> burst(Path path) throws Exception {
        List<LineClient> clients = new ArrayList<>();
        Map<String, Integer> answers = new ConcurrentHashMap<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 200; i++) {
                clients.add(new LineClient(path));
            }
            List<Future<?>> asked = new ArrayList<>();
            for (LineClient client : clients) {
                asked.add(threads.submit(() -> {
                    try (client) {
                        try {
                            client.send("PING");
                        } catch (IOException refused) {
                            // The answer to that is there already.
                        }
                        String message = client.receive().path("message").asText();
                        answers.merge(message, 1, Integer::sum);
                    }
                    return null;
                }));
            }
            for (Future<?> one : asked) {
                one.get();
            }
        }
        return answers;
    }

    @Test
    void whoSaysStopNeedNotWaitForTheAnswer() throws Exception {
        Path path = directory.resolve("control.sock");
        CountDownLatch stopped = new CountDownLatch(1);
        try (SocketFile listening = SocketFile.listen(path)) {
            LineClient hasty = new LineClient(path);
            hasty.send("STOP");
            hasty.close();
            House house = new House(service, BridgeConfig.of(path, "n@host"), stopped::countDown, true, null, Map::of);
            new Connection(listening.server().accept(), new BridgeClient(1), house).run(() -> {});
            assertEquals(0, stopped.getCount());
        }
    }

    @Test
    @Tag("process")
    void netcat() throws Exception {
        Assumptions.assumeTrue(
                Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(dir -> new File(dir, "nc").canExecute()),
                "nc is not on the PATH");
        Process nc = new ProcessBuilder("nc", "-U", "-N", socket.toString())
                .redirectErrorStream(true)
                .start();
        try (var in = nc.outputWriter(StandardCharsets.UTF_8)) {
            in.write("PING\nINFER Hi\n");
        }
        List<String> lines = nc.inputReader(StandardCharsets.UTF_8).lines().toList();
        assertEquals(2, lines.size(), lines.toString());
        assertTrue(lines.get(1).contains("Good day"), lines.toString());
        assertEquals(0, nc.waitFor());
    }
}
