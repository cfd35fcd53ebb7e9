package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.IntList;
import java.util.List;
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
    /** Who may come back for what is cached; 0: nobody. */
    long cacheKey;
    /** Whose work it was that left what is cached. */
    Object customer = "";
    /** Who may begin with what is cached, besides whoever has its key. */
    CacheUse lends = CacheUse.NOTHING;
    /**
     * Tokens at the front that are cached as a text that begins with them has them: what a shift moved was computed behind
     * tokens that are there no more. {@link Integer#MAX_VALUE}: all.
     */
    int genuine = Integer.MAX_VALUE;
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

    /** Who is evaluating what this one will copy, while it waits for that; else {@code null}. */
    private @Nullable Progress awaited;

    private int promised;

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

    /** {@return who may come back for what it has cached; 0: nobody} */
    public long cacheKey() {
        return cacheKey;
    }

    /** {@return how many tokens are in its KV cache} */
    public int cachedTokens() {
        return cached.size();
    }

    /** {@return how many tokens of the prompt were cached before the request began to evaluate it} */
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

    /** Gets a request, for which it has cached what it is to begin with. */
    void assign(Progress taken, long use) {
        GenerationRequest request = taken.request;
        progress = taken;
        found();
        taken.beginTurn();
        lastUse = use;
        lends(request);
        cacheKey = request.cacheUse() == CacheUse.NOTHING ? 0 : request.cacheKey();
        adapters = request.adapters();
    }

    /** Who may begin with what is cached may begin with what the request adds to it, and the other way round. */
    private void lends(GenerationRequest request) {
        CacheUse found = cached.size() == 0 ? CacheUse.ALL : lends;
        boolean another = cached.size() > 0 && !customer.equals(request.customer());
        lends = request.cacheUse().atMost(found);
        // What two of them have worked on belongs to neither: they have nothing in common but the key.
        lends = another && lends == CacheUse.CUSTOMER ? CacheUse.KEY : lends;
        customer = request.customer();
    }

    /** What it has cached is the beginning of its request's text. */
    private void found() {
        if (progress().completion.size() == 0) {
            progress().reused = cached.size();
        }
    }

    /** What it has cached is more of that than before: copied from another slot. */
    void foundMore() {
        lends(work());
        found();
    }

    /** Lets its own evaluation wait for that of another slot. */
    void await(Slot other, int tokens) {
        awaited = other.progress();
        promised = tokens;
    }

    /** {@return whether it waited for another slot that does not evaluate any more what was awaited; it waits no longer} */
    boolean hasWaited(List<Slot> slots) {
        if (awaited == null || isWaiting(slots)) {
            return false;
        }
        awaited = null;
        return true;
    }

    private boolean isWaiting(List<Slot> slots) {
        for (Slot other : slots) {
            if (other.progress == awaited) {
                // One that came back later may wait for this one.
                return other.lastUse < lastUse && other.prefilling() && other.cached.size() < promised;
            }
        }
        return false;
    }

    boolean waits() {
        return awaited != null;
    }

    /** Waits for nobody: it is to be computed by itself. */
    void waitNoLonger() {
        awaited = null;
    }

    /** Nothing is cached, and so nothing of the prompt was. */
    void empty() {
        cached.truncate(0);
        genuine = Integer.MAX_VALUE;
        shared = 0;
        proven = true;
        if (progress != null && progress.completion.size() == 0) {
            progress.reused = 0;
        }
    }

    void release() {
        progress = null;
        awaited = null;
    }
}
