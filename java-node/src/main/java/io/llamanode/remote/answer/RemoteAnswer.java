package io.llamanode.remote.answer;

import io.llamanode.service.contract.task.GenerationResult.Call;
import io.llamanode.service.contract.task.GenerationResult.FinishReason;
import io.llamanode.service.contract.task.GenerationResult.Logprob;
import io.llamanode.service.contract.task.GenerationResult.StoppedBy;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A whole answer. What the server does not tell is {@code null}.
 *
 * <p>Never changes: for any thread.
 *
 * @param content the text
 * @param reasoning before it
 * @param calls of tools; may be empty
 * @param finishReason why it ended
 * @param stoppedBy what exactly ended it
 * @param stop the stop string that was met
 * @param seed that was sampled with
 * @param usage tokens
 * @param timing of the server
 * @param logprobs of the answer's tokens
 */
public record RemoteAnswer(
        String content,
        @Nullable String reasoning,
        List<Call> calls,
        FinishReason finishReason,
        @Nullable StoppedBy stoppedBy,
        @Nullable String stop,
        @Nullable Long seed,
        @Nullable Usage usage,
        Timing timing,
        @Nullable List<Logprob> logprobs) {

    /**
     * The same, of a server that is llama.cpp's: that counts the token with which a model ends its answer, too, and ends an
     * answer by itself only at such a token or at a stop string.
     *
     * @param stops whether it was given stop strings; at the end of a chat it does not say whether it met one
     * @return with the tokens of the text alone, as they are counted here, and with what ended it, where that is known
     */
    public RemoteAnswer ofLlamaCpp(boolean stops) {
        boolean ended =
                stoppedBy == StoppedBy.EOS || stoppedBy == null && finishReason != FinishReason.LENGTH && !stops;
        if (!ended) {
            return this;
        }
        Usage counted = usage == null
                ? null
                : new Usage(usage.promptTokens(), Math.max(0, usage.completionTokens() - 1), usage.cachedTokens());
        return new RemoteAnswer(
                content, reasoning, calls, finishReason, StoppedBy.EOS, stop, seed, counted, timing, logprobs);
    }

    /**
     * The same, of a server that says only that some limit ended the answer: its count of tokens may tell which.
     *
     * @param maxTokens of the answer; negative: no limit
     * @return with what ended it, where that is known
     */
    public RemoteAnswer limitedTo(int maxTokens) {
        boolean isFull = maxTokens >= 0 && usage != null && usage.completionTokens() >= maxTokens;
        if (stoppedBy != null || finishReason != FinishReason.LENGTH || !isFull) {
            return this;
        }
        return new RemoteAnswer(
                content, reasoning, calls, finishReason, StoppedBy.LIMIT, stop, seed, usage, timing, logprobs);
    }

    /**
     * Tells reasoning and content apart where the server did not.
     *
     * @param told the text that is no reasoning
     * @param thought before it
     * @return the same answer with these
     */
    public RemoteAnswer withText(String told, @Nullable String thought) {
        return new RemoteAnswer(told, thought, calls, finishReason, stoppedBy, stop, seed, usage, timing, logprobs);
    }

    /**
     * Durations in milliseconds, and rates a second.
     *
     * @param promptMs of the prompt
     * @param predictedMs of the answer
     * @param promptPerSecond tokens
     * @param predictedPerSecond tokens
     */
    public record Timing(
            @Nullable Double promptMs,
            @Nullable Double predictedMs,
            @Nullable Double promptPerSecond,
            @Nullable Double predictedPerSecond) {
        /** Of a server that tells none. */
        public static final Timing UNKNOWN = new Timing(null, null, null, null);
    }

    /** {@return the end of the same prompt with nothing generated, which no server takes a request for} */
    public RemoteAnswer withoutText() {
        return new RemoteAnswer(
                "",
                null,
                List.of(),
                FinishReason.LENGTH,
                StoppedBy.LIMIT,
                null,
                seed,
                usage == null ? null : new Usage(usage.promptTokens(), 0, usage.cachedTokens()),
                new Timing(timing.promptMs(), null, timing.promptPerSecond(), null),
                logprobs == null ? null : List.of());
    }
}
