package io.llamanode.account;

import org.jspecify.annotations.Nullable;

/**
 * What one thing, such as a task, holds of a {@link MemoryAccount}. It ends with {@link #release}.
 *
 * <p>For any thread.
 */
public final class Holding {
    final MemoryAccount.Kind kind;
    final Object owner;
    final Object peer;
    /** Guarded by the account. */
    long bytes;
    /** What ended holds nothing more, though somebody may still be at work for it. Guarded by the account. */
    boolean released;

    private final MemoryAccount account;

    Holding(MemoryAccount account, MemoryAccount.Kind kind, Object owner, Object peer) {
        this.account = account;
        this.kind = kind;
        this.owner = owner;
        this.peer = peer;
    }

    /**
     * Holds more, if the owner and its peer may.
     *
     * @param more bytes
     * @return why not, as the end of a sentence, or {@code null} if it is held
     */
    public @Nullable String grow(long more) {
        return account.grow(this, more);
    }

    /**
     * Holds more or less, whatever the shares are: of what is there already, and can not be refused.
     *
     * @param all bytes that it holds from now on
     */
    public void set(long all) {
        synchronized (account) {
            if (!released) {
                account.add(this, all - bytes);
            }
        }
    }

    /**
     * Tells whether it would have more than any one may; then it counts as refused.
     *
     * @param more bytes
     * @return whether so much more would be too much
     */
    public boolean isTooMuch(long more) {
        if (bytes() + more <= account.mostOfOne()) {
            return false;
        }
        account.countRefused(kind);
        return true;
    }

    /**
     * Opens a place for what several use, as {@link MemoryAccount#share}.
     *
     * @param bytes that it takes
     * @param forget drops it
     * @return the place, which nobody uses yet
     */
    public Shared share(long bytes, Runnable forget) {
        return account.share(bytes, forget);
    }

    /**
     * Opens another place of the same owner, which holds nothing yet.
     *
     * @return it
     */
    public Holding another() {
        return account.open(kind, owner, peer);
    }

    /** {@return bytes that any one may have} */
    public long most() {
        return account.mostOfOne();
    }

    /** {@return bytes that it holds} */
    public long bytes() {
        synchronized (account) {
            return bytes;
        }
    }

    /** Gives everything back, and holds nothing from here on. */
    public void release() {
        synchronized (account) {
            set(0);
            released = true;
        }
    }
}
