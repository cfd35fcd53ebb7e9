package io.llamanode.transport.bridge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The lines of docs/operations.md, word for word. */
final class RepliesTest {
    private static final Failure BUSY = new Failure(ErrorCode.SERVER_BUSY, "no \"room\"");

    private static void assertLine(String expected, byte[] line) {
        assertEquals(expected + "\n", new String(line, UTF_8));
    }

    @Test
    void replies() {
        assertLine(
                "{\"status\":\"ok\",\"message\":\"pong\",\"data\":{\"os_pid\":7}}",
                Replies.ok("pong", Map.of("os_pid", 7)));
        assertLine(
                "{\"status\":\"error\",\"message\":\"no \\\"room\\\"\",\"data\":{\"code\":\"server_busy\",\"number\":6}}",
                Replies.error(BUSY));
    }

    @Test
    void streams() {
        assertLine("{\"type\":\"token\",\"token\":\"☃\\n\",\"final\":false}", Replies.token("☃\n"));
        assertLine(
                "{\"type\":\"token\",\"token\":\"\",\"final\":true,\"status\":\"ok\",\"message\":\"done\",\"data\":{\"content\":\"☃\"}}",
                Replies.streamOk("done", Map.of("content", "☃")));
        assertLine(
                "{\"type\":\"token\",\"token\":\"\",\"final\":true,\"status\":\"error\",\"message\":\"no \\\"room\\\"\","
                        + "\"data\":{\"code\":\"server_busy\",\"number\":6}}",
                Replies.streamError(BUSY));
    }
}
