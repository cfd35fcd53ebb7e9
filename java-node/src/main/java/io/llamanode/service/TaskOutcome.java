package io.llamanode.service;

/** How a task ended. */
sealed interface TaskOutcome {
    /** @param result what it gave */
    record Success(TaskResult result) implements TaskOutcome {}

    /** @param failure why it gave nothing */
    record Failed(Failure failure) implements TaskOutcome {}

    /** {@return characters of its text, and as much as its probabilities weigh} */
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
