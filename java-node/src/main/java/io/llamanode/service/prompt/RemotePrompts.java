package io.llamanode.service.prompt;

import static io.llamanode.service.prompt.GenerationDefaults.given;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llamanode.chat.tools.AnswerFormat;
import io.llamanode.remote.Questions;
import io.llamanode.remote.RemoteModel;
import io.llamanode.remote.probe.ServerFacts;
import io.llamanode.remote.request.Asked;
import io.llamanode.remote.request.RequestWriter;
import io.llamanode.remote.request.ServerKind;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelDefaults;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Turns the input of a task into a request to a server. Keeps no state.
 *
 * <p>For the preparing threads: it may ask the server for tokens, and is as slow as that.
 */
public final class RemotePrompts {
    private static final String CHAT = "/v1/chat/completions";
    private static final String COMPLETIONS = "/v1/completions";
    private static final String INFILL = "/infill";
    /** Seeds of a llama-server, below the one that stands for a random one. */
    private static final long SEEDS = 0xFFFF_FFFFL;

    private final RemoteModel model;
    private final @Nullable Integer nCtx;
    private final RemoteFormats formats = new RemoteFormats();

    /**
     * Makes requests for one model.
     *
     * @param model of the server
     * @param nCtx tokens of its context, where the server does not tell
     */
    public RemotePrompts(RemoteModel model, @Nullable Integer nCtx) {
        this.model = model;
        this.nCtx = nCtx;
    }

    /**
     * Refuses when a model is opened what every task would be refused for later, as far as its server is known.
     *
     * @param defaults of its tasks
     * @throws FailureException {@code invalid_argument} or {@code unsupported} naming the key
     */
    public void refuseUnfit(ModelDefaults defaults) {
        ServerFacts facts = model.known();
        Integer room = nCtx != null || facts == null ? nCtx : facts.nCtx();
        DefaultChecks.refuseContradictions(defaults, room == null ? Integer.MAX_VALUE : room);
        if (facts != null && facts.capabilities().contains(Capability.COMPLETION)) {
            GenerationOptions complete = GenerationDefaults.complete(defaults.options(), GenerationOptions.NONE);
            Map<String, Object> extra = defaults.options().extra();
            Asked asked = new Asked(defaults.options(), complete, defaults.chat(), extra == null ? Map.of() : extra);
            if (facts.kind() == ServerKind.NATIVE) {
                model.writer().completion(asked, "");
            } else {
                model.writer().chat(asked, List.of());
            }
        }
    }

    /**
     * Makes the request of a task that generates text. Slow.
     *
     * @param input what to generate from
     * @param config of the session
     * @param transcript of the session so far
     * @param options complete
     * @return the request
     * @throws FailureException {@code unsupported} naming what this kind of server can not do, {@code invalid_argument}, or
     *     {@code inference_failed} if the server does not answer
     */
    public RemotePrompt prepare(
            TaskInput.Generating input, SessionConfig config, Transcript transcript, GenerationOptions options) {
        ServerFacts facts = model.facts();
        GenerationOptions said = input.options().orElse(config.defaults());
        ChatOptions chat = input instanceof TaskInput.Chat own ? own.chat().orElse(config.chat()) : ChatOptions.NONE;
        Asked asked = new Asked(said, options, chat, options.extra() == null ? Map.of() : options.extra());
        RemotePrompt prompt = switch (input) {
            case TaskInput.Completion completion -> completion(facts, completion, asked);
            case TaskInput.Chat own -> chat(facts, own, config, transcript, asked);
            case TaskInput.Infill infill -> infill(facts, infill, asked);
        };
        if (facts.kind() == ServerKind.LLAMA_SERVER && !prompt.body().has("seed")) {
            // Drawn here, so that the result can tell it.
            prompt.body().put("seed", ThreadLocalRandom.current().nextLong(SEEDS));
        }
        return new RemotePrompt(
                prompt.path(),
                prompt.body(),
                prompt.messages(),
                prompt.body().has("seed") ? (Long) prompt.body().get("seed").longValue() : null,
                prompt.reader());
    }

    /**
     * Joins tokens to a text. Slow.
     *
     * @param tokens ids
     * @param special whether control tokens are spelled, or left out
     * @return the text
     * @throws FailureException {@code unsupported} if the server has no endpoint for it, {@code inference_failed}
     */
    public String detokenize(int[] tokens, boolean special) {
        return special ? model.questions().detokenize(tokens) : ControlSpelling.leftOut(model.questions(), tokens);
    }

