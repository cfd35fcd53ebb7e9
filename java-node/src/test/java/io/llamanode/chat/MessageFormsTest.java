package io.llamanode.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.Span;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages reach each template in the form that it reads: nothing of a conversation is lost on the way. */
class MessageFormsTest {
    private static final String LOOP = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}";
    /** As Ministral-3 does. */
    private static final String THINKING_PARTS = """
            {%- for m in messages -%}[{{ m.role }}]
            {%- if m.content is string -%}{{ m.content }}
            {%- else -%}
              {%- for block in m.content -%}
                {%- if block.type == 'text' -%}{{ block.text }}
                {%- elif block.type == 'thinking' and m.role == 'assistant' -%}{{ '<T>' + block.thinking + '</T>' }}
                {%- else -%}{{ raise_exception('only text and thinking') }}
                {%- endif -%}
              {%- endfor -%}
            {%- endif -%}
            {%- for call in m.tool_calls or [] -%}
              {{ '(' + call.function.name + call.function.arguments|tojson + ')' }}
            {%- endfor -%}
            {%- endfor -%}""";
    /** As Gemma 4 interleaved does. */
    private static final String TOOL_RESPONSES = """
            {%- set ns = namespace(last='') -%}
            {%- for m in messages -%}
              {%- if not (ns.last == 'response' and m.tool_calls) -%}{{ '<|turn>' + m.role + '|' }}{%- endif -%}
              {%- set ns.last = '' -%}
              {%- for call in m.tool_calls or [] -%}
                {{ '<call>' + call.function.name + call.function.arguments|tojson }}
              {%- endfor -%}
              {%- for r in m['tool_responses'] or [] -%}
                {{ '<response>' + r.name + ':' + r.response|tojson }}{%- set ns.last = 'response' -%}
              {%- endfor -%}
              {{ m.content }}
              {%- if not (m['tool_responses'] and not m.content) -%}{{ '<turn|>' }}{%- endif -%}
            {%- endfor -%}""";

    private static Map<String, Object> message(String role, Object content) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }

    private static Map<String, Object> calls(String content, String... ids) {
        Map<String, Object> message = message("assistant", content);
        List<Object> calls = new ArrayList<>();
        for (String id : ids) {
            calls.add(Map.of(
                    "id", id, "type", "function", "function", Map.of("name", "f" + id, "arguments", Map.of("n", 1))));
        }
        message.put("tool_calls", calls);
        return message;
    }

    private static Map<String, Object> result(String id, String content) {
        Map<String, Object> message = message("tool", content);
        message.put("tool_call_id", id);
        return message;
    }

    private static String render(String template, List<Map<String, Object>> messages) {
        return ChatTemplate.parse(template)
                .render(ChatRequest.of(messages).build())
                .text();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Prints any role and does not know this one.
                LOOP,
                // Mentions the word in its own text only.
                "You obey developers." + LOOP,
                // Leaves out what is neither system, user nor assistant.
                "{# developer #}{% for m in messages %}{% if m.role in ['system', 'user', 'assistant'] %}"
                        + "[{{ m.role }}]{{ m.content }}{% endif %}{% endfor %}",
                // Refuses it.
                "{% for m in messages %}{% if m.role == 'developer' %}{{ raise_exception('no developer') }}"
                        + "{% endif %}[{{ m.role }}]{{ m.content }}{% endfor %}"
            })
    void aDeveloperIsTheSystemWhereTheTemplateHasNoSuchRole(String template) {
        assertFalse(ChatTemplate.parse(template).capabilities().developerRole());
        String text = render(template, List.of(message("developer", "Be kind."), message("user", "Hi")));
        assertTrue(text.endsWith("[system]Be kind.[user]Hi"), text);
    }

    /** As Bielik and others do, which leave out a second message of the system, or Qwen3.5, which refuses it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for m in messages %}{% if m.role != 'system' or loop.first %}[{{ m.role }}]{{ m.content }}"
                        + "{% endif %}{% endfor %}",
                "{% for m in messages %}{% if m.role == 'system' and not loop.first %}"
                        + "{{ raise_exception('at the beginning') }}{% endif %}[{{ m.role }}]{{ m.content }}{% endfor %}"
            })
    void aDeveloperBesideTheSystemIsOneWithIt(String template) {
        Map<String, Object> kind = message("system", "Be kind.");
        Map<String, Object> brief = message("developer", List.of(Map.of("type", "text", "text", "Be brief.")));
        Map<String, Object> user = message("user", "Hi");
        assertEquals("[system]Be kind.\nBe brief.[user]Hi", render(template, List.of(kind, brief, user)));
        assertEquals("[system]Be brief.\nBe kind.[user]Hi", render(template, List.of(brief, kind, user)));
        assertEquals(
                "[system]Be brief.\nBe kind.\nBe brief.[user]Hi", render(template, List.of(brief, kind, brief, user)));
    }

    /** As gpt-oss does, which reads the first message only, of either role. */
    @Test
    void aDeveloperBesideTheSystemIsOneWithItAlsoWhereTheTemplateHasTheRole() {
        String template =
                "{% for m in messages %}{% if m.role == 'user' or loop.first and m.role in ['system', 'developer'] %}"
                        + "[{{ m.role }}]{{ m.content }}{% endif %}{% endfor %}";
        assertTrue(ChatTemplate.parse(template).capabilities().developerRole());
        assertFalse(ChatTemplate.parse(template).capabilities().developerBesideSystem());
        Map<String, Object> kind = message("system", "Be kind.");
        Map<String, Object> brief = message("developer", "Be brief.");
        Map<String, Object> user = message("user", "Hi");
        assertEquals("[developer]Be kind.\nBe brief.[user]Hi", render(template, List.of(kind, brief, user)));
        assertEquals("[system]Be brief.\nBe kind.[user]Hi", render(template, List.of(brief, kind, user)));
        assertEquals("[developer]Be brief.[user]Hi", render(template, List.of(brief, user)));
    }

    @Test
    void aDeveloperBesideTheSystemStaysWhereTheTemplateRendersBoth() {
        String template = "{% for m in messages %}{% if m.role == 'developer' %}<dev>{{ m.content }}"
                + "{% else %}[{{ m.role }}]{{ m.content }}{% endif %}{% endfor %}";
        assertTrue(ChatTemplate.parse(template).capabilities().developerBesideSystem());
        assertEquals(
                "[system]Be kind.<dev>Be brief.[user]Hi",
                render(
                        template,
                        List.of(
                                message("system", "Be kind."),
                                message("developer", "Be brief."),
                                message("user", "Hi"))));
    }

    @Test
    void aDeveloperStaysWhereTheTemplateHasTheRole() {
        String template = "{% for m in messages %}{% if m.role == 'developer' %}<dev>{{ m.content }}"
                + "{% else %}[{{ m.role }}]{{ m.content }}{% endif %}{% endfor %}";
        assertTrue(ChatTemplate.parse(template).capabilities().developerRole());
        assertEquals(
                "<dev>Be kind.[user]Hi",
                render(template, List.of(message("developer", "Be kind."), message("user", "Hi"))));
    }

    @Test
    void aDeveloperIsMergedWhereThereIsNoSystemEither() {
        String template = "{% if messages[0].role != 'user' %}{{ raise_exception('users first') }}{% endif %}" + LOOP;
        assertEquals(
                "[user]Be kind.\nHi",
                render(template, List.of(message("developer", "Be kind."), message("user", "Hi"))));
        assertEquals(
                "[user]Be kind.\nBe brief.\nHi",
                render(
                        template,
                        List.of(
                                message("system", "Be kind."),
                                message("developer", "Be brief."),
                                message("user", "Hi"))));
    }

    @Test
    void reasoningBecomesAPartWhereTheTemplateReadsIt() {
        Map<String, Object> answer = message("assistant", "Four");
        answer.put("reasoning_content", "2+2");
        ChatTemplate template = ChatTemplate.parse(THINKING_PARTS);
        assertTrue(template.capabilities().thinkingParts()
                && template.capabilities().thinking());
        RenderedChat chat = template.render(
                ChatRequest.of(List.of(message("user", "Sum?"), answer)).build());
        assertEquals("[user]Sum?[assistant]<T>2+2</T>Four", chat.text());
        assertTrue(chat.spans().contains(new Span("2+2", false)), "what a model thought is no text of the template");
        assertTrue(chat.spans().contains(new Span("[assistant]<T>", true)));
    }

    @Test
    void reasoningBeforeACallNeedsNoText() {
        Map<String, Object> answer = calls("", "a");
        answer.put("reasoning_content", "ask");
        assertEquals(
                "[user]Sum?[assistant]<T>ask</T>(fa{\"n\": 1})[tool]4",
                render(THINKING_PARTS, List.of(message("user", "Sum?"), answer, result("a", "4"))));
    }

    @Test
    void reasoningJoinsThePartsThatThereAre() {
        Map<String, Object> answer = message(
                "assistant", List.of(Map.of("type", "text", "text", "Fo"), Map.of("type", "text", "text", "ur")));
        answer.put("reasoning_content", "2+2");
        assertEquals(
                "[user]Sum?[assistant]<T>2+2</T>Four",
                render(THINKING_PARTS, List.of(message("user", "Sum?"), answer)));
    }

    @Test
    void reasoningStaysWhereTheTemplateReadsItOrCannotTakeIt() {
        String field = "{% for m in messages %}{{ m.reasoning_content }}|{{ m.content }}{% endfor %}";
        Map<String, Object> answer = message("assistant", "Four");
        answer.put("reasoning_content", "2+2");
        List<Map<String, Object>> messages = List.of(message("user", "Sum?"), answer);
        assertEquals("|Sum?2+2|Four", render(field, messages));
        assertFalse(ChatTemplate.parse(field).capabilities().thinkingParts());
        // Printed as a whole, parts would show Python's notation.
        assertEquals("[user]Sum?[assistant]Four", render(LOOP, messages));
        assertFalse(ChatTemplate.parse(LOOP).capabilities().thinkingParts());
    }

    @Test
    void resultsGoIntoTheMessageWithTheCallsWhereTheTemplateReadsThemThere() {
        assertTrue(ChatTemplate.parse(TOOL_RESPONSES).capabilities().toolResponses());
        assertEquals(
                "<|turn>user|Sum?<turn|><|turn>assistant|<call>fa{\"n\": 1}<call>fb{\"n\": 1}"
                        + "<response>fa:{\"sum\": 4}<response>fb:\"none\"Four<turn|>",
                render(
                        TOOL_RESPONSES,
                        List.of(
                                message("user", "Sum?"),
                                calls("", "a", "b"),
                                result("a", "{\"sum\": 4}"),
                                result("b", "none"),
                                message("assistant", "Four"))));
    }

    @Test
    void resultsAreNamedByTheirIds() {
        assertEquals(
                "<|turn>assistant|<call>fa{\"n\": 1}<call>fb{\"n\": 1}<response>fb:1<response>fa:\"null\"",
                render(TOOL_RESPONSES, List.of(calls("", "a", "b"), result("b", "1"), result("a", "null"))));
        Map<String, Object> named = message("tool", "1");
        named.put("name", "g");
        assertEquals(
                "<|turn>assistant|<call>fa{\"n\": 1}<response>g:1<response>unknown:2",
                render(TOOL_RESPONSES, List.of(calls("", "a"), named, message("tool", "2"))));
        assertEquals(
                "<|turn>assistant|<call>fa{\"n\": 1}<response>fa:2",
                render(TOOL_RESPONSES, List.of(calls("", "a"), message("tool", "2"))));
    }

    @Test
    void whatWasSaidBeforeACallComesBeforeIt() {
        assertEquals(
                "<|turn>assistant|Wait.<turn|><|turn>assistant|<call>fa{\"n\": 1}<response>fa:4"
                        + "<call>fb{\"n\": 1}<response>fb:5",
                render(
                        TOOL_RESPONSES,
                        List.of(calls("Wait.", "a"), result("a", "4"), calls("", "b"), result("b", "5"))));
    }

    @Test
    void callsThatWaitAndStrayResultsStayAsTheyAre() {
        assertEquals(
                "<|turn>tool|4<turn|><|turn>assistant|<call>fa{\"n\": 1}<turn|><|turn>user|Never mind<turn|>",
                render(TOOL_RESPONSES, List.of(result("a", "4"), calls("", "a"), message("user", "Never mind"))));
    }

    @Test
    void resultsStayMessagesWhereTheTemplateFramesThemAlike() {
        String both =
                "{% for m in messages %}{% for r in m.tool_responses or [] %}<response>{{ r.response }}{% endfor %}"
                        + "{% if m.role == 'tool' %}<response>{{ m.content }}{% else %}{{ m.content }}{% endif %}{% endfor %}";
        assertFalse(ChatTemplate.parse(both).capabilities().toolResponses());
        assertEquals("<response>4", render(both, List.of(calls("", "a"), result("a", "4"))));
    }

    @Test
    void partsThatATemplateCannotTakeAreLines() {
        List<Object> parts = List.of(Map.of("type", "text", "text", "a"), Map.of("type", "text", "text", "b"));
        assertEquals("[user]a\nb", render(LOOP, List.of(message("user", parts))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " \n", "{# nothing #}", "{% set x = 1 %}", "{% if tools %}x{% endif %}", "\n{{ '' }}\n "})
    void aTemplateThatRendersNothingIsKnown(String template) {
        assertTrue(ChatTemplate.parse(template).capabilities().silent());
    }

    @ParameterizedTest
    @ValueSource(strings = {LOOP, "x", "{{ raise_exception('always') }}", "{{ messages[0].content[0].text }}"})
    void anyOtherTemplateIsNotSilent(String template) {
        assertFalse(ChatTemplate.parse(template).capabilities().silent());
    }
}
