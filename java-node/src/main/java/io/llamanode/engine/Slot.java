package io.llamanode.engine;

/**
 * One sequence of the context: the tokens in its KV cache, and the request it works for. Changed
 * by the {@link Scheduler} only.
 */
final class Slot {
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
    GenerationRequest request;
    /** Prompt tokens that were cached when the request got the slot. */
    int reused;
    /** The sampled token that is not in the cache yet; valid once the prompt is evaluated. */
    int pending;
    /** Sampled tokens of the request, without an end-of-generation token. */
    IntList completion;

    Slot(int id) {
        this.id = id;
    }

    boolean idle() {
        return request == null;
    }

    boolean prefilling() {
        return request != null && completion.size() == 0;
    }

    boolean decoding() {
        return request != null && completion.size() > 0;
    }

    void assign(GenerationRequest newRequest, int reusedTokens, long use) {
        request = newRequest;
        reused = reusedTokens;
        completion = new IntList();
        lastUse = use;
        cacheKey = newRequest.cacheKey();
        adapters = newRequest.adapters();
    }

    void release() {
        request = null;
        completion = null;
    }
}
