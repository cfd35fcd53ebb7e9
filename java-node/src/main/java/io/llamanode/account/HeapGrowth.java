package io.llamanode.account;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import org.jspecify.annotations.Nullable;

/**
 * Compares a {@link MemoryAccount} with the heap, to find what is counted by nobody. Each look collects all garbage, which
 * holds up everybody for a moment, so this is for tests and for whoever looks for a fault.
 *
 * <p>For any thread.
 */
public final class HeapGrowth {
    /**
     * The serial collector moves everything in one of four only, and leaves some garbage where it is in the others. One is
     * enough with {@code -XX:MarkSweepAlwaysCompactCount=1}, as in the tests.
     */
    private static final int COLLECTIONS = Integer.getInteger("llamanode.account.collections", 4);

    private final MemoryAccount account;
    /** What was used when nothing was held; negative before that was seen. */
    private long base = -1;

    /**
     * Has not looked yet.
     *
     * @param account to compare
     */
    public HeapGrowth(MemoryAccount account) {
        this.account = account;
    }

    /**
     * Looks at the heap. If the account is empty, this is what the heap is compared with from here on.
     *
     * @return bytes by which the heap has grown since the account was last seen empty; {@code null} if it never was
     */
    public synchronized @Nullable Long look() {
        long used = used();
        if (account.held() == 0) {
            base = used;
        }
        return base < 0 ? null : (Long) (used - base);
    }

    /**
     * Collects garbage, and tells what the collector left. What is used a moment later would count the room that each thread
     * has taken for its next objects, which is a megabyte behind a burst of work.
     *
     * @return bytes of the heap that are in use
     */
    public static long used() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            least = Math.min(least, left());
        }
        return least;
    }

    private static long left() {
        long bytes = 0;
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            MemoryUsage usage = pool.getType() == MemoryType.HEAP ? pool.getCollectionUsage() : null;
            bytes += usage == null ? 0 : usage.getUsed();
        }
        return bytes;
    }
}
