package io.llamanode.service;

import io.llamanode.account.Weight;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskResult;

/** How a task ended. */
sealed interface TaskOutcome {
    /**
     * @param result what it gave
     * @param weight of it, bytes
     */
    record Success(TaskResult result, long weight) implements TaskOutcome {}

    /** @param failure why it gave nothing */
    record Failed(Failure failure) implements TaskOutcome {}

    /** {@return bytes that it takes on the heap} */
    default long weight() {
        return switch (this) {
            case Success success -> success.weight;
            case Failed(Failure failure) -> Weight.of(failure);
        };
    }

    /** Answers a caller that wants the result. */
    default void answer(Reply<TaskResult> reply) {
        switch (this) {
            case Success(TaskResult result, long _) -> reply.ok(result);
            case Failed(Failure failure) -> reply.failed(failure);
        }
    }

    /** {@return the terminal event} */
    default TaskEvent event() {
        return switch (this) {
            case Success(TaskResult result, long weight) -> new TaskEvent.Done(result, weight);
            case Failed(Failure failure) -> new TaskEvent.Failed(failure);
        };
    }
}
