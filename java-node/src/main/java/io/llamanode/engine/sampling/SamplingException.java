package io.llamanode.engine.sampling;

/**
 * No token can be chosen; the request that asks for one fails, and no other.
 *
 * <p>Immutable: any thread.
 */
public final class SamplingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean unusableLogits;

    /**
     * No token can be chosen.
     *
     * @param message why
     */
    public SamplingException(String message) {
        this(message, false);
    }

    private SamplingException(String message, boolean unusableLogits) {
        super(message);
        this.unusableLogits = unusableLogits;
    }

    /**
     * {@return that what the model computed is of no use}
     *
     * @param message why
     */
    static SamplingException unusable(String message) {
        return new SamplingException(message, true);
    }

    /** {@return whether the logits are to blame rather than what was asked for} */
    public boolean unusableLogits() {
        return unusableLogits;
    }

    /**
     * A sampler failed, so that no token can be chosen.
     *
     * @param message why
     * @param cause what the sampler threw
     */
    public SamplingException(String message, Throwable cause) {
        super(message, cause);
        this.unusableLogits = false;
    }

    /** {@return why no token can be chosen; never {@code null}} */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
