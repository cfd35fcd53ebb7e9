package io.llamanode.llama.watch;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The native calls of one thing, of which one runs at a time, as its {@link NativeWatch} sees them. A call that begins,
 * gets on or ends moves a counter, and that is all it costs.
 *
 * <p>For one thread at a time; only the watch reads meanwhile.
 */
public final class WatchedCalls implements AutoCloseable {
    private static final VarHandle COUNT;

    static {
        try {
            COUNT = MethodHandles.lookup().findVarHandle(WatchedCalls.class, "count", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final NativeWatch watch;
    private final String subject;
    private String function = "";
    /** Odd while a call runs. */
    @SuppressWarnings("FieldMayBeFinal") // by its handle it is not
    private long count;

    /** For the watch: where the counter was when it looked last, and how often it has been there since. */
    long seen;

    int unmoved;

    WatchedCalls(NativeWatch watch, String subject) {
        this.watch = watch;
        this.subject = subject;
    }

    /**
     * A call begins.
     *
     * @param called name of the function, for whoever reads that it hangs
     */
    public void begin(String called) {
        function = called;
        COUNT.setVolatile(this, count + 1);
        watch.wake();
    }

    /** The call that runs gets on. */
    public void progress() {
        COUNT.setOpaque(this, count + 2);
    }

    /** The call that ran is over. */
    public void end() {
        COUNT.setRelease(this, count + 1);
    }

    /** No call comes any more. */
    @Override
    public void close() {
        watch.forget(this);
    }

    long count() {
        return (long) COUNT.getVolatile(this);
    }

    static boolean runs(long count) {
        return (count & 1) != 0;
    }

    /** {@return the call that runs, for a sentence} */
    @Override
    public String toString() {
        return function + " (" + subject + ")";
    }
}
