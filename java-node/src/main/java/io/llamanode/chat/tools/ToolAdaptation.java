package io.llamanode.chat.tools;

import io.llamanode.chat.jinja.Mixed;
import io.llamanode.chat.jinja.Span;
import io.llamanode.chat.tools.syntax.CallStyle;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.CallSyntax.Listing;
import io.llamanode.chat.tools.text.JsonText;
import io.llamanode.chat.tools.text.PythonLiterals;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Puts tools, calls and results into the plain text of messages, as far as a template does not write them itself.
 */
final class ToolAdaptation {
    private final @Nullable CallSyntax syntax;
    private final boolean writesTools;
    private final boolean writesCalls;
    private final boolean writesResults;

    /** @param syntax of the calls; may be {@code null} where the template writes them */
    ToolAdaptation(@Nullable CallSyntax syntax, boolean writesTools, boolean writesCalls, boolean writesResults) {
        this.syntax = syntax;
        this.writesTools = writesTools;
        this.writesCalls = writesCalls;
        this.writesResults = writesResults;
    }

    List<Map<String, Object>> adapt(List<Map<String, Object>> messages, List<Map<String, Object>> tools) {
        List<Map<String, Object>> adapted = new ArrayList<>();
        Map<Object, Object> names = new LinkedHashMap<>();
        for (Map<String, Object> message : messages) {
            List<?> calls = message.get("tool_calls") instanceof List<?> list ? list : List.of();
            calls.forEach(call -> names.put(field(call, "id"), function(call, "name")));
            if (!calls.isEmpty() && !writesCalls) {
                adapted.add(withCalls(message, calls));
            } else if ("tool".equals(message.get("role")) && !writesResults) {
                addResult(adapted, message, names);
            } else {
                adapted.add(message);
            }
        }
        if (!writesTools && !tools.isEmpty()) {
            describe(adapted, tools);
        }
        return adapted;
    }

    private Map<String, Object> withCalls(Map<String, Object> message, List<?> calls) {
        List<Span> content = new ArrayList<>();
        String own = MessageText.of(message.get("content"));
        if (!own.isBlank()) {
            content.add(new Span(own + "\n", false));
        }
        if (syntax().style() instanceof CallStyle.Python) {
            pythonCalls(content, calls);
        } else if (isMarkedJson()) {
            markedCalls(content, calls);
        } else {
            List<Object> written = new ArrayList<>();
            calls.forEach(call -> written.add(plainCall(call)));
            content.add(new Span(JsonText.write(written.size() == 1 ? written.getFirst() : written), false));
        }
        Map<String, Object> adapted = new LinkedHashMap<>(message);
        adapted.remove("tool_calls");
        adapted.put("content", content.stream().anyMatch(Span::trusted) ? new Mixed(content) : text(content));
        return adapted;
    }

    private static String text(List<Span> spans) {
        StringBuilder text = new StringBuilder();
        spans.forEach(span -> text.append(span.text()));
        return text.toString();
    }

    private CallSyntax syntax() {
        return Objects.requireNonNull(syntax);
    }

    private boolean isMarkedJson() {
        return syntax != null && !syntax.bare() && syntax.style() instanceof CallStyle.Json;
    }

    /** Calls stand in one list, or each between its own marks. */
    private void markedCalls(List<Span> content, List<?> calls) {
        String open = syntax().openers().getFirst() + gap(syntax().afterOpen());
        List<String> written = new ArrayList<>();
        calls.forEach(call -> written.add(JsonText.write(plainCall(call))));
        if (syntax().list() == Listing.ALWAYS) {
            content.add(new Span(open + "[", true));
            content.add(new Span(String.join(", ", written), false));
            content.add(new Span("]" + gap(syntax().close()), true));
            return;
        }
        for (String call : written) {
            content.add(new Span((call.equals(written.getFirst()) ? "" : "\n") + open + "\n", true));
            content.add(new Span(call, false));
            content.add(new Span("\n" + syntax().close(), true));
        }
    }

    /** A fence stands on a line of its own. */
    private static String gap(String mark) {
        return mark.startsWith("```") ? "\n" + mark + "\n" : mark;
    }

