package io.llamanode.transport.bridge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.llamanode.service.contract.Failure;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The lines that a client gets: one JSON object each, in UTF-8. */
final class Replies {
    private static final ObjectWriter JSON = new ObjectMapper().writer();

    private static final String DONE = "Inference completed";
    private static final String TASK = "task_id";
    private static final String CONTENT = "content";

    private Replies() {}

    static byte[] ok(String message) {
        return line(status("ok", message));
    }

    static byte[] ok(String message, Map<String, Object> data) {
        Map<String, Object> reply = status("ok", message);
        reply.put("data", data);
        return line(reply);
    }

    static byte[] error(Failure failure) {
        return line(failed(failure));
    }

    /** @param result of a task that writes text, which becomes the data; the rest stands beside it */
    static byte[] text(Map<String, Object> result) {
        return line(written(result));
    }

    private static Map<String, Object> written(Map<String, Object> result) {
        Map<String, Object> reply = status("ok", DONE);
        reply.put("data", result.get(CONTENT));
        result.forEach((key, value) -> {
            if (!key.equals(CONTENT)) {
                reply.put(key, value);
            }
        });
        return reply;
    }

    private static Map<String, Object> failed(Failure failure) {
        Map<String, Object> code = new LinkedHashMap<>();
        code.put("code", failure.code().wireName());
        code.put("number", failure.code().number());
        Map<String, Object> reply = status("error", failure.message());
        reply.put("data", code);
        return reply;
    }

    private static Map<String, Object> status(String status, String message) {
        Map<String, Object> reply = new LinkedHashMap<>();
        reply.put("status", status);
        reply.put("message", message);
        return reply;
    }

    /** The first line of a stream; the id is what {@code CANCEL} takes. */
    static byte[] begun(long task) {
        Map<String, Object> reply = status("ok", "Inference started");
        reply.put(TASK, task);
        return line(reply);
    }

    static byte[] started(long task) {
        Map<String, Object> reply = status("ok", "Task started");
        reply.put(TASK, task);
        reply.put("data", Map.of(TASK, task));
        return line(reply);
    }

    /** It may come between the lines of another command, so it says what it is. */
    static byte[] cancelled(long task) {
        return line(cancel(task, status("ok", "Task cancelled")));
    }

    static byte[] notCancelled(long task, Failure failure) {
        return line(cancel(task, failed(failure)));
    }

    private static Map<String, Object> cancel(long task, Map<String, Object> outcome) {
        Map<String, Object> reply = new LinkedHashMap<>();
        reply.put("type", "cancel");
        reply.put(TASK, task);
        reply.putAll(outcome);
        return reply;
    }

    static byte[] token(String text) {
        return line(tokenOf(text, false));
    }

    /** The last line of a stream, which is a reply as well: whoever waits for either is served. */
    static byte[] lastOk(Map<String, Object> result) {
        Map<String, Object> last = tokenOf("", true);
        last.putAll(written(result));
        return line(last);
    }

    static byte[] lastError(Failure failure) {
        Map<String, Object> last = tokenOf("", true);
        last.putAll(failed(failure));
        return line(last);
    }

    private static Map<String, Object> tokenOf(String text, boolean last) {
        Map<String, Object> token = new LinkedHashMap<>();
        token.put("type", "token");
        token.put("token", text);
        token.put("final", last);
        return token;
    }

    private static byte[] line(Map<String, Object> object) {
        try {
            return (JSON.writeValueAsString(object) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps of texts and numbers have a JSON form", e);
        }
    }
}
