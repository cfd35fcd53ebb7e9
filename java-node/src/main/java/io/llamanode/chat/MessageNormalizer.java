package io.llamanode.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llamanode.chat.jinja.Mixed;
import io.llamanode.chat.jinja.TemplateException;
import io.llamanode.chat.jinja.Trusted;
import io.llamanode.chat.tools.MessageText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings messages and tools into the form and key order that llama.cpp's server hands to templates
 * ({@code common/chat.cpp}: {@code to_json_oaicompat} and its workarounds), as far as the template can take it.
 */
final class MessageNormalizer {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Set<String> KNOWN_ROLES = Set.of("system", "developer", "user", "assistant", "tool");

    private final Capabilities capabilities;
    private final boolean wantsThinkingField;

    MessageNormalizer(Capabilities capabilities, String source) {
        this.capabilities = capabilities;
        this.wantsThinkingField = source.contains("message.thinking") && !source.contains("reasoning_content");
    }

    List<Map<String, Object>> messages(List<Map<String, Object>> messages) {
        List<Map<String, Object>> normalized = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            Map<String, Object> message = message(messages.get(i), "messages[" + i + "]");
            if (i > 0 && isOneSystem(messages.get(i - 1), messages.get(i))) {
                normalized.set(normalized.size() - 1, withTextBefore(normalized.getLast(), message));
            } else {
                normalized.add(message);
            }
        }
        // There may be one of the system and one that a developer's became.
        while (!capabilities.systemRole()
                && !normalized.isEmpty()
                && "system".equals(normalized.getFirst().get("role"))) {
            mergeSystem(normalized);
        }
        if (capabilities.toolResponses()) {
            normalized = ToolResponses.intoCalls(normalized);
        }
        normalized.replaceAll(this::withFittingContent);
        if (capabilities.thinkingParts()) {
            normalized.forEach(MessageNormalizer::reasoningIntoContent);
        }
        normalized.forEach(MessageNormalizer::trustKnownRole);
        return normalized;
    }

    /**
     * A known role is one of a few words and no content, so a template that prints it means the same as one that
     * spells it out: both must give prompts whose origins agree.
     */
    private static void trustKnownRole(Map<String, Object> message) {
        if (message.get("role") instanceof String role && KNOWN_ROLES.contains(role)) {
            message.put("role", new Trusted(role));
        }
    }

    private Map<String, Object> message(Map<String, Object> message, String path) {
        if (!(message.get("role") instanceof String role)) {
            throw new TemplateException(path + " has no role", 0);
        }
        Map<String, Object> normalized = new LinkedHashMap<>();
        normalized.put("role", role.equals("developer") && !capabilities.developerRole() ? "system" : role);
        normalized.put("content", message.get("content") == null ? "" : message.get("content"));
        for (String key : List.of("reasoning_content", "name", "tool_call_id")) {
            if (message.get(key) != null && !message.get(key).equals("")) {
                normalized.put(key, message.get(key));
            }
        }
        if (message.get("tool_calls") instanceof List<?> calls && !calls.isEmpty()) {
            List<Object> normalizedCalls = new ArrayList<>();
            for (int i = 0; i < calls.size(); i++) {
                normalizedCalls.add(toolCall(calls.get(i), path + ".tool_calls[" + i + "]"));
            }
            normalized.put("tool_calls", normalizedCalls);
        }
        message.forEach((key, value) -> {
            if (value != null && !key.equals("tool_calls") && !value.equals("")) {
                normalized.putIfAbsent(key, value);
            }
        });
        if (wantsThinkingField && normalized.get("reasoning_content") instanceof String reasoning) {
            normalized.putIfAbsent("thinking", reasoning);
            if (normalized.containsKey("tool_calls")) {
                // Such templates render either a reason or a text before a tool call, and refuse both.
                normalized.remove("content");
            }
        }
        return normalized;
    }

    private Object toolCall(Object call, String path) {
        if (!(call instanceof Map<?, ?> map) || !(map.get("function") instanceof Map<?, ?> function)) {
            return call;
        }
        Map<String, Object> normalizedFunction = new LinkedHashMap<>();
        normalizedFunction.put("name", function.get("name"));
        normalizedFunction.put("arguments", arguments(function.get("arguments"), path + ".function.arguments"));
        Map<String, Object> normalized = new LinkedHashMap<>();
        normalized.put("type", "function");
        normalized.put("function", normalizedFunction);
        if (map.get("id") != null && !map.get("id").equals("")) {
            normalized.put("id", map.get("id"));
        }
        return normalized;
    }

    private Object arguments(@Nullable Object arguments, String path) {
        try {
            if (capabilities.objectArguments()) {
                return switch (arguments) {
                    case null -> Map.of();
                    case String text when text.isBlank() -> Map.of();
                    case String text -> JSON.readValue(text, Object.class);
                    default -> arguments;
                };
            }
            return switch (arguments) {
                case null -> "{}";
                case String text -> text;
                default -> JSON.writeValueAsString(arguments);
            };
        } catch (JsonProcessingException e) {
            throw new TemplateException(path + " is not JSON: " + e.getOriginalMessage(), 0);
        }
    }

    /**
     * Whether a message of the system and a developer's stand beside each other. Many templates read one such message
     * only, and leave out the other or refuse it.
     */
    private boolean isOneSystem(Map<String, Object> message, Map<String, Object> next) {
        return !capabilities.developerBesideSystem()
                && isSystem(message)
                && isSystem(next)
                && ("developer".equals(message.get("role")) || "developer".equals(next.get("role")));
    }

    private static boolean isSystem(Map<String, Object> message) {
        return "system".equals(message.get("role")) || "developer".equals(message.get("role"));
    }

    /** Puts a system message in front of the next one's content, for templates without that role. */
    private static void mergeSystem(List<Map<String, Object>> messages) {
        Map<String, Object> system = messages.removeFirst();
        if (!messages.isEmpty()) {
            messages.set(0, withTextBefore(system, messages.getFirst()));
        }
    }

    private static Map<String, Object> withTextBefore(Map<String, Object> message, Map<String, Object> next) {
        next.put("content", MessageText.of(message.get("content")) + "\n" + MessageText.of(next.get("content")));
        return next;
    }

    private Map<String, Object> withFittingContent(Map<String, Object> message) {
        Object content = message.get("content");
        if (content instanceof List<?> && !capabilities.typedContent()) {
            message.put("content", MessageText.of(content));
        } else if ((content instanceof String || content instanceof Mixed)
                && capabilities.typedContent()
                && !capabilities.stringContent()) {
            message.put("content", List.of(textPart(content)));
        }
        return message;
    }

    private static void reasoningIntoContent(Map<String, Object> message) {
        if (!"assistant".equals(message.get("role"))
                || !(message.get("reasoning_content") instanceof String reasoning)) {
            return;
        }
        List<Object> parts = new ArrayList<>();
        parts.add(Capabilities.thinkingPart(reasoning));
        switch (message.get("content")) {
            case List<?> given -> parts.addAll(given);
            case null -> {}
            case String text when text.isEmpty() -> {}
            case Object text -> parts.add(textPart(text));
        }
        message.put("content", parts);
        message.remove("reasoning_content");
    }

    private static Map<String, Object> textPart(Object text) {
        Map<String, Object> part = new LinkedHashMap<>();
        part.put("type", "text");
        part.put("text", text);
        return part;
    }

    static List<Object> tools(List<Map<String, Object>> tools) {
        List<Object> normalized = new ArrayList<>();
        for (Map<String, Object> tool : tools) {
            normalized.add(tool.get("function") instanceof Map<?, ?> function ? tool(tool, function) : tool);
        }
        return normalized;
    }

    private static Object tool(Map<String, Object> tool, Map<?, ?> function) {
        Map<Object, Object> normalizedFunction = new LinkedHashMap<>();
        normalizedFunction.put("name", function.get("name"));
        normalizedFunction.put("description", function.get("description") == null ? "" : function.get("description"));
        normalizedFunction.put(
                "parameters", function.get("parameters") == null ? Map.of() : function.get("parameters"));
        function.forEach(normalizedFunction::putIfAbsent);
        Map<String, Object> normalized = new LinkedHashMap<>();
        normalized.put("type", "function");
        normalized.put("function", normalizedFunction);
        tool.forEach(normalized::putIfAbsent);
        return normalized;
    }
}
