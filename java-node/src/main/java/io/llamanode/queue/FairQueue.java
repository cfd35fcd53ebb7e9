package io.llamanode.queue;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A queue that serves its customers in turn: each one's items in order, one after the other's, so
 * that a customer with a thousand items delays the others by one. Not safe for use by several threads.
 *
 * @param <T> what waits
 */
public final class FairQueue<T> {
    /** Each customer's items by number, which is their order too: an item is taken out of turn without a search. */
    private final Map<Object, LinkedHashMap<Long, T>> lines = new LinkedHashMap<>();

    private long lastNumber;
    private int size;

    /**
     * Where an item waits.
     *
     * @param customer whose it is
     * @param number of the item, never used again
     */
    public record Place(Object customer, long number) {}

    /** An empty queue. */
    public FairQueue() {}

    /**
     * Appends an item to its customer's line.
     *
     * @param customer whose item it is; compared by {@code equals}
     * @param item goes behind the customer's other items
     * @return what {@link #remove} takes it out by
     */
    public Place add(Object customer, T item) {
        Place place = new Place(customer, ++lastNumber);
        lines.computeIfAbsent(customer, c -> new LinkedHashMap<>()).put(place.number(), item);
        size++;
        return place;
    }

    /** {@return the item whose turn it is, or {@code null}} */
    public @Nullable T peek() {
        return size == 0 ? null : lines.values().iterator().next().firstEntry().getValue();
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
        Iterator<Map.Entry<Object, LinkedHashMap<Long, T>>> all =
                lines.entrySet().iterator();
        Map.Entry<Object, LinkedHashMap<Long, T>> first = all.next();
        Object customer = first.getKey();
        LinkedHashMap<Long, T> line = first.getValue();
        all.remove();
        T item = line.pollFirstEntry().getValue();
        size--;
        if (!line.isEmpty()) {
            lines.put(customer, line);
        }
        return item;
    }

    /**
     * Takes an item out of turn, at the same cost however many wait.
     *
     * @param place where it was put
     * @return the item, or {@code null} if it waits no more
     */
    public @Nullable T remove(Place place) {
        LinkedHashMap<Long, T> line = lines.get(place.customer());
        T item = line == null ? null : line.remove(place.number());
        if (line != null && item != null) {
            size--;
            if (line.isEmpty()) {
                lines.remove(place.customer());
            }
        }
        return item;
    }

    /**
     * Counts who comes first, for a status: it costs time by the number of customers.
     *
     * @param customer who would add one more item
     * @return how many items would be taken before it, if no other came
     */
    public int ahead(Object customer) {
        LinkedHashMap<Long, T> own = lines.get(customer);
        int turns = own == null ? 0 : own.size();
        int ahead = turns;
        // Whoever's turn comes before the customer's own has one turn more.
        int others = turns + 1;
        for (Map.Entry<Object, LinkedHashMap<Long, T>> line : lines.entrySet()) {
            if (line.getKey().equals(customer)) {
                others = turns;
            } else {
                ahead += Math.min(others, line.getValue().size());
            }
        }
        return ahead;
    }

    /**
     * {@return whether an item waits that is not this customer's}
     *
     * @param customer compared by {@code equals}
     */
    public boolean hasOthersThan(Object customer) {
        return lines.size() > (lines.containsKey(customer) ? 1 : 0);
    }

    /** {@return number of items} */
    public int size() {
        return size;
    }
}
