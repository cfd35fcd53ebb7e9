package io.llamanode.service;

import io.llamanode.account.Holding;
import io.llamanode.account.MemoryAccount;
import io.llamanode.service.contract.Owner;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Outcomes that nobody has collected yet: each for a limited time, all together to a limited number and to a quarter of
 * what may be held, of which an owner has a share. Who has more than its share loses its own oldest; otherwise the oldest of
 * all goes where there is no room. Guarded by the service's lock.
 */
final class UncollectedResults {
    private static final int PART_OF_ACCOUNT = 4;
    /** Of an entry besides its outcome, bytes: its places in maps, and its owner, who may have no other. */
    static final long ENTRY = 600;

    private record Kept(long taskId, TaskOutcome outcome, Owner owner, Holding holding, long since) {}

    /** What one owner has, oldest first. */
    private static final class Own {
        final Map<Long, Kept> kept = new LinkedHashMap<>();
        long bytes;
    }

    private final Map<Long, Kept> kept = new LinkedHashMap<>();
    private final Map<Owner, Own> byOwner = new HashMap<>();
    private final MemoryAccount account;
    private final int most;
    private final long mostBytes;
    private final int ownerShare;
    private final long ttlNanos;
    private long bytes;

    /**
     * @param account that they are charged to
     * @param most outcomes
     * @param ownerShare percent of the room that one owner may fill
     * @param ttlNanos how long each
     */
    UncollectedResults(MemoryAccount account, int most, int ownerShare, long ttlNanos) {
        this.account = account;
        this.most = most;
        this.mostBytes = account.capacity() / PART_OF_ACCOUNT;
        this.ownerShare = ownerShare;
        this.ttlNanos = ttlNanos;
    }

    void keep(long taskId, TaskOutcome outcome, Owner owner, long now) {
        Holding holding = account.open(MemoryAccount.Kind.RESULT, owner, owner.peer());
        holding.set(ENTRY + outcome.weight());
        Kept latest = new Kept(taskId, outcome, owner, holding, now);
        kept.put(taskId, latest);
        Own own = byOwner.computeIfAbsent(owner, o -> new Own());
        own.kept.put(taskId, latest);
        own.bytes += holding.bytes();
        bytes += holding.bytes();
        while (own.kept.size() > 1 && hasTooMuch(own)) {
            remove(own.kept.values().iterator().next());
        }
        while (kept.size() > most || bytes > mostBytes && kept.size() > 1) {
            remove(kept.values().iterator().next());
        }
    }

    private boolean hasTooMuch(Own own) {
        return own.bytes * 100 > mostBytes * ownerShare || 100L * own.kept.size() > (long) most * ownerShare;
    }

    private void remove(Kept gone) {
        kept.remove(gone.taskId);
        bytes -= gone.holding.bytes();
        byOwner.computeIfPresent(gone.owner, (owner, own) -> {
            own.kept.remove(gone.taskId);
            own.bytes -= gone.holding.bytes();
            return own.kept.isEmpty() ? null : own;
        });
        gone.holding.release();
    }

    /** {@return the outcome, which is not kept any more, or {@code null}} */
    @Nullable
    TaskOutcome take(long taskId) {
        Kept found = kept.get(taskId);
        if (found == null) {
            return null;
        }
        remove(found);
        return found.outcome();
    }

    boolean contains(long taskId) {
        return kept.containsKey(taskId);
    }

    /**
     * Drops what has been kept too long.
     *
     * @param most of them at once
     * @return nanoseconds until the next is due, or -1
     */
    long expire(long now, int most) {
        for (int dropped = 0; !kept.isEmpty(); dropped++) {
            Kept oldest = kept.values().iterator().next();
            long age = now - oldest.since();
            if (age < ttlNanos) {
                return ttlNanos - age;
            }
            if (dropped == most) {
                return 0;
            }
            remove(oldest);
        }
        return -1;
    }

    int size() {
        return kept.size();
    }
}
