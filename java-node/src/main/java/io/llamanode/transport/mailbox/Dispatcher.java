package io.llamanode.transport.mailbox;

import io.llamanode.term.TermLimits;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs everything that belongs to the handler one by one. A message that finds nothing running or
 * waiting is handled by the thread that brings it, which spares a call the wake-up of another; everything else
 * is left to a thread of this object. There the sources have their turns by the bytes of their messages, and in each source
 * its senders; the messages of one sender stay in order. What the node itself has to run comes first. Threads that
 * {@link #deliver} need {@link TermLimits#STACK_BYTES} of stack.
 */
public final class Dispatcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
    /** What a message takes beside its bytes, in memory as in time. */
    static final int OVERHEAD = 256;

    /** Part of what its messages take that must have been handled before a reader that waits is woken: an eighth. */
    private static final int WOKEN_AFTER = 8;

    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private record Job(Runnable action, long cost) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Budget budget;
    private final Thread thread;
    /** Whose turn it is; which of its messages is handled then is the source's own affair. */
    private final Lanes<Source, Source> turns = new Lanes<>();

    private final Source own;
    private boolean started;
    private boolean closed;
    /** The thread that runs an action now. */
    private @Nullable Thread runner;

    /**
     * A dispatcher that runs nothing before {@link #start}.
     *
     * @param name of its thread
     * @param budget what messages take that are being read or wait
     */
    public Dispatcher(String name, Budget budget) {
        this.budget = budget;
        this.own = new Source(name);
        thread = Thread.ofPlatform()
                .daemon()
                .name(name)
                .stackSize(TermLimits.STACK_BYTES)
                .unstarted(this::run);
    }

    /** Where messages come from, as one of those that have their turns. For any thread, but one at a time reads. */
    public final class Source {
        private final String name;
        private final Budget.Share share;
        private final Condition handled = lock.newCondition();
        private final Lanes<Object, Job> jobs = new Lanes<>();
        private int queued;
        /** What the share must have fallen to before a reader that waits is woken; negative while none waits. */
        private long woken = -1;

        private Source(String name) {
            this.name = name;
            this.share = budget.share(name);
        }

        /** {@return whom the log names} */
        String name() {
            return name;
        }

        /** {@return the longest frame that can ever find memory, bytes} */
        long most() {
            // While it grows, the part that was read is there twice.
            return budget.most() / 2;
        }

        /** {@return what its messages take, those that are being read among them} */
        Budget.Share share() {
            return share;
        }

        /**
         * Waits while its messages take more than they should; what comes meanwhile waits with the sender.
         *
         * @throws InterruptedException if interrupted while waiting
         */
        public void awaitRoom() throws InterruptedException {
            lock.lock();
            try {
                while (!closed && queued > 0 && share.isOver()) {
                    await();
                }
            } finally {
                lock.unlock();
            }
        }

        /** Takes memory for what is being read, as soon as there is some. {@return whether there was} */
        boolean reserve(long bytes) throws InterruptedException {
            lock.lock();
            try {
                while (!share.tryCharge(bytes)) {
                    if (closed || queued == 0) {
                        return false;
                    }
                    await();
                }
                return true;
            } finally {
                lock.unlock();
            }
        }

        // Both callers look again and again.
        @SuppressWarnings("WaitNotInLoop")
        private void await() throws InterruptedException {
            woken = share.held() - share.held() / WOKEN_AFTER;
            try {
                // Now and then, as the end is not told to every source.
                var _ = handled.awaitNanos(LOOK_NANOS);
            } finally {
                woken = -1;
            }
        }

        private void add(Object sender, Job job) {
            share.charge(job.cost());
            queued++;
            jobs.add(sender, job, job.cost());
            turns.add(this, this, job.cost());
            // Whoever runs an action wakes the thread afterwards.
            if (runner == null) {
                arrived.signal();
            }
        }

        private void done(Job job) {
            share.release(job.cost());
            queued--;
            if (woken >= 0 && (queued == 0 || share.held() <= woken)) {
                handled.signal();
            }
        }
    }

    /**
     * A source of messages that has its turns with the others.
     *
     * @param name whom the log names
     * @return the source
     */
    public Source source(String name) {
        return new Source(name);
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
                own.add(own, new Job(action, 0));
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Runs or queues a message; never waits. Ignored after the end.
     *
     * @param source where it came from
     * @param sender gives who sent it, so that equal ones are the same; asked only if the message must wait
     * @param action what to run
     * @param bytes how much memory it holds
     */
    void deliver(Source source, Supplier<?> sender, Runnable action, long bytes) {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            if (!started || runner != null || !turns.isEmpty()) {
                source.add(sender.get(), new Job(action, bytes + OVERHEAD));
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
            if (!turns.isEmpty() || closed) {
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

    /** {@return bytes of the messages that are being read or wait} */
    public long queuedBytes() {
        return budget.held();
    }

    private void run() {
        Source source = null;
        Job job = null;
        while (true) {
            lock.lock();
            try {
                if (source != null && job != null) {
                    source.done(job);
                    runner = null;
                }
                while (runner != null || turns.isEmpty() && !closed) {
                    arrived.awaitUninterruptibly();
                }
                source = turns.poll();
                if (source == null) {
                    return;
                }
                job = source.jobs.poll();
                runner = thread;
            } finally {
                lock.unlock();
            }
            if (job != null) {
                perform(job.action());
            }
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
