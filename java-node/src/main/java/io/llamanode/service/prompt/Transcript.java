package io.llamanode.service.prompt;

import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationListener.Outcome;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.service.model.PromptText;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A session's conversation after its last finished chat task.
 *
 * <p>Never changes: for any thread.
 *
 * @param messages without the session's system prompt
 * @param prompt the last prompt followed by its answer, or {@code null} if the tokens below do not
 *     stand for exactly that text
 * @param tokens the last prompt's tokens followed by the sampled ones
 */
public record Transcript(
        List<Map<String, Object>> messages, @Nullable PromptText prompt, int[] tokens) {
    /** The conversation of a new session: no message, no prompt, no token. */
    public static final Transcript EMPTY = new Transcript(List.of(), null, new int[0]);

    /**
     * {@return the transcript after an answer}
     *
     * @param prepared the prompt that was answered
     * @param answer what the model said, taken apart
     * @param outcome how the generation ended, and the tokens that were sampled
     * @param vocabulary of the model, to tell whether text and tokens are the same
     */
    public static Transcript answered(PreparedPrompt prepared, Answer answer, Outcome outcome, Vocabulary vocabulary) {
        String content = answer.content();
        boolean exact = outcome.ending() != Ending.STOP_STRING
                && answer.reasoning() == null
                && answer.calls().isEmpty()
                && content.equals(text(outcome.completion(), vocabulary));
        return new Transcript(
                List.copyOf(Turns.withAnswer(Objects.requireNonNull(prepared.messages()), answer)),
                exact ? Objects.requireNonNull(prepared.text()).plus(content, false) : null,
                ChatPrompts.concat(prepared.tokens(), outcome.completion()));
    }

    /**
     * {@return the transcript after an answer of a server, of which nobody knows the tokens}
     *
     * @param messages that were answered, without the session's system prompt
     * @param answer what the model said
     */
    public static Transcript answered(List<Map<String, Object>> messages, Answer answer) {
        return new Transcript(List.copyOf(Turns.withAnswer(messages, answer)), null, new int[0]);
    }

    /** {@return the messages alone} */
    public Transcript withoutTokens() {
        return new Transcript(messages, null, new int[0]);
    }

    private static String text(int[] tokens, Vocabulary vocabulary) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int token : tokens) {
            bytes.writeBytes(vocabulary.piece(token));
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
