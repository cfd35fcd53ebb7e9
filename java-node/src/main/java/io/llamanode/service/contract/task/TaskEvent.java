package io.llamanode.service.contract.task;

import io.llamanode.service.contract.Failure;

/**
 * What a task tells its sink: any number of parts of the answer, then exactly one terminal event.
 *
 * <p>Never changes: for any thread.
 */
public sealed interface TaskEvent {
    /**
     * More text.
     *
     * @param content whole code points
     */
    record Chunk(String content) implements TaskEvent {}

    /**
     * More of what the model thinks before it answers.
     *
     * @param content whole code points
     */
    record Reasoning(String content) implements TaskEvent {}

    /**
     * More of a call of a tool. It counts only when the result has it.
     *
     * @param index of the call in the answer, from 0
     * @param id of the call
     * @param name of the tool
     * @param delta more of the arguments' JSON text; may be empty
     */
    record ToolCall(int index, String id, String name, String delta) implements TaskEvent {}

    /**
     * The task finished.
     *
     * @param result the whole result
     * @param weight of it on the heap, bytes
     */
    record Done(TaskResult result, long weight) implements TaskEvent {}

    /**
     * The task failed or was cancelled.
     *
     * @param failure why
     */
    record Failed(Failure failure) implements TaskEvent {}

    /** {@return whether it is the terminal event} */
    default boolean isTerminal() {
        return this instanceof Done || this instanceof Failed;
    }
}
