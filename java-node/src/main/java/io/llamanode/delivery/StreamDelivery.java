package io.llamanode.delivery;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import io.llamanode.account.Holding;
import io.llamanode.protocol.Delivery;
import io.llamanode.protocol.Demand;
import io.llamanode.protocol.ProcessOwner;
import io.llamanode.protocol.ReplyEncoder;
import io.llamanode.protocol.Request;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.OwnerMonitor.Watch;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TaskSink;
import io.llamanode.term.LateTerm;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Hands the events of one stream to its process, as fast as that asks for them and the way to it has
 * room. Text of one kind that must wait is joined into one event. The engine is never held up: a stream whose text
 * waits beyond the limits is cancelled.
 *
 * <p>Its lock is taken inside of the service's; nothing that takes another one is called within it but
 * the non-blocking {@link Outbound}.
 */
final class StreamDelivery implements TaskSink {
    /** Bytes: of two each, in a buffer that is up to a half empty. */
    private static final long WAITING_CHARACTER = 4;
    /** Of a stream whose task has ended: itself, its places in maps, the watch of its process; bytes. */
    private static final long LINGERING = 1 << 10;

    private final Streams streams;
    private final Parts parts;
    private final OtpErlangPid process;
    private final Request.@Nullable StreamEnd end;
    private final long coalesceNanos;

    private Demand demand;
    private final Backlog waiting = new Backlog();
    /** What waits is charged to; in step with it after each change. */
    private final Holding holding;
    /** Sent so far, each kind apart: the index of the next. */
    private int chunks;

    private int reasonings;
    private long lastSent;
    private boolean timerSet;
    /** The way to the process was full; {@link #roomAgain} will be called. */
    private boolean full;

    private long taskId;
    /** Comes after the waiting text; {@code null} while the task runs. */
    private TaskEvent.@Nullable Done done;
    /** What is held besides the waiting text: the result, once there is one; bytes. */
    private long lingering;
    /** Why the stream was given up; its text is dropped from then on. */
    private @Nullable Failure givenUp;
    /** A part that had been sent could not be made: nothing is made any more but the end. */
    private volatile @Nullable Failure gap;

    private @Nullable Watch watch;
    private boolean over;

    /** Makes the event that tells a part. */
    @FunctionalInterface
    interface Parts {
        OtpErlangObject of(long task, TaskEvent part, int index);
    }

    StreamDelivery(Streams streams, Request.Stream stream) {
        this(streams, stream, ReplyEncoder::part);
    }

    /** @param parts makes the events, on the thread that writes to the process */
    StreamDelivery(Streams streams, Request.Stream stream, Parts parts) {
        this.streams = streams;
        this.parts = parts;
        this.process = stream.sink();
        this.end = stream.end();
        this.holding = streams.holding(new ProcessOwner(process));
        Delivery delivery = stream.delivery();
        this.demand = delivery.active() == null ? new Demand.All() : delivery.active();
        this.coalesceNanos = delivery.coalesceMs() == null ? 0 : TimeUnit.MILLISECONDS.toNanos(delivery.coalesceMs());
        this.lastSent = System.nanoTime() - coalesceNanos;
    }

    @Override
    public void accept(long task, TaskEvent event) {
        Failure excess = null;
        synchronized (this) {
            taskId = task;
            switch (event) {
                case TaskEvent.Chunk part -> excess = part(part);
                case TaskEvent.Reasoning part -> excess = part(part);
                case TaskEvent.ToolCall part -> excess = part(part);
                case TaskEvent.Done finished
                when givenUp == null -> {
                    done = finished;
                    flush();
                    lingerUnlessOver();
                }
                // It ended before it could be cancelled, but its text has a gap.
                case TaskEvent.Done late -> fail(givenUp);
                case TaskEvent.Failed(Failure failure) -> fail(givenUp != null ? givenUp : failure);
            }
        }
        if (excess != null) {
            // Outside of the lock: this takes the service's.
            streams.cancel(task);
        }
    }

    /** {@return why the stream must be cancelled now, or {@code null}} */
    private @Nullable Failure part(TaskEvent part) {
        if (givenUp != null) {
            return null;
        }
        waiting.add(part);
        flush();
        String why = waiting.length() > Streams.MOST_WAITING
                ? "that is more than one stream may have (%d)".formatted(Streams.MOST_WAITING)
                : charge();
        if (why == null) {
            return null;
        }
        givenUp = new Failure(
                ErrorCode.SERVER_BUSY,
                "%d characters of the stream wait for a process that does not ask for them: %s"
                        .formatted(waiting.length(), why));
        dropText();
        return givenUp;
    }

    /** {@return why no more may wait, or {@code null}} */
    private @Nullable String charge() {
        long more = held() - holding.bytes();
        // What went out at once has been taken off already.
        return more > 0 ? holding.grow(more) : null;
    }

    /** What has gone out is not held any more. */
    private void uncharge() {
        holding.set(Math.min(holding.bytes(), held()));
    }

    private long held() {
        return lingering + WAITING_CHARACTER * waiting.length();
    }

