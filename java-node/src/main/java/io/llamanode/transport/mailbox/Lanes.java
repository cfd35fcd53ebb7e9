package io.llamanode.transport.mailbox;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Items that wait in lanes, those of a lane in order, the lanes in turn by what their items cost: a lane that had much waits
 * until the others had as much. One that begins anew is neither owed nor owes what it did not use before, but what it had is
 * remembered as long as others wait. Every step takes time by the logarithm of the lanes.
 *
 * <p>For one thread at a time.
 *
 * @param <K> what lanes are told apart by
 * @param <T> what waits
 */
final class Lanes<K, T> {
    private record Item<T>(T what, long cost) {}

    private static final class Lane<K, T> {
        private final K key;
        private final ArrayDeque<Item<T>> items = new ArrayDeque<>();
        /** When its next item begins, in units of cost that every lane that waits has had. */
        private long start;
        /** When its last item ends. */
        private long end;
        /** Who comes first of those that begin at the same time. */
        private long order;
        /** When it can be forgotten if it is still empty; stands for {@code end} while it is in that queue. */
        private long leave;

        private boolean leaving;

        Lane(K key) {
            this.key = key;
        }
    }

    private final Map<K, Lane<K, T>> byKey = new HashMap<>();
    private final PriorityQueue<Lane<K, T>> waiting = new PriorityQueue<>(
            Comparator.<Lane<K, T>>comparingLong(lane -> lane.start).thenComparingLong(lane -> lane.order));
    private final PriorityQueue<Lane<K, T>> leaving =
            new PriorityQueue<>(Comparator.<Lane<K, T>>comparingLong(lane -> lane.leave));
    private long now;
    private long orders;

    /**
     * Appends an item to its lane.
     *
     * @param key of the lane
     * @param item what is to wait
     * @param cost 0 for what comes before everything that costs more
     */
    void add(K key, T item, long cost) {
        Lane<K, T> lane = byKey.computeIfAbsent(key, Lane::new);
        lane.items.add(new Item<>(item, cost));
        if (lane.items.size() == 1) {
            lane.start = Math.max(now, lane.end);
            lane.order = orders++;
            waiting.add(lane);
        }
    }

    /** {@return the item whose turn it is, which waits no longer; {@code null} if there is none} */
    @Nullable
    T poll() {
        Lane<K, T> lane = waiting.poll();
        if (lane == null) {
            return null;
        }
        Item<T> item = lane.items.remove();
        now = lane.start;
        lane.end = lane.start + item.cost();
        if (!lane.items.isEmpty()) {
            lane.start = lane.end;
            lane.order = orders++;
            waiting.add(lane);
        } else if (waiting.isEmpty()) {
            // Nobody is there who could have been kept waiting.
            byKey.clear();
            leaving.clear();
            now = 0;
        } else {
            leave(lane);
        }
        forget();
        return item.what();
    }

    private void leave(Lane<K, T> lane) {
        if (!lane.leaving) {
            lane.leaving = true;
            lane.leave = lane.end;
            leaving.add(lane);
        }
    }

    private void forget() {
        for (Lane<K, T> lane = leaving.peek(); lane != null && lane.leave <= now; lane = leaving.peek()) {
            leaving.remove();
            lane.leaving = false;
            if (lane.items.isEmpty() && lane.end <= now) {
                byKey.remove(lane.key);
            } else if (lane.items.isEmpty()) {
                leave(lane);
            }
        }
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** {@return how many lanes are remembered} */
    int size() {
        return byKey.size();
    }
}
