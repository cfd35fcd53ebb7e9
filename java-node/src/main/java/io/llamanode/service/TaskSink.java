package io.llamanode.service;

import io.llamanode.engine.loop.StepOutput;

/** Receives the events of one task, in order; the last is terminal. Must not block. */
@FunctionalInterface
public interface TaskSink {
    /**
     * @param taskId the task
     * @param event what happened
     */
    void accept(long taskId, TaskEvent event);

    /**
     * Runs an action once for all events that are handed out together: after the last of them, or at once on a thread
     * that hands out none.
     *
     * @param action must not throw; the same object is run once
     */
    static void afterwards(Runnable action) {
        StepOutput.afterwards(action);
    }
}
