package io.llamanode.node;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a process still does anything but collect garbage. It is told of each collection that stops all threads,
 * and goes by those of the whole heap: it looks back from the end of one to the end of an earlier one, over {@link #SPAN}
 * and at least {@link #FEWEST} of them. A process whose collections took {@link #SHARE} of that time, while none of them
 * left {@link #ROOM} of the heap free, will not recover by going on: there is next to nothing to collect.
 *
 * <p>One long collection proves nothing, since it is as long for a process that was suspended; nor does a whole one that
 * gave much back, and all that went before it is forgotten then. For one thread.
 */
final class CollectionLimit {
    /** How far back it looks at least, so that what passes quickly is let pass. */
    static final Duration SPAN = Duration.ofSeconds(5);
    /** Collections of the whole heap within what it looks at. */
    static final int FEWEST = 3;
    /** Percent of the time that is too much for collections. */
    static final int SHARE = 90;
    /** Percent of the heap that must be free behind a collection of the whole. */
    static final int ROOM = 10;

    /**
     * A collection for which all threads stood still.
     *
     * @param start milliseconds, of any clock that goes on evenly
     * @param end the same
     * @param whole whether it was one of the whole heap
     * @param used bytes of the heap behind it
     */
    record Collection(long start, long end, boolean whole, long used) {}

    /**
     * A limit is passed.
     *
     * @param span what was looked at
     * @param collecting how much of that went into collections
     * @param used bytes of the heap behind the last one
     * @param heap bytes it may have
     */
    record Overhead(Duration span, Duration collecting, long used, long heap) {}

    /** The end of a collection of the whole heap, and how long all collections had taken until then, milliseconds. */
    private record Mark(long end, long collecting) {}

    private final long heap;
    private final Deque<Mark> marks = new ArrayDeque<>();
    private long collecting;

    /** @param heap bytes that it may have at most */
    CollectionLimit(long heap) {
        this.heap = heap;
    }

    /**
     * Takes note of a collection.
     *
     * @param collection the next one; they come in order
     * @return by how much the limit is passed; {@code null} as long as it is not
     */
    @Nullable
    Overhead add(Collection collection) {
        collecting += collection.end() - collection.start();
        if (!collection.whole()) {
            return null;
        }
        long now = collection.end();
        if (heap - collection.used() >= heap / 100 * ROOM) {
            marks.clear();
        }
        marks.add(new Mark(now, collecting));
        Mark from = lookBack(now);
        if (from == null) {
            return null;
        }
        long span = now - from.end();
        long within = collecting - from.collecting();
        return within * 100 < span * SHARE
                ? null
                : new Overhead(Duration.ofMillis(span), Duration.ofMillis(within), collection.used(), heap);
    }

    /** {@return the latest mark from which it may look, without those before it; {@code null} if there is none yet} */
    private @Nullable Mark lookBack(long now) {
        Mark from = null;
        while (marks.size() > FEWEST && now - marks.getFirst().end() >= SPAN.toMillis()) {
            from = marks.removeFirst();
        }
        if (from != null) {
            // It is the one to look from until a later one is far enough back.
            marks.addFirst(from);
        }
        return from;
    }
}
