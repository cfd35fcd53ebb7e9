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
    /** What waits that is made of one source. */
    private static final class Held {
        private final long bytes;
        private int messages;

        Held(long bytes) {
            this.bytes = bytes;
        }
    }

    private final Budget.Share share;
    private final Map<Object, Held> sources = new IdentityHashMap<>();

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
        if (source == null) {
            share.charge(bytes);
            return;
        }
        Held held = sources.get(source);
        if (held == null) {
            held = new Held(bytes);
            sources.put(source, held);
            share.charge(bytes);
        }
        held.messages++;
    }

    /**
     * Charges for a message no longer.
     *
     * @param bytes as they were added
     * @param source as it was added
     */
    public void remove(long bytes, @Nullable Object source) {
        if (source == null) {
            share.release(bytes);
            return;
        }
        Held held = sources.get(source);
        if (held != null && --held.messages == 0) {
            sources.remove(source);
            // As was charged: the first one may have been for another caller, with another tag.
            share.release(held.bytes);
        }
    }

    /** Charges for nothing any more. */
    public void clear() {
        sources.clear();
        share.release(share.held());
    }

    /** {@return the share} */
    public Budget.Share share() {
        return share;
    }
}
