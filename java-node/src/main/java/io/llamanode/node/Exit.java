package io.llamanode.node;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;

/** Ends the process in bounded time, whatever hangs. For any thread, in a lock too. */
final class Exit {
    /** How long an orderly end may take once the owner is gone. */
    static final Duration GRACE = Duration.ofSeconds(2);

    private static final Exit PROCESS = new Exit(Runtime.getRuntime()::halt);

    private final IntConsumer halt;
    private final AtomicBoolean begun = new AtomicBoolean();

    Exit(IntConsumer halt) {
        this.halt = halt;
    }

    /**
     * Runs the orderly end and halts behind it, or after {@link #GRACE} if it hangs. Returns at once;
     * only the first call counts. Halting skips shutdown hooks, which could hang as well.
     *
     * @param status exit status
     * @param orderly what to try
     */
    static void begin(int status, Runnable orderly) {
        PROCESS.begin(status, GRACE, orderly);
    }

    void begin(int status, Duration grace, Runnable orderly) {
        if (!begun.compareAndSet(false, true)) {
            return;
        }
        Thread work = Thread.ofPlatform().daemon().name("exit").unstarted(orderly);
        // The deadline has a thread of its own, because the caller may be a reader inside a lock.
        Thread.ofPlatform().name("exit-deadline").start(() -> {
            try {
                work.start();
                work.join(grace);
            } catch (InterruptedException e) {
                // Nobody has a reason to interrupt; end all the sooner.
            } finally {
                halt.accept(status);
            }
        });
    }
}
