package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.GenerationRequest;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
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

    private int size;

    void add(GenerationRequest request) {
        levels.computeIfAbsent(request.priority(), p -> new Level()).queue.add(request.customer(), request);
        size++;
    }

    /** {@return the request whose turn it is, or {@code null}} */
    @Nullable
    GenerationRequest peek() {
        return size == 0 ? null : next().getValue().queue.peek();
    }

    /** Takes the request whose turn it is. {@return it, or {@code null}} */
    @Nullable
    GenerationRequest poll() {
        if (size == 0) {
            return null;
        }
        Map.Entry<Integer, Level> served = next();
        served.getValue().passedOver = 0;
        levels.tailMap(served.getKey(), false).values().forEach(level -> level.passedOver++);
        GenerationRequest request = served.getValue().queue.poll();
        taken(served.getKey());
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

    private void taken(int priority) {
        size--;
        if (Objects.requireNonNull(levels.get(priority)).queue.size() == 0) {
            levels.remove(priority);
        }
    }

    /** {@return the request that fits, taken out of turn, or {@code null}} */
    @Nullable
    GenerationRequest remove(Predicate<GenerationRequest> wanted) {
        for (Map.Entry<Integer, Level> level : levels.entrySet()) {
            GenerationRequest found = level.getValue().queue.remove(wanted);
            if (found != null) {
                taken(level.getKey());
                return found;
            }
        }
        return null;
    }

    /** Visits every request. */
    void forEach(Consumer<GenerationRequest> visitor) {
        levels.values().forEach(level -> level.queue.forEach(visitor));
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

    int size() {
        return size;
    }
}
