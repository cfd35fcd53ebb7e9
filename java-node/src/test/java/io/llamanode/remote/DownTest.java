package io.llamanode.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.remote.http.AnswerHandler;
import io.llamanode.remote.http.Exchange;
import io.llamanode.remote.http.Head;
import io.llamanode.remote.http.ServerClient;
import io.llamanode.remote.http.Trouble;
import io.llamanode.remote.request.ServerKind;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ServerConfig;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;

/** Servers that go and come back, ends at each stage of a request, and secrets that servers repeat. */
class DownTest extends ServerFixture {
    /** Looks now and then, on the model's own timer, until something holds. */
    private void await(java.util.function.BooleanSupplier holds) throws Exception {
        for (int i = 0; i < 1_000 && !holds.getAsBoolean(); i++) {
            CountDownLatch later = new CountDownLatch(1);
            model.later(later::countDown, 20, TimeUnit.MILLISECONDS);
            later.await();
        }
        assertTrue(holds.getAsBoolean());
    }

    private void restart() {
        int port = server.url().getPort();
        server.close();
        server = new ScriptedServer(port);
    }

    @Test
    void aServerThatIsBackIsUsedAgainAsWhatItIsThen() throws Exception {
        openLlamaServer(2);
        int port = server.url().getPort();
        server.close();
        assertEquals(ErrorCode.INFERENCE_FAILED, ask().failure().code());
        assertNotNull(model.trouble());
        assertEquals(0, busySlots());
        server = new ScriptedServer(port).likeOpenai("other");
        server.on(CHAT, (request, connection) -> connection.events(HELLO, STOP, "[DONE]"));
        await(() -> model.trouble() == null);
        assertEquals(ServerKind.OPENAI, model.facts().kind());
        assertEquals("other", model.facts().model());
        assertNull(model.facts().nCtx());
        assertEquals("Hello", ask().answer().content());
        assertFalse(server.next(CHAT).body().contains("id_slot"));
    }

    @Test
    void nobodyIsSentToAServerThatIsDown() throws Exception {
        openLlamaServer(1);
        int port = server.url().getPort();
        server.close();
        ask().failure();
        // There again, but not asked yet what it is: it does not say.
        AtomicInteger chats = new AtomicInteger();
        CountDownLatch never = new CountDownLatch(1);
        server = new ScriptedServer(port).onAny((request, connection) -> never.await());
        server.on(CHAT, (request, connection) -> chats.incrementAndGet());
        for (int i = 0; i < 10; i++) {
            Heard heard = ask();
            assertFails(ErrorCode.INFERENCE_FAILED, "http://127.0.0.1:" + port, heard.failure());
            assertEquals(1, heard.ends());
        }
        assertEquals(0, chats.get());
        never.countDown();
    }

    /** Nobody saw it go: it was started anew between two requests, and loads. */
    @Test
    void aServerThatLoadsAnotherModelIsAskedWhatItIs() throws Exception {
        openLlamaServer(1);
        restart();
        server.likeLlamaServer(3, 1024);
        AtomicInteger asked = new AtomicInteger();
        server.on(CHAT, (request, connection) -> {
            if (asked.incrementAndGet() == 1) {
                connection.whole(503, "text/plain", "Loading model");
            } else {
                connection.events(HELLO, STOP, "[DONE]");
            }
        });
        assertEquals("Hello", ask().answer().content());
        await(() -> model.facts().nCtx() == 1024 && model.state().slots().size() == 3);
    }

    @Test
    void aLazyModelStartsThoughAGatewayAnswersForItsServer() {
        server.onAny((request, connection) -> connection.whole(502, "text/html", "bad gateway"));
        open(config(server.url(), ServerConfig.Timeouts.DEFAULTS, true));
        assertTrue(model.trouble().contains("502"), model.trouble());
        assertThrows(
                FailureException.class,
                () -> RemoteModel.open(config(server.url(), ServerConfig.Timeouts.DEFAULTS, false), null));
    }

    // Questions by the way

