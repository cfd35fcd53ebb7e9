package io.llamanode.transport.mailbox;

import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Charges a share for messages that wait. Those that are made of one source, when they are written, hold it together: a result
 * that a thousand calls wait for is there once.
 *
 * <p>For one thread at a time.
 */
public final class Sources {
    private final Budget.Share share;
    /** How many messages wait that are made of each. */
    private final Map<Object, Integer> counts = new IdentityHashMap<>();

    /**
     * Charges nothing yet.
     *
     * @param share charged from now on
     */
    public Sources(Budget.Share share) {
        this.share = share;
    }

    /**
     * Charges for a message.
     *
     * @param bytes of it, or of its source
     * @param source what it is made of later, or {@code null} if it is made
     */
    public void add(long bytes, @Nullable Object source) {
        if (source == null || counts.merge(source, 1, Integer::sum) == 1) {
            share.charge(bytes);
        }
    }

    /**
     * Charges for a message no longer.
     *
     * @param bytes as they were added
     * @param source as it was added
     */
    public void remove(long bytes, @Nullable Object source) {
        if (source == null || counts.merge(source, -1, (before, one) -> before == 1 ? null : before - 1) == null) {
            share.release(bytes);
        }
    }

    /** Charges for nothing any more. */
    public void clear() {
        counts.clear();
        share.release(share.held());
    }

    /** {@return the share} */
    public Budget.Share share() {
        return share;
    }
}
