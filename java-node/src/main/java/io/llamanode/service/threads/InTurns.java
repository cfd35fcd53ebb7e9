package io.llamanode.service.threads;

import java.util.Iterator;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * Does the same to many things under the service's lock, some at a time: nobody waits for the lock as long as it takes to end
 * a hundred thousand. For any thread.
 */
public final class InTurns {
    /** Things between which others get the lock. */
    public static final int AT_ONCE = 128;

    private final Object lock;
    private final Executor later;

    /**
     * Begins nothing yet.
     *
     * @param lock of the service
     * @param later runs the turns that are left, one at a time
     */
    public InTurns(Object lock, Executor later) {
        this.lock = lock;
        this.later = later;
    }

    /**
     * Begins at once, and leaves what is too much for one turn to another thread.
     *
     * @param things which nobody else changes from here on
     * @param each told each with the lock
     * @param then run with the lock, after the last
     * @param <T> what they are
     */
    public <T> void begin(Iterator<T> things, Consumer<? super T> each, Runnable then) {
        synchronized (lock) {
            turn(things, each);
            if (!things.hasNext()) {
                then.run();
                return;
            }
        }
        try {
            later.execute(() -> begin(things, each, then));
        } catch (RejectedExecutionException stopping) {
            // The engines are about to end all that is left.
        }
    }

    /**
     * Does all of it on this thread, which has not got the lock.
     *
     * @param things which nobody else changes from here on
     * @param each told each with the lock
     * @param <T> what they are
     */
    public <T> void finish(Iterator<T> things, Consumer<? super T> each) {
        while (things.hasNext()) {
            synchronized (lock) {
                turn(things, each);
            }
        }
    }

    private static <T> void turn(Iterator<T> things, Consumer<? super T> each) {
        for (int i = 0; i < AT_ONCE && things.hasNext(); i++) {
            each.accept(things.next());
        }
    }
}
