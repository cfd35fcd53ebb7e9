package io.llamanode.remote;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.remote.answer.RemoteAnswer;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.task.TaskEvent;

/**
 * Hears of one request: the parts of its answer, then exactly one end, when it holds no slot and no connection any more. Called by
 * one thread at a time, which it must not keep.
 */
public interface RemoteListener {
    /** The request has its first slot. */
    default void begins() {}

    /**
     * More of the answer.
     *
     * @param part never terminal
     */
    default void part(TaskEvent part) {
        throw new IllegalStateException("a part of a value");
    }

    /**
     * The answer takes more memory.
     *
     * @param bytes that it takes on the heap
     * @return whether it may; if not, the request fails
     */
    boolean holds(long bytes);

    /**
     * The answer to a request for text is whole.
     *
     * @param answer of the server
     * @param times of the request
     */
    default void finished(RemoteAnswer answer, Times times) {
        throw new IllegalStateException("a text in place of a value");
    }

    /**
     * The answer to a request for a value is whole.
     *
     * @param value of the server
     * @param times of the request
     */
    default void finished(JsonNode value, Times times) {
        throw new IllegalStateException("a value in place of a text");
    }

    /**
     * There is no answer.
     *
     * @param failure why; {@code cancelled} if that was asked for
     */
    void failed(Failure failure);

    /**
     * There is no answer, as the server is not there, or works on nothing now; parts of one may have been told.
     *
     * @param failure why
     */
    default void refused(Failure failure) {
        failed(failure);
    }

    /**
     * Durations of a request, in nanoseconds.
     *
     * @param queued from the submission until it was sent
     * @param answered from then to the end of the answer
     */
    record Times(long queued, long answered) {}
}
