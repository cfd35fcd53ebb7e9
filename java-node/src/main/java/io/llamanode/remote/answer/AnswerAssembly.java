package io.llamanode.remote.answer;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.service.contract.task.GenerationResult.Call;
import io.llamanode.service.contract.task.GenerationResult.FinishReason;
import io.llamanode.service.contract.task.GenerationResult.Logprob;
import io.llamanode.service.contract.task.GenerationResult.StoppedBy;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import io.llamanode.service.contract.task.TaskEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes an answer of the JSON values that came: chunks or a whole answer, of OpenAI's chats or completions or of a llama-server's
 * own endpoint. Which of these it is shows in each value.
 *
 * <p>For one thread at a time.
 */
public final class AnswerAssembly {
    /** Of a token's probability, and of each alternative; bytes. */
    private static final long LOGPROB = 96;

    private final Consumer<TaskEvent> events;
    private final LongConsumer holds;
    private final WholeText contentParts = new WholeText();
    private final WholeText reasoningParts = new WholeText();
    private final StringBuilder content = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final CallParts calls;

    private boolean whole;
    private @Nullable FinishReason finishReason;
    private @Nullable StoppedBy stoppedBy;
    private @Nullable String stop;
    private @Nullable Long seed;
    private @Nullable Usage usage;
    private RemoteAnswer.Timing timing = RemoteAnswer.Timing.UNKNOWN;
    private @Nullable List<Logprob> logprobs;

    /**
     * Collects one answer.
     *
     * @param events told of the parts of the answer, not of its end
     * @param holds told the bytes that are kept besides the parts; it throws if there are too many
     */
    public AnswerAssembly(Consumer<TaskEvent> events, LongConsumer holds) {
        this.events = events;
        this.holds = holds;
        this.calls = new CallParts(events, holds);
    }

    /**
     * Takes the next value.
     *
     * @param piece of the answer
     * @throws AnswerFault if the server says that it failed
     */
    public void take(Piece.Json piece) {
        JsonNode value = piece.value();
        if (value.isArray() && value.size() == 1) {
            // Some wrappers put the one answer into a list.
            value = Objects.requireNonNull(value.get(0));
        }
        String error = ServerError.message(value, piece.error());
        if (error != null) {
            throw new AnswerFault("the server says: " + error);
        }
        JsonNode choices = value.get("choices");
        if (choices != null && choices.isArray()) {
            for (JsonNode choice : choices) {
                // Only one is ever asked for.
                if (choice.path("index").asInt(0) == 0) {
                    choice(choice);
                }
            }
        } else if (value.has("content")) {
            ofLlamaServer(value);
        }
        numbers(value);
    }

    /** {@return whether the server has said why the answer ended} */
    public boolean isComplete() {
        return finishReason != null;
    }

    /** {@return whether it came in a form behind whose end nothing follows, such as the counts of its tokens} */
    public boolean isWhole() {
        return whole;
    }

    private void choice(JsonNode choice) {
        JsonNode message = choice.has("delta") ? choice.get("delta") : choice.get("message");
        if (message != null && message.isObject()) {
            String thought = Trees.text(message, "reasoning_content");
            reasoning(thought != null ? thought : Trees.text(message, "reasoning"));
            content(Trees.text(message, "content"));
            JsonNode toolCalls = message.get("tool_calls");
            if (toolCalls != null && toolCalls.isArray()) {
                calls.take(toolCalls);
            }
        } else {
            content(Trees.text(choice, "text"));
        }
        add(Logprobs.ofChoice(choice));
        String reason = Trees.text(choice, "finish_reason");
        if (reason != null) {
            whole = choice.has("message");
            finishReason = switch (reason) {
                case "length" -> FinishReason.LENGTH;
                case "tool_calls", "function_call" -> FinishReason.TOOL_CALLS;
                case "abort", "error" -> throw new AnswerFault("the server gave the answer up (" + reason + ")");
                default -> FinishReason.STOP;
            };
            String met = Trees.text(choice, "stop_reason");
            if (met != null && finishReason == FinishReason.STOP) {
                stoppedBy = StoppedBy.STOP_STRING;
                stop = met;
            }
        }
    }

