package io.llamanode.service.contract.task;

/**
 * Receives the events of one task, in order; the last is terminal.
 *
 * <p>Called by the service only: by the engine's loop thread while the answer comes, and at its end by whichever thread ends
 * the task, which has the service's lock then. So it must not block.
 */
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
