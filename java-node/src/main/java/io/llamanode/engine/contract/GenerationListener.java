package io.llamanode.engine.contract;

import io.llamanode.engine.sampling.Probabilities;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hears of one request: any number of texts, then exactly one of {@code finished} and
 * {@code failed}. Called on the engine's loop thread, so an implementation must not block, nor close
 * the engine; what it throws is logged, and ends its request if that goes on.
 */
public interface GenerationListener {
    /** The request has its first slot. What holds its text there takes memory until it is over. */
    default void begins() {}

    /**
     * More text.
     *
     * @param text whole code points, not empty
     */
    void text(String text);

    /**
     * A token was sampled, which takes memory until the request is over.
     *
     * @param bytes that it takes on the heap, with the text and the probabilities that belong to it
     * @return whether the request may go on; if not, it ends with {@link Ending#MEMORY} and what it has
     */
    default boolean holds(long bytes) {
        return true;
    }

    /**
     * What stands for a control token in the text, which is nothing unless a listener says otherwise.
     *
     * @param token that has no text of its own
     * @return UTF-8, not to be changed
     */
    default byte[] spelling(int token) {
        return new byte[0];
    }

    /**
     * The request finished and its slot is free.
     *
     * @param outcome how
     */
    void finished(Outcome outcome);

    /**
     * The request failed; its slot, if it had one, is free.
     *
     * @param kind why
     * @param message details
     */
    void failed(FailureKind kind, String message);

    /** Why a request failed. */
    enum FailureKind {
        /** The request was cancelled, or its engine closed. */
        CANCELLED,
        /** The deadline passed. */
        TIMEOUT,
        /** A decode call failed. */
        DECODE_FAILED,
        /** A decode call found no memory. */
        OUT_OF_MEMORY,
        /** A defect of the engine; the log has the stack trace. */
        INTERNAL
    }

    /** What ended a request. */
    enum Ending {
        /** An end-of-generation token. */
        EOS,
        /** A stop string. */
        STOP_STRING,
        /** {@code maxTokens}. */
        LIMIT,
        /** The end of the slot's context. */
        CONTEXT,
        /** The listener has no more memory for it. */
        MEMORY
    }

    /**
     * How a request finished. Durations are nanoseconds.
     *
     * @param ending what ended it
     * @param stop the stop string met, or {@code null}
     * @param completion sampled tokens, without an end-of-generation token
     * @param probabilities of the completion's tokens, if they were asked for; else empty
     * @param promptTokens of the whole prompt
     * @param cachedTokens of it that needed no evaluation
     * @param queued from the submission to the slot, and from the end of each turn to the next
     * @param prefill from the slot to the first sampled token
     * @param decode from the first sampled token to the end, without the time between turns
     * @param toFirst from the submission to the first sampled token
     */
    record Outcome(
            Ending ending,
            @Nullable String stop,
            int[] completion,
            List<Probabilities.Entry> probabilities,
            int promptTokens,
            int cachedTokens,
            long queued,
            long prefill,
            long decode,
            long toFirst) {}
}
