package io.llamanode.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.model.ServerConfig;
import io.llamanode.service.contract.task.TaskEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that answer in ways that they should not: a task has one end, and says what was wrong. */
class MisbehaviourTest extends ServerFixture {
    private static final String TURTLE = "\uD83D\uDC22";

    private static String delta(String content) {
        return "{\"choices\":[{\"delta\":{\"content\":\"%s\"}}]}".formatted(content);
    }

    private static String native_(String content, boolean stop) {
        return "{\"content\":\"%s\",\"stop\":%s}".formatted(content, stop);
    }

    /** The same answer in each form, with characters of several bytes. */
    private static final String[] FORMS = {
        "data: " + delta("a" + TURTLE) + "\n\n: ping\n\ndata: " + delta("\u00e9") + "\n\ndata: " + STOP
                + "\n\ndata: [DONE]\n\n",
        "data: " + delta("a" + TURTLE)
                + "\r\n\r\n:\r\nevent: message\r\nid: 7\r\ndata: {\"choices\":\r\ndata: [{\"delta\":"
                + "{\"content\":\"\u00e9\"}}]}\r\n\r\ndata: " + STOP + "\r\n\r\n",
        "data: " + native_("a" + TURTLE, false) + "\n\ndata: " + native_("\u00e9", true) + "\n\n",
        native_("a" + TURTLE, false) + "\n" + native_("\u00e9", true) + "\n",
        native_("a" + TURTLE + "\u00e9", true),
        "data:{\"choices\":[{\"text\":\"a" + TURTLE
                + "\"}]}\n\ndata:{\"choices\":[{\"text\":\"\u00e9\",\"finish_reason\":\"stop\"}]}\n\n",
        "{\n \"choices\": [\n  {\"message\": {\"content\": \"a" + TURTLE
                + "\u00e9\"},\n   \"finish_reason\": \"stop\"}\n ]\n}",
    };

    /** Each cut is a chunk of its own, and so a read of its own: the next goes once the one before was sent. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
    void anAnswerMayBeCutAnywhere(int form) throws Exception {
        openLlamaServer(1);
        byte[] bytes = FORMS[form].getBytes(StandardCharsets.UTF_8);
        for (int size : new int[] {1, 7}) {
            server.on(CHAT, (request, connection) -> {
                connection.begin("application/octet-stream");
                for (int at = 0; at < bytes.length; at += size) {
                    int length = Math.min(size, bytes.length - at);
                    connection.raw(Integer.toHexString(length) + "\r\n");
                    connection.raw(java.util.Arrays.copyOfRange(bytes, at, at + length));
                    connection.raw("\r\n");
                }
                connection.end();
            });
            assertEquals("a" + TURTLE + "\u00e9", ask().answer().content());
        }
    }

    /** A server that says why it ended, and then neither that it is done nor that the body ends. */
    @Test
    void nobodyWaitsForTheEndOfABodyWhoseAnswerIsComplete() throws Exception {
        openLlamaServer(1);
        server.on(CHAT, (request, connection) -> {
            connection.begin("text/event-stream");
            connection.chunk("data: " + HELLO + "\n\ndata: " + STOP + "\n\n");
            connection.chunk("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n");
            connection.awaitClose();
        });
        Heard heard = ask();
        assertEquals(3, heard.answer().usage().promptTokens());
        server.awaitClosed();
        assertEquals(0, busySlots());
        assertEquals(1, heard.ends());
    }

    @Test
    void aLineOfAMegabyteIsRead() throws Exception {
        openLlamaServer(1);
        String long_ = "x".repeat(1 << 20);
        server.on(CHAT, (request, connection) -> connection.events(delta(long_), STOP, "[DONE]"));
        assertEquals(long_, ask().answer().content());
    }

    /** Also one that has told no part yet counts. */
    @Test
    void aLongLineIsHeldBeforeItIsOver() throws Exception {
        openLlamaServer(1);
        server.on(CHAT, (request, connection) -> {
            connection.begin("text/event-stream");
            connection.chunk("data: {\"x\":\"" + "x".repeat(1 << 20));
            connection.awaitClose();
        });
        assertFails(
                ErrorCode.INFERENCE_FAILED,
                "memory",
                ask(new Heard(1 << 20), RemoteRequest.NO_DEADLINE, "x").failure());
        server.awaitClosed();
    }

    @Test
    void anErrorWithoutEndIsRefusedAndTheConnectionIsClosed() throws Exception {
        openLlamaServer(1);
        server.on(CHAT, (request, connection) -> {
            connection.raw("HTTP/1.1 400 X\r\nTransfer-Encoding: chunked\r\n\r\n");
            try {
                while (true) {
                    connection.chunk("no ".repeat(10_000));
                }
            } catch (IOException e) {
                connection.awaitClose();
            }
        });
        assertFails(ErrorCode.INFERENCE_FAILED, "400: no no", ask().failure());
        server.awaitClosed();
    }