    private static FailureException unsupported(String message) {
        return new FailureException(ErrorCode.UNSUPPORTED, message);
    }

    private RemotePrompt completion(ServerFacts facts, TaskInput.Completion input, Asked asked) {
        if (said(asked.given().contextShift())) {
            throw unsupported(
                    "context_shift: whether an answer goes on in a full context was said when the server was started");
        }
        Object prompt = switch (input.prompt()) {
            case Prompt.Tokens(int[] ids) -> known(facts, ids);
            case Prompt.Text(String text) -> text(facts, text, input.addSpecial(), false);
            case Prompt.Special(String text) -> text(facts, text, input.addSpecial(), true);
        };
        RequestWriter writer = model.writer();
        // Only there a llama-server tells whether a stop string ended the answer, and which.
        boolean tellsMore =
                !model.prefersOpenai() || !given(asked.complete().stop()).isEmpty();
        boolean own = facts.kind() == ServerKind.NATIVE || facts.kind() == ServerKind.LLAMA_SERVER && tellsMore;
        ObjectNode body = own ? writer.completion(asked, prompt) : writer.completions(asked, prompt);
        return new RemotePrompt(own ? facts.completionPath() : COMPLETIONS, body, null, null, null);
    }

    private static int[] known(ServerFacts facts, int[] ids) {
        Integer size = facts.nVocab();
        for (int id : ids) {
            if (id < 0 || size != null && id >= size) {
                throw FailureException.invalid(
                        size == null
                                ? "prompt: there is no token %d".formatted(id)
                                : "prompt: there is no token %d; the vocabulary has %d tokens".formatted(id, size));
            }
        }
        return ids;
    }

    private static boolean said(@Nullable Boolean flag) {
        return Boolean.TRUE.equals(flag);
    }

    /** {@return the text, or tokens where the server would read another one} */
    private Object text(ServerFacts facts, String text, boolean addSpecial, boolean parseSpecial) {
        if (text.isEmpty()) {
            throw FailureException.invalid("prompt: must not be empty");
        }
        if (facts.kind() == ServerKind.LLAMA_SERVER) {
            boolean asIs = addSpecial
                    && (parseSpecial || model.trustsContent() || !ControlSpelling.isRead(model.questions(), text));
            return asIs ? text : model.questions().tokenize(text, addSpecial, parseSpecial);
        }
        if (!addSpecial) {
            throw unsupported("add_special: %s adds what its model's metadata say; give tokens"
                    .formatted(facts.kind().words()));
        }
        if (!parseSpecial && !model.trustsContent() && ControlSpelling.looksLike(text)) {
            throw forged("prompt", facts);
        }
        return text;
    }

    private static FailureException forged(String place, ServerFacts facts) {
        return unsupported("%s: spells a control token, which %s would read as one; trust_content sends it all the same"
                .formatted(place, facts.kind().words()));
    }

    private RemotePrompt infill(ServerFacts facts, TaskInput.Infill input, Asked asked) {
        if (!model.trustsContent() && facts.kind() == ServerKind.LLAMA_SERVER) {
            refuseForged(facts, "input_prefix", input.prefix());
            refuseForged(facts, "input_suffix", input.suffix());
            refuseForged(facts, "prompt", input.prompt());
            for (int i = 0; i < input.extra().size(); i++) {
                refuseForged(
                        facts,
                        "input_extra[%d]".formatted(i),
                        input.extra().get(i).text());
            }
        }
        List<Map.Entry<String, String>> extra = input.extra().stream()
                .map(snippet -> Map.entry(snippet.filename(), snippet.text()))
                .toList();
        ObjectNode body = model.writer().infill(asked, input.prefix(), input.suffix(), extra, input.prompt());
        return new RemotePrompt(INFILL, body, null, null, null);
    }

    private void refuseForged(ServerFacts facts, String place, String text) {
        if (ControlSpelling.isRead(model.questions(), text)) {
            throw forged(place, facts);
        }
    }

