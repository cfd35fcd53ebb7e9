package io.llamanode.service;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Reply;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A reply that a test waits for; a second answer fails the answering thread. */
final class Answer<T> implements Reply<T> {
    private final CompletableFuture<Object> answer = new CompletableFuture<>();

    private record Ok(Object value) {}

    private final CountDownLatch abandoned = new CountDownLatch(1);
    private volatile Runnable undo = () -> {};

    @Override
    public void ok(T value) {
        complete(new Ok(value));
    }

    @Override
    public void failed(Failure failure) {
        complete(failure);
    }

    @Override
    public void whenGivenUp(Runnable then) {
        undo = then;
    }

    @Override
    public void abandoned() {
        abandoned.countDown();
    }

    /** Waits until it is said that there will be no answer. */
    void awaitAbandoned() {
        try {
            if (!abandoned.await(30, TimeUnit.SECONDS)) {
                throw new AssertionError("somebody is still waited for");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** As a caller does who waits no more. */
    void giveUp() {
        undo.run();
    }

    private void complete(Object value) {
        if (!answer.complete(value)) {
            throw new AssertionError("answered twice: " + answer.join() + ", " + value);
        }
    }

    boolean given() {
        return answer.isDone();
    }

    @SuppressWarnings("unchecked")
    T value() {
        return switch (await()) {
            case Ok(Object value) -> (T) value;
            case Object other -> throw new AssertionError("expected an answer, got " + other);
        };
    }

    ErrorCode error() {
        return ((Failure) await()).code();
    }

    /** {@return whether it is this failure; waits for it} */
    boolean failedWith(ErrorCode code) {
        return await() instanceof Failure failure && failure.code() == code;
    }

    String message() {
        return ((Failure) await()).message();
    }

    /** {@return whether it is no failure; waits for it} */
    boolean isOk() {
        return await() instanceof Ok;
    }

    /** {@return what was answered; waits for it} */
    Object await() {
        try {
            return answer.get(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("no answer", e);
        }
    }
}
