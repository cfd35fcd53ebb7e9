package io.llamanode.service.match;

import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.match.Matcher;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.GenerationResult.FinishReason;
import io.llamanode.service.contract.task.GenerationResult.StoppedBy;
import org.jspecify.annotations.Nullable;

/**
 * Whether an answer that somebody else has written keeps to what was asked for. Slow for a large language.
 *
 * <p>Never changes: for any thread.
 *
 * @param key that the caller gave it by, for messages
 * @param text what the content keeps to; {@code null}: it is free
 * @param ofAll whether the language says what stands in the reasoning, too, of which the content alone tells nothing
 * @param calls what its calls keep to; {@code null}: there may be any or none
 */
public record AnswerCheck(
        String key,
        @Nullable Language text,
        boolean ofAll,
        @Nullable CallCheck calls) {
    /**
     * Refuses what no answer can be checked by.
     *
     * @throws io.llamanode.service.contract.FailureException {@code invalid_argument} naming the key
     */
    public void refuseUnfit() {
        if (text != null) {
            Reading.begin(key, text);
        }
    }

    /**
     * {@return why an answer does not do, or {@code null} if it does}
     *
     * @param answer whole; one that was cut off keeps to as much as there is of it, and one that a stop text may have ended to a
     *     beginning
     * @param stops whether there were stop texts
     * @throws io.llamanode.service.contract.FailureException {@code inference_failed} if it takes too long to find out
     */
    public @Nullable String fault(GenerationResult answer, boolean stops) {
        if (answer.finishReason() == FinishReason.LENGTH) {
            return null;
        }
        if (calls != null) {
            return calls.fault(answer.toolCalls());
        }
        if (text == null || !answer.toolCalls().isEmpty() || ofAll && answer.reasoning() != null) {
            return null;
        }
        String content = answer.content();
        Matcher matcher = Reading.begin(key, text);
        Reading.read(key, matcher, content);
        if (!matcher.isBeginning()) {
            int at = content.offsetByCodePoints(0, (int) matcher.characters());
            return "the answer does not keep to %s: at byte %d (character %d) stands %s, which can not come there"
                    .formatted(key, matcher.bytes(), matcher.characters(), Reading.quoted(content.substring(at)));
        }
        boolean mayBeCut = stops && answer.stoppedBy() != StoppedBy.EOS;
        if (!matcher.isComplete() && !mayBeCut) {
            return "the answer does not keep to %s: it ends at byte %d (character %d), where more must come"
                    .formatted(key, matcher.bytes(), matcher.characters());
        }
        return null;
    }
}
