package io.llamanode.service.prompt;

import io.llamanode.engine.model.Vocabulary;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.model.LoadedModel;

/**
 * Turns the input of a task into tokens. Keeps no state.
 *
 * <p>For the preparing threads, any number of them at once.
 */
public final class PromptBuilder {
    private final LoadedModel model;
    private final ChatPrompts chats;

    /**
     * Makes prompts of one model.
     *
     * @param model whose template and vocabulary are used; stays open as long as this is used
     */
    public PromptBuilder(LoadedModel model) {
        this.model = model;
        this.chats = new ChatPrompts(model);
    }

    /**
     * Makes the prompt of a task that generates text. It costs time by the input's length: not to be called under a
     * lock.
     *
     * @param input what to generate from
     * @param config of the session
     * @param transcript of the session so far
     * @param options complete
     * @return the prompt and its tokens
     * @throws FailureException if there is no prompt to be made of the input
     */
    public PreparedPrompt prepare(
            TaskInput.Generating input, SessionConfig config, Transcript transcript, GenerationOptions options) {
        PreparedPrompt prepared = switch (input) {
            case TaskInput.Completion completion -> completion(completion);
            case TaskInput.Chat chat -> chats.prepare(chat, config, transcript, options);
            case TaskInput.Infill infill ->
                PreparedPrompt.completion(
                        InfillPrompts.tokens(infill, GenerationDefaults.given(options.maxTokens()), model));
        };
        int room = model.info().nCtx();
        if (prepared.tokens().length >= room) {
            throw FailureException.invalid(
                    "%s: the prompt has %d tokens, which leaves no room in a context of %d (n_ctx)"
                            .formatted(InputSize.key(input), prepared.tokens().length, room));
        }
        return prepared;
    }

    private PreparedPrompt completion(TaskInput.Completion input) {
        int[] tokens = tokens("prompt", input.prompt(), input.addSpecial(), model.vocabulary());
        if (tokens.length == 0) {
            throw FailureException.invalid("prompt: has no tokens");
        }
        return PreparedPrompt.completion(tokens);
    }

    /**
     * Splits one prompt into tokens.
     *
     * @param place what the prompt is called in error messages
     * @param prompt text, text with control tokens, tokens, or several of these
     * @param addSpecial whether bos and eos are added where the model's metadata say so
     * @param vocabulary of the model
     * @return its tokens, possibly none
     * @throws FailureException {@code invalid_argument} if it is an empty text, or a token does not exist
     */
    public static int[] tokens(String place, Prompt prompt, boolean addSpecial, Vocabulary vocabulary) {
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

    /**
     * {@return the tokens at the front of every chat of such a session; none if it has no system prompt, or the template
     * does not tell}
     *
     * @param config of such a session
     */
    public int[] systemPrompt(SessionConfig config) {
        return config.systemPrompt() == null ? new int[0] : chats.systemPrompt(config);
    }

    /**
     * {@return tokens at the front of every chat of such a session; 0 if the template does not tell}
     *
     * @param config of such a session
     */
    public int systemTokens(SessionConfig config) {
        return chats.systemTokens(config);
    }
}
