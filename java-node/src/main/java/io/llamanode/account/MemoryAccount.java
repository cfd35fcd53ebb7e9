package io.llamanode.account;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/**
 * The account of what requests hold on the heap. Who holds something has a {@link Holding}, which grows as far as the
 * shares allow: an owner holds at most a part of what all others leave, and so does a peer, whose owners are many; the last
 * of a peer's share is for those of its owners that hold little. So there is always something left for one who comes later,
 * however many want everything (dynamic thresholds: Choudhury and Hahne,
 * "Dynamic queue length thresholds for shared-memory packet switches", 1998).
 *
 * <p>For any thread. Its lock is held for a few additions, and taken within any other.
 */
public final class MemoryAccount {
    /** Of one BEAM, which has many processes. */
    private static final double PEER_SHARE = 0.75;
    /** Of one BEAM, for those of its processes that hold little: what others of them have taken is not their fault. */
    private static final double LITTLE_PEER_SHARE = 0.875;
    /**
     * Of one BEAM, for what is on its way to and from it: nothing more is taken from it behind that before some of it is gone. It
     * leaves something for those of its processes that hold little.
     */
    private static final double TRANSPORT_SHARE = (PEER_SHARE + LITTLE_PEER_SHARE) / 2;
    /** What counts as little, one part in so many of all. */
    private static final int PART_OF_LITTLE = 512;
    /** The rest is for the models' vocabularies, for what a request takes while it is decoded, and for the collector. */
    private static final int PART_OF_HEAP = 2;
    /** What nobody uses takes no more than one part in so many. */
    private static final int PART_OF_IDLE = 8;
    /** A single request may hold a quarter of all. */
    private static final int PART_OF_ONE = 4;

    private static final int LARGEST_SHOWN = 5;

    private final long capacity;
    private final double ownerShare;
    private final Map<Object, Long> owners = new HashMap<>();
    private final Map<Object, Long> peers = new HashMap<>();
    private final Map<Kind, Long> kinds = new EnumMap<>(Kind.class);
    private final Map<Kind, Long> refused = new EnumMap<>(Kind.class);
    private long held;
    /** What nobody uses, what has not been used for longest first. */
    private final SequencedSet<Shared> idle = new LinkedHashSet<>();

    private long idleBytes;

    /**
     * An empty account.
     *
     * @param capacity bytes that may be held in all
     * @param ownerShare the part of them, above 0 and at most 1, that one owner may hold of what others leave
     */
    public MemoryAccount(long capacity, double ownerShare) {
        this.capacity = capacity;
        this.ownerShare = ownerShare;
    }

    /**
     * An empty account of half of this process's heap.
     *
     * @param ownerShare as above, in percent
     * @return the account
     */
    public static MemoryAccount ofHeap(int ownerShare) {
        return new MemoryAccount(Runtime.getRuntime().maxMemory() / PART_OF_HEAP, ownerShare / 100.0);
    }

    /** What it is that holds memory. */
    public enum Kind {
        /** A call that waits for its answer. */
        CALL,
        /** A session: its configuration, its conversation, its checkpoints. */
        SESSION,
        /** A task: its input, its prompt, its answer. */
        TASK,
        /** Text of a stream that waits for its process. */
        STREAM,
        /** A result that nobody has collected. */
        RESULT,
        /** What has arrived and is not decoded, or is encoded and not sent. */
        TRANSPORT
    }

    /**
     * Who holds how much.
     *
     * @param owner a process
     * @param bytes of it
     */
    public record Held(Object owner, long bytes) {}

    /**
     * The account at one moment.
     *
     * @param capacity bytes that may be held
     * @param held bytes that are
     * @param kinds bytes by what holds them
     * @param idle bytes of what nobody uses, which is forgotten when somebody needs them
     * @param refused how often something was refused, by what it was for
     * @param largest those who hold most, the greatest first
     */
    public record Balance(
            long capacity, long held, Map<Kind, Long> kinds, long idle, Map<Kind, Long> refused, List<Held> largest) {}

    /**
     * Opens a place in the account, which holds nothing yet.
     *
     * @param kind what it is for
     * @param owner whose it is; {@code equals} tells owners apart
     * @param peer where the owner is
     * @return the place
     */
    public Holding open(Kind kind, Object owner, Object peer) {
        return new Holding(this, kind, owner, peer);
    }

    /**
     * Opens a place for what several use.
     *
     * @param bytes that it takes
     * @param forget drops it; called with the account's lock, so that it may take no other
     * @return the place, which nobody uses yet
     */
    public Shared share(long bytes, Runnable forget) {
        return new Shared(this, bytes, forget);
    }

    /** {@return bytes that may be held in all} */
    public long capacity() {
        return capacity;
    }

    /** {@return bytes that one holding may have: a quarter of all} */
    public long mostOfOne() {
        return capacity / PART_OF_ONE;
    }

