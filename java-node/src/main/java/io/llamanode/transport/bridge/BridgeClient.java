package io.llamanode.transport.bridge;

import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.OwnerMonitor;
import org.jspecify.annotations.Nullable;

/**
 * A connection in the eyes of the service: what it started ends with it.
 *
 * @see Connection
 */
final class BridgeClient implements Owner {
    private final long number;
    private @Nullable Runnable down;
    private boolean gone;

    /** @param number unlike that of any other client */
    BridgeClient(long number) {
        this.number = number;
    }

    /** The service watches an owner once at a time. */
    OwnerMonitor.Watch watch(Runnable whenDown) {
        synchronized (this) {
            if (!gone) {
                down = whenDown;
                return () -> forget(whenDown);
            }
        }
        whenDown.run();
        return () -> {};
    }

    private synchronized void forget(Runnable whenDown) {
        if (down == whenDown) {
            down = null;
        }
    }

    /** Ends everything that the client owns. */
    void end() {
        Runnable told;
        synchronized (this) {
            gone = true;
            told = down;
            down = null;
        }
        if (told != null) {
            told.run();
        }
    }

    @Override
    public String toString() {
        return "bridge client " + number;
    }
}