    @Test
    void aQuestionWaitsWhileTheServerLoadsAndIsAskedAgainOnANewConnection() {
        openLlamaServer(1);
        AtomicInteger asked = new AtomicInteger();
        server.on("/tokenize", (request, connection) -> {
            switch (asked.incrementAndGet()) {
                case 1 -> connection.whole(503, "text/plain", "Loading model");
                case 2 -> connection.json("{\"tokens\":[1]}");
                case 3 -> {
                    // Closed before it answers.
                }
                default -> connection.json("{\"tokens\":[2]}");
            }
        });
        assertEquals(1, model.questions().tokenize("a", false, false)[0]);
        assertEquals(2, model.questions().tokenize("a", false, false)[0]);
        assertEquals(4, asked.get());
    }

    @Test
    void aQuestionThatFindsNobodyTellsEverybody() {
        openLlamaServer(1);
        server.close();
        Questions questions = model.questions();
        assertThrows(FailureException.class, () -> questions.tokenize("a", false, false));
        assertNotNull(model.trouble());
    }

    @Test
    void aQuestionToABusyServerIsRefusedAndHoldsTheLine() throws Exception {
        openLlamaServer(1);
        server.on(
                "/tokenize",
                (request, connection) -> connection.raw(
                        "HTTP/1.1 429 X\r\nDate: Mon, 30 Nov 2026 10:00:00 GMT\r\nRetry-After: Mon, 30 Nov 2026 10:01:40 GMT\r\n"
                                + "Content-Length: 0\r\n\r\n"));
        FailureException refused =
                assertThrows(FailureException.class, () -> model.questions().tokenize("a", false, false));
        assertFails(ErrorCode.SERVER_BUSY, "for 100 s", refused.failure());
        Heard waits = ask();
        assertEquals(1, model.state().waiting());
        model.cancel(lastId);
        assertEquals(ErrorCode.CANCELLED, waits.failure().code());
    }

    // Ends at each stage

    @Test
    void aDeadlineEndsWhatWaitsInTheLine() throws Exception {
        openLlamaServer(1);
        AtomicInteger asked = new AtomicInteger();
        server.on(CHAT, (request, connection) -> {
            asked.incrementAndGet();
            connection.awaitClose();
        });
        Heard first = ask();
        first.begun.get();
        Heard second = ask(new Heard(), System.nanoTime() + 200_000_000L, "x");
        assertFails(ErrorCode.TIMEOUT, "deadline", second.failure());
        assertFalse(first.isOver());
        assertTrue(asked.get() <= 1);
        model.cancel(lastId - 1);
        first.failure();
        assertEquals(1, second.ends());
    }

    @Test
    void aServerThatAcceptsNoConnectionInTimeIsDown() throws Exception {
        FullPort.at(0, url -> {
            open(config(url, new ServerConfig.Timeouts(200, 60_000, 60_000), true));
            assertTrue(model.trouble().contains("connect_timeout_ms"), model.trouble());
        });
    }

    @Test
    void aCancelEndsARequestThatIsStillConnecting() throws Exception {
        server.likeLlamaServer(1, 256);
        open(config(server.url(), new ServerConfig.Timeouts(60_000, 60_000, 60_000), false));
        server.close();
        FullPort.at(server.url().getPort(), url -> {
            Heard heard = ask();
            heard.begun.get();
            model.cancel(lastId);
            assertEquals(ErrorCode.CANCELLED, heard.failure().code());
            assertEquals(0, busySlots());
            assertEquals(1, heard.ends());
        });
    }

    @Test
    void aCancelWhileTheServerIsAskedAgainSendsNothingMore() throws Exception {
        openLlamaServer(1);
        CountDownLatch came = new CountDownLatch(1);
        server.on(CHAT, (request, connection) -> {
            connection.raw("HTTP/1.1 503 X\r\nRetry-After: 500\r\nContent-Length: 0\r\n\r\n");
            came.countDown();
        });
        Heard heard = ask();
        came.await();
        model.cancel(lastId);
        assertEquals(ErrorCode.CANCELLED, heard.failure().code());
        assertEquals(0, busySlots());
        assertEquals(1, heard.ends());
    }

