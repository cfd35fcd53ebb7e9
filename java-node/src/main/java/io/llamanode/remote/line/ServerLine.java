package io.llamanode.remote.line;

import io.llamanode.queue.WaitingLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The line in front of a server. For any thread; what is told to begin is told with this object's lock, and must be quick.
 *
 * @param <T> what waits and runs
 */
public final class ServerLine<T extends ServerLine.Work> {
    /** What this looks at in what waits. */
    public interface Work extends WaitingLine.Waiting {
        /** {@return whose conversation the server may have cached; 0: nobody's} */
        long cacheKey();

        /**
         * It is its turn.
         *
         * @param slot of the server, counted from 0
         */
        void begin(int slot);
    }

    /**
     * A slot at one moment.
     *
     * @param id from 0
     * @param cacheKey whose conversation it had last; 0: nobody's
     * @param task that runs on it; 0: none
     */
    public record SlotView(int id, long cacheKey, long task) {}

    private final WaitingLine<T> waiting = new WaitingLine<>();
    private final SlotTable slots;
    private int most;
    private int holds;
    private boolean closed;

    /**
     * A line in which nobody waits.
     *
     * @param most that run at once
     */
    public ServerLine(int most) {
        this.most = most;
        this.slots = new SlotTable(most);
    }

    /**
     * Adds to the line; it may begin at once.
     *
     * @param work told when it is its turn
     * @param accepted run first, unless the line is closed
     * @return whether it is in the line
     */
    public synchronized boolean add(T work, Runnable accepted) {
        if (closed) {
            return false;
        }
        accepted.run();
        waiting.add(work);
        next();
        return true;
    }

    /**
     * Takes something out of the line.
     *
     * @param id of what may wait
     * @return it, or {@code null} if it does not wait: it runs, or was never there
     */
    public synchronized @Nullable T remove(long id) {
        return waiting.remove(id);
    }

    /**
     * What ran is over.
     *
     * @param slot that it had
     */
    public synchronized void ended(int slot) {
        slots.free(slot);
        slots.resize(most);
        next();
    }

    /** Nobody begins from now on, until each of these was followed by its own {@link #release}. */
    public synchronized void hold() {
        holds++;
    }

    /** Whoever waits may begin again, unless another hold lasts. */
    public synchronized void release() {
        holds--;
        next();
    }

    /**
     * The server has another number of slots.
     *
     * @param count of them
     */
    public synchronized void resize(int count) {
        most = count;
        slots.resize(count);
        next();
    }

    /** {@return everything that waited, which waits no more} */
    public synchronized List<T> takeAll() {
        List<T> all = new ArrayList<>();
        for (T next = waiting.poll(); next != null; next = waiting.poll()) {
            all.add(next);
        }
        return all;
    }

    /** {@return everything that waited; nobody waits or begins from now on} */
    public synchronized List<T> close() {
        closed = true;
        return takeAll();
    }

    /** {@return whether nobody begins any more} */
    public synchronized boolean isClosed() {
        return closed;
    }

    /**
     * The server's cache of a conversation is worth nothing any more.
     *
     * @param cacheKey whose
     */
    public synchronized void forget(long cacheKey) {
        slots.forget(cacheKey);
    }

    /** {@return how many wait} */
    public synchronized int waiting() {
        return waiting.size();
    }

    /**
     * Counts who comes first.
     *
     * @param priority of one more
     * @param customer whose it would be
     * @return how many would begin before it
     */
    public synchronized int ahead(int priority, Object customer) {
        boolean free = slots.views().stream().anyMatch(slot -> slot.task() == 0);
        return free && holds == 0 ? 0 : waiting.ahead(priority, customer);
    }

    /** {@return how many slots there are} */
    public synchronized int size() {
        return slots.size();
    }

    /** {@return every slot} */
    public synchronized List<SlotView> slots() {
        return slots.views();
    }

    private void next() {
        while (holds == 0 && waiting.size() > 0) {
            T work = Objects.requireNonNull(waiting.peek());
            Integer slot = slots.take(work.id(), work.cacheKey(), most);
            if (slot == null) {
                return;
            }
            waiting.poll();
            work.begin(slot);
        }
    }
}
