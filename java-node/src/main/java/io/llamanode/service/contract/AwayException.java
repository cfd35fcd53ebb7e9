package io.llamanode.service.contract;

/**
 * The server of a model is not there, or works on nothing now: another model may do what was asked for.
 *
 * <p>Never changes: for any thread.
 */
public final class AwayException extends FailureException {
    private static final long serialVersionUID = 1L;

    /**
     * Ends a request that no server has begun to answer.
     *
     * @param failure what the caller will be told if no other model does it
     */
    public AwayException(Failure failure) {
        super(failure);
    }
}
