package io.llamanode.chat;

import io.llamanode.chat.jinja.Span;
import java.util.List;

/**
 * A rendered conversation.
 *
 * @param spans the prompt by origin, without a leading bos token
 * @param beganWithBos whether the template put a bos token first, which was removed because the tokenizer adds it
 */
public record RenderedChat(List<Span> spans, boolean beganWithBos) {
    /**
     * The whole prompt.
     *
     * @return the text of all spans
     */
    public String text() {
        return ChatTemplate.text(spans);
    }
}
