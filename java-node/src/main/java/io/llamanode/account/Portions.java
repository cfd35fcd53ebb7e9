package io.llamanode.account;

/** What grows by small parts, held some at once, so that not every part asks the account. For one thread at a time. */
public final class Portions {
    private static final long PORTION = 16 << 10;

    private final Holding holding;
    /** Of what is held, not taken yet. */
    private long left;

    /**
     * Has taken nothing yet.
     *
     * @param holding grows
     */
    public Portions(Holding holding) {
        this.holding = holding;
    }

    /**
     * Takes more of what is held, and holds more if that is not enough.
     *
     * @param bytes on the heap
     * @return whether it may
     */
    public boolean take(long bytes) {
        if (bytes > left) {
            long more = Math.max(bytes, PORTION);
            if (holding.isTooMuch(more) || holding.grow(more) != null) {
                return false;
            }
            left += more;
        }
        left -= bytes;
        return true;
    }
}
