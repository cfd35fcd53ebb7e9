package io.llamanode.engine.contract;

/** Whose cells in the KV cache a request may begin with, and who may begin with those that it leaves; from least to most. */
public enum CacheUse {
    /** Nobody's, and nobody. */
    NOTHING,
    /** Those of its own cache key. */
    KEY,
    /** Also those of requests of its customer that allow it. */
    CUSTOMER,
    /** Also those of all others that allow it. */
    ALL;

    /**
     * {@return the one that allows less}
     *
     * @param other of the two
     */
    public CacheUse atMost(CacheUse other) {
        return compareTo(other) <= 0 ? this : other;
    }
}
