package io.llamanode.service.contract;

import org.jspecify.annotations.Nullable;

/**
 * Where the answer to a request goes; {@link #ok} or {@link #failed} is called, once, on any thread, unless the one who
 * asked has given up or is gone. An implementation must not block.
 *
 * @param <T> what a success carries
 */
public interface Reply<T> {
    /**
     * The request was answered.
     *
     * @param value the answer; {@code null} where a success carries nothing
     */
    void ok(@Nullable T value);

    /**
     * The request was refused, or what it began has failed.
     *
     * @param failure why there is none
     */
    void failed(Failure failure);

    /**
     * Says what to do if the one who asked gives up before there is an answer; the last one said counts.
     *
     * @param undo ends what only this one waits for; run at most once, on any thread
     */
    default void whenGivenUp(Runnable undo) {
        // Nobody can give up.
    }

    /** There will be no answer, since the process that asked is gone. */
    default void abandoned() {
        // Nobody minds.
    }
}
