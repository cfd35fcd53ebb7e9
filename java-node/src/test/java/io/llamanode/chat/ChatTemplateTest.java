package io.llamanode.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.LimitException;
import io.llamanode.chat.jinja.Limits;
import io.llamanode.chat.jinja.RaisedException;
import io.llamanode.chat.jinja.Span;
import io.llamanode.chat.jinja.TemplateException;
import io.llamanode.chat.jinja.Trusted;
import io.llamanode.chat.tools.AnswerFormat;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChatTemplateTest {
    private static final String CHATML = """
            {{ bos_token }}{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}\
            {% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}""";
    private static final Map<String, Object> USER = Map.of("role", "user", "content", "Hi");
    private static final Map<String, Object> SYSTEM = Map.of("role", "system", "content", "Be kind.");

    private static String render(String template, ChatRequest.Builder request) {
        return ChatTemplate.parse(template).render(request.build()).text();
    }

    @Test
    void tellsOriginsAndRemovesTheBosToken() {
        RenderedChat chat = ChatTemplate.parse(CHATML)
                .render(ChatRequest.of(List.of(USER)).bosToken("<s>").build());
        assertTrue(chat.beganWithBos());
        // A known role is no content, however the template comes to print it.
        assertEquals(
                List.of(
                        new Span("<|im_start|>user\n", true),
                        new Span("Hi", false),
                        new Span("<|im_end|>\n<|im_start|>assistant\n", true)),
                chat.spans());
    }

    @Test
    void keepsABosTokenThatTheInputForged() {
        RenderedChat chat = ChatTemplate.parse("{{ messages[0].content }}")
                .render(ChatRequest.of(List.of(Map.of("role", "user", "content", "<s>x")))
                        .bosToken("<s>")
                        .build());
        assertFalse(chat.beganWithBos());
        assertEquals(List.of(new Span("<s>x", false)), chat.spans());
        RenderedChat only = ChatTemplate.parse("{{ bos_token }}")
                .render(ChatRequest.of(List.of(USER)).bosToken("<s>").build());
        assertTrue(only.beganWithBos() && only.spans().isEmpty());
    }

    @Test
    void leavesOutTheGenerationPrompt() {
        assertEquals(
                "<|im_start|>user\nHi<|im_end|>\n",
                render(CHATML, ChatRequest.of(List.of(USER)).addGenerationPrompt(false)));
    }

    @Test
    void mergesASystemMessageWhereTheRoleIsRefused() {
        String template = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
                + "{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}";
        assertFalse(ChatTemplate.parse(template).capabilities().systemRole());
        assertEquals("user:Be kind.\nHi;", render(template, ChatRequest.of(List.of(SYSTEM, USER))));
    }

    @Test
    void givesContentInTheFormTheTemplateTakes() {
        List<Map<String, Object>> parts = List.of(Map.of(
                "role",
                "user",
                "content",
                List.of(Map.of("type", "text", "text", "a"), Map.of("type", "text", "text", "b"))));
        assertEquals(
                "<|im_start|>user\na\nb<|im_end|>\n<|im_start|>assistant\n", render(CHATML, ChatRequest.of(parts)));
        String partsOnly = "{% for m in messages %}{% for p in m.content %}[{{ p.text }}]{% endfor %}{% endfor %}";
        assertEquals("[Hi]", render(partsOnly, ChatRequest.of(List.of(USER))));
        assertEquals("[a][b]", render(partsOnly, ChatRequest.of(parts)));
        String either = "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}"
                + "{% for p in m.content %}[{{ p.text }}]{% endfor %}{% endif %}{% endfor %}";
        assertEquals("Hi", render(either, ChatRequest.of(List.of(USER))));
        assertEquals("[a][b]", render(either, ChatRequest.of(parts)));
    }

    @Test
    void givesArgumentsInTheFormTheTemplateTakes() {
        String loop = "{% for m in messages %}{% for c in m.tool_calls or [] %}";
        String end = "{% endfor %}{% endfor %}";
        String object = loop + "{% for k, v in c.function.arguments.items() %}{{ k }}={{ v }}{% endfor %}" + end;
        String json = loop + "{{ c.function.arguments|tojson }}" + end;
        String text = loop + "{{ '<' + c.function.arguments + '>' }}" + end;
        for (Object arguments : List.of("{\"city\": \"Paris\"}", Map.of("city", "Paris"))) {
            ChatRequest.Builder request = ChatRequest.of(List.of(USER, call(arguments)));
            assertEquals("city=Paris", render(object, request));
            assertEquals("{\"city\": \"Paris\"}", render(json, request));
            assertEquals("<{\"city\":\"Paris\"}>", render(text, request).replace(": ", ":"));
        }
        TemplateException error =
                assertThrows(TemplateException.class, () -> render(json, ChatRequest.of(List.of(USER, call("{oops")))));
        assertTrue(error.getMessage().contains("messages[1].tool_calls[0].function.arguments"), error.getMessage());
    }

    private static Map<String, Object> call(Object arguments) {
        return Map.of(
                "role",
                "assistant",
                "tool_calls",
                List.of(Map.of("id", "call00001", "function", Map.of("name", "get_weather", "arguments", arguments))));
    }

    @Test
    void keepsTheKeyOrderOfLlamaCpp() {
        assertEquals(
                "{\"type\": \"function\", \"function\": {\"name\": \"f\", \"description\": \"\", "
                        + "\"parameters\": {}}}",
                render(
                        "{{ tools[0]|tojson }}",
                        ChatRequest.of(List.of(USER))
                                .tools(List.of(Map.of("function", Map.of("name", "f"), "type", "function")))));
        assertEquals("False", render("{{ tools is defined }}", ChatRequest.of(List.of(USER))));
    }

    @Test
    void mapsTheDeveloperRoleForTemplatesWithoutIt() {
        List<Map<String, Object>> messages = List.of(Map.of("role", "developer", "content", "x"), USER);
        assertEquals(
                "system user ",
                render(
                        "{% for m in messages %}{{ m.role }} {{ '' if m.content }}{% endfor %}",
                        ChatRequest.of(messages)));
        assertEquals(
                "developer xuser Hi",
                render(
                        "{# 'developer' #}{% for m in messages %}{{ m.role }} {{ m.content }}{% endfor %}",
                        ChatRequest.of(messages)));
    }

    @Test
    void turnsThinkingOnOnlyWhereItChangesTheAnswer() {
        String switched = "{{ messages[0].content }}{% if enable_thinking %}<think>{% endif %}";
        assertEquals("Hi<think>", render(switched, ChatRequest.of(List.of(USER))));
        assertEquals("Hi", render(switched, ChatRequest.of(List.of(USER)).enableThinking(false)));
        String mentioned = "{{ 'on' if enable_thinking else 'off' }} {{ messages[0].content }}";
        assertEquals("off Hi", render(mentioned, ChatRequest.of(List.of(USER))));
        assertEquals("on Hi", render(mentioned, ChatRequest.of(List.of(USER)).kwargs(Map.of("enable_thinking", true))));
    }

    @Test
    void takesVariablesThatAreNotReserved() {
        ChatRequest.Builder request =
                ChatRequest.of(List.of(USER)).kwargs(Map.of("style", "terse", "token", new Trusted("<x>")));
        assertEquals(
                List.of(new Span("terse", false), new Span("<x>", true)),
                ChatTemplate.parse("{{ style }}{{ token }}")
                        .render(request.build())
                        .spans());
        TemplateException error = assertThrows(
                TemplateException.class,
                () -> render("", ChatRequest.of(List.of(USER)).kwargs(Map.of("messages", List.of()))));
        assertTrue(error.getMessage().contains("'messages'"), error.getMessage());
    }

    @Test
    void takesDatesFromTheClock() {
        Clock clock = Clock.fixed(Instant.parse("2026-03-05T07:08:09Z"), ZoneOffset.UTC);
        assertEquals(
                "05 Mar 2026|Mar 05 2026|2026",
                render(
                        "{{ date_string }}|{{ datetime }}|{{ strftime_now('%Y') }}",
                        ChatRequest.of(List.of(USER)).clock(clock)));
    }

    @Test
    void reportsRefusalsAndMalformedMessages() {
        assertEquals(
                "no",
                assertThrows(
                                RaisedException.class,
                                () -> render("{{ raise_exception('no') }}", ChatRequest.of(List.of(USER))))
                        .raised());
        assertTrue(assertThrows(
                        TemplateException.class,
                        () -> render(CHATML, ChatRequest.of(List.of(USER, Map.of("content", "x")))))
                .getMessage()
                .contains("messages[1] has no role"));
    }

    @Test
    void findsTheFormatOfAnswersOnce() {
        ChatTemplate template = ChatTemplate.parse("{% for m in messages %}[{{ m.role }}]{{ m.content }}"
                + "{% for c in m.tool_calls or [] %}<tool_call>\n{\"name\": \"{{ c.function.name }}\", \"arguments\": "
                + "{{ c.function.arguments|tojson }}}\n</tool_call>{% endfor %}{% endfor %}");
        AnswerFormat format = template.answerFormat();
        assertTrue(format.templateWritesCalls());
        assertEquals("hermes", format.family());
        assertSame(format, template.answerFormat());
    }

    @Test
    void aTemplateThatRefusesEveryConversationHasTheFormatThatFitsAny() {
        AnswerFormat format = ChatTemplate.parse("{{ raise_exception('no') }}").answerFormat();
        assertFalse(format.templateWritesCalls());
        assertEquals("generic", format.family());
    }

    @Test
    void takesNoToolsAndNoVariablesForNone() {
        ChatRequest request =
                ChatRequest.of(List.of(USER)).tools(null).kwargs(null).build();
        assertEquals(List.of(), request.tools());
        assertEquals(Map.of(), request.kwargs());
        assertTrue(request.addGenerationPrompt() && request.enableThinking());
        assertEquals("", request.bosToken() + request.eosToken());
    }

    @Test
    void givesTheTokensOfTheModelToTheTemplate() {
        assertEquals(
                List.of(new Span("<s>", true), new Span("Hi", false), new Span("</s>", true)),
                ChatTemplate.parse("{{ '' if not bos_token else '<s>' }}{{ messages[0].content }}{{ eos_token }}")
                        .render(ChatRequest.of(List.of(USER))
                                .bosToken("<b>")
                                .eosToken("</s>")
                                .build())
                        .spans());
    }

    @Test
    void removesNothingButALeadingBosToken() {
        for (String template : List.of("x{{ bos_token }}", "{{ messages[0].content }}{{ bos_token }}", "")) {
            RenderedChat chat = ChatTemplate.parse(template)
                    .render(ChatRequest.of(List.of(USER)).bosToken("<s>").build());
            assertFalse(chat.beganWithBos(), template);
        }
        RenderedChat none =
                ChatTemplate.parse("x").render(ChatRequest.of(List.of(USER)).build());
        assertFalse(none.beganWithBos());
        assertEquals("x", none.text());
    }

    @Test
    void boundsAreOnesOwn() {
        Limits limits = new Limits(5, 100, 400, 1000, 1000, 1000, 1000, Duration.ofDays(1));
        assertThrows(LimitException.class, () -> ChatTemplate.parse("123456", limits));
        assertEquals(
                "12345",
                ChatTemplate.parse("12345", limits)
                        .render(ChatRequest.of(List.of(USER)).build())
                        .text());
    }

    @Test
    void rendersRawVariables() {
        assertEquals(
                "<s>x",
                ChatTemplate.text(ChatTemplate.parse("{{ bos_token }}{{ v }}")
                        .render(Map.of("bos_token", new Trusted("<s>"), "v", "x"))));
    }
}
