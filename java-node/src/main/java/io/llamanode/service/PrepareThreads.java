package io.llamanode.service;

import io.llamanode.engine.schedule.FairQueue;
import io.llamanode.service.contract.Owner;
import org.jspecify.annotations.Nullable;

/**
 * Runs what is too slow for the threads that answer requests, templates and tokenizing, for each
 * owner in order and for all owners in turn. Two threads: one very long text holds up nobody else.
 */
final class PrepareThreads {
    private static final int THREADS = 2;

    private final FairQueue<Runnable> waiting = new FairQueue<>();
    private int idle;
    private boolean closed;

    PrepareThreads() {
        for (int i = 0; i < THREADS; i++) {
            Thread.ofPlatform().daemon().name("prepare-" + i).start(this::work);
        }
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
