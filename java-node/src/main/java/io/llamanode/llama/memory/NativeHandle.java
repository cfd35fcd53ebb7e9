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

    /**
     * Takes over an object without users.
     *
     * @param what what it is, as a sentence about it begins
     * @param pointer the object
     * @param free frees it; run once, on the thread that closes it or on that of its last user
     */
    public NativeHandle(String what, MemorySegment pointer, Runnable free) {
        this.what = what;
        this.pointer = pointer;
        this.free = free;
    }

    /**
     * Counts a user in; every call must be paired with {@link #release}.
     *
     * @return the pointer, valid until the call's {@link #release}
     * @throws IllegalStateException if it is closed
     */
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

    /** Counts a user out; the last one of a closed object frees it. */
    public void release() {
        if (state.decrementAndGet() == CLOSED) {
            free.run();
        }
    }

    /** {@return whether new users are refused, even if the object is not freed yet} */
    public boolean isClosed() {
        return (state.get() & CLOSED) != 0;
    }

    /** Refuses new users, and frees the object unless it is in use. Does nothing when it is closed already. */
    public void close() {
        if (state.getAndUpdate(users -> users | CLOSED) == 0) {
            free.run();
        }
    }
}
