package io.llamanode.chat;

import io.llamanode.chat.jinja.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A chat template without a language: a fixed beginning, and a frame around each message of the user. What the model
 * answered follows its question unframed.
 *
 * @param system what the prompt begins with, trusted; may be empty
 * @param prefix what comes before a message of the user, trusted; may be empty
 * @param postfix what comes behind it and begins the answer, trusted; may be empty
 */
public record SimpleTemplate(String system, String prefix, String postfix) {
    /** Checks that nothing is null. */
    public SimpleTemplate {
        Objects.requireNonNull(system);
        Objects.requireNonNull(prefix);
        Objects.requireNonNull(postfix);
    }

    /**
     * Renders a conversation. A system message follows {@code system}, any role but system and assistant is framed.
     *
     * @param messages maps with a {@code role} and a {@code content} that is a string or a list of text parts
     * @return the prompt by origin
     */
    public List<Span> render(List<Map<String, Object>> messages) {
        List<Span> spans = new ArrayList<>();
        add(spans, system, true);
        for (Map<String, Object> message : messages) {
            Object content = message.get("content");
            String text = content == null ? "" : MessageNormalizer.text(content);
            boolean framed = !"system".equals(message.get("role")) && !"assistant".equals(message.get("role"));
            add(spans, framed ? prefix : "", true);
            add(spans, text, false);
            add(spans, framed ? postfix : "", true);
        }
        return List.copyOf(spans);
    }

    private static void add(List<Span> spans, String text, boolean trusted) {
        if (text.isEmpty()) {
            return;
        }
        if (!spans.isEmpty() && spans.getLast().trusted() == trusted) {
            spans.add(new Span(spans.removeLast().text() + text, trusted));
        } else {
            spans.add(new Span(text, trusted));
        }
    }
}
