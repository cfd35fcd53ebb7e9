package io.llamanode.node;

import io.llamanode.service.contract.FailureException;

/** What the process ends for: a message for people, and an exit status. For any thread. */
public final class ExitException extends Exception {
    private static final long serialVersionUID = 1L;

    private final ExitStatus status;

    /**
     * The process is to end with a status of its own and a sentence for whoever started it.
     *
     * @param status the process's
     * @param message one sentence that names what is wrong and what helps
     */
    public ExitException(ExitStatus status, String message) {
        super(message);
        this.status = status;
    }

    /**
     * A configuration was refused: the message stays, and the status becomes {@link ExitStatus#CONFIG}.
     *
     * @param e of a configuration
     * @return what a configuration that fails its checks ends with
     */
    public static ExitException config(FailureException e) {
        return new ExitException(ExitStatus.CONFIG, e.failure().message());
    }

    /** {@return the process's exit status} */
    public ExitStatus status() {
        return status;
    }

    /** {@return what is wrong and what helps, in a sentence; never {@code null}} */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
