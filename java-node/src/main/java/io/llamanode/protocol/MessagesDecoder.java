package io.llamanode.protocol;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.term.Shown;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;

/** The messages of a conversation, as maps that a chat template reads. */
final class MessagesDecoder {
    private static final Set<String> ROLES = new TreeSet<>(List.of("system", "user", "assistant", "tool", "developer"));

    private static final String[] KEYS = {"role", "content", "tool_calls", "name", "tool_call_id", "reasoning_content"};

    private MessagesDecoder() {}

    /**
     * @param value a non-empty list of messages
     * @return maps with {@code role}, {@code content} and, where given, {@code name},
     *     {@code tool_calls}, {@code tool_call_id} and {@code reasoning_content}
     */
    static List<Map<String, Object>> decode(InputValue value) {
        List<Map<String, Object>> messages = new ArrayList<>();
        for (InputValue item : value.list()) {
            messages.add(message(item));
        }
        if (messages.isEmpty()) {
            throw FailureException.invalid(value.path() + " must have at least one message");
        }
        return Collections.unmodifiableList(messages);
    }

    private static Map<String, Object> message(InputValue value) {
        Fields in = new Fields(value);
        Map<String, Object> message = new LinkedHashMap<>();
        InputValue role = in.require("role", KEYS);
        String name = role.text();
        if (!ROLES.contains(name)) {
            throw role.mustBe(Shown.oneOf(ROLES));
        }
        message.put("role", name);
        InputValue calls = in.get("tool_calls");
        // An answer that only calls tools has no text; everything else must say something.
        InputValue content =
                name.equals("assistant") && calls != null ? in.get("content") : in.require("content", KEYS);
        message.put("content", content == null ? null : content(content));
        if (calls != null) {
            message.put("tool_calls", ToolsDecoder.calls(calls));
        }
        for (String key : List.of("name", "tool_call_id", "reasoning_content")) {
            String text = in.text(key);
            if (text != null) {
                message.put(key, text);
            }
        }
        in.end();
        return Collections.unmodifiableMap(message);
    }

    /**
     * @param value text, or a list of content parts
     * @return the text, one part a line
     */
    static String content(InputValue value) {
        if (!value.isList() || value.isIntegers()) {
            return value.text();
        }
        StringJoiner text = new StringJoiner("\n");
        for (InputValue part : value.list()) {
            Fields in = new Fields(part);
            InputValue type = in.require("type", "text");
            if (!type.text().equals("text")) {
                throw new FailureException(
                        ErrorCode.UNSUPPORTED,
                        type.path() + ": content parts of type " + Shown.quoted(type.text()) + " are not supported");
            }
            text.add(in.require("text").text());
            in.end();
        }
        return text.toString();
    }
}
