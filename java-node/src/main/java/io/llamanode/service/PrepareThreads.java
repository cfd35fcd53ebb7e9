package io.llamanode.service;

import io.llamanode.engine.schedule.FairQueue;
import io.llamanode.service.contract.Owner;
import org.jspecify.annotations.Nullable;

/**
 * Runs what is too slow for the threads that answer requests, templates and tokenizing, for each
 * owner in order and for all owners in turn. Two threads prepare: one very long text holds up nobody else. One reads the
 * headers of files, for which no prompt waits.
 */
final class PrepareThreads {
    private static final int THREADS = 2;

    private final FairQueue<Runnable> waiting = new FairQueue<>();
    private int idle;
    private boolean closed;

    PrepareThreads() {
        this("prepare", THREADS);
    }

    private PrepareThreads(String name, int threads) {
        for (int i = 0; i < threads; i++) {
            Thread.ofPlatform().daemon().name(name + "-" + i).start(this::work);
        }
    }

    /** {@return a thread for what no prompt waits for} */
    static PrepareThreads ofFiles() {
        return new PrepareThreads("inspect", 1);
    }

    /** {@return whether it will run; not after {@link #close}} */
    synchronized boolean submit(Owner owner, Runnable work) {
        if (closed) {
            return false;
        }
        waiting.add(owner, work);
        notify();
        return true;
    }

    /** {@return whether what is submitted now has to wait} */
    synchronized boolean isBusy() {
        return waiting.size() >= idle;
    }

    /** Takes nothing more; what was submitted still runs. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }

    private void work() {
        for (Runnable work = next(); work != null; work = next()) {
            work.run();
        }
    }

    private synchronized @Nullable Runnable next() {
        while (waiting.size() == 0 && !closed) {
            idle++;
            try {
                wait();
            } catch (InterruptedException e) {
                // Nobody has a reason to interrupt; only close() ends these threads.
                continue;
            } finally {
                idle--;
            }
        }
        return waiting.poll();
    }
}
