package io.llamanode.transport.mailbox;

import java.util.IdentityHashMap;
import java.util.Map;

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
     * @param load of it
     */
    public void add(Load load) {
        share.charge(load.own() + added(load));
    }

    private long added(Load load) {
        Object source = load.source();
        if (source == null) {
            return 0;
        }
        Held held = sources.get(source);
        boolean first = held == null;
        if (held == null) {
            held = new Held(load.shared());
            sources.put(source, held);
        }
        held.messages++;
        return first ? held.bytes : 0;
    }

    /**
     * Charges for a message no longer.
     *
     * @param load as it was added
     */
    public void remove(Load load) {
        share.release(load.own() + removed(load));
    }

    private long removed(Load load) {
        Held held = load.source() == null ? null : sources.get(load.source());
        if (held == null || --held.messages > 0) {
            return 0;
        }
        sources.remove(load.source());
        // As was charged: the first one may have been for another caller, with another tag.
        return held.bytes;
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
