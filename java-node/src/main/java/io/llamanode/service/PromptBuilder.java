package io.llamanode.service;

import io.llamanode.engine.GenerationListener.Ending;
import io.llamanode.engine.GenerationListener.Outcome;
import io.llamanode.engine.Vocabulary;
import io.llamanode.engine.sampling.Grammar;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Turns the input of a task into tokens, and the outcome of a chat into the next transcript. Keeps no state. */
final class PromptBuilder {
    /** Characters; runs of 128 spaces are the longest tokens of real vocabularies, Llama 3's among them. */
    private static final int LONGEST_TOKEN = 128;

    private final LoadedModel model;
    private final PromptTokenizer tokenizer;

    PromptBuilder(LoadedModel model) {
        this.model = model;
        this.tokenizer = new PromptTokenizer(model.vocabulary());
    }

    /**
     * A prompt ready for the engine.
     *
     * @param tokens what to evaluate
     * @param nKeep tokens at the front that a context shift keeps, where the options do not say
     * @param messages the conversation, {@code null} for a completion
     * @param text the rendered conversation, {@code null} for a completion
     * @param grammar what the answer must keep to in place of what the options say, or {@code null}
     */
    record Prepared(int[] tokens, int nKeep, List<Map<String, Object>> messages, PromptText text, Grammar grammar) {
        Prepared(int[] tokens, int nKeep, List<Map<String, Object>> messages, PromptText text) {
            this(tokens, nKeep, messages, text, null);
        }
    }

    /**
     * @param options complete
     * @throws FailureException if there is no prompt to be made of the input
     */
    Prepared prepare(TaskInput input, String systemPrompt, Transcript transcript, GenerationOptions options) {
        Prepared prepared = switch (input) {
            case TaskInput.Completion completion -> completion(completion);
            case TaskInput.Chat chat -> chat(chat, systemPrompt, transcript, options);
            case TaskInput.Embedding vectors -> throw new IllegalStateException("generates nothing");
            case TaskInput.Rerank vectors -> throw new IllegalStateException("generates nothing");
            case TaskInput.Unsupported other -> throw new FailureException(
                    ErrorCode.UNSUPPORTED,
                    "tasks of type " + other.type().name().toLowerCase(Locale.ROOT) + " are not supported");
        };
        int room = model.info().nCtx();
        if (prepared.tokens().length >= room) {
            throw FailureException.invalid("%s: the prompt has %d tokens, which leaves no room in a context of %d"
                    .formatted(key(input), prepared.tokens().length, room));
        }
        return prepared;
    }

    private Prepared completion(TaskInput.Completion input) {
        int[] tokens = switch (input.prompt()) {
            case Prompt.Text(String text) -> {
                if (text.isEmpty()) {
                    throw FailureException.invalid("prompt: must not be empty");
                }
                yield model.vocabulary().tokenize(text, input.addSpecial(), false);
            }
            case Prompt.Tokens(int[] ids) -> checked(ids);
        };
        if (tokens.length == 0) {
            throw FailureException.invalid("prompt: has no tokens");
        }
        return new Prepared(tokens, 0, null, null);
    }

