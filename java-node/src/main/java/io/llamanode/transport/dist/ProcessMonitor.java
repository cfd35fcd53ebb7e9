package io.llamanode.transport.dist;

/**
 * A monitor on a process of a BEAM; see {@link DistNode#monitor}.
 *
 * <p>Never changes: for any thread.
 */
@FunctionalInterface
public interface ProcessMonitor {
    /**
     * Ends the monitor. Unless its callback has been claimed by then (on the dispatcher thread, or about
     * to run there), it will not run. Idempotent, never blocks.
     */
    void demonitor();
}
