package io.llamanode.service;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Gives ids that no later incarnation of the node gives again: they count up from a place that
 * depends on the time of the start. 1,024 ids fit between two milliseconds, so an incarnation would
 * have to give a million a second, all its life, to reach the first id of the next.
 */
final class IdSource {
    private static final long EPOCH_MILLIS = 1_735_689_600_000L; // 2025-01-01

    private final AtomicLong next;

    IdSource(long nowMillis) {
        next = new AtomicLong(Math.max(1, nowMillis - EPOCH_MILLIS) << 10);
    }

    long next() {
        return next.getAndIncrement();
    }
}