    /** What a process asks for later. */
    synchronized void ask(Demand asked) {
        demand = asked instanceof Demand.More(int more) && demand instanceof Demand.More(int left)
                ? new Demand.More((int) Math.min(Integer.MAX_VALUE, (long) left + more))
                : asked;
        flush();
    }

    /** Ends a stream whose task has ended but whose text still waits. {@return whether it was one} */
    synchronized boolean cancelIfLingering() {
        if (done == null || over) {
            return false;
        }
        fail(new Failure(ErrorCode.CANCELLED, "the task was cancelled"));
        return true;
    }

    /** Nobody is left who could take the rest. */
    synchronized void abandon() {
        if (!over) {
            dropText();
            over();
        }
    }

    private synchronized void roomAgain() {
        full = false;
        flush();
    }

    private synchronized void timeIsUp() {
        timerSet = false;
        flush();
    }

    private void flush() {
        if (over) {
            return;
        }
        while (!waiting.isEmpty()) {
            if (demand instanceof Demand.None || full || tooSoon()) {
                return;
            }
            sendPart();
        }
        if (done != null) {
            TaskResult result = done.result();
            terminal(result, whole -> ReplyEncoder.done(taskId, whole), ReplyEncoder.weight(result));
        }
    }

    private boolean tooSoon() {
        if (coalesceNanos == 0 || done != null) {
            return false;
        }
        long left = lastSent + coalesceNanos - System.nanoTime();
        if (left > 0 && !timerSet) {
            timerSet = true;
            streams.after(left, this::timeIsUp);
        }
        return left > 0;
    }

    /** Sends the next part, unless the way is full. */
    private void sendPart() {
        TaskEvent part = waiting.peek();
        long task = taskId;
        int characters = Backlog.text(part).length();
        int index = part instanceof TaskEvent.Reasoning ? reasonings : chunks;
        if (!streams.offer(process, () -> made(task, part, index), characters, this::roomAgain)) {
            full = true;
            return;
        }
        switch (part) {
            case TaskEvent.Chunk _ -> chunks++;
            case TaskEvent.Reasoning _ -> reasonings++;
            default -> {
                // A call has an index of its own.
            }
        }
        if (coalesceNanos > 0) {
            lastSent = System.nanoTime();
        }
        waiting.remove();
        uncharge();
        switch (demand) {
            case Demand.Once() -> demand = new Demand.None();
            case Demand.More(int left)
            when left == 1 -> {
                demand = new Demand.None();
                streams.outbound().send(process, Late.small(taskId, ReplyEncoder::passive));
            }
            case Demand.More(int left) -> demand = new Demand.More(left - 1);
            case Demand.All all -> {}
            case Demand.None none -> throw new IllegalStateException("an event that nobody asked for");
        }
    }

    /** Makes a part that was sent; on the thread that writes to the process. {@return {@code null} for none} */
    private @Nullable OtpErlangObject made(long task, TaskEvent part, int index) {
        if (gap != null) {
            return null;
        }
        try {
            return parts.of(task, part, index);
        } catch (RuntimeException | Error defect) {
            Failure failure = Late.unknown(defect);
            gap = failure;
            // Not by this thread, which all else that goes to the peer waits for.
            streams.after(0, () -> giveUp(failure));
            return null;
        }
    }

    /** Ends the stream, now or with its task, unless that has been told: then what is told has become this failure. */
    private void giveUp(Failure failure) {
        boolean runs;
        synchronized (this) {
            runs = !over && done == null;
            if (runs) {
                givenUp = failure;
                dropText();
            } else if (!over) {
                fail(failure);
            }
        }
        if (runs) {
            streams.cancel(taskId);
        }
    }

    private void dropText() {
        waiting.clear();
        uncharge();
    }

    private void fail(Failure failure) {
        dropText();
        terminal(failure, why -> ReplyEncoder.failed(taskId, why), ReplyEncoder.weight(failure));
    }

    private <T> void terminal(T end, Function<T, OtpErlangObject> encoded, long weight) {
        long task = taskId;
        LateTerm event = LateTerm.late(
                end,
                whole -> {
                    // Of a part that was sent before it.
                    Failure missing = gap;
                    return missing == null ? encoded.apply(whole) : ReplyEncoder.failed(task, missing);
                },
                weight,
                defect -> ReplyEncoder.failed(task, Late.unknown(defect)));
        terminal(event);
    }

    private void terminal(OtpErlangObject event) {
        // First: a process that has got the event may ask at once, and is told that the stream is gone.
        over();
        if (end == null) {
            streams.outbound().send(process, event);
        } else {
            streams.outbound().send(end.alias(), process, event);
            streams.outbound().send(end.watcher(), process, Late.small(end.alias(), ReplyEncoder::ended));
        }
    }

    /** The service watches the process for as long as the task runs, which is over. */
    private void lingerUnlessOver() {
        if (!over) {
            lingering = LINGERING + Objects.requireNonNull(done).weight();
            holding.set(held());
            Watch begun = streams.watch(new ProcessOwner(process), this::abandon);
            if (over) {
                begun.end();
            } else {
                watch = begun;
            }
        }
    }

    private void over() {
        over = true;
        holding.release();
        done = null;
        streams.remove(taskId);
        if (watch != null) {
            watch.end();
            watch = null;
        }
    }
}
