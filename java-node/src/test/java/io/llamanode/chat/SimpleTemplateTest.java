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
        assertEquals(List.of(new Span("<sys><user>", true), new Span("a<answer>", false), new Span("<answer>", true),
                new Span("b", false), new Span("<user>", true), new Span("c\nd", false), new Span("<answer>", true)),
                template.render(List.of(Map.of("role", "user", "content", "a<answer>"),
                        Map.of("role", "assistant", "content", "b"),
                        Map.of("role", "user", "content", List.of(Map.of("type", "text", "text", "c"),
                                Map.of("type", "text", "text", "d"))))));
    }

    @Test
    void putsASystemMessageBehindTheBeginning() {
        assertEquals(List.of(new Span("S", true), new Span("x", false), new Span("P", true)),
                new SimpleTemplate("S", "P", "").render(List.of(Map.of("role", "system", "content", "x"),
                        Map.of("role", "user", "content", ""))));
        assertEquals(List.of(), new SimpleTemplate("", "", "").render(List.of()));
    }
}
