package io.llamanode.transport.bridge;

import io.llamanode.transport.bridge.LineReader.Line;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Lines that wait for their turn. Who brings more than the limit waits as well, as on any socket. */
final class LineQueue {
    private static final int LIMIT = 64 << 10;

    private final Deque<Line> lines = new ArrayDeque<>();
    private long waiting;
    private boolean ended;
    private volatile boolean full;

    /** {@return whether it was taken; not after {@link #end}} */
    synchronized boolean put(Line line) throws InterruptedException {
        while (waiting > LIMIT && !ended) {
            full = true;
            wait();
        }
        full = false;
        if (ended) {
            return false;
        }
        lines.add(line);
        waiting += cost(line);
        notifyAll();
        return true;
    }

    /** {@return the next line, once there is one; {@code null} behind the last} */
    synchronized @Nullable Line take() throws InterruptedException {
        while (lines.isEmpty() && !ended) {
            wait();
        }
        if (lines.isEmpty()) {
            return null;
        }
        Line line = lines.remove();
        waiting -= cost(line);
        notifyAll();
        return line;
    }

    /** {@return whether the one who brings lines waits, and so does not see the end of what they come from} */
    boolean isFull() {
        return full;
    }

    private static long cost(Line line) {
        return line instanceof Line.Text(String text) ? 64L + text.length() : 64L;
    }

    /** No line follows those that are here. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Forgets those that are here as well. */
    synchronized void clear() {
        lines.clear();
        end();
    }
}
