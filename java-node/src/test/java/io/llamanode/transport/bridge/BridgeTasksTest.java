package io.llamanode.transport.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.engine.vector.VectorRequest;
import io.llamanode.engine.vector.VectorRunner;
import io.llamanode.protocol.ReplyEncoder;
import io.llamanode.service.FakeService;
import io.llamanode.service.LlamaService;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every kind of task over the bridge, sessions, and tasks that go on while the client does something else. */
@Timeout(60)
final class BridgeTasksTest {
    private static final String ENDLESS = "{\"prompt\": \"x\", \"n_predict\": 1000000000}";

    /** Every text is alike. */
    private static final class Vectors implements VectorRunner {
        @Override
        public int maxSequences() {
            return 4;
        }

        @Override
        public int maxTokens() {
            return 64;
        }

        @Override
        public List<float[]> compute(List<Sequence> sequences, BooleanSupplier givenUp) {
            return sequences.stream()
                    .map(sequence ->
                            sequence.pooling() == VectorRequest.Pooling.RANK ? new float[] {1} : new float[] {3, 4})
                    .toList();
        }

        @Override
        public void close() {}
    }

    @TempDir
    Path directory;

    private Path socket;
    private LlamaService service;
    private Bridge bridge;

    @BeforeEach
    void start() throws Exception {
        socket = directory.resolve("bridge.sock");
        service = FakeService.start(
                Bridge.monitor((owner, down) -> {
                    throw new AssertionError(owner);
                }),
                model -> model.vectors = new Vectors(),
                model -> model.answer("Hi", "Hello")
                        .answer("user:Hi\u0100assistant:", "Good day")
                        .answer("user:Hi\u0100assistant:Good day\u0100user:Again\u0100assistant:", "As you say"));
        bridge = Bridge.open(BridgeConfig.of(socket, "n@host"), service, () -> {});
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
    void chatsHaveAnObjectForAnAnswer() throws Exception {
        try (LineClient client = client()) {
            JsonNode result = client.data("CHAT Hi");
            assertEquals("Good day", result.path("content").asText());
            assertEquals("stop", result.path("finish_reason").asText());
            assertEquals(
                    "Good day",
                    client.data("CHAT {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}")
                            .path("content")
                            .asText());
            assertEquals("invalid_argument", client.code("CHAT {\"prompt\": \"Hi\", \"temprature\": 1}"));
        }
    }

    @Test
    void tokensOfAText() throws Exception {
        try (LineClient client = client()) {
            JsonNode tokens = client.data("TOKENIZE Hi");
            assertEquals("{\"tokens\":[72,105],\"count\":2}", tokens.toString());
            JsonNode pieces = client.data("TOKENIZE {\"content\": \"Hi\", \"with_pieces\": true}");
            assertEquals(
                    "{\"id\":72,\"piece\":\"H\"}", pieces.path("tokens").path(0).toString());
            assertEquals("invalid_argument", client.code("TOKENIZE {\"text\": \"Hi\"}"));
        }
    }

    @Test
    void aSessionRemembersWhatWasSaid() throws Exception {
        try (LineClient client = client();
                LineClient other = client()) {
            assertEquals("Good day", client.data("INFER Hi").asText());
            long session = client.data("SESSION OPEN").path("session_id").asLong();
            assertEquals("Good day", client.data("INFER Hi").asText());
            assertEquals("As you say", client.data("INFER Again").asText());
            String info =
                    ReplyEncoder.sessionInfo(service.sessions().info(session)).toString();
            assertTrue(
                    info.contains("owner => #Bin<" + "bridge client 1".length() + ">"),
                    "what a BEAM is told of it: " + info);
            client.ask("SESSION USE");
            assertEquals("Good day", client.data("INFER Hi").asText(), "outside of it");
            assertEquals("session_not_found", client.code("SESSION USE 1"));
            assertEquals(
                    session,
                    other.data("SESSION USE " + session).path("session_id").asLong());
            client.data("SESSION CLOSE " + session);
            assertEquals("session_not_found", other.code("INFER Hi"));
            assertEquals("invalid_argument", client.code("SESSION CLOSE"));
        }
    }

    @Test
    void whatWasLoadedIsUsedRatherThanASession() throws Exception {
        try (LineClient client = client()) {
            client.data("SESSION OPEN");
            client.data("LOAD other.gguf");
            assertEquals("other", client.ask("INFER Hi").path("model").asText());
            long session = client.data("SESSION OPEN").path("session_id").asLong();
            assertEquals("other", client.ask("INFER Hi").path("model").asText());
            assertEquals("other", service.sessions().info(session).model());
        }
    }

    @Test
    void aSessionEndsWithItsConnection() throws Exception {
        long session;
        try (LineClient client = client()) {
            session = client.data("SESSION OPEN {\"system_prompt\": \"Be brief.\"}")
                    .path("session_id")
                    .asLong();
            client.ask("QUIT");
            assertTrue(client.isClosedByBridge());
        }
        try (LineClient client = client()) {
            // The end of an owner is told on a thread of its own.
            JsonNode answer = client.ask("SESSION USE " + session);
            while (answer.path("status").asText().equals("ok")) {
                answer = client.ask("SESSION USE " + session);
            }
            assertEquals("session_not_found", answer.path("data").path("code").asText());
        }
    }

    @Test
    void aResultWaitsUntilItIsAskedFor() throws Exception {
        try (LineClient client = client();
                LineClient other = client()) {
            JsonNode started = client.ask("START INFER Hi");
            long task = started.path("task_id").asLong();
            assertEquals(task, started.path("data").path("task_id").asLong());
            assertEquals(
                    "Good day", other.data("RESULT " + task).path("content").asText());
            assertEquals("task_not_found", client.code("RESULT " + task));
            long endless =
                    client.data("START COMPLETE " + ENDLESS).path("task_id").asLong();
            assertEquals("timeout", client.code("RESULT " + endless + " 0"));
            assertEquals("ok", client.ask("CANCEL " + endless).path("status").asText());
            assertEquals("cancelled", client.code("RESULT " + endless));
        }
    }

    @Test
    void aCancelIsDoneWhileACommandOfItsOwnConnectionGoesOn() throws Exception {
        try (LineClient client = client()) {
            client.send("INFER_STREAM " + ENDLESS + "\nPING");
            long task = client.receive().path("task_id").asLong();
            client.send("CANCEL " + task);
            JsonNode line = client.receive();
            JsonNode cancel = null;
            while (!line.path("final").asBoolean()) {
                cancel = line.path("type").asText().equals("cancel") ? line : cancel;
                line = client.receive();
            }
            assertEquals("cancelled", line.path("data").path("code").asText());
            if (cancel == null) {
                cancel = client.receive();
                if (!cancel.path("type").asText().equals("cancel")) {
                    assertEquals("pong", cancel.path("message").asText());
                    cancel = client.receive();
                }
            }
            assertEquals("ok", cancel.path("status").asText());
            assertEquals(task, cancel.path("task_id").asLong());
        }
        awaitNoTask();
    }

    @Test
    void aCancelComesFromAnyConnection() throws Exception {
        try (LineClient client = client();
                LineClient other = client()) {
            long task = client.ask("INFER_STREAM " + ENDLESS).path("task_id").asLong();
            assertEquals("ok", other.ask("CANCEL " + task).path("status").asText());
            JsonNode line = client.receive();
            while (!line.path("final").asBoolean()) {
                line = client.receive();
            }
            assertEquals("cancelled", line.path("data").path("code").asText());
            JsonNode unknown = other.ask("CANCEL 1");
            assertEquals("task_not_found", unknown.path("data").path("code").asText());
            assertEquals("cancel", unknown.path("type").asText());
            awaitNoTask();
        }
    }

    @Test
    void aClientThatWaitsForAResultAndLeavesEndsWhatItStarted() throws Exception {
        LineClient client = client();
        long task = client.data("START COMPLETE " + ENDLESS).path("task_id").asLong();
        client.send("RESULT " + task);
        client.close();
        awaitNoTask();
    }

    @Test
    void whatJsonCannotHoldIsTextAllTheSame() throws Exception {
        try (LineClient client = client()) {
            JsonNode reply = client.ask("INFER {\"prompt\": \"Hi\", \"logprobs\": true, \"top_logprobs\": 2}");
            assertEquals("ok", reply.path("status").asText(), reply.toString());
            assertTrue(reply.path("logprobs").path(0).path("token").isTextual(), reply.toString());
        }
    }

    @Test
    void textsBecomeVectors() throws Exception {
        try (LineClient client = client()) {
            for (String input : List.of("Hi", "{\"input\": \"Hi\"}")) {
                JsonNode vectors = client.data("EMBED " + input);
                assertEquals(2, vectors.path("dimensions").asInt(), vectors.toString());
                assertEquals(2, vectors.path("embeddings").path(0).size(), vectors.toString());
            }
            long task = client.data("START EMBED Hi").path("task_id").asLong();
            assertEquals(2, client.data("RESULT " + task).path("dimensions").asInt());
            JsonNode ranked = client.ask("RERANK {\"query\": \"a\", \"documents\": [\"b\", \"c\"]}");
            assertFalse(ranked.path("status").asText().isEmpty());
            assertEquals("invalid_argument", client.code("RERANK what is a panda"));
            // Two floats, 3 and 4, in little-endian order.
            assertEquals(
                    "AABAQAAAgEA=",
                    client.data("EMBED {\"content\": \"Hi\", \"encoding_format\": \"base64\", \"normalize\": false}")
                            .path("embeddings")
                            .path(0)
                            .asText());
            JsonNode binary = client.ask("EMBED {\"input\": \"Hi\", \"encoding_format\": \"binary\"}");
            assertTrue(binary.path("message").asText().startsWith("encoding_format: "), binary.toString());
        }
    }
}
