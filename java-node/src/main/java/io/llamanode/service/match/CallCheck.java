package io.llamanode.service.match;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.match.Matcher;
import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.grammar.schema.Whitespace;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.ToolChoice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the calls of an answer keep to that must call a tool.
 *
 * <p>Never changes: for any thread.
 *
 * @param schemas of the arguments of each tool that may be called, by its name
 * @param several whether there may be more than one call
 */
public record CallCheck(Map<String, String> schemas, boolean several) {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** What of a schema can not be honoured is the tool's to check, as it is where a model writes calls by itself. */
    private static final JsonSchema.Options OPTIONS =
            new JsonSchema.Options(Whitespace.COMPACT, true, true, JsonSchema.Order.ANY);

    /** Keeps a copy. */
    public CallCheck {
        schemas = Map.copyOf(schemas);
    }

    /**
     * {@return what the calls keep to, or {@code null} if none is required}
     *
     * @param chat options of the task
     */
    public static @Nullable CallCheck of(ChatOptions chat) {
        Set<String> names = chat.toolChoice() instanceof ToolChoice.Function(String name) ? Set.of(name) : Set.of();
        if (names.isEmpty() && !(chat.toolChoice() instanceof ToolChoice.Required)) {
            return null;
        }
        Map<String, String> schemas = new LinkedHashMap<>();
        for (Map<String, Object> tool : chat.callable()) {
            String name = ChatOptions.name(tool);
            if (name != null && (names.isEmpty() || names.contains(name))) {
                schemas.put(name, schema(tool));
            }
        }
        return new CallCheck(schemas, !Boolean.FALSE.equals(chat.parallelToolCalls()));
    }

    private static String schema(Map<String, Object> tool) {
        Object parameters = tool.get("function") instanceof Map<?, ?> function ? function.get("parameters") : null;
        return parameters instanceof Map<?, ?> schema ? json(schema) : "{}";
    }

    private static String json(Map<?, ?> value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("writing a checked tree", e);
        }
    }

    /** {@return why calls do not do, or {@code null} if they do} */
    @Nullable
    String fault(List<GenerationResult.Call> calls) {
        if (calls.isEmpty()) {
            return "tool_choice requires a call, and the answer has none";
        }
        if (calls.size() > 1 && !several) {
            return "parallel_tool_calls is false, and the answer has %d calls".formatted(calls.size());
        }
        for (GenerationResult.Call call : calls) {
            String schema = schemas.get(call.name());
            if (schema == null) {
                return "the answer calls %s, which tool_choice does not allow".formatted(Reading.quoted(call.name()));
            }
            String fault = fault(call, schema);
            if (fault != null) {
                return fault;
            }
        }
        return null;
    }

    private static @Nullable String fault(GenerationResult.Call call, String schema) {
        String key = "the parameters of " + call.name();
        Matcher matcher;
        try {
            matcher = Reading.begin(key, Language.schema(schema, OPTIONS));
        } catch (FailureException e) {
            // Nothing can be said of them.
            return null;
        }
        String arguments = json(call.arguments());
        Reading.read(key, matcher, arguments);
        if (matcher.isComplete()) {
            return null;
        }
        int at = arguments.offsetByCodePoints(0, (int) matcher.characters());
        return "the arguments %s do not keep to %s: at byte %d (character %d) stands %s, which can not come there"
                .formatted(
                        Reading.quoted(arguments),
                        key,
                        matcher.bytes(),
                        matcher.characters(),
                        Reading.quoted(arguments.substring(at)));
    }
}
