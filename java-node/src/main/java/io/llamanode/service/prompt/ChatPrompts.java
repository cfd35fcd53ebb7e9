package io.llamanode.service.prompt;

import static io.llamanode.service.prompt.GenerationDefaults.given;

import io.llamanode.chat.tools.AnswerFormat;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.grammar.language.Language;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.ToolChoice;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.PromptText;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Turns conversations into prompts. Keeps no state. */
final class ChatPrompts {
    /** Calls of one answer at most, so that no answer floods its caller. */
    private static final int MOST_CALLS = 64;

    private final LoadedModel model;
    private final PromptTokenizer tokenizer;

    ChatPrompts(LoadedModel model) {
        this.model = model;
        this.tokenizer = new PromptTokenizer(model.vocabulary());
    }

    /** One chat: what was asked for, completed by the session's defaults. */
    private record Ask(
            @Nullable String model,
            ChatOptions chat,
            @Nullable String systemPrompt,
            Transcript transcript,
            GenerationOptions options) {}

    /**
     * @param options complete
     * @throws FailureException if there is no prompt to be made of the input
     */
    PreparedPrompt prepare(
            TaskInput.Chat input, SessionConfig config, Transcript transcript, GenerationOptions options) {
        ChatOptions chat = input.chat().orElse(config.chat());
        chat.refuseContradictions();
        Ask ask = new Ask(input.model(), chat, config.systemPrompt(), transcript, options);
        if (input.messages() != null) {
            return prepare(ask, input.messages());
        }
        List<Map<String, Object>> messages = input.toolResults() != null
                ? Turns.withResults(transcript.messages(), input.toolResults())
                : Turns.withUser(transcript.messages(), Objects.requireNonNull(input.content()));
        PreparedPrompt prepared = prepare(ask, messages);
        int nCtx = model.info().nCtx();
        int maxTokens = given(options.maxTokens());
        int answer = Math.min(nCtx / 4, maxTokens > 0 ? maxTokens : nCtx);
        if (prepared.tokens().length + answer <= nCtx || !given(options.contextShift())) {
            return prepared;
        }
        // The conversation has outgrown the context. Half of the context is left free, so that not
        // every turn from here on drops one more message and evaluates the rest anew.
        while (prepared.tokens().length > nCtx / 2 && Turns.dropOldest(messages)) {
            prepared = prepare(ask, messages);
        }
        return prepared;
    }

    private PreparedPrompt prepare(Ask ask, List<Map<String, Object>> messages) {
        List<Map<String, Object>> conversation = Turns.withSystem(messages, ask.systemPrompt());
        ChatTemplating templating = templating(ask, conversation, true);
        AnswerFormat format = model.answerFormat(templating);
        PromptText text = model.render(templating);
        if (text.text().isBlank()) {
            throw FailureException.invalid("messages: the chat template renders nothing of them");
        }
        String openReasoning = text.endsTrusted() ? format.openReasoning(text.text()) : null;
        if (openReasoning != null && Boolean.FALSE.equals(ask.chat().thinking())) {
            // A template that opens it whatever it is told.
            text = text.plus(openReasoning + "\n\n", true);
            openReasoning = null;
        }
        int[] tokens = chatTokens(text, ask.transcript());
        boolean mayShift = (long) tokens.length + given(ask.options().maxTokens())
                > model.info().nCtx();
        int nKeep = mayShift ? systemTokens(ask, conversation, text) : 0;
        AnswerReader reader = reader(ask, format, openReasoning != null);
        return new PreparedPrompt(tokens, nKeep, List.copyOf(messages), text, grammar(ask, reader), reader);
    }

    private @Nullable AnswerReader reader(Ask ask, AnswerFormat format, boolean insideReasoning) {
        List<Map<String, Object>> tools = ask.chat().callable();
        if (tools.isEmpty() && format.isPlain()) {
            return null;
        }
        return AnswerReader.of(
                format, tools, insideReasoning, several(ask, format) ? MOST_CALLS : 1, model.vocabulary());
    }

    private static boolean several(Ask ask, AnswerFormat format) {
        return format.parallel() && !Boolean.FALSE.equals(ask.chat().parallelToolCalls());
    }

    /** What keeps an answer to a call or to its format; {@code null} if nothing more than the options say. */
    private @Nullable Grammar grammar(Ask ask, @Nullable AnswerReader reader) {
        if (reader == null) {
            return null;
        }
        Language format = AnswerFormats.language(ask.options());
        AnswerGrammars grammars = new AnswerGrammars(
                reader, ask.chat().callable(), !Boolean.FALSE.equals(ask.chat().thinking()));
        String only = switch (ask.chat().toolChoice()) {
            case ToolChoice.Required() -> "";
            case ToolChoice.Function(String name) -> name;
            case null, default -> null;
        };
        if (only == null) {
            return format == null ? grammars.lazy() : grammars.keptTo(format);
        }
        if (format != null) {
            throw FailureException.invalid(
                    "tool_choice: an answer that must be a call cannot keep to a grammar as well");
        }
        return grammars.calls(only);
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

    private int systemTokens(Ask ask, List<Map<String, Object>> conversation, PromptText text) {
        if (!Turns.isSystem(conversation.getFirst())) {
            return 0;
        }
        try {
            PromptText front = model.render(templating(ask, conversation.subList(0, 1), false));
            return text.startsWith(front) ? tokenizer.tokenize(front).length : 0;
        } catch (FailureException e) {
            // A template may refuse a conversation without a user; then nothing is kept by default.
            return 0;
        }
    }

    /** {@return tokens at the front of every chat of such a session; 0 if the template does not tell} */
    int systemTokens(SessionConfig config) {
        return systemPrompt(config).length;
    }

    /** {@return them themselves} */
    int[] systemPrompt(SessionConfig config) {
        Ask ask = new Ask(null, config.chat(), config.systemPrompt(), Transcript.EMPTY, GenerationOptions.NONE);
        try {
            List<Map<String, Object>> front = Turns.withSystem(List.of(), config.systemPrompt());
            return tokenizer.tokenize(model.render(templating(ask, front, false)));
        } catch (FailureException e) {
            return new int[0];
        }
    }

    private static ChatTemplating templating(Ask ask, List<Map<String, Object>> messages, boolean generationPrompt) {
        return new ChatTemplating(
                ask.model(),
                messages,
                ask.chat().callable(),
                ask.chat().template(),
                ask.chat().variables(),
                generationPrompt,
                true);
    }

    static int[] concat(int[] a, int[] b) {
        int[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }
}
