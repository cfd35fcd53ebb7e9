package io.llamanode.chat.tools;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The text of a message's content. Keeps no state; any thread may call it. */
public final class MessageText {
    private MessageText() {}

    /**
     * Joins the text parts of a content as llama.cpp and most templates do.
     *
     * @param content a string, or a list of parts; {@code null} is no text
     * @return the text, one part a line; parts of other types have none
     */
    public static String of(@Nullable Object content) {
        if (!(content instanceof List<?> parts)) {
            return content == null ? "" : content.toString();
        }
        return parts.stream()
                .filter(part -> part instanceof Map<?, ?> map && map.get("text") instanceof String)
                .map(part -> (String) ((Map<?, ?>) part).get("text"))
                .collect(Collectors.joining("\n"));
    }
}
