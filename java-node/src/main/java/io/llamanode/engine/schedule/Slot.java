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
    /** Tokens in the KV cache, by position; while the slot works, the first ones of its request's text. */
    final IntList cached = new IntList();
    /** Whose cache it is; 0: nobody's. */
    long cacheKey;
    /** Tokens at the front whose cells another sequence may hold as well. */
    int shared;
    /** What the cache was computed with. */
    AdapterSet adapters = AdapterSet.NONE;
    /** Ordinal of the request that used the slot last, for "least recently used". */
    long lastUse;
    /** Whether usable logits came of all that is cached. */
    boolean proven = true;

    /** {@code null} while the slot is idle. */
    @Nullable
    Progress progress;

    Slot(int id) {
        this.id = id;
    }

    /** {@return the sequence id, from 0} */
    public int id() {
        return id;
    }

    /** {@return what it works for; {@code null} while it is idle} */
    public @Nullable GenerationRequest request() {
        return progress == null ? null : progress.request;
    }

    /** {@return what it works for, as it is not idle} */
    public GenerationRequest work() {
        return progress().request;
    }

    Progress progress() {
        return Objects.requireNonNull(progress);
    }

    /** {@return whose cache it is; 0: nobody's} */
    public long cacheKey() {
        return cacheKey;
    }

    /** {@return how many tokens are in its KV cache} */
    public int cachedTokens() {
        return cached.size();
    }

    /** {@return how many tokens of the prompt were cached when the request got its first slot} */
    public int reused() {
        return progress().reused;
    }

    /** {@return the tokens sampled for the request, without one that ended it} */
    public int[] completion() {
        return progress().completion.toArray();
    }

    /** {@return whether it works for nobody} */
    public boolean idle() {
        return progress == null;
    }

    /** {@return whether the prompt of its request is being evaluated, or its text anew} */
    public boolean prefilling() {
        return progress != null && !decoding();
    }

    /** {@return whether all but the token that was sampled last is in the KV cache} */
    boolean decoding() {
        return progress != null && progress.completion.size() > 0 && progress.text.size() == cached.size() + 1;
    }

    void assign(Progress taken, int reusedTokens, long use) {
        progress = taken;
        if (taken.completion.size() == 0) {
            taken.reused = reusedTokens;
        }
        taken.beginTurn();
        lastUse = use;
        cacheKey = taken.request.cacheKey();
        adapters = taken.request.adapters();
    }

    /** Nothing is cached, and so nothing of the prompt was. */
    void empty() {
        cached.truncate(0);
        shared = 0;
        proven = true;
        if (progress != null && progress.completion.size() == 0) {
            progress.reused = 0;
        }
    }

    void release() {
        progress = null;
    }
}
