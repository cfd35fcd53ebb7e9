package io.llamanode.engine.loop;

import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that works in steps and takes commands between them, so that what it works on needs no lock and no caller
 * ever waits for a step. It blocks while there is nothing to do.
 *
 * <p>Whatever a step or a command throws ends neither the thread nor the process: the work is told to fail what it
 * runs, and the loop goes on. Should that fail too, the next step waits for a command, so that a defect which comes
 * again and again neither takes a core nor fills the log.
 *
 * <p>Any thread may call it, unless a method says otherwise.
 */
public final class CommandLoop {
    private static final Logger LOG = LoggerFactory.getLogger(CommandLoop.class);
    /** A millisecond of them, about: a step of a small model takes more. */
    static final int COMMANDS_A_STEP = 256;

    /** What is done in steps. Called by the loop's thread only. */
    public interface Work {
        /** {@return whether there is anything to do without a command} */
        boolean pending();

        /** One step, which begins with {@link CommandLoop#runCommands} and ends if that says so. */
        void step();

        /**
         * Fails what runs.
         *
         * @param cause thrown by a step, by a command, or by {@link #pending}
         */
        void failed(Throwable cause);

        /** The loop ends, and no command comes any more: fails what still runs. */
        void ended();
    }

    private final Work work;
    private final LinkedBlockingQueue<Runnable> commands = new LinkedBlockingQueue<>();
    /** Guards {@code closed}, so that no command is queued behind the one that ends the loop. */
    private final Object admission = new Object();

    private boolean closed;
    private boolean closing;
    private final Thread thread;
    /** For the loop's thread. */
    private boolean running = true;

    /**
     * A loop that is not running yet.
     *
     * @param name of the thread
     * @param work what it does
     */
    public CommandLoop(String name, Work work) {
        this.work = work;
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::loop);
    }

    /** Starts the thread; a second start does nothing. */
    public void start() {
        synchronized (admission) {
            if (thread.getState() == Thread.State.NEW) {
                thread.start();
            }
        }
    }

    /**
     * Queues a command.
     *
     * @param accepted run on the calling thread if the command is taken, before it can run
     * @param command run by the loop's thread
     * @return {@code false}, and neither is run, if the loop is closed
     */
    public boolean submit(Runnable accepted, Runnable command) {
        synchronized (admission) {
            if (closed) {
                return false;
            }
            accepted.run();
            commands.add(command);
            return true;
        }
    }

    /**
     * Queues a command.
     *
     * @param command run by the loop's thread
     * @return {@code false}, and it is not run, if the loop is closed
     */
    public boolean post(Runnable command) {
        return submit(() -> {}, command);
    }

    /**
     * Queues a command for a caller who waits for it.
     *
     * @param command run by the loop's thread, unless the loop is closed
     * @param done run afterwards, however the command ended: by the loop's thread, or at once if the loop is closed;
     *     what it throws is logged
     */
    public void call(Runnable command, Runnable done) {
        boolean taken = post(() -> {
            try {
                command.run();
            } finally {
                tell(done);
            }
        });
        if (!taken) {
            tell(done);
        }
    }

    /**
     * Tells somebody something, at once. What that throws is their defect and not the work's: it is logged.
     *
     * @param news runs a listener
     */
    public void tell(Runnable news) {
        guarded("a listener failed", news);
    }

    /**
     * Runs the commands that are queued, but no more than {@value #COMMANDS_A_STEP}: those of somebody who cancels a
     * hundred thousand requests must not hold up everybody's next token. For the loop's thread, or for a test that has
     * none.
     *
     * @return whether the loop goes on
     */
    public boolean runCommands() {
        int left = COMMANDS_A_STEP;
        for (Runnable command = commands.poll(); command != null; command = --left > 0 ? commands.poll() : null) {
            command.run();
        }
        return running;
    }

    /**
     * Takes no more commands, runs those that are queued, ends the thread, and waits for that, whatever interrupts it.
     * Not for the loop's own thread.
     *
     * @return whether this is the first call
     * @throws IllegalStateException on the loop's own thread, which cannot wait for itself
     */
    public boolean close() {
        if (Thread.currentThread() == thread) {
            throw new IllegalStateException(thread.getName() + " cannot wait for its own end");
        }
        boolean first;
        synchronized (admission) {
            first = !closing;
            if (first) {
                closing = true;
                closed = true;
                commands.add(() -> running = false);
            }
        }
        // What was submitted before a start is told of the end by the thread, too.
        start();
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                // What the thread works on must not be freed under it, so the wait goes on.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return first;
    }

    private void loop() {
        try {
            boolean contained = true;
            while (running) {
                try {
                    if (!contained || !work.pending()) {
                        commands.take().run();
                    }
                    contained = true;
                    work.step();
                } catch (InterruptedException e) {
                    LOG.warn("{}: interrupted; only close() ends this thread", thread.getName());
                } catch (Throwable e) {
                    contained = contain(e);
                }
            }
        } finally {
            // However the loop ends: nobody may wait for a thread that is not there.
            synchronized (admission) {
                closed = true;
            }
            for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
                guarded("a last command failed", command);
            }
            guarded("failed at its end", work::ended);
        }
    }

    /** {@return whether what ran was failed} */
    private boolean contain(Throwable cause) {
        try {
            log("a step failed", cause);
            work.failed(cause);
            return true;
        } catch (Throwable e) {
            log("what ran could not be failed", e);
            return false;
        }
    }

    private void guarded(String what, Runnable call) {
        try {
            call.run();
        } catch (Throwable e) {
            log(what, e);
        }
    }

    private void log(String what, Throwable cause) {
        try {
            LOG.error("{}: {}", thread.getName(), what, cause);
        } catch (Throwable e) {
            // Nothing is left that could tell, and the loop must live.
        }
    }
}
