package io.llamanode.service;

/** What a task tells its sink: any number of chunks, then exactly one terminal event. */
public sealed interface TaskEvent {
    /**
     * More text.
     *
     * @param content whole code points
     * @param index 0, 1, 2, ... without gaps
     */
    record Chunk(String content, int index) implements TaskEvent {}

    /**
     * The task finished.
     *
     * @param result the whole result
     */
    record Done(TaskOutput result) implements TaskEvent {}

    /**
     * The task failed or was cancelled.
     *
     * @param failure why
     */
    record Failed(Failure failure) implements TaskEvent {}
}
