package io.llamanode.remote;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ServerConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever looks a message up in the guide finds it: its table has the words that are said. */
class GuideMessagesTest extends ServerFixture {
    private static final Path GUIDE =
            Path.of(System.getProperty("llamanode.root", "..")).resolve("docs/remote.md");

    /** The message has the words, and the guide has them in the first column of its table. */
    private static void assertExplained(String words, String message) throws Exception {
        assertTrue(message.contains(words), message);
        String table = Files.readString(GUIDE).split("## When it does not work")[1];
        assertTrue(
                table.lines()
                        .filter(line -> line.startsWith("| `"))
                        .anyMatch(line -> line.substring(0, line.indexOf(" | ")).contains(words)),
                "the guide has no row for: " + words);
    }

    private String refused(ServerConfig config) {
        return assertThrows(FailureException.class, () -> open(config))
                .failure()
                .message();
    }

    private String refused() {
        return refused(config(server.url(), ServerConfig.Timeouts.DEFAULTS, false));
    }

    @Test
    void aServerThatIsNotThere() throws Exception {
        server.close();
        assertExplained("connection refused", refused());
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403})
    void aKeyThatIsNotTaken(int status) throws Exception {
        server.on("/v1/models", (request, connection) -> connection.whole(status, "text/plain", "no"));
        assertExplained("answers " + status, refused());
    }

    @Test
    void aModelThatItHasNot() throws Exception {
        server.likeOpenai("a", "b");
        ServerConfig any = config(server.url(), ServerConfig.Timeouts.DEFAULTS, false);
        String message = refused(new ServerConfig(
                any.url(),
                "c",
                any.apiKey(),
                true,
                false,
                false,
                Map.of(),
                null,
                ServerConfig.Tls.SYSTEM,
                any.timeouts(),
                null,
                null,
                null));
        assertExplained("it has no model '", message);
        assertExplained("; it lists ", message);
    }

    @Test
    void aRedirect() throws Exception {
        server.on(
                "/v1/models",
                (request, connection) -> connection.raw(
                        "HTTP/1.1 302 X\r\nLocation: http://elsewhere.test/\r\nContent-Length: 0\r\n\r\n"));
        assertExplained("it redirects to ", refused());
    }

    @Test
    void noServerOfModels() throws Exception {
        assertExplained("none of /v1/models, /completion and /completion-stream answers", refused());
    }

    private String failure(ScriptedServer.Script script, ServerConfig.Timeouts timeouts) throws Exception {
        server.likeLlamaServer(1, 256).on(CHAT, script);
        open(config(server.url(), timeouts, false));
        Failure failure = ask().failure();
        return failure.message();
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 501})
    void aRequestThatItRefuses(int status) throws Exception {
        assertExplained(
                "it answers %d: ".formatted(status),
                failure(
                        (request, connection) -> connection.whole(
                                status, "application/json", "{\"error\":{\"message\":\"not with me\"}}"),
                        ServerConfig.Timeouts.DEFAULTS));
    }

    private static void beginAndStall(ScriptedServer.Request request, ScriptedServer.Connection connection)
            throws java.io.IOException {
        connection.begin("text/event-stream");
        connection.chunk("data: " + HELLO + "\n\n");
        connection.awaitClose();
    }

    @Test
    void anAnswerThatStalls() throws Exception {
        assertExplained(
                "nothing of its answer came for ",
                failure(GuideMessagesTest::beginAndStall, new ServerConfig.Timeouts(5_000, 300, 60_000)));
    }

    @Test
    void anAnswerThatTakesTooLong() throws Exception {
        assertExplained(
                "it took longer than ",
                failure(GuideMessagesTest::beginAndStall, new ServerConfig.Timeouts(5_000, 60_000, 1_000)));
    }

    @Test
    void anAnswerThatIsCut() throws Exception {
        assertExplained(
                "the connection ended in the middle of its answer",
                failure(
                        (request, connection) -> {
                            connection.begin("text/event-stream");
                            connection.chunk("data: " + HELLO + "\n\n");
                        },
                        ServerConfig.Timeouts.DEFAULTS));
    }
}
