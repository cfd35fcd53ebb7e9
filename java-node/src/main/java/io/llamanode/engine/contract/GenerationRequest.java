package io.llamanode.engine.contract;

import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.queue.WaitingLine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One text to generate.
 *
 * <p>Any thread may make one, and must not change the prompt afterwards; its sampler is for the loop thread from then on.
 *
 * @param id unique among the requests of an engine
 * @param cacheKey whose KV cache may be reused and is left behind (a session); 0: nobody's
 * @param customer who is served in turn with others
 * @param prompt token ids, at least one and fewer than the slot's context
 * @param maxTokens tokens to sample at most; 0: only evaluate the prompt; -1: to the end of the context
 * @param sampling how tokens are chosen
 * @param stop texts that end the generation; none is empty
 * @param nKeep prompt tokens kept at the front when the context is shifted; -1: all. The token that begins a text
 *     stays in any case, where the model wants one
 * @param contextShift whether a full context drops its older half when {@code maxTokens} asks for more
 * @param cacheUse whose cells in the KV cache it may begin with, and who may begin with those that it leaves
 * @param deadline {@link System#nanoTime()} after which the request fails, or {@link #NO_DEADLINE}
 * @param priority higher ones get a slot first
 * @param adapters what it is computed with
 * @param alternatives how many of the likeliest tokens to tell beside each sampled one, with their probabilities, or
 *     {@link #NO_PROBABILITIES}
 * @param sampler chooses tokens where {@code sampling} alone does not say how, or {@code null}; it knows
 *     the prompt already, and is closed by the engine once that has taken the request
 */
public record GenerationRequest(
        long id,
        long cacheKey,
        Object customer,
        int[] prompt,
        int maxTokens,
        SamplingParams sampling,
        List<String> stop,
        int nKeep,
        boolean contextShift,
        CacheUse cacheUse,
        long deadline,
        int priority,
        AdapterSet adapters,
        int alternatives,
        @Nullable Sampler sampler)
        implements Wanted, WaitingLine.Waiting {

    /** A deadline that never passes. */
    public static final long NO_DEADLINE = Long.MAX_VALUE;

    /** The {@code alternatives} that means that not even the sampled token's probability is wanted. */
    public static final int NO_PROBABILITIES = -1;

    /** The {@code maxTokens} that means "to the end of the context". */
    public static final int TO_END_OF_CONTEXT = -1;

    /**
     * Refuses an empty prompt, which no decode call can take.
     *
     * @throws IllegalArgumentException if it is empty
     */
    public GenerationRequest {
        if (prompt.length == 0) {
            throw new IllegalArgumentException("empty prompt");
        }
        stop = List.copyOf(stop);
    }

    /**
     * A request that {@code sampling} says everything of.
     *
     * @param id unique among the requests of an engine
     * @param cacheKey whose KV cache may be reused and is left behind (a session); 0: nobody's
     * @param customer who is served in turn with others
     * @param prompt token ids, at least one and fewer than the slot's context
     * @param maxTokens tokens to sample at most; 0: only evaluate the prompt; -1: to the end of the context
     * @param sampling how tokens are chosen
     * @param stop texts that end the generation; none is empty
     * @param nKeep prompt tokens kept at the front when the context is shifted; -1: all
     * @param contextShift whether a full context drops its older half when {@code maxTokens} asks for more
     * @param cacheUse whose cells in the KV cache it may begin with, and who may begin with those that it leaves
     * @param deadline {@link System#nanoTime()} after which the request fails, or {@link #NO_DEADLINE}
     */
    public GenerationRequest(
            long id,
            long cacheKey,
            Object customer,
            int[] prompt,
            int maxTokens,
            SamplingParams sampling,
            List<String> stop,
            int nKeep,
            boolean contextShift,
            CacheUse cacheUse,
            long deadline) {
        this(
                id,
                cacheKey,
                customer,
                prompt,
                maxTokens,
                sampling,
                stop,
                nKeep,
                contextShift,
                cacheUse,
                deadline,
                0,
                AdapterSet.NONE,
                NO_PROBABILITIES,
                null);
    }
}
