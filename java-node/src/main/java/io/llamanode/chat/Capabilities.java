package io.llamanode.chat;

import static io.llamanode.chat.tools.ProbeMessages.message;

import io.llamanode.chat.jinja.render.Template;
import io.llamanode.chat.tools.ProbeMessages;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
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
 * @param developerBesideSystem it is also rendered next to one of the system, and so is that
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
        boolean developerBesideSystem,
        boolean thinkingParts,
        boolean toolResponses,
        boolean silent) {
    private static final String NEEDLE = "needle7f3a";
    private static final String THOUGHT = "thought5c1e";
    private static final String TOOL = "tool1";
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
                        message("system", content("Be kind.", partsOnly)),
                        message("user", content("Hello", partsOnly))),
                List.of());
        Template.Probe call = probe(template, toolConversation(partsOnly), List.of(ProbeMessages.tool(TOOL)));
        boolean objectArguments = call.succeeded()
                && call.used().contains("messages[1].tool_calls[0].function.arguments." + ProbeMessages.ARGUMENT);
        boolean thinkingField = thinkingField(template, partsOnly);
        boolean thinkingParts = !thinkingField && typedContent && thinkingParts(template);
        Object question = content(NEEDLE, partsOnly);
        boolean thinks = thinkingField
                || thinkingParts
                || !answerStart(template, question, true).equals(answerStart(template, question, false));
        boolean developer = developer(template, source, partsOnly);
        return new Capabilities(
                stringContent,
                typedContent,
                system.used().contains("messages[0].content"),
                objectArguments,
                thinks,
                developer,
                developer && developerBesideSystem(template, partsOnly),
                thinkingParts,
                source.contains("tool_responses") && toolResponses(template, partsOnly),
                (string.succeeded() || typed.succeeded())
                        && string.text().isBlank()
                        && typed.text().isBlank());
    }

    /** A template that knows the role compares with it; some that mention it refuse it or leave such messages out. */
    private static boolean developer(Template template, String source, boolean partsOnly) {
        return (source.contains("'developer'") || source.contains("\"developer\""))
                && asked(template, partsOnly, List.of(message("developer", content(NEEDLE, partsOnly))))
                        .contains(NEEDLE);
    }

    private static boolean developerBesideSystem(Template template, boolean partsOnly) {
        String text = asked(
                template,
                partsOnly,
                List.of(
                        message("system", content(NEEDLE, partsOnly)),
                        message("developer", content(THOUGHT, partsOnly))));
        return text.contains(NEEDLE) && text.contains(THOUGHT);
    }

    /** What is rendered of messages and a question behind them. */
    private static String asked(Template template, boolean partsOnly, List<Map<String, Object>> before) {
        List<Map<String, Object>> messages = new ArrayList<>(before);
        messages.add(message("user", content("Hello", partsOnly)));
        return probe(template, messages, List.of()).text();
    }

    private static boolean thinkingField(Template template, boolean partsOnly) {
        Map<String, Object> answer = message("assistant", content("Done", partsOnly));
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
                        List.of(message("user", content(NEEDLE, partsOnly)), answer),
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
        Object hello = content("Hello", partsOnly);
        Map<String, Object> call = call(content("", partsOnly), "x");
        Map<String, Object> result = ProbeMessages.result(1, content(NEEDLE, partsOnly));
        Optional<String> apart = frame(template, List.of(message("user", hello), call, result));
        call.put("tool_responses", List.of(Map.of("name", TOOL, "response", NEEDLE)));
        Optional<String> inside = frame(template, List.of(message("user", hello), call));
        return inside.isPresent() && !inside.equals(apart);
    }

    private static Optional<String> frame(Template template, List<?> messages) {
        String text =
                probe(template, messages, List.of(ProbeMessages.tool(TOOL))).text();
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

    private static Object content(String text, boolean asParts) {
        return asParts ? parts(text) : text;
    }

    private static Object parts(String text) {
        return List.of(Map.of("type", "text", "text", text));
    }

    private static Map<String, Object> call(Object content, Object argument) {
        return ProbeMessages.answer(
                content, List.of(ProbeMessages.call(1, TOOL, Map.of(ProbeMessages.ARGUMENT, argument))));
    }

    private static List<Map<String, Object>> toolConversation(boolean partsOnly) {
        return List.of(
                message("user", content("Hello", partsOnly)),
                call(content("", partsOnly), NEEDLE),
                ProbeMessages.result(1, content("Result", partsOnly)),
                message("assistant", content("Done", partsOnly)),
                message("user", content("Thanks", partsOnly)));
    }
}
