package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.GenerationRequest;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait for a slot. Higher priorities go first, and within one the customers in turn. A priority that
 * was passed over {@value #PATIENCE} times goes next, so that a customer with a thousand urgent requests slows the
 * others down but never stops them.
 */
final class WaitingLine {
    private static final int PATIENCE = 4;

    private static final class Level {
        final FairQueue<GenerationRequest> queue = new FairQueue<>();
        int passedOver;
    }

    /** Highest priority first; none is empty. */
    private final TreeMap<Integer, Level> levels = new TreeMap<>(Comparator.reverseOrder());

    /** Where each request waits, by its id. */
    private final Map<Long, Place> places = new HashMap<>();

    private record Place(int priority, FairQueue.Place inLevel) {}

    void add(GenerationRequest request) {
        Level level = levels.computeIfAbsent(request.priority(), p -> new Level());
        places.put(request.id(), new Place(request.priority(), level.queue.add(request.customer(), request)));
    }

    /** {@return the request whose turn it is, or {@code null}} */
    @Nullable
    GenerationRequest peek() {
        return places.isEmpty() ? null : next().getValue().queue.peek();
    }

    /** Takes the request whose turn it is. {@return it, or {@code null}} */
    @Nullable
    GenerationRequest poll() {
        if (places.isEmpty()) {
            return null;
        }
        Map.Entry<Integer, Level> served = next();
        served.getValue().passedOver = 0;
        levels.tailMap(served.getKey(), false).values().forEach(level -> level.passedOver++);
        GenerationRequest request =
                Objects.requireNonNull(served.getValue().queue.poll());
        places.remove(request.id());
        leave(served.getKey(), served.getValue());
        return request;
    }

    private Map.Entry<Integer, Level> next() {
        Map.Entry<Integer, Level> next = levels.firstEntry();
        for (Map.Entry<Integer, Level> level : levels.entrySet()) {
            int passedOver = level.getValue().passedOver;
            if (passedOver >= PATIENCE && passedOver > next.getValue().passedOver) {
                next = level;
            }
        }
        return next;
    }

    private void leave(int priority, Level level) {
        if (level.queue.size() == 0) {
            levels.remove(priority);
        }
    }

    /** {@return the request, taken out of turn, or {@code null} if it does not wait} */
    @Nullable
    GenerationRequest remove(long requestId) {
        Place place = places.remove(requestId);
        if (place == null) {
            return null;
        }
        Level level = Objects.requireNonNull(levels.get(place.priority()));
        GenerationRequest request = level.queue.remove(place.inLevel());
        leave(place.priority(), level);
        return request;
    }

    /** {@return how many requests would be served before one more of this customer, if no other came} */
    int ahead(int priority, Object customer) {
        int ahead = 0;
        for (Map.Entry<Integer, Level> level : levels.headMap(priority, true).entrySet()) {
            FairQueue<GenerationRequest> queue = level.getValue().queue;
            ahead += level.getKey() > priority ? queue.size() : queue.ahead(customer);
        }
        return ahead;
    }

    /** {@return whether anybody waits but this customer} */
    boolean hasOthersThan(Object customer) {
        for (Level level : levels.values()) {
            if (level.queue.hasOthersThan(customer)) {
                return true;
            }
        }
        return false;
    }

    int size() {
        return places.size();
    }
}
