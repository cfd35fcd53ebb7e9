package io.llamanode.account;

/** Something may not be held. The message tells why, as the end of a sentence. */
public final class NoRoomException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean forAnybody;

    /**
     * It may not be held.
     *
     * @param why as the end of a sentence
     * @param forAnybody whether it is more than any one may hold
     */
    NoRoomException(String why, boolean forAnybody) {
        super(why);
        this.forAnybody = forAnybody;
    }

    /** {@return whether it is more than any one may hold, so that it is no use to try again} */
    public boolean isForAnybody() {
        return forAnybody;
    }
}