    @Test
    void invalidUtf8BecomesReplacementCharacters() throws Exception {
        openLlamaServer(1);
        server.on(CHAT, (request, connection) -> {
            connection.begin("text/event-stream");
            connection.chunk("data: {\"choices\":[{\"delta\":{\"content\":\"a");
            connection.chunk(new byte[] {(byte) 0xC3, '(', (byte) 0xFF});
            connection.chunk("b\"}}]}\n\ndata: " + STOP + "\n\n");
            connection.end();
        });
        assertEquals("a\uFFFD(\uFFFDb", ask().answer().content());
    }

    @Test
    void aHalfOfASurrogatePairBecomesAReplacementCharacter() throws Exception {
        openLlamaServer(1);
        server.on(CHAT, (request, connection) -> connection.events(delta("\\ud83d"), delta("x"), STOP, "[DONE]"));
        assertEquals("\uFFFDx", ask().answer().content());
    }

    @Test
    void aBodyThatIsPackedIsRefusedByName() throws Exception {
        openLlamaServer(1);
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(HELLO.getBytes(StandardCharsets.UTF_8));
        }
        server.on(CHAT, (request, connection) -> {
            connection.raw(
                    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n".formatted(packed.size()));
            connection.raw(packed.toByteArray());
        });
        assertFails(ErrorCode.INFERENCE_FAILED, "gzip", ask().failure());
        assertEquals("identity", server.next(CHAT).headers().get("Accept-Encoding"));
    }

    @Test
    void aServerOfHttp10WithoutALengthIsRead() throws Exception {
        openLlamaServer(1);
        server.on(
                CHAT,
                (request, connection) ->
                        connection.raw("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: " + HELLO
                                + "\n\ndata: " + STOP + "\n\n"));
        assertEquals("Hello", ask().answer().content());
        assertEquals("Hello", ask().answer().content());
    }

    @Test
    void aServerThatClosesEachConnectionIsAskedOnNewOnes() throws Exception {
        openLlamaServer(1);
        String events = "data: " + HELLO + "\n\ndata: " + STOP + "\n\n";
        AtomicInteger asked = new AtomicInteger();
        server.on(CHAT, (request, connection) -> {
            asked.incrementAndGet();
            connection.raw("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                    .formatted(events.length(), events));
        });
        for (int i = 0; i < 5; i++) {
            assertEquals("Hello", ask().answer().content());
        }
        assertEquals(5, asked.get());
    }

    @ParameterizedTest
    @ValueSource(strings = {"hello\r\n\r\n", "HTTP/1.1 abc X\r\n\r\n"})
    void whatIsNoHttpIsSaidAndNotAskedTwice(String answer) throws Exception {
        openLlamaServer(1);
        AtomicInteger asked = new AtomicInteger();
        server.on(CHAT, (request, connection) -> {
            asked.incrementAndGet();
            connection.raw(answer);
        });
        assertFails(ErrorCode.INFERENCE_FAILED, "HTTP", ask().failure());
        assertEquals(1, asked.get());
    }

    @Test
    void headersWithoutEndFail() throws Exception {
        openLlamaServer(1);
        AtomicInteger asked = new AtomicInteger();
        server.on(CHAT, (request, connection) -> {
            asked.incrementAndGet();
            connection.raw("HTTP/1.1 200 OK\r\n");
            try {
                for (int i = 0; ; i++) {
                    connection.raw("X-%d: %s\r\n".formatted(i, "y".repeat(1000)));
                }
            } catch (IOException e) {
                connection.awaitClose();
            }
        });
        assertFails(ErrorCode.INFERENCE_FAILED, "HTTP", ask().failure());
        server.awaitClosed();
        assertEquals(1, asked.get());
    }

    @Test
    void whatFollowsABodyIsNoAnswerToTheNextRequest() throws Exception {
        openLlamaServer(1);
        String events = "data: " + HELLO + "\n\ndata: " + STOP + "\n\n";
        String forged = "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(events.length(), events.replace("Hello", "Sorry"));
        server.on(CHAT, (request, connection) -> {
            connection.whole(200, "text/event-stream", events);
            connection.raw(forged);
        });
        assertEquals("Hello", ask().answer().content());
        assertEquals("Hello", ask().answer().content());
    }

    @Test
    void anAnswerMayComeBeforeTheRequestWasReadWhole() throws Exception {
        openLlamaServer(1);
        server.onHead(CHAT, (request, connection) -> {
            connection.raw("HTTP/1.1 413 X\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntoo large");
            connection.skip(Long.parseLong(request.headers().get("Content-Length")));
        });
        Heard heard = ask(new Heard(), RemoteRequest.NO_DEADLINE, "x".repeat(16 << 20));
        assertFails(ErrorCode.INFERENCE_FAILED, "413: too large", heard.failure());
    }

    @Test
    void aServerThatReadsNoRequestToItsEndAndClosesFailsTheTaskOnce() throws Exception {
        openLlamaServer(1);
        server.onHead(CHAT, (request, connection) -> connection.raw("HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n"));
        Heard heard = ask(new Heard(), RemoteRequest.NO_DEADLINE, "x".repeat(16 << 20));
        assertEquals(ErrorCode.INFERENCE_FAILED, heard.failure().code());
        assertEquals(0, busySlots());
        assertEquals(1, heard.ends());
    }

    @Test
    void aServerThatReadsNothingIsLeftAtTheDeadline() throws Exception {
        openLlamaServer(1);
        CountDownLatch over = new CountDownLatch(1);
        server.onHead(CHAT, (request, connection) -> over.await());
        Heard heard = ask(new Heard(), System.nanoTime() + 500_000_000L, "x".repeat(16 << 20));
        assertFails(ErrorCode.TIMEOUT, "deadline", heard.failure());
        over.countDown();
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 307, 308})
    void redirectsAreNotFollowed(int status) throws Exception {
        openLlamaServer(1);
        AtomicInteger followed = new AtomicInteger();
        try (ScriptedServer elsewhere = new ScriptedServer().onAny((r, c) -> followed.incrementAndGet())) {
            server.on(
                    CHAT,
                    (request, connection) ->
                            connection.raw("HTTP/1.1 %d X\r\nLocation: %s/?key=%s\r\nContent-Length: 0\r\n\r\n"
                                    .formatted(status, elsewhere.url(), KEY)));
            String message = ask().failure().message();
            assertTrue(message.contains("it redirects to " + elsewhere.url() + "/?key=***"), message);
            assertEquals(0, followed.get());
        }
    }

