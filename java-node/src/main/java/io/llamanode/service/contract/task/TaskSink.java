package io.llamanode.service.contract.task;

/** Receives the events of one task, in order; the last is terminal. Must not block. */
@FunctionalInterface
public interface TaskSink {
    /**
     * Takes the next event of a task. Those of one task come in order, and the terminal one is the last.
     *
     * @param taskId the task
     * @param event what happened
     */
    void accept(long taskId, TaskEvent event);
}
