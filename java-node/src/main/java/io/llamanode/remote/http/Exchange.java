package io.llamanode.remote.http;

import io.llamanode.remote.answer.AnswerFault;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
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
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request and its answer, which comes in parts. For any thread; the handler is called with this object's lock, so that
 * nothing is told after the end.
 */
public final class Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

    private final AnswerHandler handler;
    private final ScheduledExecutorService timer;
    private final UnaryOperator<String> clean;
    private final Runnable notHttp;
    private final @Nullable URI proxy;
    private final long idleNanos;
    private @Nullable CompletableFuture<?> sent;
    private Flow.@Nullable Subscription subscription;
    private @Nullable ScheduledFuture<?> limit;
    private @Nullable ScheduledFuture<?> idle;
    private long lastPart;
    private boolean begun;
    private boolean over;

    /**
     * @param clean strikes what is secret out of what is logged
     * @param notHttp run if something else than HTTP came
     * @param proxy that connects, or {@code null}
     * @param idleMs between two parts of the answer
     */
    Exchange(
            AnswerHandler handler,
            ScheduledExecutorService timer,
            UnaryOperator<String> clean,
            Runnable notHttp,
            @Nullable URI proxy,
            long idleMs) {
        this.handler = handler;
        this.clean = clean;
        this.notHttp = notHttp;
        this.proxy = proxy;
        this.timer = timer;
        this.idleNanos = TimeUnit.MILLISECONDS.toNanos(idleMs);
    }

    /**
     * @param limitMs until the whole answer must be there
     * @param late said if it is not
     */
    synchronized void start(HttpClient client, HttpRequest request, long limitMs, String late) {
        limit = timer.schedule(() -> expire(late), limitMs, TimeUnit.MILLISECONDS);
        CompletableFuture<HttpResponse<@Nullable Void>> future = client.sendAsync(request, this::begins);
        sent = future;
        future.whenComplete((response, thrown) -> {
            if (thrown != null) {
                fail(thrown);
            }
        });
    }

    private HttpResponse.BodySubscriber<@Nullable Void> begins(HttpResponse.ResponseInfo info) {
        synchronized (this) {
            if (!over) {
                begun = true;
                lastPart = System.nanoTime();
                watchIdle(idleNanos);
                take(() -> {
                    Head head = Heads.of(info);
                    handler.begins(head);
                    if (head.isGood() && head.coding() != null) {
                        throw new AnswerFault(
                                "its answer is packed with %s, which was not asked for".formatted(head.coding()));
                    }
                });
            }
        }
        return new Parts();
    }

    /** What a handler throws ends the exchange. Nothing of this may reach the client, which would tell nobody. */
    private void take(Runnable part) {
        try {
            part.run();
        } catch (AnswerFault e) {
            end(new Trouble(Trouble.Kind.UNFIT, e.getMessage()));
        } catch (RuntimeException e) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            // The message may repeat what the server said.
            LOG.error("reading an answer failed: {}", clean.apply(trace.toString()));
            end(new Trouble(Trouble.Kind.UNFIT, "its answer could not be read: " + e));
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
                take(() -> buffers.forEach(handler::bytes));
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
            Trouble trouble = Trouble.of(thrown, begun, proxy);
            if (trouble.kind() == Trouble.Kind.UNFIT) {
                notHttp.run();
            }
            end(trouble);
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