    private int[] checked(int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= model.vocabulary().size()) {
                throw FailureException.invalid("prompt: there is no token %d; the vocabulary has %d tokens"
                        .formatted(id, model.vocabulary().size()));
            }
        }
        return ids;
    }

    private Prepared chat(
            TaskInput.Chat input, String systemPrompt, Transcript transcript, GenerationOptions options) {
        if (input.messages() != null) {
            return chat(input, input.messages(), systemPrompt, transcript, options);
        }
        List<Map<String, Object>> messages = new ArrayList<>(transcript.messages());
        messages.add(message("user", input.content()));
        Prepared prepared = chat(input, messages, systemPrompt, transcript, options);
        int nCtx = model.info().nCtx();
        int answer = Math.min(nCtx / 4, options.maxTokens() > 0 ? options.maxTokens() : nCtx);
        if (prepared.tokens().length + answer <= nCtx || !options.contextShift()) {
            return prepared;
        }
        // The conversation has outgrown the context. Half of the context is left free, so that not
        // every turn from here on drops one more message and evaluates the rest anew.
        while (prepared.tokens().length > nCtx / 2 && dropOldestTurn(messages)) {
            prepared = chat(input, messages, systemPrompt, transcript, options);
        }
        return prepared;
    }

    /** {@return whether there was a turn to drop, up to the next user message} */
    private static boolean dropOldestTurn(List<Map<String, Object>> messages) {
        int first = "system".equals(messages.getFirst().get("role")) ? 1 : 0;
        for (int next = first + 1; next < messages.size(); next++) {
            if ("user".equals(messages.get(next).get("role"))) {
                messages.subList(first, next).clear();
                return true;
            }
        }
        return false;
    }

    private Prepared chat(
            TaskInput.Chat input,
            List<Map<String, Object>> messages,
            String systemPrompt,
            Transcript transcript,
            GenerationOptions options) {
        List<Map<String, Object>> conversation = withSystem(messages, systemPrompt);
        PromptText text = render(input, conversation, true);
        int[] tokens = chatTokens(text, transcript);
        boolean mayShift = (long) tokens.length + options.maxTokens() > model.info().nCtx();
        int nKeep = mayShift ? systemTokens(input, conversation, text) : 0;
        return new Prepared(tokens, nKeep, List.copyOf(messages), text);
    }

    /**
     * The tokens of the last turn are reused as they were sampled: tokenizing the answer's text
     * anew need not give them back, and the KV cache would be lost from there on.
     */
    private int[] chatTokens(PromptText text, Transcript transcript) {
        PromptText last = transcript.prompt();
        if (last == null || !text.startsWith(last) || !tokenizer.startsWithControl(text, last.length())) {
            return tokenizer.tokenize(text);
        }
        return concat(transcript.tokens(), tokenizer.tokenize(text, last.length()));
    }

    private int systemTokens(TaskInput.Chat input, List<Map<String, Object>> conversation, PromptText text) {
        if (!"system".equals(conversation.getFirst().get("role"))) {
            return 0;
        }
        try {
            PromptText front = render(input, conversation.subList(0, 1), false);
            return text.startsWith(front) ? tokenizer.tokenize(front).length : 0;
        } catch (FailureException e) {
            // A template may refuse a conversation without a user; then nothing is kept by default.
            return 0;
        }
    }

    /** {@return tokens at the front of every chat that begins with this system prompt; 0 if the template does not tell} */
    int systemTokens(String systemPrompt) {
        try {
            return tokenizer
                    .tokenize(model.render(new ChatTemplating(
                            null, List.of(message("system", systemPrompt)), null, null, Map.of(), false)))
                    .length;
        } catch (FailureException e) {
            return 0;
        }
    }

    private PromptText render(TaskInput.Chat input, List<Map<String, Object>> messages, boolean generationPrompt) {
        return model.render(new ChatTemplating(
                input.model(), messages, null, input.chatTemplate(), input.chatTemplateKwargs(), generationPrompt));
    }

    private static List<Map<String, Object>> withSystem(List<Map<String, Object>> messages, String systemPrompt) {
        boolean own = messages.stream().anyMatch(message -> "system".equals(message.get("role")));
        if (systemPrompt == null || own) {
            return messages;
        }
        List<Map<String, Object>> all = new ArrayList<>(messages.size() + 1);
        all.add(message("system", systemPrompt));
        all.addAll(messages);
        return all;
    }

    /** {@return the transcript after an answer} */
    Transcript answered(Prepared prepared, String answer, Outcome outcome) {
        List<Map<String, Object>> messages = new ArrayList<>(prepared.messages());
        messages.add(message("assistant", answer));
        int[] tokens = concat(prepared.tokens(), outcome.completion());
        boolean exact = outcome.ending() != Ending.STOP_STRING && answer.equals(text(outcome.completion()));
        return new Transcript(List.copyOf(messages), exact ? prepared.text().plus(answer) : null, tokens);
    }

    private String text(int[] tokens) {
        Vocabulary vocabulary = model.vocabulary();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int token : tokens) {
            bytes.writeBytes(vocabulary.piece(token));
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** {@return characters of the texts that came with an input} */
    static long length(TaskInput input) {
        return switch (input) {
            case TaskInput.Completion(String m, Prompt.Text(String text), boolean s, GenerationOptions o) -> text.length();
            case TaskInput.Completion tokens -> 0;
            case TaskInput.Chat chat when chat.content() != null -> chat.content().length();
            case TaskInput.Chat chat -> contentLength(chat.messages());
            case TaskInput.Embedding embedding -> VectorTasks.length(embedding);
            case TaskInput.Rerank rerank -> VectorTasks.length(rerank);
            case TaskInput.Unsupported none -> 0;
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
            default -> refuseHopelessLength(key(input), length(input), nCtx);
        }
    }

    static void refuseHopelessLength(String key, long characters, int nCtx) {
        if (characters > (long) nCtx * LONGEST_TOKEN) {
            throw FailureException.invalid("%s: %d characters do not fit into a context of %d tokens"
                    .formatted(key, characters, nCtx));
        }
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
            case TaskInput.Chat chat -> chat.messages() != null ? "messages" : "content";
            default -> "prompt";
        };
    }

    private static Map<String, Object> message(String role, String content) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }

    private static int[] concat(int[] a, int[] b) {
        int[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }
}
