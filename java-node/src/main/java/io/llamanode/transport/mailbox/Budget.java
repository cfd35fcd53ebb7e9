package io.llamanode.transport.mailbox;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes of memory that several share who do not know each other. Each may hold as much as all together leave free, so one
 * alone gets a half, and newcomers always find something; and each may always hold a little. Nothing here waits or refuses by
 * itself: what is charged is counted, and whoever charges asks before.
 *
 * <p>For any thread.
 */
public final class Budget {
    /** What each may hold in any case, bytes. */
    static final long FLOOR = 128 << 10;

    private final long limit;
    private final AtomicLong all = new AtomicLong();

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

    /** {@return a share for one who holds nothing yet} */
    public Share share() {
        return new Share();
    }

    /** What one of them holds. */
    public final class Share {
        private final AtomicLong own = new AtomicLong();

        private Share() {}

        /**
         * Counts what is held from now on.
         *
         * @param bytes held
         */
        public void charge(long bytes) {
            own.addAndGet(bytes);
            all.addAndGet(bytes);
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
            own.addAndGet(-bytes);
            all.addAndGet(-bytes);
        }

        /** {@return whether this holds more than it should} */
        public boolean isOver() {
            long held = own.get();
            return held > FLOOR && held > limit - all.get();
        }

        /** {@return what this holds, bytes} */
        public long held() {
            return own.get();
        }
    }
}
