package io.llamanode.service.contract;

/**
 * Carries a {@link Failure} to the place where the caller is answered.
 *
 * <p>Never changes: for any thread.
 */
public sealed class FailureException extends RuntimeException permits AwayException {
    private static final long serialVersionUID = 1L;

    private final transient Failure failure;

    /**
     * Ends a request with a failure of the wire's table.
     *
     * @param failure what the caller will be told
     */
    public FailureException(Failure failure) {
        // An expected outcome, not a defect: the stack trace would cost more than it tells.
        super(failure.code().wireName() + ": " + failure.message(), null, false, false);
        this.failure = failure;
    }

    /**
     * Ends a request with a code and a message.
     *
     * @param code the code
     * @param message the message
     */
    public FailureException(ErrorCode code, String message) {
        this(new Failure(code, message));
    }

    /** {@return what the caller will be told} */
    public Failure failure() {
        return failure;
    }

    /**
     * The commonest failure: a caller's input is malformed, unknown or out of range.
     *
     * @param message names the offending key
     * @return an {@code invalid_argument} failure
     */
    public static FailureException invalid(String message) {
        return new FailureException(ErrorCode.INVALID_ARGUMENT, message);
    }

    /**
     * What is asked for cannot be had now.
     *
     * @param message says what is in the way
     * @return a {@code server_busy} failure
     */
    public static FailureException busy(String message) {
        return new FailureException(ErrorCode.SERVER_BUSY, message);
    }
}
