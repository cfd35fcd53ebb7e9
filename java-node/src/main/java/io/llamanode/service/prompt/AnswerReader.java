package io.llamanode.service.prompt;

import io.llamanode.chat.tools.AnswerFormat;
import io.llamanode.chat.tools.AnswerParser;
import io.llamanode.engine.model.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How the answer to one chat is read.
 *
 * <p>Never changes: for any thread.
 *
 * @param format of the template
 * @param tools that may be called
 * @param insideReasoning whether the prompt opened reasoning
 * @param maxCalls calls that count
 * @param spellings control tokens that are a part of the text here, and hidden elsewhere
 */
public record AnswerReader(
        AnswerFormat format,
        List<Map<String, Object>> tools,
        boolean insideReasoning,
        int maxCalls,
        Map<Integer, byte[]> spellings) {

    static AnswerReader of(
            AnswerFormat format,
            List<Map<String, Object>> tools,
            boolean insideReasoning,
            int maxCalls,
            Vocabulary vocabulary) {
        List<String> markers = format.markers(!tools.isEmpty());
        Map<Integer, byte[]> spellings = new HashMap<>();
        vocabulary.controlTokens().forEach((text, token) -> {
            // Some markers are made of several tokens.
            if (!text.isEmpty() && markers.stream().anyMatch(marker -> marker.contains(text))) {
                spellings.put(token, text.getBytes(StandardCharsets.UTF_8));
            }
        });
        return new AnswerReader(format, tools, insideReasoning, maxCalls, Map.copyOf(spellings));
    }

    AnswerParser parser() {
        return format.parser(tools, insideReasoning, maxCalls);
    }
}
