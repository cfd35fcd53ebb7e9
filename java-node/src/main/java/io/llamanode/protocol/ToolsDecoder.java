package io.llamanode.protocol;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.ToolChoice;
import io.llamanode.term.Shown;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tools, calls and results. A tool or a call is taken in OpenAI's form and without the frame of {@code type} and
 * {@code function}; chat templates get OpenAI's form.
 */
final class ToolsDecoder {
    private static final int MAX_TOOLS = 512;
    /** Names stand in the syntax of calls, which these characters are no part of. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

    private ToolsDecoder() {}

    /**
     * @param value a list of definitions, or {@code null}
     * @return definitions in OpenAI's form, or {@code null}
     */
    static @Nullable List<Map<String, Object>> tools(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        List<Map<String, Object>> tools = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (InputValue item : value.list()) {
            Fields in = new Fields(item);
            refuseOtherTypes(in.get("type"));
            InputValue framed = in.get("function");
            Map<String, Object> function = definition(framed == null ? in : new Fields(framed));
            in.end();
            if (!names.add((String) function.get("name"))) {
                throw FailureException.invalid(
                        item.path() + ": there is a tool '" + function.get("name") + "' already");
            }
            tools.add(map("type", "function", "function", function));
        }
        if (tools.size() > MAX_TOOLS) {
            throw FailureException.invalid(
                    value.path() + " must have at most " + MAX_TOOLS + " tools, not " + tools.size());
        }
        return Collections.unmodifiableList(tools);
    }

    private static void refuseOtherTypes(@Nullable InputValue type) {
        if (type != null && !type.text().equals("function")) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED,
                    type.path() + ": tools of type " + Shown.quoted(type.text()) + " are not supported");
        }
    }

    private static Map<String, Object> definition(Fields in) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", name(in.require("name", "description", "parameters", "strict")));
        String description = in.text("description");
        function.put("description", description == null ? "" : description);
        InputValue parameters = in.get("parameters");
        function.put(
                "parameters", parameters == null ? map("type", "object", "properties", Map.of()) : schema(parameters));
        Boolean strict = in.flag("strict");
        if (strict != null) {
            function.put("strict", strict);
        }
        in.end();
        return function;
    }

    private static Map<String, Object> schema(InputValue value) {
        Map<String, Object> schema = new LinkedHashMap<>(Plain.map(value));
        if (!"object".equals(schema.getOrDefault("type", "object"))) {
            throw FailureException.invalid(value.path() + ".type must be object, as arguments are named");
        }
        schema.putIfAbsent("type", "object");
        // Templates go through the properties of every tool.
        schema.putIfAbsent("properties", Map.of());
        return Collections.unmodifiableMap(schema);
    }

    private static String name(InputValue value) {
        String name = value.text();
        if (!NAME.matcher(name).matches()) {
            throw value.mustBe("1 to 64 letters, digits, _, - or .");
        }
        return name;
    }

    /**
     * @param value calls of an earlier answer, as a result has them or in OpenAI's form
     * @return calls in OpenAI's form, with decoded arguments
     */
    static List<Map<String, Object>> calls(InputValue value) {
        List<Map<String, Object>> calls = new ArrayList<>();
        for (InputValue item : value.list()) {
            Fields in = new Fields(item);
            String id = in.text("id");
            refuseOtherTypes(in.get("type"));
            InputValue framed = in.get("function");
            Fields inner = framed == null ? in : new Fields(framed);
            Map<String, Object> function = map(
                    "name", name(inner.require("name", "arguments")), "arguments", arguments(inner.get("arguments")));
            inner.end();
            in.end();
            Map<String, Object> call = new LinkedHashMap<>();
            if (id != null) {
                call.put("id", id);
            }
            call.put("type", "function");
            call.put("function", function);
            calls.add(Collections.unmodifiableMap(call));
        }
        return Collections.unmodifiableList(calls);
    }

    /** A text that is not JSON of an object would make every later prompt fail. */
    private static Map<String, Object> arguments(@Nullable InputValue value) {
        if (value == null || value.isList() && value.elements().isEmpty()) {
            return Map.of();
        }
        return value.isText()
                ? Plain.map(value.unwrapped(JsonReader.parse(value.path(), value.text())))
                : Plain.map(value);
    }

    /**
     * @param value {@code auto}, {@code none}, {@code required}, a tool's name in OpenAI's form, or {@code null}
     * @return the choice, or {@code null}
     */
    static @Nullable ToolChoice choice(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        if (!value.isText()) {
            Fields in = new Fields(value);
            refuseOtherTypes(in.get("type"));
            InputValue framed = in.get("function");
            Fields inner = framed == null ? in : new Fields(framed);
            ToolChoice choice = new ToolChoice.Function(inner.require("name").text());
            inner.end();
            in.end();
            return choice;
        }
        return switch (value.text()) {
            case "auto" -> new ToolChoice.Auto();
            case "none" -> new ToolChoice.None();
            case "required" -> new ToolChoice.Required();
            default -> throw value.mustBe("auto, none, required or #{function => #{name => Name}}");
        };
    }

    /**
     * @param value results of the calls that wait, or {@code null}
     * @return messages of role {@code tool}, or {@code null}
     */
    static @Nullable List<Map<String, Object>> results(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        List<Map<String, Object>> results = new ArrayList<>();
        for (InputValue item : value.list()) {
            Fields in = new Fields(item);
            Map<String, Object> result = map(
                    "role", "tool",
                    "content", MessagesDecoder.content(in.require("content", "tool_call_id", "name")),
                    "tool_call_id", in.require("tool_call_id", "name").nonEmptyText());
            String name = in.text("name");
            if (name != null) {
                result.put("name", name);
            }
            in.end();
            results.add(Collections.unmodifiableMap(result));
        }
        if (results.isEmpty()) {
            throw FailureException.invalid(value.path() + " must have at least one result");
        }
        return Collections.unmodifiableList(results);
    }

    private static Map<String, Object> map(Object... entries) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < entries.length; i += 2) {
            map.put((String) entries[i], entries[i + 1]);
        }
        return map;
    }
}
