package io.llamanode.service;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Outcomes that nobody has collected yet: each for a limited time, all together to a limited
 * number and to a limited amount of text, the oldest going first. Guarded by the service's lock.
 */
final class UncollectedResults {
    private record Kept(TaskOutcome outcome, long since) {}

    private final Map<Long, Kept> kept = new LinkedHashMap<>();
    private final int most;
    private final long mostText;
    private final long ttlNanos;
    private long text;

    /**
     * @param most outcomes
     * @param mostText characters of all together
     * @param ttlNanos how long each
     */
    UncollectedResults(int most, long mostText, long ttlNanos) {
        this.most = most;
        this.mostText = mostText;
        this.ttlNanos = ttlNanos;
    }

    void keep(long taskId, TaskOutcome outcome, long now) {
        kept.put(taskId, new Kept(outcome, now));
        text += outcome.length();
        Iterator<Kept> oldest = kept.values().iterator();
        while (kept.size() > most || text > mostText && kept.size() > 1) {
            text -= oldest.next().outcome().length();
            oldest.remove();
        }
    }

    /** {@return the outcome, which is not kept any more, or {@code null}} */
    @Nullable
    TaskOutcome take(long taskId) {
        Kept found = kept.remove(taskId);
        if (found == null) {
            return null;
        }
        text -= found.outcome().length();
        return found.outcome();
    }

    boolean contains(long taskId) {
        return kept.containsKey(taskId);
    }

    /** Drops what has been kept too long. {@return nanoseconds until the next is due, or -1} */
    long expire(long now) {
        for (Iterator<Kept> it = kept.values().iterator(); it.hasNext(); ) {
            Kept next = it.next();
            long age = now - next.since();
            if (age < ttlNanos) {
                return ttlNanos - age;
            }
            text -= next.outcome().length();
            it.remove();
        }
        return -1;
    }

    int size() {
        return kept.size();
    }
}
