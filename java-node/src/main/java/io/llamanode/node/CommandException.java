package io.llamanode.node;

import io.llamanode.service.contract.FailureException;

/** A command that ends with a message and an exit status. */
final class CommandException extends Exception {
    private static final long serialVersionUID = 1L;

    private final ExitStatus status;

    CommandException(ExitStatus status, String message) {
        super(message);
        this.status = status;
    }

    /** {@return what a configuration that fails its checks ends with} */
    static CommandException config(FailureException e) {
        return new CommandException(ExitStatus.CONFIG, e.failure().message());
    }

    ExitStatus status() {
        return status;
    }

    /** {@return what is wrong and what helps, in a sentence; never {@code null}} */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