    private void ofLlamaServer(JsonNode value) {
        content(Trees.text(value, "content"));
        add(Logprobs.ofNative(value));
        if (value.path("stop").isBoolean() ? value.path("stop").booleanValue() : value.has("tokens_predicted")) {
            whole = true;
            stoppedBy = stoppedBy(value);
            finishReason = stoppedBy == StoppedBy.LIMIT || stoppedBy == StoppedBy.CONTEXT
                    ? FinishReason.LENGTH
                    : FinishReason.STOP;
            String word = Trees.text(value, "stopping_word");
            stop = stoppedBy == StoppedBy.STOP_STRING ? word : null;
            JsonNode used = value.path("generation_settings").path("seed");
            seed = used.isIntegralNumber() && used.longValue() != -1 ? (Long) used.longValue() : seed;
        }
    }

    private static @Nullable StoppedBy stoppedBy(JsonNode value) {
        String type = Trees.text(value, "stop_type");
        if (type == null) {
            type = value.path("stopped_eos").asBoolean() ? "eos" : type;
            type = value.path("stopped_word").asBoolean() ? "word" : type;
            type = value.path("stopped_limit").asBoolean() ? "limit" : type;
        }
        return switch (type) {
            case "eos" -> StoppedBy.EOS;
            case "word" -> StoppedBy.STOP_STRING;
            case "limit" -> value.path("truncated").asBoolean() ? StoppedBy.CONTEXT : StoppedBy.LIMIT;
            case null, default -> null;
        };
    }

    private void numbers(JsonNode value) {
        JsonNode timings = value.get("timings");
        if (timings != null && timings.isObject()) {
            timing = new RemoteAnswer.Timing(
                    Trees.number(timings, "prompt_ms"),
                    Trees.number(timings, "predicted_ms"),
                    Trees.number(timings, "prompt_per_second"),
                    Trees.number(timings, "predicted_per_second"));
        }
        usage = Usages.of(value, usage);
    }

    private void content(@Nullable String part) {
        if (part != null && !part.isEmpty()) {
            tell(contentParts.take(part), content, true);
        }
    }

    private void reasoning(@Nullable String part) {
        if (part != null && !part.isEmpty()) {
            tell(reasoningParts.take(part), reasoning, false);
        }
    }

    private void tell(String whole, StringBuilder all, boolean isContent) {
        if (!whole.isEmpty()) {
            all.append(whole);
            events.accept(isContent ? new TaskEvent.Chunk(whole) : new TaskEvent.Reasoning(whole));
        }
    }

    private void add(@Nullable List<Logprob> more) {
        if (more != null) {
            more.forEach(each -> holds.accept(LOGPROB * (1 + each.top().size())));
            logprobs = logprobs == null ? new ArrayList<>() : logprobs;
            logprobs.addAll(more);
        }
    }

    /**
     * Ends the answer.
     *
     * @return all of it
     * @throws AnswerFault if it is not complete, or a call in it is none
     */
    public RemoteAnswer finish() {
        if (finishReason == null) {
            throw new AnswerFault("the server's answer ended before it was complete");
        }
        tell(reasoningParts.finish(), reasoning, false);
        tell(contentParts.finish(), content, true);
        List<Call> whole = calls.finish(finishReason == FinishReason.LENGTH);
        FinishReason reason =
                finishReason == FinishReason.STOP && !whole.isEmpty() ? FinishReason.TOOL_CALLS : finishReason;
        return new RemoteAnswer(
                content.toString(),
                reasoning.isEmpty() ? null : reasoning.toString(),
                whole,
                reason,
                stoppedBy,
                stop,
                seed,
                usage,
                timing,
                logprobs == null ? null : List.copyOf(logprobs));
    }
}
