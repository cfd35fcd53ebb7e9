package io.llamanode.transport.mailbox;

import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs everything that belongs to the handler on one thread, in order. Messages wait within a budget of
 * bytes: a reader that would exceed it waits, and the connection makes the sender wait.
 */
public final class Dispatcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
    /** Decoding recurses as deep as terms may be nested. */
    private static final long STACK_BYTES = 16 << 20;

    private record Job(Runnable action, long bytes) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Condition drained = lock.newCondition();
    private final long budget;
    private final Thread thread;
    private ArrayDeque<Job> jobs = new ArrayDeque<>();
    private ArrayDeque<Job> spare = new ArrayDeque<>();
    private long queued;
    private boolean closed;

    /**
     * Starts the thread.
     *
     * @param name of the thread
     * @param budget bytes of messages that may wait
     */
    public Dispatcher(String name, long budget) {
        this.budget = budget;
        thread = new Thread(null, this::run, name, STACK_BYTES);
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Queues an event of the node itself. Never blocks; ignored after the end.
     *
     * @param action what to run
     */
    public void submit(Runnable action) {
        lock.lock();
        try {
            if (!closed) {
                jobs.add(new Job(action, 0));
                arrived.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Queues a message; waits while too many bytes wait already. Ignored after the end.
     *
     * @param action what to run
     * @param bytes how much memory it holds
     * @throws InterruptedException if interrupted while waiting
     */
    public void deliver(Runnable action, long bytes) throws InterruptedException {
        lock.lock();
        try {
            while (queued > budget && !closed) {
                drained.await();
            }
            if (!closed) {
                jobs.add(new Job(action, bytes));
                queued += bytes;
                arrived.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** {@return bytes of the messages that wait} */
    public long queuedBytes() {
        lock.lock();
        try {
            return queued;
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        while (true) {
            ArrayDeque<Job> batch = take();
            if (batch == null) {
                return;
            }
            for (Job job = batch.poll(); job != null; job = batch.poll()) {
                try {
                    job.action().run();
                } catch (Throwable thrown) {
                    // Whatever it is, the next message is somebody else's.
                    LOG.error("the message handler threw", thrown);
                }
                if (job.bytes() > 0) {
                    done(job.bytes());
                }
            }
        }
    }

    private ArrayDeque<Job> take() {
        lock.lock();
        try {
            while (jobs.isEmpty() && !closed) {
                arrived.awaitUninterruptibly();
            }
            if (jobs.isEmpty()) {
                return null;
            }
            ArrayDeque<Job> batch = jobs;
            jobs = spare;
            spare = batch;
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private void done(long bytes) {
        lock.lock();
        try {
            boolean waiting = queued > budget;
            queued -= bytes;
            if (waiting && queued <= budget) {
                drained.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Ends the thread after what is queued; waits for it unless called on it. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            arrived.signal();
            drained.signalAll();
        } finally {
            lock.unlock();
        }
        if (Thread.currentThread() != thread) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
