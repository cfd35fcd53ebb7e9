package io.llamanode.account;

import java.util.LinkedHashSet;
import java.util.SequencedSet;

/**
 * What several use at once, and what is kept for the next when nobody does. While it is used, the first of those who use it holds
 * it; else it takes room that nobody needs, and is forgotten when somebody does, what has not been used for longest first.
 *
 * <p>For any thread.
 */
public final class Shared {
    private final MemoryAccount account;
    final Runnable forget;
    /** Guarded by the account, as what follows. The first of them holds it. */
    final SequencedSet<Holding> users = new LinkedHashSet<>();

    long bytes;

    /**
     * Nobody uses it yet, and it takes no room.
     *
     * @param account that it is charged to
     * @param bytes that it takes
     * @param forget drops it; called with the account's lock, so that it may take no other
     */
    Shared(MemoryAccount account, long bytes, Runnable forget) {
        this.account = account;
        this.bytes = bytes;
        this.forget = forget;
    }

    /**
     * Uses it, until {@link #leave}.
     *
     * @param user which holds nothing else
     * @throws NoRoomException if it would have to hold it, and may not
     */
    public void use(Holding user) {
        account.use(this, user);
    }

    /**
     * Tells what it takes now.
     *
     * @param now bytes
     */
    public void resize(long now) {
        account.resize(this, now);
    }

    /**
     * Uses it no longer; does nothing a second time.
     *
     * @param user which is released
     */
    public void leave(Holding user) {
        account.leave(this, user);
    }
}