    @Test
    void aConnectionThatIsCutWhenAPartWasToldIsNotTriedAgain() throws Exception {
        openLlamaServer(1);
        server.on(CHAT, (request, connection) -> connection.events(HELLO, STOP, "[DONE]"));
        ask().answer();
        AtomicInteger asked = new AtomicInteger();
        server.on(CHAT, (request, connection) -> {
            asked.incrementAndGet();
            connection.raw("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
        });
        assertFails(ErrorCode.INFERENCE_FAILED, "in the middle", ask().failure());
        assertEquals(1, asked.get());
    }

    @Test
    void anErrorInTheMiddleLeavesWhatWasSent() throws Exception {
        openLlamaServer(1);
        server.on(CHAT, (request, connection) -> {
            connection.begin("text/event-stream");
            connection.chunk("data: " + HELLO + "\n\nevent: error\ndata: {\"message\":\"slot lost\"}\n\n");
            connection.awaitClose();
        });
        Heard heard = ask();
        assertEquals(new TaskEvent.Chunk("Hello"), heard.part());
        assertFails(ErrorCode.INFERENCE_FAILED, "slot lost", heard.failure());
        server.awaitClosed();
        assertEquals(1, heard.ends());
    }

    @Test
    void aServerThatLoadsForEverIsAskedUntilTheRequestsTimePassed() throws Exception {
        server.likeLlamaServer(1, 256);
        open(config(server.url(), new ServerConfig.Timeouts(5_000, 60_000, 1_000), false));
        server.on(CHAT, (request, connection) -> connection.whole(503, "text/plain", "Loading model"));
        assertFails(ErrorCode.INFERENCE_FAILED, "503: Loading model", ask().failure());
        assertEquals(0, busySlots());
    }

    /** The longer of two holds counts, though the shorter one came later. */
    @Test
    void aShortHoldDoesNotEndALongOne() throws Exception {
        openLlamaServer(2);
        AtomicInteger asked = new AtomicInteger();
        CountDownLatch firstCame = new CountDownLatch(1);
        CountDownLatch secondCame = new CountDownLatch(1);
        CountDownLatch firstIsOver = new CountDownLatch(1);
        server.on(CHAT, (request, connection) -> {
            boolean isFirst = asked.incrementAndGet() == 1;
            (isFirst ? firstCame : secondCame).countDown();
            (isFirst ? secondCame : firstIsOver).await();
            connection.raw(
                    "HTTP/1.1 429 X\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n".formatted(isFirst ? "600" : "0"));
        });
        Heard first = ask();
        firstCame.await();
        Heard second = ask();
        assertEquals(ErrorCode.SERVER_BUSY, first.failure().code());
        Heard third = ask();
        firstIsOver.countDown();
        assertEquals(ErrorCode.SERVER_BUSY, second.failure().code());
        CountDownLatch later = new CountDownLatch(1);
        model.later(later::countDown, 50, java.util.concurrent.TimeUnit.MILLISECONDS);
        later.await();
        assertFalse(third.isOver());
        assertEquals(1, model.state().waiting());
        assertEquals(2, asked.get());
        model.cancel(lastId);
        assertEquals(ErrorCode.CANCELLED, third.failure().code());
    }
}
