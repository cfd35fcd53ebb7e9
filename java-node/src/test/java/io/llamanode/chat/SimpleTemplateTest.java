package io.llamanode.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.chat.jinja.Span;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SimpleTemplateTest {
    @Test
    void framesWhatTheUserSays() {
        SimpleTemplate template = new SimpleTemplate("<sys>", "<user>", "<answer>");
        assertEquals(
                List.of(
                        new Span("<sys><user>", true),
                        new Span("a<answer>", false),
                        new Span("<answer>", true),
                        new Span("b", false),
                        new Span("<user>", true),
                        new Span("c\nd", false),
                        new Span("<answer>", true)),
                render(
                        template,
                        List.of(
                                Map.of("role", "user", "content", "a<answer>"),
                                Map.of("role", "assistant", "content", "b"),
                                Map.of(
                                        "role",
                                        "user",
                                        "content",
                                        List.of(
                                                Map.of("type", "text", "text", "c"),
                                                Map.of("type", "text", "text", "d"))))));
    }

    @Test
    void putsASystemMessageBehindTheBeginning() {
        assertEquals(
                List.of(new Span("S", true), new Span("x", false), new Span("P", true)),
                render(
                        new SimpleTemplate("S", "P", ""),
                        List.of(Map.of("role", "system", "content", "x"), Map.of("role", "user", "content", ""))));
        assertEquals(List.of(), render(new SimpleTemplate("", "", ""), List.of()));
    }

    @Test
    void takesItsTextsAsTheyAre() {
        String odd = "'\\ \n{{ x }}{% if %}\"\r\t{#";
        assertEquals(
                List.of(new Span(odd + odd, true), new Span("x", false), new Span(odd, true)),
                render(new SimpleTemplate(odd, odd, odd), List.of(Map.of("role", "user", "content", "x"))));
    }

    private static List<Span> render(SimpleTemplate template, List<Map<String, Object>> messages) {
        return ChatTemplate.parse(template.source())
                .render(ChatRequest.of(messages).build())
                .spans();
    }
}
