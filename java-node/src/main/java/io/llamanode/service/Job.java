package io.llamanode.service;

/**
 * A task whose input is prepared, as its kind sees it: what remains is to ask an engine, and to take that back. All but
 * {@link #discard} under the service's lock.
 */
interface Job {
    /**
     * Asks the engine.
     *
     * @param accepted run before the engine tells anything of it
     * @return whether the engine has it; not if the model is being closed
     */
    boolean submit(Runnable accepted);

    /** Takes it back from the engine, which tells its end. */
    void cancel();

    /** Gives back what it holds, because no engine has it and none will. Not under the lock: may be slow. */
    void discard();
}
