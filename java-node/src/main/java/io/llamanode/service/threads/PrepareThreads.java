package io.llamanode.service.threads;

import io.llamanode.queue.FairQueue;
import io.llamanode.service.contract.Owner;
import org.jspecify.annotations.Nullable;

/**
 * Runs what is too slow for the threads that answer requests, templates and tokenizing, for all owners in turn. Two threads
 * prepare, of which one does nothing large: a hundred very long texts of a hundred owners hold up nobody else. One reads the
 * headers of files, and checks schemas and texts, for which no prompt waits. What asks a server has threads of its own.
 */
public final class PrepareThreads {
    /** What takes milliseconds rather than a second, bytes of input. */
    public static final long LARGE = 64 << 10;

    private final FairQueue<Runnable> small = new FairQueue<>();
    private final FairQueue<Runnable> large = new FairQueue<>();
    /** Threads that wait for work. */
    private int idle;

    private boolean idleForLarge;
    private boolean closed;

    /** Starts the two that prepare. */
    public PrepareThreads() {
        this("prepare", true, false);
    }

    private PrepareThreads(String name, boolean... takesLarge) {
        this(Thread.ofPlatform().daemon(), name, takesLarge);
    }

    private PrepareThreads(Thread.Builder threads, String name, boolean... takesLarge) {
        for (int i = 0; i < takesLarge.length; i++) {
            boolean large = takesLarge[i];
            threads.name(name + "-" + i).start(() -> work(large));
        }
    }

    /** {@return a thread for what no prompt waits for} */
    public static PrepareThreads ofFiles() {
        return new PrepareThreads("inspect", true);
    }

    /** {@return a thread that reads what a server answers, so that those who wait for it are not kept from the processors} */
    public static PrepareThreads ofAnswers() {
        return new PrepareThreads("check", true);
    }

    /** {@return threads that wait for one server, so that nobody waits who has nothing to do with it} */
    public static PrepareThreads ofServer() {
        return new PrepareThreads(Thread.ofVirtual(), "ask", true, true, true, true);
    }

    /**
     * Runs work when its owner's turn comes.
     *
     * @param owner whose it is
     * @param weight of what it works on, bytes: small and large work wait in lines of their own
     * @param work to be run
     * @return whether it will run; not after {@link #close}
     */
    public synchronized boolean submit(Owner owner, long weight, Runnable work) {
        if (closed) {
            return false;
        }
        if (weight > LARGE) {
            large.add(owner, work);
            // Only one of them takes it, and which one is woken is not to be chosen.
            notifyAll();
        } else {
            small.add(owner, work);
            notify();
        }
        return true;
    }

    /**
     * {@return whether work that is submitted now has to wait}
     *
     * @param weight of what it works on, bytes
     */
    public synchronized boolean isBusy(long weight) {
        return weight > LARGE ? large.size() > 0 || !idleForLarge : small.size() >= idle;
    }

    /** Takes nothing more; what was submitted still runs. */
    public synchronized void close() {
        closed = true;
        notifyAll();
    }

    private void work(boolean takesLarge) {
        for (Runnable work = next(takesLarge); work != null; work = next(takesLarge)) {
            work.run();
        }
    }

    /** The thread that takes large work takes it first, as the other one has all the small. */
    private synchronized @Nullable Runnable next(boolean takesLarge) {
        while (small.size() == 0 && !(takesLarge && large.size() > 0) && !closed) {
            idle++;
            idleForLarge |= takesLarge;
            try {
                wait();
            } catch (InterruptedException e) {
                // Nobody has a reason to interrupt; only close() ends these threads.
                continue;
            } finally {
                idle--;
                idleForLarge &= !takesLarge;
            }
        }
        Runnable first = takesLarge ? large.poll() : null;
        return first != null ? first : small.poll();
    }
}
