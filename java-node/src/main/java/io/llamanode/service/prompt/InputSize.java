package io.llamanode.service.prompt;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.TaskInput;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How long the texts of an input are, and which of them cannot fit a context whatever their tokens are.
 *
 * <p>Keeps no state: for any thread.
 */
public final class InputSize {
    /** Characters; runs of 128 spaces are the longest tokens of real vocabularies, Llama 3's among them. */
    static final int LONGEST_TOKEN = 128;

    private InputSize() {}

    private static long length(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Text(String text) -> text.length();
            case Prompt.Special(String text) -> text.length();
            case Prompt.Tokens tokens -> 0;
        };
    }

    /**
     * Spares the tokenizer a text that cannot fit: a token stands for some characters, never for
     * more than the longest token of any known vocabulary.
     *
     * @param input of a task
     * @param nCtx tokens of a slot's context
     * @throws FailureException {@code invalid_argument} naming the key if a text is that long
     */
    public static void refuseHopelessLength(TaskInput input, int nCtx) {
        switch (input) {
            case TaskInput.Embedding embedding -> {
                for (int i = 0; i < embedding.inputs().size(); i++) {
                    refuseHopelessLength(
                            place(embedding, i), length(embedding.inputs().get(i)), nCtx);
                }
            }
            case TaskInput.Rerank rerank -> {
                refuseHopelessLength("query", rerank.query().length(), nCtx);
                for (int i = 0; i < rerank.documents().size(); i++) {
                    refuseHopelessLength(
                            "documents[%d]".formatted(i),
                            rerank.documents().get(i).length(),
                            nCtx);
                }
            }
            case TaskInput.Infill infill ->
                refuseHopelessLength("prompt", infill.prompt().length(), nCtx);
            case TaskInput.Chat chat -> refuseHopelessLength(key(input), turnLength(chat), nCtx);
            case TaskInput.Completion completion -> refuseHopelessLength(key(input), length(completion.prompt()), nCtx);
        }
    }

    /**
     * Spares the tokenizer one text that cannot fit, as above.
     *
     * @param key of the text
     * @param characters of it
     * @param nCtx tokens of a slot's context
     * @throws FailureException {@code invalid_argument} naming the key if it is too long
     */
    public static void refuseHopelessLength(String key, long characters, int nCtx) {
        if (characters > (long) nCtx * LONGEST_TOKEN) {
            throw FailureException.invalid("%s: %d characters do not fit into a context of %d tokens (n_ctx)"
                    .formatted(key, characters, nCtx));
        }
    }

    private static long turnLength(TaskInput.Chat chat) {
        return chat.content() != null
                ? chat.content().length()
                : contentLength(chat.messages() != null ? chat.messages() : Objects.requireNonNull(chat.toolResults()));
    }

    private static long contentLength(List<Map<String, Object>> messages) {
        long length = 0;
        for (Map<String, Object> message : messages) {
            if (message.get("content") instanceof String content) {
                length += content.length();
            }
        }
        return length;
    }

    /**
     * Names one of an input's texts as its caller knows it.
     *
     * @param input of texts
     * @param index of one of them
     * @return what that text is called in messages
     */
    public static String place(TaskInput.Embedding input, int index) {
        return input.single() ? input.key() : "%s[%d]".formatted(input.key(), index);
    }

    static String key(TaskInput input) {
        return switch (input) {
            case TaskInput.Chat chat ->
                chat.messages() != null ? "messages" : chat.content() != null ? "content" : "tool_results";
            default -> "prompt";
        };
    }
}
