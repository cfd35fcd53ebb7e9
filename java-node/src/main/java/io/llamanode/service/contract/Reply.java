package io.llamanode.service.contract;

import org.jspecify.annotations.Nullable;

/**
 * Where the answer to a request goes; exactly one method is called, once, on any thread. An
 * implementation must not block.
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
}
