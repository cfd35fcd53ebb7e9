package io.llamanode.engine.schedule;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A queue that serves its customers in turn: each one's items in order, one after the other's, so
 * that a customer with a thousand items delays the others by one. Not safe for use by several threads.
 *
 * @param <T> what waits
 */
public final class FairQueue<T> {
    private final Map<Object, ArrayDeque<T>> lines = new LinkedHashMap<>();
    private int size;

    /** An empty queue. */
    public FairQueue() {}

    /**
     * Appends an item to its customer's line.
     *
     * @param customer whose item it is; compared by {@code equals}
     * @param item goes behind the customer's other items
     */
    public void add(Object customer, T item) {
        lines.computeIfAbsent(customer, c -> new ArrayDeque<>()).addLast(item);
        size++;
    }

    /** {@return the item whose turn it is, or {@code null}} */
    public @Nullable T peek() {
        return size == 0 ? null : lines.values().iterator().next().peekFirst();
    }

    /**
     * Takes the item whose turn it is; its customer goes behind the others.
     *
     * @return it, or {@code null} if there is none
     */
    public @Nullable T poll() {
        if (size == 0) {
            return null;
        }
        Iterator<Map.Entry<Object, ArrayDeque<T>>> all = lines.entrySet().iterator();
        Map.Entry<Object, ArrayDeque<T>> first = all.next();
        Object customer = first.getKey();
        ArrayDeque<T> line = first.getValue();
        all.remove();
        T item = line.removeFirst();
        size--;
        if (!line.isEmpty()) {
            lines.put(customer, line);
        }
        return item;
    }

    /**
     * Takes an item out of turn.
     *
     * @param wanted tells which
     * @return the first that fits, or {@code null}
     */
    public @Nullable T remove(Predicate<T> wanted) {
        for (Iterator<ArrayDeque<T>> all = lines.values().iterator(); all.hasNext(); ) {
            ArrayDeque<T> line = all.next();
            for (Iterator<T> items = line.iterator(); items.hasNext(); ) {
                T item = items.next();
                if (wanted.test(item)) {
                    items.remove();
                    size--;
                    if (line.isEmpty()) {
                        all.remove();
                    }
                    return item;
                }
            }
        }
        return null;
    }

    /**
     * Visits every item, each customer's in order.
     *
     * @param visitor must not change the queue
     */
    public void forEach(Consumer<T> visitor) {
        lines.values().forEach(line -> line.forEach(visitor));
    }

    /**
     * Counts who comes first, for a status: it costs time by the number of customers.
     *
     * @param customer who would add one more item
     * @return how many items would be taken before it, if no other came
     */
    public int ahead(Object customer) {
        ArrayDeque<T> own = lines.get(customer);
        int turns = own == null ? 0 : own.size();
        int ahead = turns;
        // Whoever's turn comes before the customer's own has one turn more.
        int others = turns + 1;
        for (Map.Entry<Object, ArrayDeque<T>> line : lines.entrySet()) {
            if (line.getKey().equals(customer)) {
                others = turns;
            } else {
                ahead += Math.min(others, line.getValue().size());
            }
        }
        return ahead;
    }

    /** {@return number of items} */
    public int size() {
        return size;
    }
}
