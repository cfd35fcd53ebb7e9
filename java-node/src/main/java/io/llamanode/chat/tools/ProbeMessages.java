package io.llamanode.chat.tools;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Messages and tools of the small conversations that a template is rendered with to learn what it can do. Keeps no
 * state; any thread may call it.
 */
public final class ProbeMessages {
    /** The only argument of every tool. */
    public static final String ARGUMENT = "needle";

    private ProbeMessages() {}

    /**
     * {@return a message, to which more can be added}
     *
     * @param role whose it is
     * @param content text, parts, or null for none
     */
    public static Map<String, Object> message(String role, @Nullable Object content) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }

    /**
     * {@return an answer that calls tools, to which more can be added}
     *
     * @param content what it says beside
     * @param calls in order
     */
    public static Map<String, Object> answer(@Nullable Object content, List<Map<String, Object>> calls) {
        Map<String, Object> answer = message("assistant", content);
        answer.put("tool_calls", calls);
        return answer;
    }

    /**
     * {@return a call of a tool}
     *
     * @param number from 1; tells the calls of a conversation apart
     * @param tool its name
     * @param arguments by name, or a text that holds their JSON
     */
    public static Map<String, Object> call(int number, String tool, Object arguments) {
        return Map.of("id", id(number), "type", "function", "function", Map.of("name", tool, "arguments", arguments));
    }

    /**
     * {@return a tool's result, to which more can be added}
     *
     * @param number of the call
     * @param content text or parts
     */
    public static Map<String, Object> result(int number, Object content) {
        Map<String, Object> result = message("tool", content);
        result.put("tool_call_id", id(number));
        return result;
    }

    /**
     * {@return a tool with one argument}
     *
     * @param name that it is called by
     */
    public static Map<String, Object> tool(String name) {
        Map<String, Object> parameters = Map.of(
                "type",
                "object",
                "properties",
                Map.of(ARGUMENT, Map.of("type", "string", "description", "What")),
                "required",
                List.of(ARGUMENT));
        return Map.of(
                "type",
                "function",
                "function",
                Map.of("name", name, "description", "Does it", "parameters", parameters));
    }

    /** Some templates demand ids of nine characters. */
    private static String id(int number) {
        return "call0000" + number;
    }
}
