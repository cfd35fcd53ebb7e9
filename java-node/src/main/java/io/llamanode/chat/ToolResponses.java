package io.llamanode.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.llamanode.chat.tools.MessageText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Puts results of tools into the message that made the calls, under {@code tool_responses}, along with the answer that
 * follows them: one turn of the model, which is what Gemma 4's interleaved template expects.
 */
final class ToolResponses {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private ToolResponses() {}

    /** {@return the conversation; results without calls in front of them stay messages of their own} */
    static List<Map<String, Object>> intoCalls(List<Map<String, Object>> messages) {
        List<Map<String, Object>> merged = new ArrayList<>();
        int at = 0;
        while (at < messages.size()) {
            Map<String, Object> message = messages.get(at++);
            if (!(message.get("tool_calls") instanceof List<?> calls)) {
                merged.add(message);
                continue;
            }
            List<Object> responses = new ArrayList<>();
            while (at < messages.size() && "tool".equals(messages.get(at).get("role"))) {
                responses.add(response(messages.get(at++), calls, responses.size()));
            }
            if (responses.isEmpty()) {
                merged.add(message);
                continue;
            }
            // The template writes a content behind the results: what was said before the calls is a turn of its own.
            if (!MessageText.of(message.get("content")).isBlank()) {
                Map<String, Object> before = new LinkedHashMap<>();
                before.put("role", message.get("role"));
                before.put("content", message.get("content"));
                merged.add(before);
            }
            Map<String, Object> turn = new LinkedHashMap<>(message);
            turn.put("tool_responses", responses);
            turn.put(
                    "content",
                    at < messages.size() && isPlainAnswer(messages.get(at))
                            ? messages.get(at++).get("content")
                            : "");
            merged.add(turn);
        }
        return merged;
    }

    private static boolean isPlainAnswer(Map<String, Object> message) {
        return "assistant".equals(message.get("role")) && !(message.get("tool_calls") instanceof List<?>);
    }

    private static Map<String, Object> response(Map<String, Object> result, List<?> calls, int index) {
        Map<String, Object> response = new LinkedHashMap<>();
        response.put("name", name(result, calls, index));
        response.put("response", value(MessageText.of(result.get("content"))));
        return response;
    }

    /** The tool's name: of the call with that id, as the result has it, or of the call at that place. */
    private static Object name(Map<String, Object> result, List<?> calls, int index) {
        Object id = result.get("tool_call_id");
        for (Object call : calls) {
            if (id != null && call instanceof Map<?, ?> map && id.equals(map.get("id"))) {
                return functionName(map);
            }
        }
        if (result.get("name") != null) {
            return result.get("name");
        }
        return index < calls.size() && calls.get(index) instanceof Map<?, ?> map ? functionName(map) : "unknown";
    }

    private static Object functionName(Map<?, ?> call) {
        return call.get("function") instanceof Map<?, ?> function && function.get("name") != null
                ? function.get("name")
                : "unknown";
    }

    /** JSON is written by the template in the model's own notation. */
    private static Object value(String content) {
        try {
            Object value = JSON.readValue(content, Object.class);
            return value == null ? content : value;
        } catch (JsonProcessingException e) {
            return content;
        }
    }
}
