package io.llamanode.llama.memory;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A native object with a count of its users. Closing refuses new users at once and frees the object when the last
 * user leaves, so that no race between a call and a close can touch freed memory.
 */
public final class NativeHandle {

    private static final int CLOSED = 1 << 30;

    private final String what;
    private final MemorySegment pointer;
    private final Runnable free;
    private final AtomicInteger state = new AtomicInteger();

    public NativeHandle(String what, MemorySegment pointer, Runnable free) {
        this.what = what;
        this.pointer = pointer;
        this.free = free;
    }

    /** Counts a user in; every call must be paired with {@link #release}. */
    public MemorySegment acquire() {
        int users = state.get();
        while (true) {
            if ((users & CLOSED) != 0) {
                throw new IllegalStateException(what + " is closed");
            }
            int seen = state.compareAndExchange(users, users + 1);
            if (seen == users) {
                return pointer;
            }
            users = seen;
        }
    }

    public void release() {
        if (state.decrementAndGet() == CLOSED) {
            free.run();
        }
    }

    public boolean isClosed() {
        return (state.get() & CLOSED) != 0;
    }

    public void close() {
        if (state.getAndUpdate(users -> users | CLOSED) == 0) {
            free.run();
        }
    }
}
