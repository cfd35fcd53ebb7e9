package io.llamanode.chat;

import io.llamanode.chat.jinja.render.Template;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
 * @param developerRole a leading message of the role {@code developer} is rendered
 * @param thinkingParts reasoning of earlier answers is read from parts of their content only
 * @param toolResponses results of tools belong into the message with the calls
 * @param silent nothing is rendered of a question, so that there is no prompt to be had
 */
public record Capabilities(
        boolean stringContent,
        boolean typedContent,
        boolean systemRole,
        boolean objectArguments,
        boolean thinking,
        boolean developerRole,
        boolean thinkingParts,
        boolean toolResponses,
        boolean silent) {
    private static final String NEEDLE = "needle7f3a";
    private static final String THOUGHT = "thought5c1e";
    /** Characters in front of a result that tell how a template frames it. */
    private static final int FRAME = 8;

    private static final Clock EPOCH = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

    static Capabilities of(Template template, String source) {
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
        boolean objectArguments =
                call.succeeded() && call.used().contains("messages[1].tool_calls[0].function.arguments.needle");
        boolean thinkingField = thinkingField(template, partsOnly);
        boolean thinkingParts = !thinkingField && typedContent && thinkingParts(template);
        Object question = partsOnly ? parts(NEEDLE) : NEEDLE;
        boolean thinks = thinkingField
                || thinkingParts
                || !answerStart(template, question, true).equals(answerStart(template, question, false));
        return new Capabilities(
                stringContent,
                typedContent,
                system.used().contains("messages[0].content"),
                objectArguments,
                thinks,
                developer(template, source, partsOnly),
                thinkingParts,
                source.contains("tool_responses") && toolResponses(template, partsOnly),
                (string.succeeded() || typed.succeeded())
                        && string.text().isBlank()
                        && typed.text().isBlank());
    }

    /** A template that knows the role compares with it; some that mention it refuse it or leave such messages out. */
    private static boolean developer(Template template, String source, boolean partsOnly) {
        return (source.contains("'developer'") || source.contains("\"developer\""))
                && probe(
                                template,
                                List.of(
                                        message("developer", partsOnly ? parts(NEEDLE) : NEEDLE),
                                        message("user", partsOnly ? parts("Hello") : "Hello")),
                                List.of())
                        .text()
                        .contains(NEEDLE);
    }

    private static boolean thinkingField(Template template, boolean partsOnly) {
        Map<String, Object> answer = message("assistant", partsOnly ? parts("Done") : "Done");
        answer.put("reasoning_content", THOUGHT);
        return answered(template, partsOnly, answer).contains(THOUGHT);
    }

    private static boolean thinkingParts(Template template) {
        String text = answered(
                template,
                true,
                message("assistant", List.of(thinkingPart(THOUGHT), Map.of("type", "text", "text", "Done"))));
        // Where parts are printed as a whole, they are in quotes.
        return text.contains(THOUGHT) && !text.contains("'" + THOUGHT + "'") && !text.contains("\"" + THOUGHT + "\"");
    }

    private static String answered(Template template, boolean partsOnly, Map<String, Object> answer) {
        return probe(
                        template,
                        List.of(message("user", partsOnly ? parts(NEEDLE) : NEEDLE), answer),
                        List.of(),
                        Map.of("enable_thinking", true, "add_generation_prompt", false))
                .text();
    }

    /** {@return a part of a content that holds reasoning} */
    static Map<String, Object> thinkingPart(String reasoning) {
        Map<String, Object> part = new LinkedHashMap<>();
        part.put("type", "thinking");
        part.put("thinking", reasoning);
        return part;
    }

    /** A template that takes results from either place frames them alike; one that does not shows its true frame. */
    private static boolean toolResponses(Template template, boolean partsOnly) {
        Object hello = partsOnly ? parts("Hello") : "Hello";
        Map<String, Object> call = call(partsOnly ? parts("") : "", "x");
        Map<String, Object> result = message("tool", partsOnly ? parts(NEEDLE) : NEEDLE);
        result.put("tool_call_id", "call00001");
        Optional<String> apart = frame(template, List.of(message("user", hello), call, result));
        call.put("tool_responses", List.of(Map.of("name", "tool1", "response", NEEDLE)));
        Optional<String> inside = frame(template, List.of(message("user", hello), call));
        return inside.isPresent() && !inside.equals(apart);
    }

    private static Optional<String> frame(Template template, List<?> messages) {
        String text = probe(template, messages, List.of(tool())).text();
        int at = text.indexOf(NEEDLE);
        return at < 0 ? Optional.empty() : Optional.of(text.substring(Math.max(0, at - FRAME), at));
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

    private static Map<String, Object> call(Object content, Object argument) {
        Map<String, Object> call = message("assistant", content);
        // Some templates demand an id of nine characters.
        call.put(
                "tool_calls",
                List.of(Map.of(
                        "id",
                        "call00001",
                        "type",
                        "function",
                        "function",
                        Map.of("name", "tool1", "arguments", Map.of("needle", argument)))));
        return call;
    }

    private static List<Map<String, Object>> toolConversation(boolean partsOnly) {
        Map<String, Object> call = call(partsOnly ? parts("") : "", NEEDLE);
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