    /** {@return bytes that are held} */
    public synchronized long held() {
        return held;
    }

    /** {@return the account as it is now; looks at every owner} */
    public synchronized Balance balance() {
        List<Held> largest = owners.entrySet().stream()
                .map(entry -> new Held(entry.getKey(), entry.getValue()))
                .sorted(Comparator.comparingLong(Held::bytes).reversed())
                .limit(LARGEST_SHOWN)
                .toList();
        return new Balance(capacity, held, Map.copyOf(kinds), idleBytes, Map.copyOf(refused), largest);
    }

    /** {@return why so much more is refused, or {@code null} if it is held now} */
    synchronized @Nullable String grow(Holding holding, long bytes) {
        if (holding.released) {
            return null;
        }
        String why = refusal(holding, bytes);
        if (why != null) {
            countRefused(holding.kind);
            return why;
        }
        add(holding, bytes);
        return null;
    }

    /**
     * Tells whether a peer holds so much that what is on its way to and from it should wait: it is counted when it is there
     * already, and would take what is left for others.
     *
     * @param peer where owners are
     * @return whether it does
     */
    public synchronized boolean isTight(Object peer) {
        long ofPeer = peers.getOrDefault(peer, 0L);
        return ofPeer > TRANSPORT_SHARE * (capacity - held + ofPeer);
    }

    /** {@return whether all peers together hold as much as one may, by {@link #isTight(Object)}} */
    public synchronized boolean isTight() {
        return held > TRANSPORT_SHARE * capacity;
    }

    synchronized void use(Shared shared, Holding user) {
        if (shared.users.isEmpty()) {
            if (shared.bytes > mostOfOne()) {
                countRefused(user.kind);
                throw new NoRoomException(
                        "it takes %d bytes of the node's memory, and one may take %d"
                                .formatted(shared.bytes, mostOfOne()),
                        true);
            }
            String why = refusal(user, shared.bytes);
            if (why != null) {
                countRefused(user.kind);
                throw new NoRoomException(why, false);
            }
            if (idle.remove(shared)) {
                idleBytes -= shared.bytes;
            }
            add(user, shared.bytes);
        }
        shared.users.add(user);
    }

    synchronized void resize(Shared shared, long bytes) {
        if (!shared.users.isEmpty()) {
            add(shared.users.getFirst(), bytes - shared.bytes);
        } else if (idle.contains(shared)) {
            idleBytes += bytes - shared.bytes;
        }
        shared.bytes = bytes;
        makeRoom();
    }

    synchronized void leave(Shared shared, Holding user) {
        boolean first = !shared.users.isEmpty() && shared.users.getFirst() == user;
        if (!shared.users.remove(user)) {
            return;
        }
        if (first) {
            add(user, -shared.bytes);
        }
        if (shared.users.isEmpty()) {
            idle.add(shared);
            idleBytes += shared.bytes;
            makeRoom();
        } else if (first) {
            add(shared.users.getFirst(), shared.bytes);
        }
    }

    /** What nobody uses gives way to what somebody does. */
    private void makeRoom() {
        while (!idle.isEmpty() && (idleBytes > capacity / PART_OF_IDLE || held + idleBytes > capacity)) {
            Shared oldest = idle.removeFirst();
            idleBytes -= oldest.bytes;
            oldest.forget.run();
        }
    }

    synchronized void countRefused(Kind kind) {
        refused.merge(kind, 1L, Long::sum);
    }

    private @Nullable String refusal(Holding holding, long bytes) {
        long own = owners.getOrDefault(holding.owner, 0L);
        if (own + bytes > ownerShare * (capacity - held + own)) {
            return "its process holds %d bytes of the node's memory, and may not hold %d more (%d of %d are held)"
                    .formatted(own, bytes, held, capacity);
        }
        long ofPeer = peers.getOrDefault(holding.peer, 0L);
        double share = own + bytes <= capacity / PART_OF_LITTLE ? LITTLE_PEER_SHARE : PEER_SHARE;
        if (ofPeer + bytes > share * (capacity - held + ofPeer)) {
            return "the processes of its node hold %d bytes of the node's memory, and may not hold %d more (%d of %d are held)"
                    .formatted(ofPeer, bytes, held, capacity);
        }
        return null;
    }

    /** Counts more, or less if negative, whatever the shares are. */
    synchronized void add(Holding holding, long bytes) {
        if (bytes == 0) {
            return;
        }
        holding.bytes += bytes;
        held += bytes;
        add(owners, holding.owner, bytes);
        add(peers, holding.peer, bytes);
        kinds.merge(holding.kind, bytes, Long::sum);
        makeRoom();
    }

    private static void add(Map<Object, Long> sums, Object key, long bytes) {
        sums.merge(key, bytes, (before, more) -> before + more == 0 ? null : Long.valueOf(before + more));
    }
}
