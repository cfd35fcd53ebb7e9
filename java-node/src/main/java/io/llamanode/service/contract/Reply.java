package io.llamanode.service.contract;

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
     * @param value the answer
     */
    void ok(T value);

    /**
     * The request was refused, or what it began has failed.
     *
     * @param failure why there is none
     */
    void failed(Failure failure);
}
