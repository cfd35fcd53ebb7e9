package io.llamanode.service.contract.task;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a finished task that generated text gave.
 *
 * <p>Never changes: for any thread.
 *
 * @param taskId the task
 * @param model id of the model that ran it
 * @param content the text
 * @param reasoning what the model thought before it, or {@code null}
 * @param toolCalls the calls of tools that it asks for
 * @param finishReason why it ended
 * @param stoppedBy what exactly ended it; {@code null}: a server that does not tell ran it
 * @param stop the stop string that was met, or {@code null}
 * @param seed the seed that was used, unsigned; {@code null} as above
 * @param usage token counts; {@code null} as above
 * @param timings durations and rates
 * @param logprobs one a sampled token, or {@code null} if they were not asked for
 * @param structure what was asked of the form of the text
 */
public record GenerationResult(
        long taskId,
        String model,
        String content,
        @Nullable String reasoning,
        List<Call> toolCalls,
        FinishReason finishReason,
        @Nullable StoppedBy stoppedBy,
        @Nullable String stop,
        @Nullable Long seed,
        @Nullable Usage usage,
        Timings timings,
        @Nullable List<Logprob> logprobs,
        Structure structure)
        implements TaskResult {

    /**
     * A result that is nothing but text.
     *
     * @param taskId the task
     * @param model id of the model that ran it
     * @param content the text
     * @param finishReason why it ended
     * @param stoppedBy what exactly ended it
     * @param stop the stop string that was met, or {@code null}
     * @param seed the seed that was used, unsigned
     * @param usage token counts
     * @param timings durations and rates
     */
    public GenerationResult(
            long taskId,
            String model,
            String content,
            FinishReason finishReason,
            StoppedBy stoppedBy,
            @Nullable String stop,
            long seed,
            Usage usage,
            Timings timings) {
        this(
                taskId,
                model,
                content,
                null,
                List.of(),
                finishReason,
                stoppedBy,
                stop,
                seed,
                usage,
                timings,
                null,
                Structure.NONE);
    }

    /** {@return whether the text is to be read as JSON: it was asked for, and the text is all there} */
    public boolean isParsed() {
        return structure.parse && finishReason == FinishReason.STOP;
    }

    /**
     * What was asked of the form of a text.
     *
     * @param parse whether it is read as JSON for the caller
     * @param ignored what of its schema it need not keep to
     * @param check finds what in the text is not valid; {@code null} where all of it is, since nothing was ignored
     */
    public record Structure(
            boolean parse,
            List<IgnoredKeyword> ignored,
            @Nullable Check check) {
        /** Nothing. */
        public static final Structure NONE = new Structure(false, List.of());

        /** Keeps a copy. */
        public Structure {
            ignored = List.copyOf(ignored);
        }

        /**
         * Of a text that needs no check.
         *
         * @param parse whether it is read as JSON for the caller
         * @param ignored what of its schema it need not keep to
         */
        public Structure(boolean parse, List<IgnoredKeyword> ignored) {
            this(parse, ignored, null);
        }
    }

    /** Looks whether a text is valid, within bounds of time. A record, so that what it holds is charged. */
    @FunctionalInterface
    public interface Check {
        /**
         * {@return what is wrong and where; {@code null} if nothing is found}
         *
         * @param content JSON
         */
        @Nullable
        String fault(String content);
    }

    /**
     * What of a schema is not honoured, as its caller allowed.
     *
     * @param pointer JSON pointer of the schema that holds the keyword
     * @param keyword that says it
     * @param message why it is not honoured, with both
     */
    public record IgnoredKeyword(String pointer, String keyword, String message) {}

    /**
     * How probable the model held a token to be.
     *
     * @param id the token; {@code null}: a server that does not tell ran the task
     * @param token its bytes, which may be a part of a code point; none for a control token. Not to be changed
     * @param logprob natural logarithm of its probability, before any sampler
     * @param top the likeliest tokens, likeliest first, without any of their own
     */
    public record Logprob(@Nullable Integer id, byte[] token, float logprob, List<Logprob> top) {}

    /**
     * A tool that the model asks to have called.
     *
     * @param id names the call in its result
     * @param name of the tool
     * @param arguments decoded JSON
     */
    public record Call(@Nullable String id, String name, Map<String, Object> arguments) {}

    /** Why a task ended, in the field's usual words. */
    public enum FinishReason {
        /** The model ended its answer, or a stop string was met. */
        STOP,
        /** The token limit or the end of the context was reached. */
        LENGTH,
        /** Cancelled with what there was. */
        CANCELLED,
        /** The model asks for tools to be called. */
        TOOL_CALLS
    }

    /** What exactly ended a task. */
    public enum StoppedBy {
        /** An end-of-generation token. */
        EOS,
        /** A stop string. */
        STOP_STRING,
        /** {@code n_predict}. */
        LIMIT,
        /** The end of the slot's context. */
        CONTEXT,
        /** The node's memory: the answer became too large, or its owner holds too much. */
        MEMORY
    }

    /**
     * Token counts.
     *
     * @param promptTokens the whole prompt
     * @param completionTokens sampled, without an end-of-generation token
     * @param cachedTokens the part of the prompt that was in the KV cache already; {@code null}: a server that does not
     *     tell ran the task
     */
    public record Usage(
            int promptTokens,
            int completionTokens,
            @Nullable Integer cachedTokens) {}

    /**
     * Durations in milliseconds and rates in tokens per second (0 where nothing was timed; {@code null} where a
     * server that does not tell ran the task).
     *
     * @param queueMs from creation to the slot
     * @param promptMs from the slot to the first sampled token
     * @param predictedMs from the first sampled token to the last
     * @param promptPerSecond evaluated (not cached) prompt tokens a second
     * @param predictedPerSecond tokens a second after the first
     * @param startedAt system time of the creation
     * @param elapsedMs from the creation to the end
     * @param firstTokenMs from the creation to the first sampled token, or to the first part of a server's answer, or
     *     {@code null} if none was asked for
     */
    public record Timings(
            double queueMs,
            @Nullable Double promptMs,
            @Nullable Double predictedMs,
            @Nullable Double promptPerSecond,
            @Nullable Double predictedPerSecond,
            long startedAt,
            double elapsedMs,
            @Nullable Double firstTokenMs) {
        /**
         * Of a task that the node ran itself, and timed.
         *
         * @param queueMs from creation to the slot
         * @param promptMs from the slot to the first sampled token
         * @param predictedMs from the first sampled token to the last
         * @param promptPerSecond evaluated (not cached) prompt tokens a second
         * @param predictedPerSecond tokens a second after the first
         * @param startedAt system time of the creation
         * @param firstTokenMs from the creation to the first sampled token, or {@code null} if none was asked for
         */
        public Timings(
                double queueMs,
                double promptMs,
                double predictedMs,
                double promptPerSecond,
                double predictedPerSecond,
                long startedAt,
                @Nullable Double firstTokenMs) {
            this(
                    queueMs,
                    (Double) promptMs,
                    (Double) predictedMs,
                    (Double) promptPerSecond,
                    (Double) predictedPerSecond,
                    startedAt,
                    queueMs + promptMs + predictedMs,
                    firstTokenMs);
        }
    }
}
