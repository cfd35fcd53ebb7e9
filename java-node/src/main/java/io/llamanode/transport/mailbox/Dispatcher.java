package io.llamanode.transport.mailbox;

import io.llamanode.term.TermLimits;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs everything that belongs to the handler one by one, in order. A message that finds nothing running or
 * waiting is handled by the thread that brings it, which spares a call the wake-up of another; everything else
 * is left to a thread of this object. Messages wait within a budget of bytes: a reader that would exceed it
 * waits, and the connection makes the sender wait. Threads that {@link #deliver} need
 * {@link TermLimits#STACK_BYTES} of stack.
 */
public final class Dispatcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

    private record Job(Runnable action, long bytes) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Condition drained = lock.newCondition();
    private final long budget;
    private final Thread thread;
    private ArrayDeque<Job> jobs = new ArrayDeque<>();
    private ArrayDeque<Job> spare = new ArrayDeque<>();
    private long queued;
    private boolean started;
    private boolean closed;
    /** The thread that runs an action now. */
    private @Nullable Thread runner;

    /**
     * A dispatcher that runs nothing before {@link #start}.
     *
     * @param name of its thread
     * @param budget bytes of messages that may wait
     */
    public Dispatcher(String name, long budget) {
        this.budget = budget;
        thread = Thread.ofPlatform()
                .daemon()
                .name(name)
                .stackSize(TermLimits.STACK_BYTES)
                .unstarted(this::run);
    }

    /** Runs what waits, and from here on what comes. */
    public void start() {
        lock.lock();
        try {
            if (!started && !closed) {
                started = true;
                thread.start();
            }
        } finally {
            lock.unlock();
        }
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
                add(new Job(action, 0));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whoever runs an action wakes the thread afterwards. */
    private void add(Job job) {
        jobs.add(job);
        if (runner == null) {
            arrived.signal();
        }
    }

    /**
     * Runs or queues a message; waits while too many bytes wait already. Ignored after the end.
     *
     * @param action what to run
     * @param bytes how much memory it holds
     * @throws InterruptedException if interrupted while waiting
     */
    void deliver(Runnable action, long bytes) throws InterruptedException {
        lock.lock();
        try {
            while (queued > budget && !closed) {
                drained.await();
            }
            if (closed) {
                return;
            }
            if (!started || runner != null || !jobs.isEmpty()) {
                add(new Job(action, bytes));
                queued += bytes;
                return;
            }
            runner = Thread.currentThread();
        } finally {
            lock.unlock();
        }
        perform(action);
        lock.lock();
        try {
            runner = null;
            if (!jobs.isEmpty() || closed) {
                arrived.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    private static void perform(Runnable action) {
        try {
            action.run();
        } catch (Throwable thrown) {
            // Whatever it is, the next message is somebody else's.
            LOG.error("the message handler threw", thrown);
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
                perform(job.action());
                if (job.bytes() > 0) {
                    done(job.bytes());
                }
            }
        }
    }

    private @Nullable ArrayDeque<Job> take() {
        lock.lock();
        try {
            if (runner == thread) {
                runner = null;
            }
            while (runner != null || jobs.isEmpty() && !closed) {
                arrived.awaitUninterruptibly();
            }
            if (jobs.isEmpty()) {
                return null;
            }
            runner = thread;
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

    /** Ends the thread after what is queued; waits for it unless called by an action. Drops all if it was not started. */
    @Override
    public void close() {
        boolean inside;
        lock.lock();
        try {
            closed = true;
            inside = runner == Thread.currentThread();
            arrived.signal();
            drained.signalAll();
        } finally {
            lock.unlock();
        }
        if (!inside) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
