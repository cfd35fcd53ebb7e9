package io.llamanode.remote.http;

import java.util.concurrent.Executor;

/**
 * Runs what the client of a server hands over: what its own thread has read, on that thread, since a token of each stream is too
 * little for a change of threads; all else, such as the beginning of a request, on a virtual thread of its own. What is run must
 * not wait, as {@link AnswerHandler} says. For any thread.
 */
final class ClientThreads implements Executor {
    /** As the client calls its one thread, which waits for all connections. */
    private static final String READER = "SelectorManager";

    @Override
    public void execute(Runnable task) {
        if (Thread.currentThread().getName().endsWith(READER)) {
            task.run();
        } else {
            Thread.startVirtualThread(task);
        }
    }
}