    private RemotePrompt chat(
            ServerFacts facts, TaskInput.Chat input, SessionConfig config, Transcript transcript, Asked asked) {
        asked.chat().refuseContradictions();
        if (facts.kind() == ServerKind.NATIVE) {
            throw unsupported(
                    "chat: %s has no endpoint for it".formatted(facts.kind().words()));
        }
        if (facts.hidesTools() && !asked.chat().callable().isEmpty()) {
            throw unsupported(
                    "tools: the server's template shows none to the model; --chat-template-file gives it one that does");
        }
        List<Map<String, Object>> messages;
        if (input.messages() != null) {
            messages = input.messages();
        } else {
            messages = input.toolResults() != null
                    ? Turns.withResults(transcript.messages(), input.toolResults())
                    : Turns.withUser(transcript.messages(), Objects.requireNonNull(input.content()));
            trim(facts, messages, config, asked);
        }
        List<Map<String, Object>> whole = Turns.withSystem(messages, config.systemPrompt());
        String forged = model.trustsContent() ? null : forgedPlace(facts, whole, asked.chat());
        OutputFormat format = asked.given().format();
        boolean plain = asked.chat().callable().isEmpty() && (format == null || format instanceof OutputFormat.Free);
        if (facts.kind() == ServerKind.LLAMA_SERVER
                && plain
                && !formats.hidesParts(facts.template())
                && (forged != null || !model.prefersOpenai())) {
            return asTokens(facts, messages, whole, asked);
        }
        if (forged != null) {
            throw forged(forged, facts);
        }
        return new RemotePrompt(CHAT, model.writer().chat(asked, whole), List.copyOf(messages), null, null);
    }

    /** A chat that the server is not to read as text. It does not look for reasoning in the answer then. */
    private RemotePrompt asTokens(
            ServerFacts facts, List<Map<String, Object>> messages, List<Map<String, Object>> whole, Asked asked) {
        RemoteTemplate.Rendered rendered = new RemoteTemplate(model, facts).tokens(whole, asked.chat());
        AnswerFormat format = formats.of(facts.template());
        String open = format == null ? null : format.openReasoning(rendered.end());
        int[] tokens = rendered.tokens();
        if (open != null && Boolean.FALSE.equals(asked.chat().thinking())) {
            // A template that opens it whatever it is told.
            tokens = ChatPrompts.concat(tokens, model.questions().tokenize(open + "\n\n", false, true));
            open = null;
        }
        AnswerReader reader = format != null && format.reasons()
                ? new AnswerReader(format, List.of(), open != null, 0, Map.of())
                : null;
        return new RemotePrompt(
                facts.completionPath(), model.writer().completion(asked, tokens), List.copyOf(messages), null, reader);
    }

    /** {@return the message that spells a control token, or {@code null} if none does} */
    private @Nullable String forgedPlace(ServerFacts facts, List<Map<String, Object>> messages, ChatOptions chat) {
        List<String> all = new ArrayList<>();
        messages.forEach(message -> ControlSpelling.texts(message, all));
        ControlSpelling.texts(chat.callable(), all);
        Questions questions = facts.kind() == ServerKind.LLAMA_SERVER ? model.questions() : null;
        // A line break between two texts is within no control token, so that one question does for all.
        if (!isForged(questions, String.join("\n", all))) {
            return null;
        }
        for (int i = 0; i < messages.size(); i++) {
            List<String> own = new ArrayList<>();
            ControlSpelling.texts(messages.get(i), own);
            if (isForged(questions, String.join("\n", own))) {
                return "messages[%d]".formatted(i);
            }
        }
        return "tools";
    }

    private static boolean isForged(@Nullable Questions questions, String text) {
        return questions == null ? ControlSpelling.looksLike(text) : ControlSpelling.isRead(questions, text);
    }

    /** A session's conversation that outgrows the context loses its oldest turns, as it does in the embedded engine. */
    private void trim(ServerFacts facts, List<Map<String, Object>> messages, SessionConfig config, Asked asked) {
        Integer room = nCtx != null ? nCtx : facts.nCtx();
        if (room == null || !given(asked.complete().contextShift())) {
            return;
        }
        int maxTokens = given(asked.complete().maxTokens());
        int answer = Math.min(room / 4, maxTokens > 0 ? maxTokens : room);
        if (size(facts, messages, config, asked, room - answer) <= room - answer) {
            return;
        }
        while (size(facts, messages, config, asked, room / 2) > room / 2 && Turns.dropOldest(messages)) {
            // Until it fills half of the context.
        }
    }

    /** {@return tokens of the conversation, or an estimate that is not below where that is enough} */
    private long size(
            ServerFacts facts, List<Map<String, Object>> messages, SessionConfig config, Asked asked, int enough) {
        List<Map<String, Object>> whole = Turns.withSystem(messages, config.systemPrompt());
        return new RemoteTemplate(model, facts).size(whole, asked.chat(), enough);
    }
}
