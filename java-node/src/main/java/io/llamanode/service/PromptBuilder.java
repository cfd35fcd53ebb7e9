package io.llamanode.service;

import io.llamanode.engine.model.Vocabulary;
import java.util.List;
import java.util.Map;

/** Turns the input of a task into tokens. Keeps no state. */
final class PromptBuilder {
    /** Characters; runs of 128 spaces are the longest tokens of real vocabularies, Llama 3's among them. */
    static final int LONGEST_TOKEN = 128;

    private final LoadedModel model;
    private final ChatPrompts chats;

    PromptBuilder(LoadedModel model) {
        this.model = model;
        this.chats = new ChatPrompts(model);
    }

    /**
     * @param config of the session
     * @param options complete
     * @throws FailureException if there is no prompt to be made of the input
     */
    Prepared prepare(TaskInput input, SessionConfig config, Transcript transcript, GenerationOptions options) {
        Prepared prepared = switch (input) {
            case TaskInput.Completion completion -> completion(completion);
            case TaskInput.Chat chat -> chats.prepare(chat, config, transcript, options);
            case TaskInput.Embedding vectors -> throw new IllegalStateException("generates nothing");
            case TaskInput.Rerank vectors -> throw new IllegalStateException("generates nothing");
            case TaskInput.Infill infill ->
                Prepared.completion(InfillPrompts.tokens(infill, options.maxTokens(), model));
        };
        int room = model.info().nCtx();
        if (prepared.tokens().length >= room) {
            throw FailureException.invalid("%s: the prompt has %d tokens, which leaves no room in a context of %d"
                    .formatted(key(input), prepared.tokens().length, room));
        }
        return prepared;
    }

    private Prepared completion(TaskInput.Completion input) {
        int[] tokens = tokens("prompt", input.prompt(), input.addSpecial(), model.vocabulary());
        if (tokens.length == 0) {
            throw FailureException.invalid("prompt: has no tokens");
        }
        return Prepared.completion(tokens);
    }

    /**
     * @param place what the prompt is called in error messages
     * @return its tokens, possibly none
     * @throws FailureException {@code invalid_argument} if it is an empty text, or a token does not exist
     */
    static int[] tokens(String place, Prompt prompt, boolean addSpecial, Vocabulary vocabulary) {
        return switch (prompt) {
            case Prompt.Text(String text) -> vocabulary.tokenize(notEmpty(place, text), addSpecial, false);
            case Prompt.Special(String text) -> vocabulary.tokenize(notEmpty(place, text), addSpecial, true);
            case Prompt.Tokens(int[] ids) -> {
                for (int id : ids) {
                    if (id < 0 || id >= vocabulary.size()) {
                        throw FailureException.invalid("%s: there is no token %d; the vocabulary has %d tokens"
                                .formatted(place, id, vocabulary.size()));
                    }
                }
                yield ids;
            }
        };
    }

    private static String notEmpty(String place, String text) {
        if (text.isEmpty()) {
            throw FailureException.invalid(place + ": must not be empty");
        }
        return text;
    }

    /** {@return tokens at the front of every chat of such a session; 0 if the template does not tell} */
    int systemTokens(SessionConfig config) {
        return chats.systemTokens(config);
    }

    static long length(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Text(String text) -> text.length();
            case Prompt.Special(String text) -> text.length();
            case Prompt.Tokens tokens -> 0;
        };
    }

    /** {@return characters of the texts that came with an input} */
    static long length(TaskInput input) {
        return switch (input) {
            case TaskInput.Completion completion -> length(completion.prompt());
            case TaskInput.Chat chat ->
                ChatOptions.length(chat.messages())
                        + ChatOptions.length(chat.content())
                        + ChatOptions.length(chat.toolResults())
                        + chat.chat().length();
            case TaskInput.Embedding embedding -> VectorTasks.length(embedding);
            case TaskInput.Rerank rerank -> VectorTasks.length(rerank);
            case TaskInput.Infill infill -> infill.length();
        };
    }

    /**
     * Spares the tokenizer a text that cannot fit: a token stands for some characters, never for
     * more than the longest token of any known vocabulary.
     *
     * @throws FailureException {@code invalid_argument} if the texts are that long
     */
    static void refuseHopelessLength(TaskInput input, int nCtx) {
        switch (input) {
            case TaskInput.Embedding embedding -> VectorTasks.refuseHopelessLength(embedding, nCtx);
            case TaskInput.Rerank rerank -> VectorTasks.refuseHopelessLength(rerank, nCtx);
            case TaskInput.Infill infill ->
                refuseHopelessLength("prompt", infill.prompt().length(), nCtx);
            case TaskInput.Chat chat -> refuseHopelessLength(key(input), turnLength(chat), nCtx);
            default -> refuseHopelessLength(key(input), length(input), nCtx);
        }
    }

    static void refuseHopelessLength(String key, long characters, int nCtx) {
        if (characters > (long) nCtx * LONGEST_TOKEN) {
            throw FailureException.invalid(
                    "%s: %d characters do not fit into a context of %d tokens".formatted(key, characters, nCtx));
        }
    }

    private static long turnLength(TaskInput.Chat chat) {
        return chat.content() != null
                ? chat.content().length()
                : contentLength(chat.messages() != null ? chat.messages() : chat.toolResults());
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

    private static String key(TaskInput input) {
        return switch (input) {
            case TaskInput.Chat chat ->
                chat.messages() != null ? "messages" : chat.content() != null ? "content" : "tool_results";
            default -> "prompt";
        };
    }
}
