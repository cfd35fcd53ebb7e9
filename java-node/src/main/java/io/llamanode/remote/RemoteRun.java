package io.llamanode.remote;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llamanode.remote.answer.AnswerFault;
import io.llamanode.remote.answer.Trees;
import io.llamanode.remote.http.AnswerHandler;
import io.llamanode.remote.http.Exchange;
import io.llamanode.remote.http.Head;
import io.llamanode.remote.http.Trouble;
import io.llamanode.remote.line.ServerLine;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request from its submission to its end: its place in the line, its exchanges with the server, one after the other where
 * one must be repeated, and what becomes of each.
 *
 * <p>For any thread. Its lock is held for moments, and never while the listener is told something.
 */
final class RemoteRun implements ServerLine.Work, AnswerHandler {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteRun.class);

    /** Of what a server says of an error; bytes. */
    private static final int LARGEST_ERROR = 64 << 10;

    private static final long FIRST_PAUSE_MS = 250;
    private static final long LONGEST_PAUSE_MS = 4_000;
    /** A server that leaves its answer open behind the end is not waited for longer. */
    private static final long LINGER_MS = 1_000;

    private static final int NO_SLOT = -1;

    private final RemoteModel model;
    private final RemoteRequest request;
    private final RemoteListener listener;
    private final long submitted = System.nanoTime();
    /** Of the exchange that goes on; read and written by who has its lock. */
    private AnswerSink sink;

    private ByteArrayOutputStream error = new ByteArrayOutputStream();
    private @Nullable Head head;

    // What follows is guarded by this object.
    private int slot = NO_SLOT;
    private @Nullable Exchange exchange;
    private @Nullable Future<?> pause;
    private @Nullable Future<?> deadline;
    private @Nullable Future<?> rest;
    private long begun;
    private int refusals;
    private boolean repeated;
    private boolean over;

    RemoteRun(RemoteModel model, RemoteRequest request, RemoteListener listener) {
        this.model = model;
        this.request = request;
        this.listener = listener;
        this.sink = AnswerSink.of(request, listener);
    }

    @Override
    public long id() {
        return request.id();
    }

    @Override
    public int priority() {
        return request.priority();
    }

    @Override
    public Object customer() {
        return request.customer();
    }

    @Override
    public long cacheKey() {
        return request.cacheKey();
    }

    /** Its deadline counts from now on. */
    synchronized void watchDeadline() {
        if (request.deadline() != RemoteRequest.NO_DEADLINE && !over) {
            deadline = model.later(
                    () -> stop(new Failure(ErrorCode.TIMEOUT, "the task's deadline passed")),
                    request.deadline() - System.nanoTime(),
                    TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public synchronized void begin(int given) {
        slot = given;
        if (over) {
            // Ended by somebody who did not find it in the line any more.
            release();
            return;
        }
        Thread.startVirtualThread(() -> {
            listener.begins();
            send();
        });
    }

    private void send() {
        try {
            trySend();
        } catch (RuntimeException e) {
            String id = UUID.randomUUID().toString();
            LOG.error("defect {}: {}", id, said(e.toString()));
            end(() -> listener.failed(
                    new Failure(ErrorCode.UNKNOWN, "a defect of the node; the log has it under " + id)));
        }
    }

    private synchronized void trySend() {
        if (over) {
            return;
        }
        if (begun == 0) {
            begun = System.nanoTime();
        }
        ObjectNode body = request.body();
        if (model.takesSlots() && request.isText()) {
            body = body.deepCopy();
            body.put("id_slot", slot);
        }
        long spent = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
        long limit = Math.max(1, model.timeouts().requestMs() - spent);
        exchange = model.client().send(request.path(), Trees.bytes(body), limit, this);
    }

    @Override
    public void begins(Head answer) {
        head = answer;
        if (answer.isGood()) {
            model.hasAnswered();
        }
    }

    @Override
    public void bytes(ByteBuffer bytes) {
        if (head != null && head.isGood()) {
            if (!isOver()) {
                sink.push(bytes);
                if (sink.isDone()) {
                    finish();
                } else if (sink.isComplete()) {
                    expectTheRest();
                }
            } else {
                bytes.position(bytes.limit());
            }
            return;
        }
        byte[] part = new byte[Math.min(bytes.remaining(), LARGEST_ERROR - error.size())];
        bytes.get(part);
        error.writeBytes(part);
        if (bytes.hasRemaining()) {
            throw new AnswerFault("its message is too long");
        }
    }

    /** It has said why it ended. Counts of tokens may follow, or nothing, not even the end of the body. */
    private synchronized void expectTheRest() {
        if (rest == null) {
            rest = model.later(
                    () -> Thread.startVirtualThread(this::finishWithoutTheRest), LINGER_MS, TimeUnit.MILLISECONDS);
        }
    }

    private void finishWithoutTheRest() {
        Exchange open = current();
        if (open != null && open.close()) {
            finish();
        }
    }

    @Override
    public void ends() {
        if (head == null || !head.isGood()) {
            refused();
            return;
        }
        if (isOver()) {
            return;
        }
        try {
            sink.end();
        } catch (AnswerFault e) {
            failed(new Trouble(Trouble.Kind.UNFIT, e.getMessage()));
            return;
        }
        finish();
    }

    private void finish() {
        RemoteListener.Times times = times();
        end(() -> {
            try {
                sink.tell(times);
            } catch (AnswerFault e) {
                listener.failed(failure(e.getMessage()));
            }
        });
        Exchange open = current();
        if (open != null) {
            model.later(open::close, LINGER_MS, TimeUnit.MILLISECONDS);
        }
    }

    private synchronized RemoteListener.Times times() {
        return new RemoteListener.Times(begun - submitted, System.nanoTime() - begun);
    }

    private synchronized @Nullable Exchange current() {
        return exchange;
    }

    @Override
    public void failed(Trouble trouble) {
        if (isOver()) {
            return;
        }
        if (head != null && !head.isGood()) {
            refused();
            return;
        }
        if (sink.isComplete() && trouble.kind() != Trouble.Kind.UNFIT) {
            // What was to come behind the finish reason is worth no failure.
            finish();
            return;
        }
        switch (trouble.kind()) {
            case UNREACHABLE -> {
                model.isDown(trouble);
                end(() -> listener.refused(failure(trouble.message())));
            }
            case TIMEOUT -> end(() -> listener.refused(new Failure(ErrorCode.TIMEOUT, said(trouble.message()))));
            case CLOSED -> {
                if (!repeat()) {
                    end(() -> listener.refused(failure(trouble.message())));
                }
            }
            case CUT -> end(() -> listener.refused(failure(trouble.message())));
            case UNFIT -> end(() -> listener.failed(failure(trouble.message())));
        }
    }

    /** A connection that was kept alive may have been closed by the server just when it was used. */
    private synchronized boolean repeat() {
        if (repeated || !model.keptConnections()) {
            return false;
        }
        repeated = true;
        model.lookAgain();
        again(0);
        return true;
    }

    private void again(long pauseMs) {
        pause = model.later(
                () -> Thread.startVirtualThread(() -> {
                    sink = AnswerSink.of(request, listener);
                    error = new ByteArrayOutputStream();
                    head = null;
                    send();
                }),
                pauseMs,
                TimeUnit.MILLISECONDS);
    }

    /** The server's status is no good one. */
    private void refused() {
        Refusal refusal = Refusal.of(head, error.toString(StandardCharsets.UTF_8), model.timeouts());
        if (refusal.isLater() && waitForIt(refusal)) {
            return;
        }
        if (refusal.holdMs() != null) {
            model.holdFor(refusal.holdMs());
        }
        Failure failure = new Failure(refusal.code(), said(refusal.message()));
        end(() -> {
            if (refusal.isOfServer()) {
                listener.refused(failure);
            } else {
                listener.failed(failure);
            }
        });
    }

    private synchronized boolean waitForIt(Refusal refusal) {
        long spent = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
        long pauseMs = refusal.retryMs() != null
                ? refusal.retryMs()
                : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS << Math.min(refusals, 10));
        if (over || spent + pauseMs >= model.timeouts().requestMs()) {
            return false;
        }
        if (refusals++ == 0) {
            // It loads its model, which may be another one.
            model.lookAgain();
        }
        again(pauseMs);
        return true;
    }

    /**
     * Ends it from outside, on a thread of its own: the listener is told when the connection is closed.
     *
     * @param why told to the listener
     */
    void stop(Failure why) {
        Thread.startVirtualThread(() -> stopNow(why));
    }

    /** As {@link #stop}, on the calling thread, which must hold no lock. */
    void stopNow(Failure why) {
        close(() -> listener.failed(why));
    }

    private void close(Runnable tell) {
        model.leaveLine(this);
        if (!claim()) {
            return;
        }
        // From here on nothing is sent any more.
        Exchange open = current();
        if (open != null) {
            open.close();
        }
        told(tell);
    }

    /** As {@link #stop}, because the server is down. */
    void turnAway(Failure why) {
        Thread.startVirtualThread(() -> close(() -> listener.refused(why)));
    }

    private synchronized boolean isOver() {
        return over;
    }

    /** The one end: the slot is free before it is told. */
    private void end(Runnable tell) {
        if (claim()) {
            told(tell);
        }
    }

    /** {@return whether who asks is the one who ends it} */
    private synchronized boolean claim() {
        if (over) {
            return false;
        }
        over = true;
        for (Future<?> timer : new Future<?>[] {pause, deadline, rest}) {
            if (timer != null) {
                timer.cancel(false);
            }
        }
        return true;
    }

    private void told(Runnable tell) {
        model.ended(this);
        release();
        tell.run();
    }

    private void release() {
        int had;
        synchronized (this) {
            had = slot;
            slot = NO_SLOT;
        }
        if (had != NO_SLOT) {
            model.line().ended(had);
        }
    }

    private Failure failure(String message) {
        return new Failure(ErrorCode.INFERENCE_FAILED, said(message));
    }

    private String said(String message) {
        return model.client().clean("%s: %s".formatted(model.client().url(), message));
    }
}
