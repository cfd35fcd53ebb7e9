package io.llamanode.service.contract.task;

/** Receives the events of one task, in order; the last is terminal. Must not block. */
@FunctionalInterface
public interface TaskSink {
    /**
     * @param taskId the task
     * @param event what happened
     */
    void accept(long taskId, TaskEvent event);
}
