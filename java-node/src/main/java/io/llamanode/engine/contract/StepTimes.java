package io.llamanode.engine.contract;

/**
 * Where the time of an engine's steps went, in nanoseconds since its start.
 *
 * <p>Immutable: any thread.
 *
 * @param schedule commands of callers, deadlines, admission and plans
 * @param decode in the runner without sampling
 * @param sample of logits to tokens
 * @param output text, listeners and the snapshot
 */
public record StepTimes(long schedule, long decode, long sample, long output) {
    /** Nothing yet. */
    public static final StepTimes NONE = new StepTimes(0, 0, 0, 0);

    /**
     * {@return these and more}
     *
     * @param scheduled to schedule
     * @param decoded to decode
     * @param sampled to sample
     * @param told to output
     */
    public StepTimes plus(long scheduled, long decoded, long sampled, long told) {
        return new StepTimes(schedule + scheduled, decode + decoded, sample + sampled, output + told);
    }
}
