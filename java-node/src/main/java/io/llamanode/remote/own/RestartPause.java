package io.llamanode.remote.own;

import java.util.random.RandomGenerator;

/**
 * How long to wait before a server is started again: ever longer while it ends soon, with chance in it, so that several nodes
 * do not start theirs at once. One that was there for longer than the last pause is met with the first one again. For one
 * thread.
 */
final class RestartPause {
    private static final long FIRST_MS = 250;
    private static final long LONGEST_MS = 30_000;

    private final RandomGenerator random;
    private long lastMs;

    RestartPause(RandomGenerator random) {
        this.random = random;
    }

    /**
     * {@return milliseconds, of which up to a half are left out by chance}
     *
     * @param thereMs how long the server could be asked; 0: never
     */
    long after(long thereMs) {
        lastMs = thereMs > lastMs || lastMs == 0 ? FIRST_MS : Math.min(LONGEST_MS, 2 * lastMs);
        return lastMs / 2 + random.nextLong(lastMs / 2 + 1);
    }
}
