package io.llamanode.service.prompt;

import io.llamanode.engine.sampling.Grammar;
import io.llamanode.service.model.PromptText;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A prompt ready for the engine.
 *
 * <p>Never changes: for any thread.
 *
 * @param tokens what to evaluate
 * @param nKeep tokens at the front that a context shift keeps, where the options do not say
 * @param messages the conversation, {@code null} for a completion
 * @param text the rendered conversation, {@code null} for a completion
 * @param grammar what the answer must keep to in place of what the options say, or {@code null}
 * @param reader tells reasoning and calls from content; {@code null}: the answer is nothing but content
 */
public record PreparedPrompt(
        int[] tokens,
        int nKeep,
        @Nullable List<Map<String, Object>> messages,
        @Nullable PromptText text,
        @Nullable Grammar grammar,
        @Nullable AnswerReader reader) {
    /** A prompt that is no conversation. */
    static PreparedPrompt completion(int[] tokens) {
        return new PreparedPrompt(tokens, 0, null, null, null, null);
    }
}
