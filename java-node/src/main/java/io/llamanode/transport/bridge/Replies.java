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

    private Replies() {}

    static byte[] ok(String message, Map<String, Object> data) {
        return line(reply("ok", message, data));
    }

    static byte[] error(Failure failure) {
        return line(reply("error", failure.message(), code(failure)));
    }

    private static Map<String, Object> reply(String status, String message, Map<String, Object> data) {
        Map<String, Object> reply = new LinkedHashMap<>();
        reply.put("status", status);
        reply.put("message", message);
        reply.put("data", data);
        return reply;
    }

    private static Map<String, Object> code(Failure failure) {
        Map<String, Object> code = new LinkedHashMap<>();
        code.put("code", failure.code().wireName());
        code.put("number", failure.code().number());
        return code;
    }

    static byte[] token(String text) {
        return line(tokenOf(text, false));
    }

    /** The last line of a stream, which is a reply as well: whoever waits for either is served. */
    static byte[] streamOk(String message, Map<String, Object> data) {
        Map<String, Object> last = tokenOf("", true);
        last.putAll(reply("ok", message, data));
        return line(last);
    }

    static byte[] streamError(Failure failure) {
        Map<String, Object> last = tokenOf("", true);
        last.putAll(reply("error", failure.message(), code(failure)));
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