    /** Many at once, each at a stage of its own: no slot stays taken, and nothing is sent for what is over. */
    @Test
    void cancelsAtAnyMomentLeaveNoConnectionAndNoSlot() throws Exception {
        openLlamaServer(2);
        AtomicInteger left = new AtomicInteger();
        server.on(CHAT, (request, connection) -> {
            left.incrementAndGet();
            try {
                connection.begin("text/event-stream");
                connection.chunk("data: " + HELLO + "\n\n");
                connection.awaitClose();
            } finally {
                // It may be closed before the first byte.
                left.decrementAndGet();
            }
        });
        for (int i = 0; i < 200; i++) {
            Heard heard = ask();
            if (i % 4 == 0) {
                heard.part();
            } else if (i % 4 == 1) {
                heard.begun.get();
            }
            model.cancel(lastId);
            assertEquals(ErrorCode.CANCELLED, heard.failure().code());
            assertEquals(1, heard.ends());
        }
        assertEquals(0, busySlots());
        await(() -> left.get() == 0);
    }

    // Secrets

    @Test
    void noMessageHasASecretWhollyOrInPart() throws Exception {
        openLlamaServer(1);
        for (String said : List.of(
                "bad key " + KEY + " of " + TEAM,
                "x".repeat(994) + KEY,
                "x".repeat(997) + TEAM,
                "{\"error\":{\"message\":\"\\u0073esame-open and " + TEAM + "\"}}")) {
            server.on(CHAT, (request, connection) -> connection.whole(400, "application/json", said));
            assertClean(ask().failure().message());
            server.on(CHAT, (request, connection) -> connection.whole(200, "text/html", said));
            assertClean(ask().failure().message());
            server.on("/tokenize", (request, connection) -> connection.whole(401, "text/plain", said));
            FailureException refused =
                    assertThrows(FailureException.class, () -> model.questions().tokenize("a", false, false));
            assertClean(refused.failure().message());
        }
    }

    /** What reads an answer may fail with a message that repeats a part of it. */
    @Test
    void noLogHasASecret() throws Exception {
        server.on("/x", (request, connection) -> connection.json("{}"));
        BlockingQueue<String> logged = new LinkedBlockingQueue<>();
        Handler listens = new Handler() {
            @Override
            public void publish(LogRecord told) {
                logged.add(new SimpleFormatter().format(told));
            }

            @Override
            public void flush() {
                // Keeps nothing back.
            }

            @Override
            public void close() {
                // Holds nothing.
            }
        };
        Logger log = Logger.getLogger(Exchange.class.getName());
        log.addHandler(listens);
        try (ServerClient client = new ServerClient(config(server.url(), ServerConfig.Timeouts.DEFAULTS, false))) {
            client.send("/x", null, 10_000, new AnswerHandler() {
                @Override
                public void begins(Head head) {
                    throw new IllegalStateException("no number: " + KEY + " of " + TEAM);
                }

                @Override
                public void bytes(ByteBuffer bytes) {
                    throw new AssertionError("it has ended");
                }

                @Override
                public void ends() {
                    throw new AssertionError("it has ended");
                }

                @Override
                public void failed(Trouble trouble) {
                    // Its message is struck out of by who tells it.
                }
            });
            String told = logged.poll(20, TimeUnit.SECONDS);
            assertTrue(told.contains("no number: *** of ***"), told);
            assertClean(told);
        } finally {
            log.removeHandler(listens);
        }
    }

    private static void assertClean(String message) {
        assertFalse(message.contains(KEY.substring(0, 4)), message);
        assertFalse(message.contains(TEAM.substring(0, 3)), message);
    }

    @Test
    void aNameThatHasTheKeyInItIsShownWithoutIt() {
        server.likeOpenai("model-of-" + KEY);
        open();
        assertEquals("model-of-***", model.shown(model.facts().model()));
    }
}
