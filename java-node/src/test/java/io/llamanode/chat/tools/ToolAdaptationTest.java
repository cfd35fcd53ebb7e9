package io.llamanode.chat.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.Mixed;
import io.llamanode.chat.jinja.Span;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.CallSyntaxes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a template does not write of tools is put into the text of messages, and nothing else is changed. */
class ToolAdaptationTest {
    private static final String HOW = "You can call these tools:\n{\"name\":\"f\"}\nTo call one, answer with nothing"
            + " but a JSON object: {\"name\": \"<name of the tool>\", \"arguments\": {<its arguments>}}. To call several,"
            + " answer with a JSON array of such objects. If no tool is needed, answer in plain words.";
    private static final List<Map<String, Object>> TOOLS =
            List.of(Map.of("type", "function", "function", Map.of("name", "f")));

    private static Map<String, Object> map(Object... entries) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < entries.length; i += 2) {
            map.put((String) entries[i], entries[i + 1]);
        }
        return map;
    }

    private static Map<String, Object> message(String role, Object content) {
        return map("role", role, "content", content);
    }

    private static Map<String, Object> call(String id, String name, Object arguments) {
        return map("id", id, "type", "function", "function", map("name", name, "arguments", arguments));
    }

    private static Map<String, Object> calls(Object content, Object... calls) {
        return map("role", "assistant", "content", content, "tool_calls", List.of(calls));
    }

    private static Map<String, Object> result(String id, Object content) {
        return map("role", "tool", "tool_call_id", id, "content", content);
    }

    private static ToolAdaptation without(boolean tools, boolean calls, boolean results) {
        return new ToolAdaptation(CallSyntaxes.GENERIC, !tools, !calls, !results);
    }

    private static Object written(CallSyntax syntax, Map<String, Object> message) {
        List<Map<String, Object>> adapted =
                new ToolAdaptation(syntax, true, false, true).adapt(List.of(message), List.of());
        assertEquals(1, adapted.size());
        assertEquals("assistant", adapted.getFirst().get("role"));
        assertTrue(!adapted.getFirst().containsKey("tool_calls"));
        return adapted.getFirst().get("content");
    }

    private static Object generic(Map<String, Object> message) {
        return written(CallSyntaxes.GENERIC, message);
    }

    @Test
    void nothingChangesWhereTheTemplateWritesAll() {
        List<Map<String, Object>> messages = List.of(
                message("user", "q"), calls(null, call("i", "f", map())), result("i", "r"), message("assistant", "a"));
        assertEquals(messages, without(false, false, false).adapt(messages, TOOLS));
        assertEquals(messages.subList(0, 1), without(true, true, true).adapt(messages.subList(0, 1), List.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"system", "developer"})
    void toolsAreDescribedToTheSystem(String role) {
        List<Map<String, Object>> messages = List.of(message(role, "Be kind."), message("user", "q"));
        assertEquals(
                List.of(message(role, "Be kind.\n\n" + HOW), message("user", "q")),
                without(true, false, false).adapt(messages, TOOLS));
        Map<String, Object> parts = message(role, List.of(map("type", "text", "text", "Be kind.")));
        assertEquals(
                List.of(message(role, "Be kind.\n\n" + HOW)),
                without(true, false, false).adapt(List.of(parts), TOOLS));
        assertEquals("Be kind.", messages.getFirst().get("content"), "what was given stays as it is");
    }

    @Test
    void theSystemBeginsAConversationThatHadNone() {
        assertEquals(
                List.of(message("system", HOW), message("user", "q")),
                without(true, false, false).adapt(List.of(message("user", "q")), TOOLS));
        assertEquals(
                List.of(message("system", HOW)), without(true, false, false).adapt(List.of(), TOOLS));
        Map<String, Object> bare = map("name", "f");
        assertEquals(
                List.of(message("system", HOW)), without(true, false, false).adapt(List.of(), List.of(bare)));
    }

    @Test
    void aCallIsTheJsonThatTheModelWasAskedFor() {
        assertEquals("{\"name\":\"f\",\"arguments\":{\"n\":1}}", generic(calls(null, call("i", "f", map("n", 1)))));
        assertEquals(
                "[{\"name\":\"f\",\"arguments\":{}},{\"name\":\"g\",\"arguments\":{}}]",
                generic(calls("", call("i", "f", map()), call("j", "g", map()))));
        assertEquals("Wait.\n{\"name\":\"f\",\"arguments\":{}}", generic(calls("Wait.", call("i", "f", map()))));
        assertEquals("{\"name\":\"f\",\"arguments\":{}}", generic(calls(" \n", call("i", "f", map()))));
    }

    @Test
    void argumentsMayBeAnObjectOrItsJson() {
        assertEquals("{\"name\":\"f\",\"arguments\":{\"n\":1}}", generic(calls(null, call("i", "f", "{\"n\": 1}"))));
        assertEquals("{\"name\":\"f\",\"arguments\":{}}", generic(calls(null, call("i", "f", "no JSON"))));
        assertEquals("{\"name\":\"f\",\"arguments\":{}}", generic(calls(null, call("i", "f", 7))));
    }

    @Test
    void fieldsOfAMessageWithCallsStay() {
        Map<String, Object> message = calls("a", call("i", "f", map()));
        message.put("reasoning_content", "so");
        assertEquals(
                List.of(map(
                        "role",
                        "assistant",
                        "content",
                        "a\n{\"name\":\"f\",\"arguments\":{}}",
                        "reasoning_content",
                        "so")),
                without(false, true, false).adapt(List.of(message), List.of()));
    }

    /** What frames the calls is the template's text, of which tokens may be made; what is in them is not. */
    @Test
    void callsOfPythonStandBetweenTheirTokens() {
        Map<String, Object> arguments = map("a", "x", "b", List.of(1, true));
        assertEquals(
                new Mixed(List.of(
                        new Span("<|tool_call_start|>[", true),
                        new Span("f(a=\"x\", b=[1, True])", false),
                        new Span("]<|tool_call_end|>", true))),
                written(CallSyntaxes.PYTHON, calls(null, call("i", "f", arguments))));
        assertEquals(
                new Mixed(List.of(
                        new Span("Wait.\n", false),
                        new Span("<|tool_call_start|>[", true),
                        new Span("f()", false),
                        new Span(", g()", false),
                        new Span("]<|tool_call_end|>", true))),
                written(CallSyntaxes.PYTHON, calls("Wait.", call("i", "f", map()), call("j", "g", map()))));
    }

    @Test
    void resultsAreTheUsersAndStandInOneMessage() {
        List<Map<String, Object>> messages = List.of(
                message("user", "q"),
                calls(null, call("i", "f", map()), call("j", "g", map())),
                result("j", "2"),
                result("i", List.of(map("type", "text", "text", "1"))),
                message("assistant", "a"),
                result("k", "3"));
        assertEquals(
                List.of(
                        messages.get(0),
                        messages.get(1),
                        message("user", "Result of g:\n2\n\nResult of f:\n1"),
                        messages.get(4),
                        message("user", "Result of the tool:\n3")),
                without(false, false, true).adapt(messages, List.of()));
    }

    @Test
    void aResultIsNamedByItsOwnNameOrTheCallOfItsId() {
        Map<String, Object> named = result("i", "1");
        named.put("name", "h");
        assertEquals(
                List.of(calls(null, call("i", "f", map())), message("user", "Result of h:\n1")),
                without(false, false, true).adapt(List.of(calls(null, call("i", "f", map())), named), List.of()));
        assertEquals(
                List.of(message("user", "Result of the tool:\n1")),
                without(false, false, true).adapt(List.of(result("i", "1")), List.of()));
    }

    @Test
    void aResultIsNotPutIntoWhatTheUserSaid() {
        assertEquals(
                List.of(message("user", "q"), message("user", "Result of the tool:\n1")),
                without(false, false, true).adapt(List.of(message("user", "q"), result("i", "1")), List.of()));
    }

    @Test
    void whatIsNoCallHasNoName() {
        assertEquals("{\"name\":null,\"arguments\":{}}", generic(calls(null, "nonsense")));
        assertEquals("{\"name\":null,\"arguments\":{}}", generic(calls(null, map("id", "i"))));
    }

    /** A template that only tells of the marks gets calls and the demand for them in that form. */
    @Test
    void callsOfAMarkedSyntaxStandBetweenItsMarks() {
        CallSyntax hermes = CallSyntaxes.mentioned("<tool_call> \"name\" \"arguments\"");
        assertEquals("hermes", hermes.family());
        Map<String, Object> two = calls("Hm.", call("1", "f", map("a", "</tool_call>")), call("2", "g", map()));
        assertEquals(
                List.of(
                        new Span("Hm.\n", false),
                        new Span("<tool_call>\n", true),
                        new Span("{\"name\":\"f\",\"arguments\":{\"a\":\"</tool_call>\"}}", false),
                        new Span("\n</tool_call>", true),
                        new Span("\n<tool_call>\n", true),
                        new Span("{\"name\":\"g\",\"arguments\":{}}", false),
                        new Span("\n</tool_call>", true)),
                ((Mixed) written(hermes, two)).spans());
        CallSyntax mistral = CallSyntaxes.mentioned("[TOOL_CALLS]");
        assertEquals(
                List.of(
                        new Span("[TOOL_CALLS][", true),
                        new Span("{\"name\":\"f\",\"arguments\":{}}, {\"name\":\"g\",\"arguments\":{}}", false),
                        new Span("]", true)),
                ((Mixed) written(mistral, calls(null, call("1", "f", map()), call("2", "g", map())))).spans());
        String asked = String.valueOf(new ToolAdaptation(hermes, false, true, true)
                .adapt(List.of(message("user", "q")), TOOLS)
                .getFirst()
                .get("content"));
        assertTrue(
                asked.contains(
                        "<tool_call>{\"name\": \"<name of the tool>\", \"arguments\": {<its arguments>}}</tool_call>"),
                asked);
    }
}
