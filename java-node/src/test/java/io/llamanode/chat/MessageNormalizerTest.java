package io.llamanode.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.TemplateException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Messages and tools in the form and order that llama.cpp's server hands to templates. */
class MessageNormalizerTest {
    private static final String MESSAGES = "{{ messages|tojson }}";
    private static final String TOOLS = "{{ tools|tojson }}";
    /** Reads arguments as text. */
    private static final String ARGUMENTS =
            "{% for m in messages %}{% for c in m.tool_calls or [] %}<{{ c.function.arguments }}>{% endfor %}{% endfor %}";

    private static String render(String template, List<Map<String, Object>> messages) {
        return ChatTemplate.parse(template)
                .render(ChatRequest.of(messages).build())
                .text();
    }

    private static String tools(List<Map<String, Object>> tools) {
        return ChatTemplate.parse(TOOLS)
                .render(ChatRequest.of(List.of(map("role", "user", "content", "x")))
                        .tools(tools)
                        .build())
                .text();
    }

    private static Map<String, Object> map(Object... entries) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < entries.length; i += 2) {
            map.put((String) entries[i], entries[i + 1]);
        }
        return map;
    }

    private static Map<String, Object> calling(Object... calls) {
        return map("role", "assistant", "tool_calls", Arrays.asList(calls));
    }

    private static Map<String, Object> function(Object arguments) {
        return map("function", map("name", "f", "arguments", arguments));
    }

    @Test
    void keysComeInOneOrder() {
        assertEquals(
                "[{\"role\": \"tool\", \"content\": \"c\", \"reasoning_content\": \"r\", \"name\": \"n\", "
                        + "\"tool_call_id\": \"i\", \"more\": 1}]",
                render(
                        MESSAGES,
                        List.of(map(
                                "more",
                                1,
                                "tool_call_id",
                                "i",
                                "name",
                                "n",
                                "reasoning_content",
                                "r",
                                "content",
                                "c",
                                "role",
                                "tool"))));
    }

    @Test
    void whatIsEmptyIsLeftOutButTheContent() {
        assertEquals(
                "[{\"role\": \"assistant\", \"content\": \"\"}]",
                render(
                        MESSAGES,
                        List.of(map(
                                "role",
                                "assistant",
                                "content",
                                null,
                                "reasoning_content",
                                "",
                                "name",
                                null,
                                "tool_call_id",
                                "",
                                "tool_calls",
                                List.of(),
                                "more",
                                "",
                                "other",
                                null))));
        assertEquals("[{\"role\": \"user\", \"content\": \"\"}]", render(MESSAGES, List.of(map("role", "user"))));
    }

    @Test
    void callsComeInOneForm() {
        assertEquals(
                "[{\"role\": \"assistant\", \"content\": \"\", \"tool_calls\": [{\"type\": \"function\", \"function\": "
                        + "{\"name\": \"f\", \"arguments\": {\"n\": 1}}, \"id\": \"a\"}]}]",
                render(
                        MESSAGES,
                        List.of(calling(
                                map("id", "a", "function", map("arguments", map("n", 1), "name", "f", "more", 2))))));
        assertEquals(
                "[{\"role\": \"assistant\", \"content\": \"\", \"tool_calls\": [{\"type\": \"function\", \"function\": "
                        + "{\"name\": \"f\", \"arguments\": {}}}]}]",
                render(MESSAGES, List.of(calling(map("id", "", "function", map("name", "f"))))));
    }

    @Test
    void callsOfAnotherFormStayAsTheyAre() {
        assertEquals(
                "[{\"role\": \"assistant\", \"content\": \"\", \"tool_calls\": [1, {\"function\": 2}]}]",
                render(MESSAGES, List.of(calling(1, map("function", 2)))));
    }

    @Test
    void argumentsAreObjectsWhereTheTemplateReadsThemSo() {
        assertTrue(ChatTemplate.parse(MESSAGES).capabilities().objectArguments());
        for (Object none : new Object[] {null, "", " \n", "{}", Map.of()}) {
            String text = render(MESSAGES, List.of(calling(function(none))));
            assertTrue(text.contains("\"arguments\": {}"), text);
        }
        for (Object one : List.of("{\"n\": 1}", Map.of("n", 1))) {
            String text = render(MESSAGES, List.of(calling(function(one))));
            assertTrue(text.contains("\"arguments\": {\"n\": 1}"), text);
        }
    }

    @Test
    void argumentsAreTextWhereTheTemplatePrintsThem() {
        assertFalse(ChatTemplate.parse(ARGUMENTS).capabilities().objectArguments());
        assertEquals(
                "<{}><><{\"n\":1}><{ }>",
                render(
                        ARGUMENTS,
                        List.of(calling(function(null), function(""), function(Map.of("n", 1)), function("{ }")))));
    }

    @Test
    void argumentsThatAreNoJsonAreNamed() {
        Map<String, Object> bad = calling(function("{}"), function("{oops"));
        TemplateException error = assertThrows(
                TemplateException.class, () -> render(MESSAGES, List.of(map("role", "user", "content", "x"), bad)));
        assertTrue(
                error.getMessage().startsWith("messages[1].tool_calls[1].function.arguments is not JSON: "),
                error.getMessage());
    }

    @Test
    void aRoleIsText() {
        for (Object role : new Object[] {null, 1}) {
            TemplateException error =
                    assertThrows(TemplateException.class, () -> render(MESSAGES, List.of(map("role", role))));
            assertEquals("messages[0] has no role", error.getMessage());
        }
    }

    /** As gpt-oss does, which renders either a reason or a text before a call, and refuses both. */
    @Test
    void reasoningIsAFieldOfAnotherNameWhereTheTemplateReadsThat() {
        String template = "{% for message in messages %}{{ message.thinking }}|{{ message.content }}|"
                + "{{ message.content is defined }};{% endfor %}";
        Map<String, Object> answer = map("role", "assistant", "content", "Four", "reasoning_content", "2+2");
        assertEquals("2+2|Four|True;", render(template, List.of(answer)));
        answer.put("tool_calls", List.of(function("{}")));
        assertEquals("2+2||False;", render(template, List.of(answer)));
        answer.put("thinking", "mine");
        assertEquals("mine||False;", render(template, List.of(answer)));
        answer.remove("reasoning_content");
        assertEquals("mine|Four|True;", render(template, List.of(answer)));
    }

    @Test
    void reasoningKeepsItsNameWhereTheTemplateKnowsIt() {
        String template =
                "{% for message in messages %}{{ message.thinking }}|{{ message.reasoning_content }}{% endfor %}";
        assertEquals("|2+2", render(template, List.of(map("role", "assistant", "reasoning_content", "2+2"))));
    }

    @Test
    void severalLeadingMessagesOfTheSystemAreMergedWhereTheRoleIsUnknown() {
        String template = "{% if messages and messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}"
                + "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}";
        Map<String, Object> one = map("role", "system", "content", "a");
        Map<String, Object> two = map("role", "system", "content", "b");
        Map<String, Object> user = map("role", "user", "content", "c");
        assertEquals("[user]a\nb\nc", render(template, List.of(one, two, user)));
        assertEquals("", render(template, List.of(one)));
        assertEquals("", render(template, List.of()));
        assertEquals("[user]c[system]a", render(template, List.of(user, one)));
    }

    @Test
    void toolsComeInOneForm() {
        assertEquals(
                "[{\"type\": \"function\", \"function\": {\"name\": \"f\", \"description\": \"d\", "
                        + "\"parameters\": {\"type\": \"object\"}, \"strict\": true}, \"more\": 1}]",
                tools(List.of(map(
                        "more",
                        1,
                        "function",
                        map("strict", true, "parameters", map("type", "object"), "description", "d", "name", "f")))));
        assertEquals(
                "[{\"type\": \"function\", \"function\": {\"name\": \"f\", \"description\": \"\", \"parameters\": {}}}]",
                tools(List.of(map("function", map("name", "f")))));
        assertEquals("[{\"other\": 1}]", tools(List.of(map("other", 1))));
    }

    @Test
    void theCallersMessagesStayAsTheyAre() {
        Map<String, Object> system = map("role", "developer", "content", "a");
        Map<String, Object> user =
                map("role", "user", "content", new ArrayList<>(List.of(map("type", "text", "text", "b"))));
        List<Map<String, Object>> messages = List.of(system, map("role", "system", "content", "s"), user);
        String before = messages.toString();
        render("{% for m in messages %}{{ m.content }}{% endfor %}", messages);
        assertEquals(before, messages.toString());
    }
}
