package io.llamanode.transport.bridge;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskSink;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a task has told and its client has not been written yet. The service puts without waiting; what
 * does not fit is dropped, and the task should be cancelled then. The end always fits.
 */
final class TokenQueue implements TaskSink {
    private static final Failure CANCELLED = new Failure(ErrorCode.CANCELLED, "the task was cancelled");

    private final Deque<String> tokens = new ArrayDeque<>();
    private final int limit;
    private final LongConsumer overflow;
    private final BooleanSupplier wanted;
    private long queued;
    private boolean overflowed;
    private boolean dropped;
    private @Nullable TaskEvent end;
    /** Id of the task until it was told, then 0. */
    private long begun;

    /** What comes next. */
    sealed interface Item {
        /** @param task that has begun; comes first, unless it was refused */
        record Begun(long task) implements Item {}

        /** @param text whole code points */
        record Token(String text) implements Item {}

        /**
         * @param event the terminal event
         * @param lost whether tokens were dropped
         */
        record End(TaskEvent event, boolean lost) implements Item {}
    }

    /**
     * @param limit characters that may wait
     * @param overflow told the task once, when a token had to be dropped; must not wait
     * @param wanted whether anything is to be done for a token; of others nobody is woken
     */
    TokenQueue(int limit, LongConsumer overflow, BooleanSupplier wanted) {
        this.limit = limit;
        this.overflow = overflow;
        this.wanted = wanted;
    }

    @Override
    public void accept(long taskId, TaskEvent event) {
        boolean first = false;
        synchronized (this) {
            if (event.isTerminal()) {
                end = event;
            } else if (!(event instanceof TaskEvent.Chunk(String content))) {
                // A line carries text only; reasoning and calls come with the result.
                return;
            } else if (dropped || !wanted.getAsBoolean()) {
                return;
            } else if (overflowed || queued > limit) {
                first = !overflowed;
                overflowed = true;
            } else {
                tokens.add(content);
                queued += content.length();
            }
            notifyAll();
        }
        if (first) {
            overflow.accept(taskId);
        }
    }

    /** The task is made; before any of its events. */
    synchronized void begun(long task) {
        begun = task;
        notifyAll();
    }

    /** The task was cancelled: what waits is not told any more, and it ends with that even if it had ended before. */
    synchronized void cancelled() {
        dropped = true;
        tokens.clear();
        queued = 0;
        if (end != null) {
            end = new TaskEvent.Failed(CANCELLED);
        }
    }

    /** The task was refused before it began. */
    synchronized void refused(Failure failure) {
        end = new TaskEvent.Failed(failure);
        notifyAll();
    }

    /** {@return the next item, once there is one; after the end there is none} */
    synchronized Item next() throws InterruptedException {
        while (begun == 0 && tokens.isEmpty() && end == null) {
            wait();
        }
        if (begun != 0) {
            Item first = new Item.Begun(begun);
            begun = 0;
            return first;
        }
        String token = tokens.poll();
        if (token != null) {
            queued -= token.length();
            return new Item.Token(token);
        }
        return new Item.End(Objects.requireNonNull(end), overflowed);
    }
}
