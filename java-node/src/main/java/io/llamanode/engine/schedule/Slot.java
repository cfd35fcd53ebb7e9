package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.IntList;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One sequence of the context: the tokens in its KV cache, and the request it works for. Changed by the
 * {@link Scheduler} only, and for the thread that has the scheduler.
 */
public final class Slot {
    final int id;
    /** Tokens in the KV cache, by position. */
    final IntList cached = new IntList();
    /** Whose cache it is; 0: nobody's. */
    long cacheKey;
    /** Tokens at the front whose cells another sequence may hold as well. */
    int shared;
    /** What the cache was computed with. */
    AdapterSet adapters = AdapterSet.NONE;
    /** Ordinal of the request that used the slot last, for "least recently used". */
    long lastUse;

    /** {@code null} while the slot is idle. */
    @Nullable
    GenerationRequest request;
    /** Prompt tokens that were cached when the request got the slot. */
    int reused;
    /** The sampled token that is not in the cache yet; valid once the prompt is evaluated. */
    int pending;
    /** Sampled tokens of the request, without an end-of-generation token; {@code null} while the slot is idle. */
    @Nullable
    IntList completion;

    Slot(int id) {
        this.id = id;
    }

    /** {@return the sequence id, from 0} */
    public int id() {
        return id;
    }

    /** {@return what it works for; {@code null} while it is idle} */
    public @Nullable GenerationRequest request() {
        return request;
    }

    /** {@return what it works for, as it is not idle} */
    public GenerationRequest work() {
        return Objects.requireNonNull(request);
    }

    /** {@return whose cache it is; 0: nobody's} */
    public long cacheKey() {
        return cacheKey;
    }

    /** {@return how many tokens are in its KV cache} */
    public int cachedTokens() {
        return cached.size();
    }

    /** {@return how many tokens of the prompt were cached when the request got the slot} */
    public int reused() {
        return reused;
    }

    /** {@return the tokens sampled for the request, without one that ended it} */
    public int[] completion() {
        return Objects.requireNonNull(completion).toArray();
    }

    /** {@return whether it works for nobody} */
    public boolean idle() {
        return request == null;
    }

    /** {@return whether the prompt of its request is being evaluated} */
    public boolean prefilling() {
        return completion != null && completion.size() == 0;
    }

    /** {@return whether a token was sampled for its request} */
    boolean decoding() {
        return completion != null && completion.size() > 0;
    }

    void assign(GenerationRequest newRequest, int reusedTokens, long use) {
        request = newRequest;
        reused = reusedTokens;
        completion = new IntList();
        lastUse = use;
        cacheKey = newRequest.cacheKey();
        adapters = newRequest.adapters();
    }

    /** Nothing is cached, and so nothing of the prompt was. */
    void empty() {
        cached.truncate(0);
        shared = 0;
        reused = 0;
    }

    void release() {
        request = null;
        completion = null;
    }
}
