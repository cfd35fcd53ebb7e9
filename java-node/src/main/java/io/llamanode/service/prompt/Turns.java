package io.llamanode.service.prompt;

import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.service.contract.FailureException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What becomes of a conversation's messages from turn to turn. The lists that it makes can be changed. */
final class Turns {
    private Turns() {}

    /** {@return the conversation with a turn of the user's; calls that nobody answered are given up} */
    static List<Map<String, Object>> withUser(List<Map<String, Object>> messages, String content) {
        List<Map<String, Object>> all = new ArrayList<>(messages);
        if (!waiting(messages).isEmpty()) {
            // Most templates refuse or misplace a question that follows a call without a result.
            Map<String, Object> answer = new LinkedHashMap<>(all.removeLast());
            answer.remove("tool_calls");
            all.add(answer);
        }
        all.add(message("user", content));
        return all;
    }

    /**
     * {@return the conversation with the results of all calls that wait, in the order of the calls}
     *
     * @throws FailureException {@code invalid_argument} if the results are not those of the calls
     */
    static List<Map<String, Object>> withResults(
            List<Map<String, Object>> messages, List<Map<String, Object>> results) {
        List<Map<?, ?>> calls = waiting(messages);
        if (calls.isEmpty()) {
            throw FailureException.invalid("tool_results: no call waits for a result");
        }
        Map<Object, Map<String, Object>> byId = new HashMap<>();
        for (int i = 0; i < results.size(); i++) {
            Object id = Objects.requireNonNull(results.get(i).get("tool_call_id"));
            if (calls.stream().noneMatch(call -> id.equals(call.get("id")))) {
                throw FailureException.invalid(
                        "tool_results[%d].tool_call_id: no call '%s' waits for a result".formatted(i, id));
            }
            if (byId.put(id, results.get(i)) != null) {
                throw FailureException.invalid("tool_results[%d].tool_call_id: '%s' is given twice".formatted(i, id));
            }
        }
        List<Map<String, Object>> all = new ArrayList<>(messages);
        for (Map<?, ?> call : calls) {
            Map<String, Object> result = byId.get(call.get("id"));
            if (result == null) {
                throw FailureException.invalid(
                        "tool_results: there is no result for the call '" + call.get("id") + "'");
            }
            Map<String, Object> named = new LinkedHashMap<>(result);
            named.putIfAbsent("name", ((Map<?, ?>) Objects.requireNonNull(call.get("function"))).get("name"));
            all.add(named);
        }
        return all;
    }

    /** {@return the calls of the last answer, if nothing has come since} */
    private static List<Map<?, ?>> waiting(List<Map<String, Object>> messages) {
        List<Map<?, ?>> calls = new ArrayList<>();
        if (!messages.isEmpty() && messages.getLast().get("tool_calls") instanceof List<?> given) {
            given.forEach(call -> calls.add((Map<?, ?>) call));
        }
        return calls;
    }

    /** {@return the conversation with the session's system prompt, unless it has its own, or that is empty} */
    static List<Map<String, Object>> withSystem(List<Map<String, Object>> messages, @Nullable String systemPrompt) {
        boolean own = messages.stream().anyMatch(Turns::isSystem);
        if (systemPrompt == null || systemPrompt.isEmpty() || own) {
            return messages;
        }
        List<Map<String, Object>> all = new ArrayList<>(messages.size() + 1);
        all.add(message("system", systemPrompt));
        all.addAll(messages);
        return all;
    }

    /** A developer is the system under another name. */
    static boolean isSystem(Map<String, Object> message) {
        return "system".equals(message.get("role")) || "developer".equals(message.get("role"));
    }

    /** {@return whether there was a turn to drop, up to the next user message} */
    static boolean dropOldest(List<Map<String, Object>> messages) {
        int first = isSystem(messages.getFirst()) ? 1 : 0;
        for (int next = first + 1; next < messages.size(); next++) {
            if ("user".equals(messages.get(next).get("role"))) {
                messages.subList(first, next).clear();
                return true;
            }
        }
        return false;
    }

    /** {@return the conversation with an answer} */
    static List<Map<String, Object>> withAnswer(List<Map<String, Object>> messages, Answer answer) {
        Map<String, Object> message = message("assistant", answer.content());
        if (answer.reasoning() != null) {
            message.put("reasoning_content", answer.reasoning());
        }
        if (!answer.calls().isEmpty()) {
            message.put("tool_calls", answer.calls().stream().map(Turns::call).toList());
        }
        List<Map<String, Object>> all = new ArrayList<>(messages);
        all.add(message);
        return all;
    }

    private static Map<String, Object> call(ToolCall call) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", call.name());
        function.put("arguments", call.arguments());
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("id", call.id());
        all.put("type", "function");
        all.put("function", function);
        return all;
    }

    private static Map<String, Object> message(String role, String content) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }
}
