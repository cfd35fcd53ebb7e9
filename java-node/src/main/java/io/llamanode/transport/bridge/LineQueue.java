package io.llamanode.transport.bridge;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Commands that wait for their turn. Who brings more than the limit waits as well, as on any socket. */
final class LineQueue {
    private static final int LIMIT = 64 << 10;

    /** What an entry takes besides its text. */
    private static final int ENTRY = 64;

    private final Deque<Entry> entries = new ArrayDeque<>();
    private long waiting;
    private boolean ended;
    /** Whether somebody does what was taken last. */
    private boolean busy;

    private volatile boolean full;

    /**
     * @param command that waits
     * @param length of its line
     */
    private record Entry(Command command, int length) {}

    /** {@return whether it was taken; not after {@link #end}} */
    synchronized boolean put(Command command, int length) throws InterruptedException {
        while (waiting > LIMIT && !ended) {
            full = true;
            wait();
        }
        full = false;
        if (ended) {
            return false;
        }
        entries.add(new Entry(command, length));
        waiting += ENTRY + length;
        notifyAll();
        return true;
    }

    /** {@return the next command, once there is one; {@code null} behind the last. The one before is done} */
    synchronized @Nullable Command take() throws InterruptedException {
        busy = false;
        while (entries.isEmpty() && !ended) {
            wait();
        }
        if (entries.isEmpty()) {
            return null;
        }
        busy = true;
        Entry entry = entries.remove();
        waiting -= ENTRY + entry.length();
        notifyAll();
        return entry.command();
    }

    /** {@return whether every command that was put has been done, so that whoever puts them may do one itself} */
    synchronized boolean isIdle() {
        return entries.isEmpty() && !busy && !ended;
    }

    /** {@return whether a command is being done} */
    synchronized boolean isBusy() {
        return busy;
    }

    /** {@return whether the one who brings commands waits, and so does not see the end of what they come from} */
    boolean isFull() {
        return full;
    }

    /** No command follows those that are here. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Forgets those that are here as well. */
    synchronized void clear() {
        entries.clear();
        end();
    }
}
