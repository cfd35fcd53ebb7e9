package io.llamanode.engine.sampling;

/**
 * No token can be chosen; the request that asks for one fails, and no other.
 *
 * <p>Immutable: any thread.
 */
public final class SamplingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * No token can be chosen.
     *
     * @param message why
     */
    public SamplingException(String message) {
        super(message);
    }

    /**
     * A sampler failed, so that no token can be chosen.
     *
     * @param message why
     * @param cause what the sampler threw
     */
    public SamplingException(String message, Throwable cause) {
        super(message, cause);
    }

    /** {@return why no token can be chosen; never {@code null}} */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
