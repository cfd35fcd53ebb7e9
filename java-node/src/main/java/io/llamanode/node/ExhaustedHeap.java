package io.llamanode.node;

import java.time.Duration;

/**
 * The last words of a process that does little but collect garbage. Nobody has an answer of it in time, and the virtual
 * machine would go on so for minutes before it finds that its heap is exhausted. Whatever needs the heap now may take a
 * collection for each few kilobytes, so these words go straight to standard error. For any thread.
 */
final class ExhaustedHeap {
    /** How long whoever has more to say may take. */
    static final Duration GRACE = Duration.ofSeconds(5);

    private static final long MIB = 1 << 20;

    private ExhaustedHeap() {}

    /**
     * Says on standard error why the process ends.
     *
     * @param overhead how little it does beside
     * @return the words
     */
    // The operator for texts makes a class for each place where it first stands, when it is first executed.
    static String say(CollectionLimit.Overhead overhead) {
        StringBuilder words = new StringBuilder(250)
                .append("of the last ")
                .append(overhead.span().toMillis())
                .append(" ms ")
                .append(overhead.collecting().toMillis())
                .append(" went into collecting garbage, and ")
                .append(overhead.used() / MIB)
                .append(" MiB of a heap of ")
                .append(overhead.heap() / MIB)
                .append(" MiB (-Xmx) are still in use: the node ends, for whoever started it to start it anew");
        String said = words.toString();
        System.err.println(words.insert(0, "llama_node: "));
        return said;
    }
}
