package io.llamanode.transport.bridge;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Reply;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** An answer of the service, for a thread that waits for it. */
final class Awaited<T> implements Reply<T> {
    private static final Failure GONE = new Failure(ErrorCode.CANCELLED, "the client is gone");

    private final CompletableFuture<@Nullable T> answer = new CompletableFuture<>();

    @Override
    public void ok(@Nullable T value) {
        answer.complete(value);
    }

    @Override
    public void failed(Failure failure) {
        answer.completeExceptionally(failure.asException());
    }

    @Override
    public void abandoned() {
        failed(GONE);
    }

    /**
     * {@return the answer, once it is there}
     *
     * @throws FailureException if it is a failure
     */
    @Nullable
    T get() {
        try {
            return answer.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof FailureException failure) {
                throw failure;
            }
            throw e;
        }
    }
}
