package io.llamanode.transport.bridge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The lines of docs/operations.md, word for word. */
final class RepliesTest {
    private static final Failure BUSY = new Failure(ErrorCode.SERVER_BUSY, "no \"room\"");

    private static void assertLine(String expected, byte[] line) {
        assertEquals(expected + "\n", new String(line, UTF_8));
    }

    private static Map<String, Object> result() {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("content", "☃");
        result.put("finish_reason", "stop");
        result.put("usage", Map.of("total_tokens", 3));
        return result;
    }

    private static final String WRITTEN = "\"status\":\"ok\",\"message\":\"Inference completed\",\"data\":\"☃\","
            + "\"finish_reason\":\"stop\",\"usage\":{\"total_tokens\":3}}";
    private static final String FAILED = "\"status\":\"error\",\"message\":\"no \\\"room\\\"\","
            + "\"data\":{\"code\":\"server_busy\",\"number\":6}}";

    @Test
    void replies() {
        assertLine("{\"status\":\"ok\",\"message\":\"pong\"}", Replies.ok("pong"));
        assertLine(
                "{\"status\":\"ok\",\"message\":\"pong\",\"data\":{\"os_pid\":7}}",
                Replies.ok("pong", Map.of("os_pid", 7)));
        assertLine("{" + FAILED, Replies.error(BUSY));
    }

    @Test
    void theTextOfAnAnswerIsItsData() {
        assertLine("{" + WRITTEN, Replies.text(result()));
    }

    @Test
    void streams() {
        assertLine("{\"status\":\"ok\",\"message\":\"Inference started\",\"task_id\":5}", Replies.begun(5));
        assertLine("{\"type\":\"token\",\"token\":\"☃\\n\",\"final\":false}", Replies.token("☃\n"));
        assertLine("{\"type\":\"token\",\"token\":\"\",\"final\":true," + WRITTEN, Replies.lastOk(result()));
        assertLine("{\"type\":\"token\",\"token\":\"\",\"final\":true," + FAILED, Replies.lastError(BUSY));
    }

    @Test
    void tasksThatGoOnHaveTheirIds() {
        assertLine(
                "{\"status\":\"ok\",\"message\":\"Task started\",\"task_id\":5,\"data\":{\"task_id\":5}}",
                Replies.started(5));
        assertLine(
                "{\"type\":\"cancel\",\"task_id\":5,\"status\":\"ok\",\"message\":\"Task cancelled\"}",
                Replies.cancelled(5));
        assertLine("{\"type\":\"cancel\",\"task_id\":5," + FAILED, Replies.notCancelled(5, BUSY));
    }
}