    private void pythonCalls(List<Span> content, List<?> calls) {
        content.add(new Span(syntax().openers().getFirst() + "[", true));
        String separator = "";
        for (Object call : calls) {
            StringBuilder written =
                    new StringBuilder(separator).append(function(call, "name")).append('(');
            String comma = "";
            for (Map.Entry<?, ?> argument : arguments(call).entrySet()) {
                written.append(comma).append(argument.getKey()).append('=');
                PythonLiterals.write(argument.getValue(), written);
                comma = ", ";
            }
            content.add(new Span(written.append(')').toString(), false));
            separator = ", ";
        }
        content.add(new Span("]" + syntax().close(), true));
    }

    private Map<String, Object> plainCall(Object call) {
        Map<String, Object> plain = new LinkedHashMap<>();
        CallStyle.Json keys =
                isMarkedJson() ? (CallStyle.Json) syntax().style() : new CallStyle.Json("name", "arguments");
        plain.put(keys.name(), function(call, "name"));
        plain.put(keys.arguments(), arguments(call));
        return plain;
    }

    private static Map<?, ?> arguments(Object call) {
        Object given = function(call, "arguments");
        if (given instanceof Map<?, ?> arguments) {
            return arguments;
        }
        Map<String, Object> read = given instanceof String json ? JsonText.object(json) : null;
        return read == null ? Map.of() : read;
    }

    /** Several results stand in one message: many templates want users and assistants to take turns. */
    private static void addResult(
            List<Map<String, Object>> adapted, Map<String, Object> message, Map<Object, Object> names) {
        Object name = message.get("name") != null ? message.get("name") : names.get(message.get("tool_call_id"));
        String result =
                "Result of " + (name == null ? "the tool" : name) + ":\n" + MessageText.of(message.get("content"));
        if (!adapted.isEmpty() && adapted.getLast() instanceof ResultMessage last) {
            last.merge("content", result, (one, other) -> one + "\n\n" + other);
            return;
        }
        ResultMessage user = new ResultMessage();
        user.put("role", "user");
        user.put("content", result);
        adapted.add(user);
    }

    /** A message of the user that was made of a tool's result. */
    private static final class ResultMessage extends LinkedHashMap<String, Object> {
        private static final long serialVersionUID = 1L;
    }

    private void describe(List<Map<String, Object>> adapted, List<Map<String, Object>> tools) {
        StringBuilder text = new StringBuilder("You can call these tools:\n");
        for (Map<String, Object> tool : tools) {
            text.append(JsonText.write(tool.getOrDefault("function", tool))).append('\n');
        }
        text.append(how());
        Object role = adapted.isEmpty() ? null : adapted.getFirst().get("role");
        boolean system = "system".equals(role) || "developer".equals(role);
        Map<String, Object> first = new LinkedHashMap<>(system ? adapted.removeFirst() : Map.of("role", "system"));
        first.put("content", system ? MessageText.of(first.get("content")) + "\n\n" + text : text.toString());
        adapted.addFirst(first);
    }

    private String how() {
        String last = "If no tool is needed, answer in plain words.";
        if (!isMarkedJson()) {
            return "To call one, answer with nothing but a JSON object: "
                    + "{\"name\": \"<name of the tool>\", \"arguments\": {<its arguments>}}. "
                    + "To call several, answer with a JSON array of such objects. " + last;
        }
        CallStyle.Json keys = (CallStyle.Json) syntax().style();
        boolean list = syntax().list() == Listing.ALWAYS;
        return "To call one, answer with: " + syntax().openers().getFirst() + gap(syntax().afterOpen())
                + (list ? "[" : "") + "{\"" + keys.name() + "\": \"<name of the tool>\", \"" + keys.arguments()
                + "\": {<its arguments>}}" + (list ? "]" : "") + gap(syntax().close()) + " "
                + (list
                        ? "To call several, put more such objects into the list. "
                        : "To call several, write more of them. ")
                + last;
    }

    private static @Nullable Object function(Object call, String key) {
        return field(field(call, "function"), key);
    }

    private static @Nullable Object field(@Nullable Object map, String key) {
        return map instanceof Map<?, ?> fields ? fields.get(key) : null;
    }
}
