package io.llamanode.remote.http;

import io.llamanode.remote.answer.AnswerFault;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer, which comes in parts. For any thread; the handler is called with this object's lock, so that
 * nothing is told after the end.
 */
public final class Exchange {
    private final AnswerHandler handler;
    private final ScheduledExecutorService timer;
    private final long idleNanos;
    private @Nullable CompletableFuture<?> sent;
    private Flow.@Nullable Subscription subscription;
    private @Nullable ScheduledFuture<?> limit;
    private @Nullable ScheduledFuture<?> idle;
    private long lastPart;
    private boolean begun;
    private boolean over;

    Exchange(AnswerHandler handler, ScheduledExecutorService timer, long idleMs) {
        this.handler = handler;
        this.timer = timer;
        this.idleNanos = TimeUnit.MILLISECONDS.toNanos(idleMs);
    }

    /** @param limitMs until the whole answer must be there */
    synchronized void start(HttpClient client, HttpRequest request, long limitMs) {
        limit = timer.schedule(
                () -> expire("it took longer than %d ms (request_timeout_ms)".formatted(limitMs)),
                limitMs,
                TimeUnit.MILLISECONDS);
        CompletableFuture<HttpResponse<@Nullable Void>> future = client.sendAsync(request, this::begins);
        sent = future;
        future.whenComplete((response, thrown) -> {
            if (thrown != null) {
                fail(thrown);
            }
        });
    }

    private HttpResponse.BodySubscriber<@Nullable Void> begins(HttpResponse.ResponseInfo info) {
        HttpHeaders headers = info.headers();
        Head head = new Head(
                info.statusCode(),
                headers.firstValue("retry-after").map(Exchange::milliseconds).orElse(null),
                headers.firstValue("location").orElse(null));
        synchronized (this) {
            if (!over) {
                begun = true;
                lastPart = System.nanoTime();
                watchIdle(idleNanos);
                try {
                    handler.begins(head);
                } catch (AnswerFault e) {
                    end(new Trouble(Trouble.Kind.UNFIT, e.getMessage()));
                }
            }
        }
        return new Parts();
    }

    /** Seconds; a date, as some proxies send it, is as good as nothing. */
    private static @Nullable Long milliseconds(String retryAfter) {
        try {
            double seconds = Double.parseDouble(retryAfter.strip());
            return seconds >= 0 && seconds < Integer.MAX_VALUE ? (Long) (long) (seconds * 1000) : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private final class Parts implements HttpResponse.BodySubscriber<@Nullable Void> {
        private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();

        @Override
        public CompletionStage<@Nullable Void> getBody() {
            return done;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            synchronized (Exchange.this) {
                subscription = given;
                if (over) {
                    given.cancel();
                } else {
                    given.request(1);
                }
            }
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            synchronized (Exchange.this) {
                if (over) {
                    return;
                }
                lastPart = System.nanoTime();
                try {
                    buffers.forEach(handler::bytes);
                } catch (AnswerFault e) {
                    end(new Trouble(Trouble.Kind.UNFIT, e.getMessage()));
                    return;
                }
                if (!over && subscription != null) {
                    subscription.request(1);
                }
            }
        }

        @Override
        public void onError(Throwable thrown) {
            fail(thrown);
            done.complete(null);
        }

        @Override
        public void onComplete() {
            synchronized (Exchange.this) {
                if (!over) {
                    over();
                    handler.ends();
                }
            }
            done.complete(null);
        }
    }

    private synchronized void fail(Throwable thrown) {
        if (!over) {
            end(Trouble.of(thrown, begun));
        }
    }

    private synchronized void expire(String why) {
        if (!over) {
            end(new Trouble(Trouble.Kind.TIMEOUT, why));
        }
    }

    /** Looked at when it may have passed, and not moved on with each part. */
    private void watchIdle(long nanos) {
        idle = timer.schedule(this::lookForIdle, nanos, TimeUnit.NANOSECONDS);
    }

    private synchronized void lookForIdle() {
        if (over) {
            return;
        }
        long left = lastPart + idleNanos - System.nanoTime();
        if (left > 0) {
            watchIdle(left);
        } else {
            end(new Trouble(
                    Trouble.Kind.TIMEOUT,
                    "nothing of its answer came for %d ms (idle_timeout_ms)"
                            .formatted(TimeUnit.NANOSECONDS.toMillis(idleNanos))));
        }
    }

    private void end(Trouble trouble) {
        over();
        disconnect();
        handler.failed(trouble);
    }

    private void over() {
        over = true;
        if (limit != null) {
            limit.cancel(false);
        }
        if (idle != null) {
            idle.cancel(false);
        }
    }

    private void disconnect() {
        if (subscription != null) {
            subscription.cancel();
        }
        if (sent != null) {
            sent.cancel(true);
        }
    }

    /**
     * Closes the connection, if the exchange is not over; the handler hears nothing from here on.
     *
     * @return whether it was not over
     */
    public synchronized boolean close() {
        if (over) {
            return false;
        }
        over();
        disconnect();
        return true;
    }
}
