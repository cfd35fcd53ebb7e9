package io.llamanode.transport.mailbox;

import io.llamanode.account.Holding;
import io.llamanode.account.MemoryAccount;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of memory that several share who do not know each other. Each may hold as much as all together leave free, so one
 * alone gets a half, and newcomers always find something, unless its peer holds too much in the node's account beside; and each
 * may always hold a little. Nothing here waits or refuses by itself: what is charged is counted, and whoever charges asks before.
 *
 * <p>For any thread.
 */
public final class Budget {
    /** What each may hold in any case, bytes. */
    static final long FLOOR = 128 << 10;

    /** By how much what the account shows may differ from what a share holds. */
    private static final long STEP = 64 << 10;

    private final long limit;
    private final AtomicLong all = new AtomicLong();
    private volatile @Nullable MemoryAccount account;

    /**
     * A budget of which nothing is taken yet.
     *
     * @param limit bytes
     */
    public Budget(long limit) {
        this.limit = limit;
    }

    /**
     * A part of the heap.
     *
     * @param part one in so many bytes of the heap's largest size
     * @return the budget
     */
    public static Budget ofHeap(int part) {
        return new Budget(Runtime.getRuntime().maxMemory() / part);
    }

    /** {@return the most that one alone can hold, bytes} */
    public long most() {
        return Math.max(FLOOR, limit / 2);
    }

    /** {@return what all hold, bytes} */
    public long held() {
        return all.get();
    }

    /** {@return whether nothing more should be held} */
    public boolean isFull() {
        long held = all.get();
        MemoryAccount in = account;
        return held >= limit || held > FLOOR && in != null && in.isTight();
    }

    /**
     * Shows in the node's account what is held from now on.
     *
     * @param account of the node
     */
    public void showIn(MemoryAccount account) {
        this.account = account;
    }

    /**
     * Adds one who shares.
     *
     * @param peer what it holds it for: the name of a node, or what else comes instead
     * @return a share that holds nothing yet
     */
    public Share share(String peer) {
        return new Share("the connection of " + peer, peer);
    }

    /**
     * Adds one who shares, and whose share counts with what else it holds.
     *
     * @param owner as the account knows it
     * @param peer where the owner is
     * @return a share that holds nothing yet
     */
    public Share share(Object owner, Object peer) {
        return new Share(owner, peer);
    }

    /** What one of them holds. */
    public final class Share {
        private final AtomicLong own = new AtomicLong();
        private final Object owner;
        private final Object peer;
        private volatile long shown;
        private @Nullable Holding holding;

        private Share(Object owner, Object peer) {
            this.owner = owner;
            this.peer = peer;
        }

        /**
         * Counts what is held from now on.
         *
         * @param bytes held
         */
        public void charge(long bytes) {
            all.addAndGet(bytes);
            show(own.addAndGet(bytes));
        }

        /**
         * Counts what is held from now on, unless it is too much.
         *
         * @param bytes to be held
         * @return whether they were counted
         */
        public boolean tryCharge(long bytes) {
            charge(bytes);
            if (isOver()) {
                release(bytes);
                return false;
            }
            return true;
        }

        /**
         * Counts what is held no longer.
         *
         * @param bytes of those that were charged
         */
        public void release(long bytes) {
            charge(-bytes);
        }

        /** In steps, as most messages come and go within one. */
        private void show(long held) {
            MemoryAccount to = account;
            if (to != null && (Math.abs(held - shown) >= STEP || held == 0 && shown != 0)) {
                synchronized (this) {
                    if (holding == null) {
                        holding = to.open(MemoryAccount.Kind.TRANSPORT, owner, peer);
                    }
                    shown = own.get();
                    holding.set(shown);
                }
            }
        }

        /** {@return whether this holds more than it should} */
        public boolean isOver() {
            long held = own.get();
            MemoryAccount in = account;
            return held > FLOOR && (held > limit - all.get() || in != null && in.isTight(peer));
        }

        /** {@return what this holds, bytes} */
        public long held() {
            return own.get();
        }
    }
}
