package io.llamanode.queue;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What waits for a place to run. Higher priorities go first, and within one the customers in turn. A priority that
 * was passed over {@value #PATIENCE} times goes next, so that a customer with a thousand urgent requests slows the
 * others down but never stops them. Not safe for use by several threads.
 *
 * @param <T> what waits
 */
public final class WaitingLine<T extends WaitingLine.Waiting> {
    private static final int PATIENCE = 4;

    /** What this looks at in what waits. */
    public interface Waiting {
        /** {@return what tells it from all others} */
        long id();

        /** {@return higher ones go first} */
        int priority();

        /** {@return whose it is; compared by {@code equals}} */
        Object customer();
    }

    private static final class Level<T> {
        final FairQueue<T> queue = new FairQueue<>();
        int passedOver;
    }

    /** Highest priority first; none is empty. */
    private final TreeMap<Integer, Level<T>> levels = new TreeMap<>(Comparator.reverseOrder());

    /** Where each request waits, by its id. */
    private final Map<Long, Place> places = new HashMap<>();

    private record Place(int priority, FairQueue.Place inLevel) {}

    /** An empty line. */
    public WaitingLine() {}

    /**
     * Appends to the line.
     *
     * @param request goes behind others of its customer and priority
     */
    public void add(T request) {
        Level<T> level = levels.computeIfAbsent(request.priority(), p -> new Level<>());
        places.put(request.id(), new Place(request.priority(), level.queue.add(request.customer(), request)));
    }

    /** {@return the request whose turn it is, or {@code null}} */
    public @Nullable T peek() {
        return places.isEmpty() ? null : next().getValue().queue.peek();
    }

    /**
     * Takes the request whose turn it is.
     *
     * @return it, or {@code null}
     */
    public @Nullable T poll() {
        if (places.isEmpty()) {
            return null;
        }
        Map.Entry<Integer, Level<T>> served = next();
        served.getValue().passedOver = 0;
        levels.tailMap(served.getKey(), false).values().forEach(level -> level.passedOver++);
        T request = Objects.requireNonNull(served.getValue().queue.poll());
        places.remove(request.id());
        leave(served.getKey(), served.getValue());
        return request;
    }

    private Map.Entry<Integer, Level<T>> next() {
        Map.Entry<Integer, Level<T>> next = levels.firstEntry();
        for (Map.Entry<Integer, Level<T>> level : levels.entrySet()) {
            int passedOver = level.getValue().passedOver;
            if (passedOver >= PATIENCE && passedOver > next.getValue().passedOver) {
                next = level;
            }
        }
        return next;
    }

    private void leave(int priority, Level<T> level) {
        if (level.queue.size() == 0) {
            levels.remove(priority);
        }
    }

    /**
     * Takes a request out of turn.
     *
     * @param requestId of it
     * @return it, or {@code null} if it does not wait
     */
    public @Nullable T remove(long requestId) {
        Place place = places.remove(requestId);
        if (place == null) {
            return null;
        }
        Level<T> level = Objects.requireNonNull(levels.get(place.priority()));
        T request = level.queue.remove(place.inLevel());
        leave(place.priority(), level);
        return request;
    }

    /**
     * Counts who comes first.
     *
     * @param priority of one more request
     * @param customer whose it would be
     * @return how many requests would be served before it, if no other came
     */
    public int ahead(int priority, Object customer) {
        int ahead = 0;
        for (Map.Entry<Integer, Level<T>> level : levels.headMap(priority, true).entrySet()) {
            FairQueue<T> queue = level.getValue().queue;
            ahead += level.getKey() > priority ? queue.size() : queue.ahead(customer);
        }
        return ahead;
    }

    /**
     * {@return whether anybody waits but this customer}
     *
     * @param customer compared by {@code equals}
     */
    public boolean hasOthersThan(Object customer) {
        for (Level<T> level : levels.values()) {
            if (level.queue.hasOthersThan(customer)) {
                return true;
            }
        }
        return false;
    }

    /** {@return number of requests} */
    public int size() {
        return places.size();
    }
}
