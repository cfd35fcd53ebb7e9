package io.llamanode.remote.http;

/** There is no answer to a request that was waited for. For any thread. */
public final class TroubleException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Trouble trouble;

    /**
     * An exchange failed.
     *
     * @param trouble why
     */
    public TroubleException(Trouble trouble) {
        super(trouble.message(), null, false, false);
        this.trouble = trouble;
    }

    /** {@return why} */
    public Trouble trouble() {
        return trouble;
    }
}
