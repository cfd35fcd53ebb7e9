package io.llamanode.service;

import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskResult;

/** How a task ended. */
sealed interface TaskOutcome {
    /** @param result what it gave */
    record Success(TaskResult result) implements TaskOutcome {}

    /** @param failure why it gave nothing */
    record Failed(Failure failure) implements TaskOutcome {}

    /** {@return about how many characters its text would have} */
    default long length() {
        return switch (this) {
            case Success(TaskResult result) -> result.length();
            case Failed(Failure failure) -> failure.message().length();
        };
    }

    /** Answers a caller that wants the result. */
    default void answer(Reply<TaskResult> reply) {
        switch (this) {
            case Success(TaskResult result) -> reply.ok(result);
            case Failed(Failure failure) -> reply.failed(failure);
        }
    }

    /** {@return the terminal event} */
    default TaskEvent event() {
        return switch (this) {
            case Success(TaskResult result) -> new TaskEvent.Done(result);
            case Failed(Failure failure) -> new TaskEvent.Failed(failure);
        };
    }
}
