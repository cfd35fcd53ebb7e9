package io.llamanode.chat;

import io.llamanode.chat.jinja.render.Template;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a template can render, found by rendering small conversations, as llama.cpp's {@code common/jinja/caps.cpp}
 * does.
 *
 * @param stringContent the content of a message may be a string
 * @param typedContent it may be a list of typed parts
 * @param systemRole a leading system message is read
 * @param objectArguments arguments of tool calls are read as an object instead of JSON text
 * @param thinking the reasoning of an answer is rendered, or {@code enable_thinking} changes how an answer begins; a
 *     template that only mentions the switch in its system text does not count
 */
public record Capabilities(
        boolean stringContent, boolean typedContent, boolean systemRole, boolean objectArguments, boolean thinking) {
    private static final String NEEDLE = "needle7f3a";
    private static final Clock EPOCH = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

    static Capabilities of(Template template) {
        Template.Probe string = probe(template, List.of(message("user", NEEDLE)), List.of());
        Template.Probe typed = probe(template, List.of(message("user", parts(NEEDLE))), List.of());
        // A template that loops over a string finds characters without text in it, and drops them silently.
        boolean stringContent = string.succeeded()
                && (!string.iterated().contains("messages[0].content")
                        || string.text().contains(NEEDLE));
        // Where parts are printed as a whole, Python's notation of a dictionary shows up.
        boolean typedContent = typed.succeeded()
                && typed.text().contains(NEEDLE)
                && !typed.text().contains("'" + NEEDLE + "'")
                && !typed.text().contains("\"" + NEEDLE + "\"");
        boolean partsOnly = typedContent && !stringContent;
        Template.Probe system = probe(
                template,
                List.of(
                        message("system", partsOnly ? parts("Be kind.") : "Be kind."),
                        message("user", partsOnly ? parts("Hello") : "Hello")),
                List.of());
        Template.Probe call = probe(template, toolConversation(partsOnly), List.of(tool()));
        return new Capabilities(
                stringContent,
                typedContent,
                system.used().contains("messages[0].content"),
                call.succeeded() && call.used().contains("messages[1].tool_calls[0].function.arguments.needle"),
                thinks(template, partsOnly));
    }

    private static boolean thinks(Template template, boolean partsOnly) {
        Object question = partsOnly ? parts(NEEDLE) : NEEDLE;
        String on = answerStart(template, question, true);
        String off = answerStart(template, question, false);
        Map<String, Object> answer = message("assistant", partsOnly ? parts("Done") : "Done");
        answer.put("reasoning_content", "thought5c1e");
        return !on.equals(off)
                || probe(
                                template,
                                List.of(message("user", question), answer),
                                List.of(),
                                Map.of("enable_thinking", true, "add_generation_prompt", false))
                        .text()
                        .contains("thought5c1e");
    }

    /** What the template puts behind a question. */
    private static String answerStart(Template template, Object question, boolean thinking) {
        String text = probe(
                        template, List.of(message("user", question)), List.of(), Map.of("enable_thinking", thinking))
                .text();
        return text.substring(text.lastIndexOf(NEEDLE) + 1);
    }

    private static Template.Probe probe(Template template, List<?> messages, List<?> tools) {
        return probe(template, messages, tools, Map.of());
    }

    private static Template.Probe probe(Template template, List<?> messages, List<?> tools, Map<String, Object> more) {
        Map<String, Object> variables = new LinkedHashMap<>();
        variables.put("messages", messages);
        variables.put("tools", tools);
        variables.put("bos_token", "");
        variables.put("eos_token", "");
        variables.put("add_generation_prompt", true);
        variables.putAll(more);
        return template.probe(variables, EPOCH);
    }

    private static Map<String, Object> message(String role, Object content) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }

    private static Object parts(String text) {
        return List.of(Map.of("type", "text", "text", text));
    }

    private static List<Map<String, Object>> toolConversation(boolean partsOnly) {
        Map<String, Object> call = message("assistant", partsOnly ? parts("") : "");
        // Some templates demand an id of nine characters.
        call.put(
                "tool_calls",
                List.of(Map.of(
                        "id",
                        "call00001",
                        "type",
                        "function",
                        "function",
                        Map.of("name", "tool1", "arguments", Map.of("needle", NEEDLE)))));
        Map<String, Object> result = message("tool", partsOnly ? parts("Result") : "Result");
        result.put("tool_call_id", "call00001");
        return List.of(
                message("user", partsOnly ? parts("Hello") : "Hello"),
                call,
                result,
                message("assistant", partsOnly ? parts("Done") : "Done"),
                message("user", partsOnly ? parts("Thanks") : "Thanks"));
    }

    private static Map<String, Object> tool() {
        return Map.of(
                "type",
                "function",
                "function",
                Map.of(
                        "name",
                        "tool1",
                        "description",
                        "Does it",
                        "parameters",
                        Map.of(
                                "type",
                                "object",
                                "properties",
                                Map.of("needle", Map.of("type", "string", "description", "What")),
                                "required",
                                List.of("needle"))));
    }
}
