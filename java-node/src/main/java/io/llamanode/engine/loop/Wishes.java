package io.llamanode.engine.loop;

import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.contract.Wanted;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Whether anybody still wants what the loop's thread is computing: a step whose requests have all been cancelled, or are
 * past their deadlines, need not be computed to its end.
 *
 * <p>{@link #givenUp} is asked between two parts of a computation that may take a few microseconds, so it looks at a field
 * and, where every request has a deadline, now and then at the clock. Any thread cancels; the rest is for the loop's.
 */
public final class Wishes {
    /** The clock is asked once in so many times. */
    private static final int PATIENCE = 32;

    /** A wish to end a request, from when it is queued until it is granted. */
    public static final class Cancel {
        private final long requestId;
        private volatile boolean granted;

        /**
         * A wish that is not queued yet.
         *
         * @param requestId the request
         */
        public Cancel(long requestId) {
            this.requestId = requestId;
        }
    }

    private final LongSupplier clock;
    private final Set<Cancel> open = ConcurrentHashMap.newKeySet();
    private volatile List<? extends Wanted> running = List.of();
    private volatile boolean unwanted;
    /** Whether the step ends with the last of its deadlines, and when that is. */
    private volatile boolean timed;

    private volatile long deadline;
    private volatile boolean closed;
    private int asked;

    /**
     * Wishes of a loop that has no step yet.
     *
     * @param clock gives the time of deadlines, nanoseconds
     */
    public Wishes(LongSupplier clock) {
        this.clock = clock;
    }

    /**
     * A request is to end; to be told when the command for it is queued, so that it is granted once the step is over.
     *
     * @param cancel the wish
     */
    public void cancel(Cancel cancel) {
        open.add(cancel);
        if (cancel.granted) {
            open.remove(cancel);
        } else if (runs(cancel.requestId)) {
            count();
        }
    }

    /**
     * The command has run.
     *
     * @param cancel that it was for
     */
    public void granted(Cancel cancel) {
        cancel.granted = true;
        open.remove(cancel);
    }

    /** Nobody wants anything any more. */
    public void close() {
        closed = true;
        unwanted = true;
    }

    /**
     * A step begins.
     *
     * @param requests that it is for; their copy, if they change meanwhile
     */
    public void begin(List<? extends Wanted> requests) {
        running = requests;
        unwanted = closed;
        timed = false;
        count();
    }

    /** The step is over. */
    public void end() {
        running = List.of();
    }

    /** {@return whether nobody wants the step any more; once it has said so, it does until the next one begins} */
    public boolean givenUp() {
        if (timed && !unwanted && ++asked % PATIENCE == 0 && clock.getAsLong() - deadline >= 0) {
            unwanted = true;
        }
        return unwanted;
    }

    private boolean runs(long requestId) {
        return running.stream().anyMatch(request -> request.id() == requestId);
    }

    /** What several threads find out at a time, the last one knows best: wishes only become more. */
    private synchronized void count() {
        List<Wanted> wanted = new ArrayList<>(running);
        if (wanted.isEmpty()) {
            return;
        }
        if (!open.isEmpty()) {
            for (Cancel cancel : open) {
                wanted.removeIf(request -> request.id() == cancel.requestId);
            }
        }
        if (wanted.isEmpty()) {
            unwanted = true;
        } else if (wanted.stream().noneMatch(request -> request.deadline() == GenerationRequest.NO_DEADLINE)) {
            long latest = wanted.getFirst().deadline();
            for (Wanted request : wanted) {
                latest = request.deadline() - latest > 0 ? request.deadline() : latest;
            }
            deadline = latest;
            timed = true;
        }
    }
}
