package io.llamanode.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.remote.answer.Trees;
import io.llamanode.remote.request.ServerKind;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.Secret;
import io.llamanode.service.contract.model.ServerConfig;
import io.llamanode.service.contract.task.TaskEvent;
import java.net.ServerSocket;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model behind servers that keep to the protocol, and behind others. */
class RemoteModelTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO = "{\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}";
    private static final String STOP = "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}";

    private final ScriptedServer server = new ScriptedServer();
    private RemoteModel model;
    private long lastId;

    @AfterEach
    void close() {
        if (model != null) {
            model.close();
        }
        server.close();
    }

    private ServerConfig config(ServerConfig.Timeouts timeouts, boolean lazy) {
        return new ServerConfig(
                server.url(),
                null,
                new Secret("sesame"),
                true,
                lazy,
                false,
                Map.of("X-Team", new Secret("blue")),
                null,
                ServerConfig.Tls.SYSTEM,
                timeouts,
                null,
                null,
                null);
    }

    private RemoteModel open() {
        model = RemoteModel.open(config(ServerConfig.Timeouts.DEFAULTS, false), null);
        return model;
    }

    private RemoteModel openLlamaServer() {
        server.likeLlamaServer(2, 256);
        return open();
    }

    private Heard ask() {
        return ask(new Heard(), RemoteRequest.NO_DEADLINE);
    }

    private Heard ask(Heard heard, long deadline) {
        var body = Trees.object().put("model", "tiny").put("stream", true);
        assertTrue(model.submit(new RemoteRequest(++lastId, "me", 0, 0, deadline, CHAT, body, true), heard, () -> {}));
        return heard;
    }

    private static void assertFails(ErrorCode code, String message, Failure failure) {
        assertEquals(code, failure.code(), failure.message());
        assertTrue(failure.message().contains(message), failure.message());
    }

    // What a server is

    @Test
    void knowsALlamaServerByItsProperties() {
        openLlamaServer();
        assertEquals(ServerKind.LLAMA_SERVER, model.facts().kind());
        assertEquals("tiny", model.facts().model());
        assertEquals(2, model.facts().slots());
        assertEquals(256, model.facts().nCtx());
        assertEquals(Map.of("style", 0), model.facts().adapters());
    }

    @Test
    void knowsAnotherServerByItsListOfModels() {
        server.likeOpenai("a", "b");
        open();
        assertEquals(ServerKind.OPENAI, model.facts().kind());
        assertEquals(List.of("a", "b"), model.facts().models());
        assertNull(model.facts().slots());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/completion", "/completion-stream"})
    void knowsAServerWithNativeEndpointsByAToken(String path) {
        server.on(path, (request, connection) -> connection.json("{\"content\":\"x\",\"stop\":true}"));
        open();
        assertEquals(ServerKind.NATIVE, model.facts().kind());
        assertEquals(path, model.facts().completionPath());
    }

    private FailureException refused() {
        return assertThrows(FailureException.class, this::open);
    }

    @Test
    void whatIsNoServerOfModelsIsRefusedByItsUrl() {
        assertFails(
                ErrorCode.MODEL_LOAD_FAILED, server.url().toString(), refused().failure());
    }

    @Test
    void aServerThatCanNotBeReachedIsRefusedByItsUrl() {
        server.close();
        assertFails(
                ErrorCode.MODEL_LOAD_FAILED, server.url().toString(), refused().failure());
    }

    @Test
    void aKeyThatIsNotTakenIsUnauthorizedAndNeverShown() {
        server.on(
                "/v1/models",
                (request, connection) ->
                        connection.whole(401, "application/json", "{\"error\":{\"message\":\"no sesame, blue\"}}"));
        assertFails(ErrorCode.UNAUTHORIZED, "no ***, ***", refused().failure());
    }

    @Test
    void redirectsAreNotFollowed() {
        server.on(
                "/v1/models",
                (request, connection) ->
                        connection.raw("HTTP/1.1 302 X\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n"));
        assertFails(ErrorCode.MODEL_LOAD_FAILED, "http://elsewhere/", refused().failure());
    }

    @Test
    void aModelThatIsNotListedIsRefused() {
        server.likeOpenai("a", "b");
        ServerConfig config = new ServerConfig(
                server.url(),
                "c",
                null,
                true,
                false,
                false,
                Map.of(),
                null,
                ServerConfig.Tls.SYSTEM,
                ServerConfig.Timeouts.DEFAULTS,
                null,
                null,
                null);
        Failure failure = assertThrows(FailureException.class, () -> RemoteModel.open(config, null))
                .failure();
        assertFails(ErrorCode.MODEL_LOAD_FAILED, "'c'; it lists [a, b]", failure);
    }

    @Test
    void aServerThatLoadsIsWaitedForAtTheStart() {
        AtomicInteger asked = new AtomicInteger();
        server.likeOpenai("a")
                .on(
                        "/health",
                        (request, connection) -> connection.whole(
                                asked.incrementAndGet() < 2 ? 503 : 200,
                                "application/json",
                                "{\"error\":{\"message\":\"Loading model\"}}"));
        open();
        assertEquals(2, asked.get());
    }

    /** A connection that was kept alive may be closed by the server just when it is used. */
    @Test
    void aQuestionOnAConnectionThatWasClosedIsAskedOnceMore() {
        AtomicInteger asked = new AtomicInteger();
        server.on("/tokenize", (request, connection) -> {
            if (asked.incrementAndGet() > 1) {
                connection.json("{\"tokens\":[7]}");
            }
        });
        openLlamaServer();
        assertEquals(7, model.questions().tokenize("a", false, false)[0]);
    }

    @Test
    void aLazyModelStartsWithoutItsServerAndTellsWhy() throws Exception {
        ServerSocket nobody = new ServerSocket(0);
        int port = nobody.getLocalPort();
        nobody.close();
        ServerConfig config = new ServerConfig(
                URI.create("http://127.0.0.1:" + port),
                null,
                null,
                true,
                true,
                false,
                Map.of(),
                null,
                ServerConfig.Tls.SYSTEM,
                ServerConfig.Timeouts.DEFAULTS,
                null,
                null,
                null);
        model = RemoteModel.open(config, null);
        assertTrue(Objects.requireNonNull(model.trouble()).contains("refused"), model.trouble());
        assertFails(ErrorCode.INFERENCE_FAILED, ":" + port, ask().failure());
    }

    // Requests

    @Test
    void sendsTheKeyTheHeadersAndASlot() throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> connection.events(HELLO, STOP, "[DONE]"));
        assertEquals("Hello", ask().answer().content());
        ScriptedServer.Request request = server.next(CHAT);
        assertEquals("Bearer sesame", request.headers().get("Authorization"));
        assertEquals("blue", request.headers().get("X-Team"));
        assertEquals(
                0,
                Objects.requireNonNull(Trees.parse(request.body()))
                        .path("id_slot")
                        .asInt(-1));
    }

    @Test
    void aConnectionIsKeptAlive() throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> connection.events(HELLO, STOP, "[DONE]"));
        int before = server.connections();
        for (int i = 0; i < 5; i++) {
            ask().answer();
        }
        assertTrue(server.connections() <= before + 1, server.connections() + " connections");
    }

    @Test
    void anAnswerIsReadByWhatComesAndNotByItsType() throws Exception {
        openLlamaServer();
        server.on(
                CHAT,
                (request, connection) -> connection.whole(
                        200,
                        "text/html",
                        "{\"choices\":[{\"message\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}"));
        assertEquals("Hello", ask().answer().content());
        server.on(CHAT, (request, connection) -> connection.whole(200, "image/png", HELLO + "\n" + STOP + "\n"));
        assertEquals("Hello", ask().answer().content());
    }

    @Test
    void anAnswerIsCompleteWithAFinishReasonThoughNothingSaysDone() throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> connection.events(HELLO, STOP));
        assertEquals("Hello", ask().answer().content());
        server.on(CHAT, (request, connection) -> {
            connection.begin("text/event-stream");
            connection.chunk("data: " + HELLO + "\n\ndata: " + STOP + "\n\n");
            // And the connection is cut.
        });
        assertEquals("Hello", ask().answer().content());
    }

    @Test
    void anAnswerThatEndsBeforeFailsAndWhatWasSentStaysSent() throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> connection.events(HELLO, "[DONE]"));
        Heard heard = ask();
        assertEquals(new TaskEvent.Chunk("Hello"), heard.part());
        assertFails(ErrorCode.INFERENCE_FAILED, "before it was complete", heard.failure());
    }

    @Test
    void aConnectionThatIsCutInTheMiddleFailsAndIsNotTriedAgain() throws Exception {
        openLlamaServer();
        AtomicInteger asked = new AtomicInteger();
        server.on(CHAT, (request, connection) -> {
            asked.incrementAndGet();
            connection.begin("text/event-stream");
            connection.chunk("data: " + HELLO + "\n\n");
        });
        Heard heard = ask();
        assertEquals(new TaskEvent.Chunk("Hello"), heard.part());
        assertFails(ErrorCode.INFERENCE_FAILED, "in the middle", heard.failure());
        assertEquals(1, asked.get());
    }

    @Test
    void aBodyShorterThanItsLengthFails() throws Exception {
        openLlamaServer();
        server.on(
                CHAT,
                (request, connection) ->
                        connection.raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\ndata: " + HELLO + "\n\n"));
        assertFails(ErrorCode.INFERENCE_FAILED, "in the middle", ask().failure());
    }

    @Test
    void aPageInPlaceOfAnAnswerIsShown() throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> connection.whole(200, "text/html", "<html>\nLogin\n</html>\n"));
        assertFails(ErrorCode.INFERENCE_FAILED, "<html>", ask().failure());
    }

    @Test
    void anErrorEventEndsTheTaskWithItsMessage() throws Exception {
        openLlamaServer();
        server.on(
                CHAT,
                (request, connection) ->
                        connection.events(HELLO, "{\"error\":{\"message\":\"out of sesame\",\"code\":500}}"));
        assertFails(ErrorCode.INFERENCE_FAILED, "out of ***", ask().failure());
    }

    @Test
    void anAnswerThatTakesTooMuchMemoryFailsAndTheConnectionIsClosed() throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> {
            connection.begin("text/event-stream");
            connection.chunk("data: " + HELLO + "\n\n");
            connection.chunk("data: {\"choices\":[{\"delta\":{\"content\":\"" + "x".repeat(1000) + "\"}}]}\n\n");
            connection.awaitClose();
        });
        assertFails(
                ErrorCode.INFERENCE_FAILED,
                "memory",
                ask(new Heard(1_000), RemoteRequest.NO_DEADLINE).failure());
        server.awaitClosed();
    }

    @Test
    void aBodyWithoutEndFailsAndTheConnectionIsClosed() throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> {
            connection.begin("text/event-stream");
            String part = "x".repeat(1 << 20);
            connection.chunk("data: {\"choices\":[{\"delta\":{\"content\":\"");
            try {
                while (true) {
                    connection.chunk(part);
                }
            } catch (java.io.IOException e) {
                connection.awaitClose();
            }
        });
        assertFails(ErrorCode.INFERENCE_FAILED, "over 16777216 bytes", ask().failure());
        server.awaitClosed();
    }

    // Failures

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"error\":{\"code\":400,\"type\":\"exceed_context_size_error\",\"message\":\"too many\"}}",
                "{\"error\":{\"code\":\"context_length_exceeded\",\"message\":\"too many\"}}",
                "{\"object\":\"error\",\"message\":\"This model's maximum context length is 8 tokens\"}"
            })
    void aPromptThatDoesNotFitIntoTheContextIsAnInvalidArgument(String body) throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> connection.whole(400, "application/json", body));
        assertFails(ErrorCode.INVALID_ARGUMENT, "prompt: does not fit into the context", ask().failure());
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 404, 500})
    void otherStatusesCarryTheServersMessage(int status) throws Exception {
        openLlamaServer();
        server.on(
                CHAT,
                (request, connection) ->
                        connection.whole(status, "application/json", "{\"error\":{\"message\":\"sesame is wrong\"}}"));
        assertFails(ErrorCode.INFERENCE_FAILED, status + ": *** is wrong", ask().failure());
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403})
    void aKeyThatIsTakenNoMoreIsUnauthorized(int status) throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> connection.whole(status, "text/plain", "Invalid API Key"));
        assertFails(ErrorCode.UNAUTHORIZED, "Invalid API Key", ask().failure());
    }

    @Test
    void aServerThatIsBusyEndsTheTaskAndHoldsThoseThatWait() throws Exception {
        server.likeLlamaServer(1, 256);
        open();
        AtomicInteger asked = new AtomicInteger();
        CountDownLatch both = new CountDownLatch(1);
        server.on(CHAT, (request, connection) -> {
            if (asked.incrementAndGet() == 1) {
                both.await();
                connection.raw("HTTP/1.1 429 X\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
            } else {
                connection.events(HELLO, STOP, "[DONE]");
            }
        });
        Heard first = ask();
        Heard second = ask();
        both.countDown();
        assertFails(ErrorCode.SERVER_BUSY, "for 1 s", first.failure());
        assertEquals(
                0,
                model.state().slots().stream().filter(slot -> slot.task() != 0).count());
        assertFalse(second.isOver());
        assertEquals("Hello", second.answer().content());
    }

    @Test
    void aServerThatLoadsIsWaitedFor() throws Exception {
        openLlamaServer();
        AtomicInteger asked = new AtomicInteger();
        server.on(CHAT, (request, connection) -> {
            if (asked.incrementAndGet() < 3) {
                connection.whole(503, "application/json", "{\"error\":{\"message\":\"Loading model\"}}");
            } else {
                connection.events(HELLO, STOP, "[DONE]");
            }
        });
        assertEquals("Hello", ask().answer().content());
        assertEquals(3, asked.get());
    }

    @Test
    void aServerThatLoadsIsWaitedForUntilTheDeadline() throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> connection.whole(503, "text/plain", "Loading"));
        assertFails(
                ErrorCode.TIMEOUT,
                "deadline",
                ask(new Heard(), System.nanoTime() + 300_000_000L).failure());
    }

    @Test
    void anAnswerThatStallsEndsWithATimeout() throws Exception {
        server.likeLlamaServer(2, 256);
        model = RemoteModel.open(config(new ServerConfig.Timeouts(5_000, 300, 60_000), false), null);
        server.on(CHAT, (request, connection) -> {
            connection.begin("text/event-stream");
            connection.chunk("data: " + HELLO + "\n\n");
            connection.awaitClose();
        });
        assertFails(ErrorCode.TIMEOUT, "idle_timeout_ms", ask().failure());
        server.awaitClosed();
    }

    @Test
    void anAnswerThatNeverBeginsEndsWithATimeout() throws Exception {
        server.likeLlamaServer(2, 256);
        model = RemoteModel.open(config(new ServerConfig.Timeouts(5_000, 60_000, 1_000), false), null);
        server.on(CHAT, (request, connection) -> connection.awaitClose());
        assertFails(ErrorCode.TIMEOUT, "request_timeout_ms", ask().failure());
        server.awaitClosed();
    }

    @Test
    void aRequestOnAConnectionThatWasClosedIsTriedOnceMore() throws Exception {
        openLlamaServer();
        AtomicInteger asked = new AtomicInteger();
        server.on(CHAT, (request, connection) -> {
            if (asked.incrementAndGet() == 2) {
                return;
            }
            connection.events(HELLO, STOP, "[DONE]");
        });
        ask().answer();
        assertEquals("Hello", ask().answer().content());
        assertEquals(3, asked.get());
    }

    @Test
    void aServerThatClosesEveryConnectionIsAskedTwiceAndNoMore() throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> connection.events(HELLO, STOP, "[DONE]"));
        ask().answer();
        AtomicInteger asked = new AtomicInteger();
        server.on(CHAT, (request, connection) -> asked.incrementAndGet());
        assertFails(ErrorCode.INFERENCE_FAILED, "before it answered", ask().failure());
        assertEquals(2, asked.get());
    }

    @Test
    void callersOfAServerThatIsDownAreToldAtOnceUntilItIsBack() throws Exception {
        openLlamaServer();
        server.close();
        assertEquals(ErrorCode.INFERENCE_FAILED, ask().failure().code());
        assertEquals(ErrorCode.INFERENCE_FAILED, ask().failure().code());
        assertThrows(FailureException.class, model::facts);
    }

    // Ends from outside

    @Test
    void aCancelClosesTheConnectionBeforeItIsAcknowledged() throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> {
            connection.begin("text/event-stream");
            connection.chunk("data: " + HELLO + "\n\n");
            connection.awaitClose();
        });
        Heard heard = ask();
        heard.part();
        model.cancel(lastId);
        assertEquals(ErrorCode.CANCELLED, heard.failure().code());
        server.awaitClosed();
        assertEquals(
                0,
                model.state().slots().stream().filter(slot -> slot.task() != 0).count());
        assertEquals(1, heard.ends());
    }

    @Test
    void aCancelBeforeTheAnswerBeginsClosesTheConnection() throws Exception {
        openLlamaServer();
        CountDownLatch came = new CountDownLatch(1);
        server.on(CHAT, (request, connection) -> {
            came.countDown();
            connection.awaitClose();
        });
        Heard heard = ask();
        came.await();
        model.cancel(lastId);
        assertEquals(ErrorCode.CANCELLED, heard.failure().code());
        server.awaitClosed();
    }

    @Test
    void whatWaitsIsCancelledWithoutARequest() throws Exception {
        server.likeLlamaServer(1, 256);
        open();
        AtomicInteger asked = new AtomicInteger();
        server.on(CHAT, (request, connection) -> {
            asked.incrementAndGet();
            connection.awaitClose();
        });
        Heard first = ask();
        first.begun.get();
        Heard second = ask();
        model.cancel(lastId);
        assertEquals(ErrorCode.CANCELLED, second.failure().code());
        assertFalse(first.isOver());
        model.cancel(lastId - 1);
        first.failure();
        assertTrue(asked.get() <= 1);
    }

    @Test
    void aDeadlineEndsTheRequestAtTheServerToo() throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> connection.awaitClose());
        assertFails(
                ErrorCode.TIMEOUT,
                "deadline",
                ask(new Heard(), System.nanoTime() + 500_000_000L).failure());
        server.awaitClosed();
    }

    @Test
    void closingAModelCancelsItsRequests() throws Exception {
        openLlamaServer();
        server.on(CHAT, (request, connection) -> {
            connection.begin("text/event-stream");
            connection.chunk("data: " + HELLO + "\n\n");
            connection.awaitClose();
        });
        Heard heard = ask();
        heard.part();
        model.close();
        assertEquals(ErrorCode.CANCELLED, heard.failure().code());
        server.awaitClosed();
    }
}
