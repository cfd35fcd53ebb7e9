package io.llamanode.transport.mailbox;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Memory for what several threads make at the same time, in the order in which they ask. Who asks for more than there is gets
 * all of it, alone.
 *
 * <p>For any thread.
 */
public final class Room {
    private final ReentrantLock lock = new ReentrantLock();
    private final Deque<Condition> line = new ArrayDeque<>();
    private final long size;
    private long free;

    /**
     * A room in which nobody is.
     *
     * @param size bytes
     */
    public Room(long size) {
        this.size = size;
        this.free = size;
    }

    /**
     * Waits until there is room.
     *
     * @param bytes wanted
     * @return bytes that were taken, to be given back
     * @throws InterruptedException if interrupted while waiting
     */
    public long take(long bytes) throws InterruptedException {
        long wanted = Math.min(bytes, size);
        lock.lock();
        try {
            if (free < wanted || !line.isEmpty()) {
                Condition turn = lock.newCondition();
                line.add(turn);
                try {
                    while (line.peek() != turn || free < wanted) {
                        turn.await();
                    }
                } finally {
                    line.remove(turn);
                    wakeFirst();
                }
            }
            free -= wanted;
            wakeFirst();
            return wanted;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives back some of what was taken.
     *
     * @param bytes not needed any more
     */
    public void give(long bytes) {
        lock.lock();
        try {
            free += bytes;
            wakeFirst();
        } finally {
            lock.unlock();
        }
    }

    private void wakeFirst() {
        Condition first = line.peek();
        if (first != null) {
            first.signal();
        }
    }
}
