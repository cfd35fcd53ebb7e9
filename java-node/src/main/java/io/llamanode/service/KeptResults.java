package io.llamanode.service;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Outcomes that nobody has collected yet: each for a limited time, all together to a limited
 * number, the oldest going first. Guarded by the service's lock.
 */
final class KeptResults {
    private record Kept(TaskOutcome outcome, long since) {}

    private final Map<Long, Kept> kept = new LinkedHashMap<>();
    private final int most;
    private final long ttlNanos;

    KeptResults(int most, long ttlNanos) {
        this.most = most;
        this.ttlNanos = ttlNanos;
    }

    void keep(long taskId, TaskOutcome outcome, long now) {
        kept.put(taskId, new Kept(outcome, now));
        if (kept.size() > most) {
            Iterator<?> oldest = kept.values().iterator();
            oldest.next();
            oldest.remove();
        }
    }

    /** {@return the outcome, which is not kept any more, or {@code null}} */
    TaskOutcome take(long taskId) {
        Kept found = kept.remove(taskId);
        return found == null ? null : found.outcome();
    }

    boolean contains(long taskId) {
        return kept.containsKey(taskId);
    }

    /** Drops what has been kept too long. {@return nanoseconds until the next is due, or -1} */
    long expire(long now) {
        for (Iterator<Kept> it = kept.values().iterator(); it.hasNext(); ) {
            long age = now - it.next().since();
            if (age < ttlNanos) {
                return ttlNanos - age;
            }
            it.remove();
        }
        return -1;
    }

    int size() {
        return kept.size();
    }
}
