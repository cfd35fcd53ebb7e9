package io.llamanode.service.prompt;

import io.llamanode.chat.ChatTemplate;
import io.llamanode.chat.jinja.TemplateException;
import io.llamanode.chat.tools.AnswerFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the model of a server writes reasoning, as its template shows. A server that renders a conversation itself tells reasoning
 * and content apart; of one that is given tokens the node does. For any thread.
 */
final class RemoteFormats {
    /** Such answers are told apart by control tokens alone, which a server leaves out of the text. */
    private static final String HIDDEN_PARTS = "harmony";

    private record Known(
            @Nullable String template, @Nullable AnswerFormat format) {}

    private volatile Known last = new Known(null, null);

    /** {@return the format, or {@code null} if the template can not be read} */
    @Nullable
    AnswerFormat of(@Nullable String template) {
        Known known = last;
        if (!Objects.equals(known.template(), template)) {
            known = new Known(template, template == null ? null : read(template));
            last = known;
        }
        return known.format();
    }

    private static @Nullable AnswerFormat read(String template) {
        try {
            return ChatTemplate.parse(template).answerFormat();
        } catch (TemplateException e) {
            return null;
        }
    }

    /** {@return whether nobody who is given the text of an answer can tell its parts} */
    boolean hidesParts(@Nullable String template) {
        AnswerFormat format = of(template);
        return format != null && format.family().equals(HIDDEN_PARTS);
    }
}
