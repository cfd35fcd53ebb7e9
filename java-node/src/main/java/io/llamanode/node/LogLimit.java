package io.llamanode.node;

import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * Lets so many log lines of one kind pass within a while, and counts the others: who sends a hundred thousand bad messages
 * fills neither the log nor the queue to the parent.
 *
 * <p>For any thread.
 *
 * @param <K> what makes lines one kind
 */
final class LogLimit<K> {
    /** Runs something once a while has passed. */
    @FunctionalInterface
    interface Later {
        void run(Runnable action);
    }

    private static final class Count {
        int passed;
        long held;
    }

    private final int most;
    private final Later later;
    private final BiConsumer<K, Long> told;
    private final Map<K, Count> counts = new HashMap<>();

    /**
     * @param most lines of one kind within a while
     * @param later runs something at the end of a while that begins now
     * @param told hears at the end of a while how many lines of a kind were held back, if any
     */
    LogLimit(int most, Later later, BiConsumer<K, Long> told) {
        this.most = most;
        this.later = later;
        this.told = told;
    }

    /** {@return whether a line of this kind passes} */
    boolean passes(K kind) {
        boolean begins;
        boolean passes;
        synchronized (counts) {
            Count count = counts.get(kind);
            begins = count == null;
            if (count == null) {
                count = new Count();
                counts.put(kind, count);
            }
            passes = count.passed < most;
            if (passes) {
                count.passed++;
            } else {
                count.held++;
            }
        }
        if (begins) {
            later.run(() -> end(kind));
        }
        return passes;
    }

    private void end(K kind) {
        long held;
        synchronized (counts) {
            Count ended = counts.remove(kind);
            held = ended == null ? 0 : ended.held;
        }
        if (held > 0) {
            told.accept(kind, held);
        }
    }
}
