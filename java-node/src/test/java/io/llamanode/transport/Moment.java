package io.llamanode.transport;

import com.ericsson.otp.erlang.OtpErlangObject;

/**
 * Requests of one kind where they take most of the heap.
 *
 * @param kind name of the request, as the decoder has it
 * @param what they are doing
 * @param most requests, whatever they take
 * @param batch of them that are sent before {@code settle}
 * @param growth bytes by which the heap is to grow, unless {@code most} are sent before
 * @param begin prepares the node; what it holds then does not count
 * @param more sends one more
 * @param settle waits until those that were sent are where they take most
 */
record Moment(String kind, String what, int most, int batch, long growth, Begin begin, More more, Settle settle) {
    private static final int MOST = 50_000;
    private static final long GROWTH = 20 << 20;

    /** A moment of requests that are where they take most as soon as they are handled. */
    Moment(String kind, String what, Begin begin, More more) {
        this(kind, what, MOST, MOST, GROWTH, begin, more, (node, sent) -> node.settle());
    }

    @FunctionalInterface
    interface Begin {
        void run(HeldNode node) throws InterruptedException;
    }

    @FunctionalInterface
    interface More {
        void send(HeldNode node, int number);
    }

    @FunctionalInterface
    interface Settle {
        void run(HeldNode node, int sent);
    }

    /** What a caller asks for. */
    @FunctionalInterface
    interface Asked {
        OtpErlangObject of(HeldNode node, int caller);
    }

    /** {@return a moment of calls, each of a process of its own} */
    static Moment calls(String kind, String what, Begin begin, Asked asked) {
        return new Moment(kind, what, begin, (node, number) -> node.send(number, asked.of(node, number)));
    }

    Moment settling(Settle other) {
        return new Moment(kind, what, most, batch, growth, begin, more, other);
    }

    Moment atMost(int number) {
        return new Moment(kind, what, number, Math.min(batch, number), growth, begin, more, settle);
    }

    Moment inBatchesOf(int number) {
        return new Moment(kind, what, most, number, growth, begin, more, settle);
    }

    Moment growing(long bytes) {
        return new Moment(kind, what, most, batch, bytes, begin, more, settle);
    }

    @Override
    public String toString() {
        return kind + ": " + what;
    }
}
