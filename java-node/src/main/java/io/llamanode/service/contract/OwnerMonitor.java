package io.llamanode.service.contract;

/**
 * Watches remote processes; the transport implements it.
 *
 * <p>For any thread; must not block, since the service calls it under its lock.
 */
public interface OwnerMonitor {
    /**
     * Watches a process.
     *
     * @param owner the process
     * @param down run once when it is gone, or when it never was there; on any thread, also before
     *     this method returns
     * @return ends the watch
     */
    Watch watch(Owner owner, Runnable down);

    /** A watch that can be ended. */
    @FunctionalInterface
    interface Watch {
        /** Ends the watch; its {@code down} may still run if the process is going just now. */
        void end();
    }
}
